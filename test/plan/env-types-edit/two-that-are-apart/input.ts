declare namespace Cloudflare {
  interface Env {
    D1: D1Database;
  }
}
interface CloudflareEnv {
  D1: D1Database;
}
