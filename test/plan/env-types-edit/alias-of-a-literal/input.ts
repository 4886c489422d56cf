type CloudflareEnv = Cloudflare.Env & {
  D1: D1Database;
};
type Env = CloudflareEnv;
