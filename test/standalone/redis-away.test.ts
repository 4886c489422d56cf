import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type CreateCacheOptions, createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { memory, tiered } from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type RedisServer, startRedis } from '../support/redis.js';

/** A Redis that goes away and comes back. */
let server: RedisServer;
let caches: StandaloneCache[] = [];
let isAway = false;
let clock: Clock;
const quiet = { warn() {} };

async function kill(): Promise<void> {
  isAway = true;
  await server.kill();
}

async function start(): Promise<void> {
  if (isAway) await server.start();
  isAway = false;
}

beforeAll(async () => {
  // It comes back with what it had.
  server = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
});
afterAll(() => server.stop());
beforeEach(() => {
  vi.stubEnv('PAYLOAD_KV_TIMEOUT', '2000');
  clock = takeClock();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.useRealTimers();
  clock.stop();
  await start();
  await Promise.all(caches.map((cache) => cache.close()));
  caches = [];
  await server.connect().flushall();
});

/** A process of its own, as far as the cache can tell. */
function create(options: CreateCacheOptions = {}): StandaloneCache {
  const store = tiered(memory(), redis({ url: `redis://127.0.0.1:${server.port}` }));
  const cache = createCache({ store, logger: quiet, ttlJitter: 0, writeTimeout: 500, ...options });
  caches.push(cache);
  return cache;
}

/** Takes Redis away, and waits until the cache has given it up. */
async function lose(...all: StandaloneCache[]): Promise<void> {
  await kill();
  for (const cache of all) {
    let isSuspended = false;
    for (let call = 0; call < 60 && !isSuspended; call++) {
      await cache.get(`unknown ${call}`);
      isSuspended = (await cache.getStats()).suspended;
    }
    expect(isSuspended).toBe(true);
  }
}

/** Brings it back, and waits until the cache has told all that is late and asks again. */
async function bringBack(...all: StandaloneCache[]): Promise<void> {
  await start();
  for (const cache of all) {
    await vi.waitFor(
      async () => {
        // It is given up for ten seconds, and for ten more by a call that is too early.
        if ((await cache.getStats()).suspended) clock.advance(11);
        await cache.get('unknown');
        expect(await cache.getStats()).toMatchObject({ suspended: false, pending: 0, connected: true });
      },
      { timeout: 60_000, interval: 100 },
    );
  }
}

const counting = (cache: StandaloneCache, key: string) => {
  const counted = { runs: 0, call: () => cache.cached(() => ++counted.runs, { key: [key] }) };
  return counted;
};

test('what Redis confirmed, and what is made meanwhile, is served from memory', async () => {
  const cache = create();
  const before = counting(cache, 'before');
  const meanwhile = counting(cache, 'meanwhile');
  await before.call();
  await cache.set('value', 'old');
  await cache.settle();
  await before.call();
  expect(await cache.get('value')).toEqual({ value: 'old' });
  await lose(cache);
  for (let call = 0; call < 3; call++) {
    expect(await before.call()).toBe(1);
    expect(await meanwhile.call()).toBe(1);
    expect(await cache.get('value')).toEqual({ value: 'old' });
  }
  expect(await cache.isConnected()).toBe(false);
  await bringBack(cache);
  // Nobody has changed anything: what was there before is confirmed.
  expect(await before.call()).toBe(1);
  expect(await cache.get('value')).toEqual({ value: 'old' });
});

test('own writes are seen at once, and told later', async () => {
  const [cache, other] = [create(), create()];
  const tagged = { runs: 0 };
  const call = (asked: StandaloneCache) =>
    asked.cached(
      ({ tag }) => {
        tag('price');
        return ++tagged.runs;
      },
      { key: ['tagged'] },
    );
  await call(cache);
  for (const name of ['set', 'deleted', 'cleared']) await cache.set(name, 'old', { namespace: name });
  await cache.settle();
  await call(cache);
  await call(other);
  for (const name of ['set', 'deleted', 'cleared'])
    expect(await other.get(name, { namespace: name })).toEqual({ value: 'old' });
  expect(tagged.runs).toBe(1);
  await lose(cache, other);

  await cache.set('set', 'new', { namespace: 'set' });
  await cache.delete('deleted', { namespace: 'deleted' });
  await cache.deleteNamespace('cleared');
  await cache.invalidate({ tags: ['price'] });
  expect(await cache.get('set', { namespace: 'set' })).toEqual({ value: 'new' });
  expect(await cache.get('deleted', { namespace: 'deleted' })).toBeUndefined();
  expect(await cache.get('cleared', { namespace: 'cleared' })).toBeUndefined();
  expect(await call(cache)).toBe(2);
  expect(await call(cache)).toBe(2);
  // Nobody can tell the other process.
  expect(await other.get('set', { namespace: 'set' })).toEqual({ value: 'old' });
  expect(await call(other)).toBe(1);

  await bringBack(cache, other);
  for (const asked of [cache, other]) {
    expect(await asked.get('set', { namespace: 'set' })).toBeUndefined();
    expect(await asked.get('deleted', { namespace: 'deleted' })).toBeUndefined();
    expect(await asked.get('cleared', { namespace: 'cleared' })).toBeUndefined();
  }
  expect(await call(other)).toBe(3);
});

test('what was made meanwhile is not served when Redis is back', async () => {
  const [cache, other] = [create(), create()];
  await cache.set('value', 1);
  await cache.settle();
  await cache.get('value');
  await kill();
  const meanwhile = counting(cache, 'meanwhile');
  await lose(cache);
  expect(await meanwhile.call()).toBe(1);
  expect(await meanwhile.call()).toBe(1);
  await start();
  await other.clear();
  await bringBack(cache);
  expect(await meanwhile.call()).toBe(2);
  expect(await cache.get('value')).toBeUndefined();
});

test('what was made while it was away is not served when it is away once more', async () => {
  const cache = create();
  await cache.set('value', 1);
  await lose(cache);
  const meanwhile = counting(cache, 'meanwhile');
  await meanwhile.call();
  expect(await meanwhile.call()).toBe(1);
  await bringBack(cache);
  await lose(cache);
  expect(await meanwhile.call()).toBe(2);
});

test('nothing that was not confirmed serves for longer than said', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const cache = create({ whileAway: '30s', ttl: '1h' });
  const before = counting(cache, 'before');
  const meanwhile = counting(cache, 'meanwhile');
  await before.call();
  await cache.settle();
  await before.call();
  await lose(cache);
  await meanwhile.call();
  vi.advanceTimersByTime(25_000);
  expect(await before.call()).toBe(1);
  expect(await meanwhile.call()).toBe(1);
  for (let runs = 2; runs < 4; runs++) {
    vi.advanceTimersByTime(runs === 2 ? 6_000 : 31_000);
    for (let call = 0; call < 2; call++) {
      expect(await before.call()).toBe(runs);
      expect(await meanwhile.call()).toBe(runs);
    }
  }
});

test('with whileAway: false functions are run each time', async () => {
  const cache = create({ whileAway: false });
  const before = counting(cache, 'before');
  await before.call();
  await cache.settle();
  expect(await before.call()).toBe(1);
  await lose(cache);
  expect(await before.call()).toBe(2);
  expect(await before.call()).toBe(3);
});

test('a process whose Redis was never there goes on with memory', async () => {
  await kill();
  const cache = create();
  const counted = counting(cache, 'a');
  for (let call = 0; call < 6; call++) await counted.call();
  const { runs } = counted;
  await counted.call();
  await counted.call();
  expect(counted.runs).toBe(runs);
  await cache.set('a', 5, { namespace: 'n' });
  expect(await cache.get('a', { namespace: 'n' })).toEqual({ value: 5 });
});

test('so many writes that they are not told one by one make all of them stale', async () => {
  const [cache, other] = [create(), create()];
  const call = (asked: StandaloneCache) =>
    asked.cached(({ tag }) => tag({ collection: 'posts', id: 7 }, { global: 'header' }, 'own'), {
      key: ['tagged'],
    });
  const depends = ['posts#7', '@header', '+own', '/~'];
  await call(cache);
  await cache.settle();
  const client = server.connect();
  const versions = () => client.mget(depends.map((tag) => `payload-cache:tag:${tag}`));
  const before = await versions();
  expect(before).not.toContain(null);
  await lose(cache);
  await cache.invalidate({ collection: 'posts' });
  await cache.invalidate({ tags: Array.from({ length: 10_001 }, (_, index) => `own ${index}`) });
  await bringBack(cache);
  let runs = 0;
  await other.cached(
    () => {
      runs += 1;
    },
    { key: ['tagged'] },
  );
  expect(runs).toBe(1);
  expect(
    await client.mget(['posts', 'posts*', 'posts~versions'].map((tag) => `payload-cache:tag:${tag}`)),
  ).not.toContain(null);
});
