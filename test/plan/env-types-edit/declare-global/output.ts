export {}

declare global {
  interface CloudflareEnv {
    PAYLOAD_CACHE: KVNamespace
    D1: D1Database
  }
  namespace NodeJS {
    interface ProcessEnv {
      PAYLOAD_SECRET: string
    }
  }
}
