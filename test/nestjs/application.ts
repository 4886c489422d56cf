/** Real applications of NestJS, on a free port. */
import type { AddressInfo } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import type { INestApplication, LoggerService, Type } from '@nestjs/common';
import { type AbstractHttpAdapter, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

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

/** What Nest has below it. */
export type Platform = 'express' | 'fastify';

/** Starts an application of a module, on Express. */
export async function startApplication(
  module: Type,
  configure: (app: NestExpressApplication) => void = () => undefined,
): Promise<RunningApplication> {
  const { app, said } = await createApplication<NestExpressApplication>(module);
  configure(app);
  return run(app, said);
}

/** Starts an application of a module, on Fastify with cookies. */
export async function startOnFastify(
  module: Type,
  configure: (app: NestFastifyApplication) => unknown = () => undefined,
): Promise<RunningApplication> {
  const { app, said } = await createApplication<NestFastifyApplication>(module, new FastifyAdapter());
  await app.register(fastifyCookie);
  await configure(app);
  return run(app, said);
}

/** By platform. */
export const STARTS: readonly [Platform, (module: Type) => Promise<RunningApplication>][] = [
  ['express', (module) => startApplication(module)],
  ['fastify', (module) => startOnFastify(module)],
];

async function createApplication<App extends INestApplication>(
  module: Type,
  ...adapter: [AbstractHttpAdapter?]
): Promise<{ app: App; said: string[] }> {
  const said: string[] = [];
  const say = (message: unknown): void => void said.push(String(message));
  const logger: LoggerService = { log: () => undefined, warn: say, error: say, fatal: say };
  const options = { logger, abortOnError: false };
  const [given] = adapter;
  const app = given
    ? await NestFactory.create<App>(module, given, options)
    : await NestFactory.create<App>(module, options);
  return { app, said };
}

async function run(app: INestApplication, said: string[]): Promise<RunningApplication> {
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
