declare namespace NodeJS {
  interface ProcessEnv extends Partial<Env> {}
}
interface Env {
  A: string;
}
