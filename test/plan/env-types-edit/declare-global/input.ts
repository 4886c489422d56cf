export {}

declare global {
  interface CloudflareEnv {
    D1: D1Database
  }
  namespace NodeJS {
    interface ProcessEnv {
      PAYLOAD_SECRET: string
    }
  }
}
