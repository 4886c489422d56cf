interface CloudflareEnv {
  D1: D1Database;
}
interface CloudflareEnv {
  R2: R2Bucket;
}
interface CloudflareEnv {
  PAYLOAD_CACHE: KVNamespace;
}
