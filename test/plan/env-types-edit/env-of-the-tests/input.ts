interface Env {
  D1: D1Database;
}
declare module "cloudflare:test" {
  interface ProvidedEnv extends Env {}
}
declare namespace Vitest {
  interface TestEnv {
    CI: string;
  }
}
