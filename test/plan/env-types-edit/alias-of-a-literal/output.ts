type CloudflareEnv = Cloudflare.Env & {
  PAYLOAD_CACHE: KVNamespace;
  D1: D1Database;
};
type Env = CloudflareEnv;
