interface CloudflareEnv {
  PAYLOAD_CACHE: import('@cloudflare/workers-types').KVNamespace
  D1: import('@cloudflare/workers-types').D1Database
}
