declare namespace NodeJS {
  interface ProcessEnv extends Pick<Env, 'A'> {}
}
interface Env {
  A: string;
  D1: D1Database;
}
