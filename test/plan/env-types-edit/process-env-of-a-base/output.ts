declare namespace NodeJS {
  interface ProcessEnv extends Env {}
}
interface Env {
  A: string;
}
interface CloudflareEnv extends Env {
  PAYLOAD_CACHE: KVNamespace;
  D1: D1Database;
}
