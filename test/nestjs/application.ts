/** Real applications of NestJS, on Express and a free port. */
import type { AddressInfo } from 'node:net';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** An application that listens. */
export interface RunningApplication {
  app: INestApplication;
  url: string;
  /** What it has warned of, and its errors. */
  said: string[];
  /** The body of an answer, as JSON where it is that, and its status and headers. */
  get(
    path: string,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: any; headers: Headers }>;
  close(): Promise<void>;
}

/** Starts an application of a module. */
export async function startApplication(
  module: Type,
  configure: (app: NestExpressApplication) => void = () => undefined,
): Promise<RunningApplication> {
  const said: string[] = [];
  const say = (message: unknown): void => void said.push(String(message));
  const logger: LoggerService = { log: () => undefined, warn: say, error: say, fatal: say };
  const app = await NestFactory.create<NestExpressApplication>(module, { logger, abortOnError: false });
  configure(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  return {
    app,
    url,
    said,
    async get(path, headers = {}) {
      const response = await fetch(url + path, { headers, redirect: 'manual' });
      const text = await response.text();
      let body: unknown = text;
      try {
        body = JSON.parse(text);
      } catch {
        // Not JSON.
      }
      return { status: response.status, body, headers: response.headers };
    },
    close: () => app.close(),
  };
}
