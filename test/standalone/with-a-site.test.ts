import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type CreateCacheOptions, createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import {
  cached,
  databaseRegistry,
  type FunctionContext,
  getCacheStats,
  invalidateCache,
  memory,
  namespace,
  payloadKV,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { type observationOf, observe } from '../../src/runtime/observe.js';
import { redis } from '../../src/runtime/redis.js';
import { type Started, startBlog } from '../support/payload.js';
import { type RedisServer, startRedis } from '../support/redis.js';

/** A service beside a Payload site: one Redis, and nothing else in common. */
let server: RedisServer;
let site: Started;
let ids: number[];
const caches: StandaloneCache[] = [];
const storeOf = () => tiered(memory(), redis({ url: `redis://127.0.0.1:${server.port}` }));

beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
beforeEach(async () => {
  site = await startBlog({
    plugins: [payloadKV({ store: storeOf(), collections: { posts: { slices: ['slug'] }, authors: {} } })],
    seed: 3,
  });
  const { docs } = await site.payload.db.find<{ id: number }>({ collection: 'posts', sort: 'id', limit: 3 });
  ids = docs.map(({ id }) => id);
});
afterEach(async () => {
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
  await site.stop();
  await server.connect().flushall();
});

function create(options: CreateCacheOptions = {}): StandaloneCache {
  const cache = createCache({ store: storeOf(), ...options });
  caches.push(cache);
  return cache;
}

/** Whether a result is made anew after something has happened. */
async function runsAgain(
  cache: StandaloneCache,
  depend: (context: FunctionContext) => void,
  happens: () => Promise<unknown>,
): Promise<boolean> {
  let runs = 0;
  const call = () =>
    cache.cached(
      (context) => {
        depend(context);
        return ++runs;
      },
      { key: ['test'] },
    );
  await call();
  await cache.settle();
  await call();
  expect(runs).toBe(1);
  await happens();
  await call();
  return runs === 2;
}

test.each(['', 'orders'])('writes of the site reach the service, with the prefix "%s"', async (prefix) => {
  const cache = create({ prefix });
  const { payload } = site;
  const [first, second] = ids as [number, number];
  const update = (id: number) => () => payload.update({ collection: 'posts', id, data: { title: 'Other' } });
  const ofFirst = ({ tag }: FunctionContext): void => tag({ collection: 'posts', id: first });
  const ofAll = ({ tag }: FunctionContext): void => tag({ collection: 'posts' });
  expect(await runsAgain(cache, ofFirst, update(first))).toBe(true);
  await cache.clear();
  expect(await runsAgain(cache, ofFirst, update(second))).toBe(false);
  await cache.clear();
  expect(await runsAgain(cache, ofAll, update(second))).toBe(true);
  await cache.clear();
  const rename = () =>
    payload.update({ collection: 'posts', where: { id: { equals: first } }, data: { title: 'A' } });
  expect(await runsAgain(cache, ofFirst, rename)).toBe(true);
  await cache.clear();
  const remove = () => payload.delete({ collection: 'posts', id: first });
  expect(await runsAgain(cache, ofFirst, remove)).toBe(true);
  await cache.clear();
  const named = ({ tag }: FunctionContext): void => tag('prices');
  expect(await runsAgain(cache, named, () => invalidateCache(payload, { tags: ['prices'] }))).toBe(true);
});

test('what the service makes stale is stale in the site', async () => {
  const cache = create();
  const { payload } = site;
  const { docs } = await payload.db.find<{ slug: string }>({
    collection: 'posts',
    where: { id: { equals: ids[0] } },
  });
  const slug = docs[0]?.slug;
  let runs = 0;
  const asks = {
    bySlice: () => payload.find({ collection: 'posts', where: { slug: { equals: slug } }, depth: 0 }),
    byId: () => payload.findByID({ collection: 'posts', id: ids[0] as number, depth: 0 }),
    ofAll: () => payload.find({ collection: 'posts', depth: 0 }),
    ofOthers: () => payload.find({ collection: 'authors', depth: 0 }),
    inNamespace: () => cached(() => ++runs, { key: ['a'], namespace: 'prices', payload }),
    tagged: () => cached(({ tag }) => void tag('shop'), { key: ['b'], payload }),
  };
  const hits = () => {
    const { total, functions } = getCacheStats(payload)!;
    return [total, ...Object.values(functions)].reduce((sum, each) => sum + each.hits, 0);
  };
  const isHit = async (ask: () => Promise<unknown>): Promise<boolean> => {
    const before = hits();
    await ask();
    await settleCache(payload);
    return hits() > before;
  };
  const hit = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const [name, ask] of Object.entries(asks)) if (await isHit(ask)) found.push(name);
    return found;
  };
  const all = Object.keys(asks);
  await hit();
  expect(await hit()).toEqual(all);
  await cache.invalidate({ collection: 'posts', id: ids[0] as number });
  expect(await hit()).toEqual(['ofOthers', 'inNamespace', 'tagged']);
  await cache.invalidate({ collection: 'authors' });
  expect(await hit()).toEqual(all.filter((name) => name !== 'ofOthers'));
  await cache.invalidate({ namespace: 'prices' });
  expect(await hit()).toEqual(all.filter((name) => name !== 'inNamespace'));
  await cache.invalidate({ tags: ['shop'] });
  expect(await hit()).toEqual(all.filter((name) => name !== 'tagged'));
  // And these are the service's own.
  await cache.clear();
  await cache.invalidate('everything');
  await create({ prefix: 'orders' }).deleteNamespace('prices');
  expect(await hit()).toEqual(all);
});

test('a function of the site that asks the service depends on it where both have one registry', async () => {
  const { payload } = site;
  const elsewhere = create({ store: memory() });
  let runs = 0;
  const price = async (cache: StandaloneCache) => {
    const found = await namespace('prices', { cache }).get<number>(['tea']);
    return `${++runs}: ${found?.value}`;
  };
  const shown = (cache: StandaloneCache) => cached(() => price(cache), { key: ['shown'], payload });
  await elsewhere.set('tea', 1, { namespace: 'prices' });
  expect(await shown(elsewhere)).toBe('1: 1');
  await settleCache(payload);
  // Its versions say nothing to the site.
  expect(await shown(elsewhere)).toBe('2: 1');
  expect(getCacheStats(payload)?.functions['']?.notStored).toMatchObject({ untracked: 2 });
});

test('one that shares the store is heard', async () => {
  const store = memory();
  const other = await startBlog({ plugins: [payloadKV({ store })] });
  try {
    const cache = create({ store });
    let runs = 0;
    const shown = () =>
      cached(
        async () => {
          const found = await namespace('prices', { cache }).get<number>(['tea']);
          return `${++runs}: ${found?.value}`;
        },
        { key: ['shown'], payload: other.payload },
      );
    await cache.set('tea', 1, { namespace: 'prices' });
    expect(await shown()).toBe('1: 1');
    await settleCache(other.payload);
    expect(await shown()).toBe('1: 1');
    await cache.set('tea', 2, { namespace: 'prices' });
    expect(await shown()).toBe('2: 2');
  } finally {
    await other.stop();
  }
});

test('which is meant is not guessed where there is a site and a cache', async () => {
  const cache = create();
  await expect(cached(() => 1, { key: ['a'] })).rejects.toMatchObject({ code: 'SEVERAL_INSTANCES' });
  expect(await cached(() => 1, { key: ['a'], cache })).toBe(1);
  expect(await cached(({ req }) => req.payload === site.payload, { key: ['b'], payload: site.payload })).toBe(
    true,
  );
});

test('a registry in the database of a site is refused', () => {
  expect(() => createCache({ registry: databaseRegistry() })).toThrow(
    expect.objectContaining({ code: 'REGISTRY_NEEDS_PAYLOAD' }),
  );
});

test('it is watched like a site', async () => {
  const types: string[] = [];
  let statistics: (() => { counts: { functions: Record<string, { hits: number }> } }) | undefined;
  const reader = {
    name: 'test',
    attach(_payload: unknown, observation: NonNullable<ReturnType<typeof observationOf>>) {
      statistics = observation.ownStatistics;
      return () => {};
    },
  };
  const cache = create({
    onEvent: ({ type }) => types.push(type),
    observe: observe({ readers: [reader], endpoints: false }),
  });
  await cache.set('a', 1, { namespace: 'n' });
  await cache.get('a', { namespace: 'n' });
  await cache.get('b', { namespace: 'n' });
  expect(types).toEqual(expect.arrayContaining(['invalidate', 'hit', 'miss']));
  expect(statistics?.().counts.functions.n).toMatchObject({ hits: 1, misses: 1, sets: 1 });
});
