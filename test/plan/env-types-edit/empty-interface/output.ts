declare interface CloudflareEnv {
  PAYLOAD_CACHE: KVNamespace;
}
