declare namespace NodeJS {
  interface ProcessEnv extends Env {}
}
interface Env {
  A: string;
}
interface CloudflareEnv extends Env {
  D1: D1Database;
}
