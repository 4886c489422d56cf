interface CloudflareEnv {
  D1: import('@cloudflare/workers-types').D1Database
}
