import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { cached } from '../../src/runtime/index.js';
import { redisAddress } from '../../src/runtime/standalone/redis-address.js';
import { type RedisServer, startRedis } from '../support/redis.js';

afterEach(() => vi.unstubAllEnvs());

describe('where Redis is', () => {
  test.each([
    [{}, undefined],
    [{ REDIS_URL: '', REDIS_HOST: ' ' }, undefined],
    // What Kubernetes sets for a service called redis says nothing without a host.
    [{ REDIS_PORT: 'tcp://10.0.0.1:6379' }, undefined],
    [{ REDIS_URL: 'rediss://u:p@h:1/2', REDIS_HOST: 'other' }, 'rediss://u:p@h:1/2'],
    [{ REDIS_HOST: 'cache' }, 'redis://cache:6379/0'],
    [{ REDIS_HOST: 'cache', REDIS_PORT: 'tcp://10.0.0.1:7000' }, 'redis://cache:7000/0'],
    [{ REDIS_HOST: 'cache', REDIS_PORT: '7000', REDIS_DB: '3' }, 'redis://cache:7000/3'],
    [
      { REDIS_HOST: 'cache', REDIS_PASSWORD: 'a/b@c:d #?%' },
      'redis://:a%2Fb%40c%3Ad%20%23%3F%25@cache:6379/0',
    ],
    [{ REDIS_HOST: '::1', REDIS_USERNAME: 'me' }, 'redis://me:@[::1]:6379/0'],
    [{ REDIS_HOST: '[::1]' }, 'redis://[::1]:6379/0'],
  ])('%j', (environment, address) => {
    expect(redisAddress(environment)).toBe(address);
  });

  test.each([
    [{ REDIS_URL: 'http://me:hidden@host' }, 'REDIS_URL'],
    [{ REDIS_URL: 'hidden' }, 'REDIS_URL'],
    [{ REDIS_HOST: 'redis://me:hidden@host' }, 'REDIS_HOST'],
    [{ REDIS_HOST: 'a b' }, 'REDIS_HOST'],
    [{ REDIS_HOST: 'a/b' }, 'REDIS_HOST'],
    [{ REDIS_HOST: 'h', REDIS_PORT: '0' }, 'REDIS_PORT'],
    [{ REDIS_HOST: 'h', REDIS_PORT: '65536' }, 'REDIS_PORT'],
    [{ REDIS_HOST: 'h', REDIS_PORT: 'hidden' }, 'REDIS_PORT'],
    [{ REDIS_HOST: 'h', REDIS_DB: '-1' }, 'REDIS_DB'],
    [{ REDIS_HOST: 'h', REDIS_DB: 'hidden' }, 'REDIS_DB'],
  ])('%j is refused', (environment, name) => {
    let said = '';
    try {
      redisAddress(environment as Record<string, string>);
    } catch (error) {
      const { code, message, nextStep } = error as Record<string, string>;
      expect(code).toBe('INVALID_ENVIRONMENT');
      said = `${message} ${nextStep}`;
    }
    expect(said).toContain(name);
    expect(said).not.toContain('hidden');
  });
});

describe('the store', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
    await server.connect().config('SET', 'requirepass', 'p@ss/word');
  });
  afterAll(() => server.stop());

  test('is memory where nothing says where Redis is', async () => {
    vi.stubEnv('REDIS_URL', '');
    vi.stubEnv('REDIS_HOST', '');
    const cache = createCache();
    expect(await cache.getStats()).toMatchObject({ provider: 'memory', connected: true, keys: 0 });
    await cache.close();
  });

  test('is memory over Redis where it is', async () => {
    vi.stubEnv('REDIS_HOST', '127.0.0.1');
    vi.stubEnv('REDIS_PORT', `${server.port}`);
    vi.stubEnv('REDIS_PASSWORD', 'p@ss/word');
    vi.stubEnv('REDIS_DB', '2');
    const [one, other] = [createCache(), createCache()];
    await one.set('a', 1);
    await one.settle();
    expect(await other.get('a')).toEqual({ value: 1 });
    expect(await other.getStats()).toMatchObject({ provider: 'memory over redis', connected: true, keys: 1 });
    await Promise.all([one.close(), other.close()]);
  });

  test('in development a cache takes the place of what the same module made before a hot reload', async () => {
    vi.stubEnv('NODE_ENV', 'development');
    vi.stubEnv('REDIS_HOST', '127.0.0.1');
    vi.stubEnv('REDIS_PORT', `${server.port}`);
    vi.stubEnv('REDIS_PASSWORD', 'p@ss/word');
    const client = new Redis({ port: server.port, password: 'p@ss/word' });
    const connections = async (): Promise<number> =>
      String(await client.client('LIST')).split('name=payload-kv').length - 1;
    const before = await connections();
    const caches: StandaloneCache[] = [];
    for (let reload = 0; reload < 4; reload++) {
      const cache = createCache({ prefix: 'reloaded' });
      caches.push(cache);
      await cache.set('a', reload);
      await cache.settle();
    }
    await vi.waitFor(async () => expect(await connections()).toBe(before + 1), 30_000);
    // A function that names no cache means the latest.
    expect(await cached(() => 'made', { key: ['b'], namespace: 'functions' })).toBe('made');
    expect(await caches[3]?.get('a')).toEqual({ value: 3 });
    expect(await caches[0]?.get('a')).toEqual({ value: 3 });
    for (const cache of caches) await cache.close();
    await vi.waitFor(async () => expect(await connections()).toBe(before), 30_000);
    client.disconnect();
  });

  test('says what is wrong, and no password', async () => {
    vi.stubEnv('REDIS_HOST', '127.0.0.1');
    vi.stubEnv('REDIS_PORT', `${server.port}`);
    vi.stubEnv('REDIS_PASSWORD', 'wrong-secret');
    const said: unknown[] = [];
    const cache = createCache({ logger: { warn: (...all) => said.push(...all.map(String)) } });
    await cache.set('a', 1);
    expect(await cache.isConnected()).toBe(false);
    expect(await cache.cached(() => 5, { key: ['f'] })).toBe(5);
    expect(said.join('\n')).toMatch(/WRONGPASS/);
    expect(said.join('\n')).not.toContain('wrong-secret');
    await cache.close();
  });

  test('has the limits of the environment', async () => {
    vi.stubEnv('REDIS_URL', '');
    vi.stubEnv('PAYLOAD_KV_MEMORY_MAX_ENTRIES', '2');
    const cache = createCache({ memory: { maxEntries: 100 } });
    for (let key = 0; key < 5; key++) await cache.set([key], key);
    expect(await cache.getStats()).toMatchObject({ keys: 2 });
    await cache.close();
    vi.stubEnv('PAYLOAD_KV_MEMORY_MAX_BYTES', 'much');
    expect(() => createCache()).toThrow(/PAYLOAD_KV_MEMORY_MAX_BYTES/);
  });
});
