declare namespace NodeJS {
  interface ProcessEnv {
    PAYLOAD_SECRET: string;
  }
}
