import type { Payload } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  getCacheStats,
  invalidateCache,
  memory,
  payloadKV,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { collectLog } from './logged.js';

const log = collectLog();
const store = memory();
let site: Started;
let payload: Payload;
beforeAll(async () => {
  site = await startBlog({
    configure: log.configure,
    plugins: [payloadKV({ store, debug: true, globals: {}, ttlJitter: 0, negativeTtl: '5m' })],
  });
  payload = site.payload;
});
afterAll(() => site.stop());

let names = 0;
async function newTag(): Promise<number> {
  const { id } = await payload.create({ collection: 'tags', data: { name: `tag-${++names}` } });
  return id as number;
}
const tags = () => payload.db.find({ collection: 'tags' });
const statsOf = () => getCacheStats(payload)?.collections.tags;

async function bytesInStore(of: Store): Promise<number> {
  let bytes = 0;
  for await (const keys of of.list('')) for (const text of await of.getMany(keys)) bytes += text?.length ?? 0;
  return bytes;
}

test('count hits, misses, stale entries, writes, invalidations and bytes of each collection', async () => {
  await tags();
  await settleCache(payload);
  const bytes = await bytesInStore(store);
  expect(statsOf()).toEqual({
    hits: 0,
    misses: 1,
    stale: 0,
    servedStale: 0,
    bypasses: {},
    shared: 0,
    writes: 1,
    droppedWrites: 0,
    bytesWritten: bytes,
    bytesRead: 0,
    uncacheable: 0,
    invalidations: 0,
    errors: 0,
  });
  await tags();
  await tags();
  expect(statsOf()).toMatchObject({ hits: 2, misses: 1, bytesRead: 2 * bytes, writes: 1 });
  const id = await newTag();
  expect(statsOf()).toMatchObject({ invalidations: 1 });
  await tags();
  expect(statsOf()).toMatchObject({ hits: 2, misses: 1, stale: 1, writes: 2 });
  await payload.delete({ collection: 'tags', id });
  expect(statsOf()?.invalidations).toBe(2);
});

test('count bypasses by reason', async () => {
  const bypasses = () => ({ ...statsOf()?.bypasses });
  const before = bypasses();
  await payload.db.count({ collection: 'tags', req: { context: { cache: 'bypass' } } });
  await payload.db.count({ collection: 'tags', req: { transactionID: 'some' } });
  await payload.db.count({ collection: 'tags', req: { transactionID: 'some' } });
  await payload.db.find({ collection: 'tags', joins: { no: {} } as never }).catch(() => undefined);
  expect(bypasses()).toEqual({ ...before, request: 1, transaction: 2, 'unknown-argument': 1 });
  await payload.db.findGlobal({ slug: 'header' });
  expect(getCacheStats(payload)?.globals.header?.bypasses).toEqual({ policy: 1 });
  await payload.find({ collection: 'users' });
  expect(getCacheStats(payload)?.collections.users?.bypasses).toMatchObject({ 'auth-collection': 1 });
});

test('add up to a total, and count what store and registry were asked', async () => {
  const { operations, total, collections, globals } = getCacheStats(payload) ?? {};
  const all = [...Object.values(collections ?? {}), ...Object.values(globals ?? {})];
  const sum = (name: 'hits' | 'misses' | 'writes' | 'bytesRead'): number =>
    all.reduce((so, counts) => so + counts[name], 0);
  for (const name of ['hits', 'misses', 'writes', 'bytesRead'] as const)
    expect(total?.[name]).toBe(sum(name));
  expect(total?.bypasses.policy).toBe(all.reduce((so, { bypasses }) => so + (bypasses.policy ?? 0), 0));
  await settleCache(payload);
  await tags();
  const before = getCacheStats(payload)?.operations;
  expect(before?.storeWrites).toBeGreaterThanOrEqual(operations?.storeWrites ?? Infinity);
  await tags();
  expect(getCacheStats(payload)?.operations).toEqual({
    ...before,
    storeReads: (before?.storeReads ?? 0) + 1,
  });
  await newTag();
  expect(getCacheStats(payload)?.operations.registryReplacements).toBe(
    (before?.registryReplacements ?? 0) + 1,
  );
});

test('are copies: whoever has them may change them', async () => {
  const stats = getCacheStats(payload);
  if (!stats?.collections.tags) throw new Error('no stats');
  const { hits } = stats.collections.tags;
  stats.collections.tags.hits = -1;
  stats.collections.tags.bypasses.request = -1;
  stats.operations.storeReads = -1;
  expect(statsOf()?.hits).toBe(hits);
  expect(statsOf()?.bypasses.request).not.toBe(-1);
  expect(getCacheStats(payload)?.operations.storeReads).toBeGreaterThanOrEqual(0);
});

test('do not exist for a site without a cache', async () => {
  const other = await startBlog();
  expect(getCacheStats(other.payload)).toBeUndefined();
  await invalidateCache(other.payload, 'everything');
  await settleCache(other.payload);
  await other.stop();
});

describe('invalidateCache', () => {
  const total = { tags: 0, categories: 0 };
  beforeEach(async () => {
    for (const collection of ['tags', 'categories'] as const) {
      await payload.db.find({ collection });
      await payload.db.find({ collection, where: { id: { equals: 1 } } });
      total[collection] = getCacheStats(payload)?.collections[collection]?.hits ?? 0;
    }
    await settleCache(payload);
  });
  async function newHits(collection: 'tags' | 'categories'): Promise<number> {
    await payload.db.find({ collection });
    await payload.db.find({ collection, where: { id: { equals: 1 } } });
    return (getCacheStats(payload)?.collections[collection]?.hits ?? 0) - total[collection];
  }

  test('makes one collection stale, and leaves the others', async () => {
    await invalidateCache(payload, { collection: 'tags' });
    expect([await newHits('tags'), await newHits('categories')]).toEqual([0, 2]);
  });

  test('makes everything stale', async () => {
    await invalidateCache(payload, 'everything');
    expect([await newHits('tags'), await newHits('categories')]).toEqual([0, 0]);
  });

  test('takes a global and what is not there', async () => {
    await invalidateCache(payload, { global: 'header' });
    await invalidateCache(payload, { collection: 'no-such' });
    expect([await newHits('tags'), await newHits('categories')]).toEqual([2, 2]);
  });
});

describe('the log', () => {
  test('tells each lookup and invalidation at level debug, once asked for', async () => {
    await tags();
    await settleCache(payload);
    log.clear();
    await tags();
    await payload.db.count({ collection: 'tags', req: { context: { cache: 'bypass' } } });
    await newTag();
    await tags();
    await settleCache(payload);
    const lines = log.lines(20);
    for (const line of [
      /^payload-kv: hit payload-cache:tags:find:/,
      /^payload-kv: bypass \(request\) count tags$/,
      /^payload-kv: invalidated tags tags#/,
      /^payload-kv: stale payload-cache:tags:find:/,
      /^payload-kv: stored payload-cache:tags:find:\S+ find for 300 s$/,
    ]) {
      expect(lines).toContainEqual(expect.stringMatching(line));
    }
    expect(log.lines(30)).toEqual([]);
  });

  test('says nothing unless asked', async () => {
    const quiet = collectLog();
    const other = await startBlog({ configure: quiet.configure, plugins: [payloadKV({ store: memory() })] });
    await other.payload.find({ collection: 'tags' });
    await other.payload.create({ collection: 'tags', data: { name: 'a' } });
    await other.payload.find({ collection: 'tags' });
    await settleCache(other.payload);
    expect(quiet.lines(0)).toEqual([]);
    await other.stop();
  });
});
