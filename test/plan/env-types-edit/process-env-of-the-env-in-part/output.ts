declare namespace NodeJS {
  interface ProcessEnv extends Pick<Env, 'A'> {}
}
interface Env {
  PAYLOAD_CACHE: KVNamespace;
  A: string;
  D1: D1Database;
}
