import { afterEach, describe, expect, test, vi } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { cached, memoize, memory, namespace, type PurgeRecord } from '../../src/runtime/index.js';

const open: StandaloneCache[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cache of open.splice(0)) await cache.close();
});

function create(...parameters: Parameters<typeof createCache>): StandaloneCache {
  const cache = createCache(...parameters);
  open.push(cache);
  return cache;
}

test('gets what was set, and nothing else', async () => {
  const cache = create();
  await cache.set('a', { b: [1, new Date(5)] });
  expect(await cache.get('a')).toEqual({ value: { b: [1, new Date(5)] } });
  expect(await cache.get(['a'])).toEqual({ value: { b: [1, new Date(5)] } });
  expect(await cache.get('b')).toBeUndefined();
  expect(await cache.get('a', { namespace: 'other' })).toBeUndefined();
  await cache.delete('a');
  expect(await cache.get('a')).toBeUndefined();
});

test('caches functions, here and by the functions of payload-kv', async () => {
  const cache = create();
  let runs = 0;
  const run = () => ++runs;
  expect(await cache.cached(run, { key: ['x'] })).toBe(1);
  await cache.settle();
  expect(await cache.cached(run, { key: ['x'] })).toBe(1);
  expect(await cached(run, { key: ['x'], cache })).toBe(1);
  expect(await cached(run, { key: ['x'] })).toBe(1);
  await cache.delete('x');
  expect(await cached(run, { key: ['x'], cache })).toBe(2);
  const double = memoize((number: number) => number * 2 + ++runs * 0, { namespace: 'double', cache });
  expect(await double(4)).toBe(8);
  await cache.settle();
  expect(await double(4)).toBe(8);
  expect(runs).toBe(3);
  await namespace('double', { cache }).clear();
  await double(4);
  expect(runs).toBe(4);
  await cache.settle();
  await cache.clear();
  await double(4);
  expect(runs).toBe(5);
});

describe('which cache is meant', () => {
  test('that of the function around it', async () => {
    const [one, other] = [create({ prefix: 'one' }), create({ prefix: 'other' })];
    await one.set('a', 1, { namespace: 'n' });
    await other.set('a', 2, { namespace: 'n' });
    const inner = () => namespace('n').get(['a']);
    expect(await one.cached(inner, { key: ['1'] })).toEqual({ value: 1 });
    expect(await other.cached(inner, { key: ['1'] })).toEqual({ value: 2 });
    await expect(cached(() => 1, { key: ['a'] })).rejects.toMatchObject({ code: 'SEVERAL_INSTANCES' });
  });

  test('not one that was closed, and never something else', async () => {
    const [one, other] = [create(), create()];
    await other.close();
    await one.set('a', 1);
    expect(await namespace('default').get(['a'])).toEqual({ value: 1 });
    await expect(cached(() => 1, { key: ['a'], cache: {} as StandaloneCache })).rejects.toMatchObject({
      code: 'INVALID_CACHE',
    });
  });
});

test('after its end functions are run, and nothing is changed', async () => {
  const store = memory();
  const cache = create({ store });
  await cache.set('a', 1);
  await cache.close();
  await cache.close();
  expect(await cache.get('a')).toBeUndefined();
  let runs = 0;
  for (let call = 1; call <= 2; call++) expect(await cache.cached(() => ++runs, { key: ['f'] })).toBe(call);
  for (const change of [
    () => cache.set('a', 2),
    () => cache.delete('a'),
    () => cache.clear(),
    () => cache.deleteNamespace('default'),
    () => cache.invalidate({ tags: ['a'] }),
    () => cache.namespace('n').set(['a'], 1),
    () => cache.namespace('n').clear(),
  ]) {
    await expect(change()).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
  }
  expect(await cache.isConnected()).toBe(false);
  // What was there is there for the next one.
  expect(await create({ store }).get('a')).toEqual({ value: 1 });
});

test('a function has no request of Payload', async () => {
  const cache = create();
  await expect(cache.cached(({ req }) => req, { key: ['a'] })).rejects.toMatchObject({ code: 'NO_PAYLOAD' });
  await cache.close();
  await expect(cache.cached(({ req }) => req, { key: ['a'] })).rejects.toMatchObject({ code: 'NO_PAYLOAD' });
});

test('values live as long as the options say, and a day at least', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const cache = create({ ttlJitter: 0, namespaces: { long: { ttl: '7d' } } });
  await cache.set('short', 1);
  await cache.set('day', 1, { ttl: '1d' });
  await cache.set('long', 1, { namespace: 'long' });
  const there = async () =>
    [await cache.get('short'), await cache.get('day'), await cache.get('long', { namespace: 'long' })].map(
      Boolean,
    );
  expect(await there()).toEqual([true, true, true]);
  vi.advanceTimersByTime(301_000);
  expect(await there()).toEqual([false, true, true]);
  vi.advanceTimersByTime(86_400_000);
  expect(await there()).toEqual([false, false, true]);
  vi.advanceTimersByTime(6 * 86_400_000);
  expect(await there()).toEqual([false, false, false]);
});

test('counts', async () => {
  const cache = create();
  await cache.set('a', 1);
  await cache.set('b', 1, { namespace: 'n' });
  await cache.get('a');
  await cache.get('c');
  await cache.delete('b', { namespace: 'n' });
  const stats = await cache.getStats();
  expect(stats).toMatchObject({
    hits: 1,
    misses: 1,
    sets: 2,
    deletes: 1,
    hitRate: 0.5,
    provider: 'memory',
    connected: true,
    keys: 1,
    namespaces: { default: { hits: 1, misses: 1, sets: 1 }, n: { sets: 1, deletes: 1 } },
  });
});

test('access, rate limits and the account of purges are those of a site', async () => {
  const purges: PurgeRecord[] = [];
  const cache = createCache({
    store: memory(),
    access: { write: { namespaces: ['prices'] }, purge: { namespaces: ['prices'], collections: ['posts'] } },
    rateLimit: { namespaces: { prices: { run: { perMinute: 1 } } } },
    audit: (purge) => void purges.push(purge),
  });
  try {
    await cache.set('a', 1, { namespace: 'prices' });
    await expect(cache.set('a', 1)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await expect(cache.clear()).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    await cache.invalidate({ collection: 'posts' }, { by: 'import' });
    await cache.deleteNamespace('prices');
    await cache.cached(() => 1, { key: ['b'], namespace: 'prices' });
    await expect(cache.cached(() => 1, { key: ['c'], namespace: 'prices' })).rejects.toMatchObject({
      code: 'RATE_LIMITED',
      retryAfter: 60,
    });
    expect(purges.map(({ target, by, outcome }) => [target, by, outcome])).toEqual([
      ['everything', { kind: 'code' }, 'refused'],
      [{ collection: 'posts' }, { kind: 'code', name: 'import' }, 'done'],
      [{ namespace: 'prices' }, { kind: 'code' }, 'done'],
    ]);
  } finally {
    await cache.close();
  }
});
