declare namespace Cloudflare {
  interface Env {
    PAYLOAD_CACHE: KVNamespace;
    D1: D1Database;
    SECRET: string;
  }
}
type CloudflareEnv = Pick<Cloudflare.Env, 'D1'> & {
  PAYLOAD_CACHE: KVNamespace;
};
