declare namespace Cloudflare {
  interface Env {
    PAYLOAD_CACHE: KVNamespace;
    D1: D1Database;
  }
}
interface CloudflareEnv {
  PAYLOAD_CACHE: KVNamespace;
  D1: D1Database;
}
