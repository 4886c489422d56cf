/** One's answer to another, by ways that only an application on Fastify has. */
import { Controller, Get, Module, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory } from '../../src/runtime/index.js';
import { CacheRoute, PayloadKVModule } from '../../src/runtime/nestjs.js';
import { type RunningApplication, startOnFastify } from './application.js';

let count = 0;

@Controller()
class Routes {
  @Get('raw/header')
  @CacheRoute()
  header(@Req() { raw }: any) {
    return { count: ++count, tenant: raw.headers['x-tenant'] };
  }
  @Get('raw/list')
  @CacheRoute({ shared: true })
  list(@Req() { raw }: any) {
    return { count: ++count, tenant: raw.rawHeaders[raw.rawHeaders.indexOf('x-tenant') + 1] };
  }
  @Get('raw/listed')
  @CacheRoute({ headers: ['x-tenant'] })
  listed(@Req() { raw }: any) {
    return { count: ++count, tenant: raw.headers['x-tenant'] };
  }
  @Get('raw/middleware')
  @CacheRoute()
  middleware(@Req() { raw }: any) {
    return { count: ++count, tenant: raw.tenant };
  }
  @Get('raw/port')
  @CacheRoute()
  port(@Req() { raw }: any) {
    return { count: ++count, tenant: raw.socket.remotePort };
  }
  @Get('hook')
  @CacheRoute()
  hook(@Req() request: any) {
    return { count: ++count, tenant: request.tenant };
  }
  @Get('id')
  @CacheRoute()
  id(@Req() request: any) {
    return { count: ++count, tenant: request.id };
  }
  @Get('cookie')
  @CacheRoute()
  cookie(@Res({ passthrough: true }) reply: FastifyReply) {
    reply.setCookie('seen', `${++count}`);
    return { count };
  }
  @Get('kept/:name')
  @CacheRoute()
  kept(@Req() request: any, @Param() params: object, @Query() query: object) {
    const { url, originalUrl, method, hostname, host, protocol } = request;
    return { count: ++count, url, originalUrl, method, hostname, host, protocol, params, query };
  }
}

let cache: StandaloneCache;
let running: RunningApplication;
beforeAll(async () => {
  cache = createCache({ store: memory() });
  @Module({ imports: [PayloadKVModule.forRoot({ cache })], controllers: [Routes] })
  class Root {}
  running = await startOnFastify(Root, (app) => {
    app.use((request: any, _response: unknown, next: () => void) => {
      request.tenant = request.headers['x-tenant'];
      next();
    });
    const fastify = app.getHttpAdapter().getInstance();
    fastify.decorateRequest('tenant', null);
    fastify.addHook('onRequest', async (request) => {
      Object.assign(request, { tenant: request.headers['x-tenant'] });
    });
  });
});
afterAll(async () => {
  await running?.close();
  await cache?.close();
});

const ask = async (path: string, tenant: string) =>
  (await running.get(`/${path}`, { 'x-tenant': tenant, connection: 'close' })).body;

test.each(['raw/header', 'raw/list', 'raw/listed', 'raw/middleware', 'hook'])(
  '%s is not for another tenant',
  async (path) => {
    for (const tenant of ['a', 'b', 'a']) expect(await ask(path, tenant)).toMatchObject({ tenant });
  },
);

test.each(['raw/port', 'id', 'cookie'])('%s is not kept', async (path) => {
  const { count: first } = await ask(path, 'a');
  expect((await ask(path, 'a')).count).toBe(first + 1);
});

test.each(['raw/listed', 'kept/one?a=1&b=2'])('%s is kept', async (path) => {
  const first = await ask(path, 'a');
  expect(first.count).toBeGreaterThan(0);
  expect(await ask(path, 'a')).toEqual(first);
});
