import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { type CreateCacheOptions, createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import {
  cached,
  type InvalidationTarget,
  invalidateCache,
  keepWarm,
  memory,
  memoryRegistry,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';

/** A site, and caches beside it in the same process. */
let site: Started;
let id: number;
const caches: StandaloneCache[] = [];
beforeAll(async () => {
  const collections = { posts: {}, authors: {} };
  site = await startBlog({ plugins: [payloadKV({ store: memory(), collections })], seed: 2 });
  const { docs } = await site.payload.db.find<{ id: number }>({ collection: 'posts', limit: 1 });
  id = docs[0]?.id as number;
});
afterAll(() => site.stop());
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
});

function create(options: CreateCacheOptions = {}): StandaloneCache {
  const cache = createCache({ store: memory(), ...options });
  caches.push(cache);
  return cache;
}

test('what a cache with a registry of its own made of reads of the site is never old', async () => {
  const cache = create();
  const { payload } = site;
  const read = async () => (await payload.findByID({ collection: 'posts', id, depth: 0 })).title;
  const inSite = () => cached(read, { key: ['in site'], payload });
  const calls = [
    () => cache.cached(read, { key: ['direct'] }),
    () => cache.cached(inSite, { key: ['a function of the site'] }),
    () => cached(() => cache.cached(inSite, { key: ['between'] }), { key: ['around'], payload }),
  ];
  for (const title of ['One', 'Two', 'Three']) {
    await payload.update({ collection: 'posts', id, data: { title } });
    for (const call of calls) {
      expect(await call()).toBe(title);
      await cache.settle();
      await settleCache(payload);
      expect(await call()).toBe(title);
    }
  }
});

test('a value that is larger than its namespace allows is not kept, nor what was there', async () => {
  const cache = create({ namespaces: { small: { maxEntryBytes: 100 } } });
  const found = () => cache.get('a', { namespace: 'small' });
  await cache.set('a', 'small', { namespace: 'small' });
  expect(await found()).toEqual({ value: 'small' });
  await cache.set('a', 'x'.repeat(1_000), { namespace: 'small' });
  expect(await found()).toBe(undefined);
  await cache.set('a', 'x'.repeat(1_000));
  expect(await cache.get('a')).toEqual({ value: 'x'.repeat(1_000) });
});

test.each([
  null,
  undefined,
  {},
  'all',
  { tags: 'shop' },
  { tags: [''] },
  { namespace: '' },
  { namespace: 5 },
  { collection: undefined, id: 5 },
  { collections: 'posts' },
  { prefix: 5 },
])('what makes nothing stale is refused: %o', async (target) => {
  const cache = create();
  const given = target as InvalidationTarget;
  await expect(cache.invalidate(given)).rejects.toMatchObject({ code: 'INVALID_TARGET' });
  await expect(invalidateCache(site.payload, given)).rejects.toMatchObject({ code: 'INVALID_TARGET' });
});

test('without locks a schedule whose calls take longer than its interval does not run beside itself', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const registry: Registry = { ...memoryRegistry(), locks: undefined };
    const cache = create({ registry, logger: { warn() {} } });
    let runs = 0;
    let goOn = (): void => {};
    const slow = () =>
      new Promise<void>((resolve) => {
        runs += 1;
        goOn = resolve;
      });
    const end = keepWarm('slow', [slow], { cache, every: 1 });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs).toBe(1);
    goOn();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(runs).toBe(2);
    end();
    goOn();
  } finally {
    vi.useRealTimers();
  }
});

test('functions under locks that call one another go on', async () => {
  for (const singleFlight of [undefined, false] as const) {
    const cache = create({ singleFlight: singleFlight as false });
    const lock = { wait: '1m' } as const;
    const call = (name: string, other: string, depth: number): Promise<string> =>
      cache.cached(async () => (depth > 0 ? name + (await call(other, name, depth - 1)) : name), {
        key: [name],
        lock,
      });
    const [one, another] = await Promise.all([call('a', 'b', 3), call('b', 'a', 3)]);
    expect(one).toMatch(/^a/);
    expect(another).toMatch(/^b/);
  }
}, 30_000);

test('what was made of arguments that somebody changed meanwhile is not kept under those of before', async () => {
  const store = memory();
  let passing: Promise<void> | undefined;
  const slow = {
    ...store,
    async getMany(keys: readonly string[]) {
      await passing;
      return store.getMany(keys);
    },
  };
  const cache = create({ store: { ...slow, sharing: undefined } as typeof store });
  const find = cache.memoize(async (query: { page: number }) => query.page, { namespace: 'pages' });
  let goOn = (): void => {};
  passing = new Promise((resolve) => {
    goOn = resolve;
  });
  const query = { page: 1 };
  const finding = find(query);
  for (let tick = 0; tick < 100; tick++) await Promise.resolve();
  query.page = 2;
  goOn();
  await finding;
  await cache.settle();
  expect(await find({ page: 1 })).toBe(1);
  expect(await find({ page: 2 })).toBe(2);
});
