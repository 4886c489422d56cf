import { Controller, Get, Inject, Module, Query } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memory } from '../../src/runtime/index.js';
import { CacheHealthIndicator, PayloadKVModule } from '../../src/runtime/nestjs.js';
import { redis } from '../../src/runtime/redis.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { type RunningApplication, startApplication } from './application.js';

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) readonly health: HealthCheckService,
    @Inject(CacheHealthIndicator) readonly cache: CacheHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check(@Query('required') required?: string) {
    return this.health.check([
      () => this.cache.isHealthy('near', { name: 'near' }),
      () => this.cache.isHealthy('cache', { isRequired: required !== undefined, timeout: 500 }),
    ]);
  }

  @Get('other')
  @HealthCheck()
  other() {
    return this.health.check([() => this.cache.isHealthy('other', { name: 'other' })]);
  }
}

let server: RedisServer;
let running: RunningApplication;

beforeAll(async () => {
  server = await startRedis();
  @Module({
    imports: [
      TerminusModule.forRoot({ logger: false }),
      PayloadKVModule.forRoot([
        { store: redis({ url: `redis://127.0.0.1:${server.port}` }) },
        { name: 'near', store: memory() },
      ]),
    ],
    controllers: [HealthController],
  })
  class Root {}
  running = await startApplication(Root);
});

afterAll(async () => {
  await running?.close();
  await server?.stop();
});

test('a store that answers is up; one that does not is degraded, or down where the application needs it', async () => {
  const near = { status: 'up', cache: 'near', connected: true };
  expect(await running.get('/health')).toMatchObject({
    status: 200,
    body: { status: 'ok', details: { near, cache: { status: 'up', cache: 'default', connected: true } } },
  });
  await server.kill();
  const away = { cache: 'default', connected: false };
  expect(await running.get('/health')).toMatchObject({
    status: 200,
    body: { status: 'degraded', details: { near, cache: { status: 'degraded', ...away } } },
  });
  expect(await running.get('/health?required')).toMatchObject({
    status: 503,
    body: { status: 'error', error: { cache: { status: 'down', ...away } } },
  });
  await server.start();
  await expect.poll(async () => (await running.get('/health')).body.status, { timeout: 30_000 }).toBe('ok');
});

test('a name that nobody has registered is an error', async () => {
  expect((await running.get('/health/other')).status).toBe(500);
  expect(running.said.join()).toContain('cache of the name "other"');
});
