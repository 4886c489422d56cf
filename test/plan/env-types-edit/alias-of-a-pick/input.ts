declare namespace Cloudflare {
  interface Env {
    D1: D1Database;
    SECRET: string;
  }
}
type CloudflareEnv = Pick<Cloudflare.Env, 'D1'>;
