import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload } from 'payload';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  cached,
  getCacheStats,
  invalidateCache,
  memoize,
  memory,
  namespace,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { cachedLoader } from '../../src/runtime/nestjs.js';
import { withResponseCache } from '../../src/runtime/responses.js';
import { redis } from '../../src/stores/redis.js';
import { tiered } from '../../src/stores/tiered.js';

import { readDocument } from '../docs/blocks.js';
import { type Started, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';

const started: Started[] = [];
afterEach(async () => {
  for (const site of started.splice(0)) await site.stop();
});

async function start(options: Partial<PayloadKVOptions>, more = {}): Promise<Payload> {
  const site = await startBlog({ plugins: [payloadKV({ store: memory(), ...options })], seed: 3, ...more });
  started.push(site);
  return site.payload;
}

const posts = (payload: Payload) => payload.find({ collection: 'posts', depth: 0, sort: 'id', joins: false });
const authors = (payload: Payload) => payload.find({ collection: 'authors', depth: 0, joins: false });

/** A store that remembers which entries were written to it. */
function watched(store: Store = memory()): { store: Store; written: string[] } {
  const written: string[] = [];
  return {
    written,
    store: {
      ...store,
      set(key, value, ttl) {
        written.push(key);
        return store.set(key, value, ttl);
      },
    },
  };
}

describe('what a process may not read', () => {
  test('its database answers, and that is counted', async () => {
    const { store, written } = watched();
    const payload = await start({ store, access: { read: { collections: ['authors'] } } });
    const before = getCacheStats(payload)!.collections;
    for (let time = 0; time < 3; time++) {
      expect((await posts(payload)).docs).toHaveLength(3);
      await authors(payload);
      await settleCache(payload);
    }
    const stats = getCacheStats(payload)!;
    expect(stats.collections.posts).toMatchObject({ hits: 0, misses: 0 });
    expect(stats.collections.posts!.bypasses.access! - (before.posts?.bypasses.access ?? 0)).toBe(3);
    expect(stats.collections.authors).toMatchObject({ hits: 2 });
    expect(written.filter((key) => key.includes(':posts:'))).toEqual([]);
  });

  test('is run, or is not there, of functions and values', async () => {
    const payload = await start({ access: { read: { namespaces: ['open'] } } });
    const runs = { open: 0, closed: 0 };
    for (let time = 0; time < 3; time++) {
      for (const name of ['open', 'closed'] as const)
        await cached(() => ++runs[name], { key: [], namespace: name, payload });
      await settleCache(payload);
    }
    expect(runs).toEqual({ open: 1, closed: 3 });
    const values = namespace('closed', { payload });
    await values.set(['a'], 1);
    await settleCache(payload);
    expect(await values.get(['a'])).toBeUndefined();
    expect(values.stats()?.bypasses).toEqual({ access: 4 });
  });
});

describe('what a process may not write', () => {
  test('is not stored, in any tier, and is answered by its database', async () => {
    const far = watched();
    const near = memory();
    const store = tiered(near, { ...far.store, local: false, far: undefined as never });
    const payload = await start({ store, database: 'one', access: { write: { collections: ['authors'] } } });
    for (let time = 0; time < 2; time++) {
      await posts(payload);
      await authors(payload);
      await settleCache(payload);
    }
    const stats = getCacheStats(payload)!;
    expect(stats.collections.posts).toMatchObject({ hits: 0, misses: 2, writes: 0 });
    expect(stats.collections.authors).toMatchObject({ hits: 1, misses: 1, writes: 1 });
    expect(far.written.filter((key) => key.includes(':posts:'))).toEqual([]);
    expect(near.usage?.().entries).toBe(1);
  });

  test('is shared all the same by those who ask at the same time', async () => {
    const payload = await start({ access: { write: false } });
    let runs = 0;
    const slow = () =>
      cached(
        async () => {
          runs += 1;
          return (await authors(payload)).totalDocs;
        },
        { key: [], namespace: 'slow', payload, shared: true },
      );
    expect(new Set(await Promise.all([slow(), slow(), slow()])).size).toBe(1);
    expect(runs).toBe(1);
    await Promise.all([posts(payload), posts(payload), posts(payload)]);
    expect(getCacheStats(payload)?.collections.posts).toMatchObject({ shared: 2, writes: 0 });
  });

  test('a value is not silently lost: set is refused', async () => {
    const payload = await start({ access: { write: { namespaces: ['open'] } } });
    await namespace('open', { payload }).set(['a'], 1);
    await expect(namespace('closed', { payload }).set(['a'], 1)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('write the namespace "closed"'),
      nextStep: expect.stringContaining('access.write'),
    });
  });
});

describe('what a process may not purge', () => {
  test('stays, by every way of doing it by hand', async () => {
    const payload = await start({ access: { purge: false } });
    const runs = { count: 0 };
    const call = () => cached(() => ++runs.count, { key: [], namespace: 'prices', payload });
    await call();
    await settleCache(payload);
    const prices = namespace('prices', { payload });
    const ways = [
      () => invalidateCache(payload, 'everything'),
      () => invalidateCache(payload, { namespace: 'prices' }),
      () => invalidateCache(payload, { tags: ['rates'] }),
      () => invalidateCache(payload, { prefix: 'posts' }),
      () => invalidateCache(payload, { collection: 'posts' }),
      () => invalidateCache(payload, { collection: 'posts', id: 1 }),
      () => invalidateCache(payload, { global: 'header' }),
      () => prices.clear(),
      () => prices.delete([]),
      () => prices.set([], 2),
    ];
    for (const way of ways) {
      await expect(way()).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
        nextStep: expect.stringContaining('access.purge'),
      });
    }
    expect(await call()).toBe(1);
  });

  test('is what is not listed; what may be of anybody takes the right to everything', async () => {
    const purge = { collections: ['posts'], globals: ['header'], namespaces: ['prices'] };
    const payload = await start({ access: { purge } });
    await invalidateCache(payload, { collection: 'posts' });
    await invalidateCache(payload, { global: 'header' });
    await namespace('prices', { payload }).clear();
    for (const target of [
      { collection: 'authors' },
      { global: 'site-settings' },
      { namespace: 'others' },
      { tags: ['rates'] },
      { prefix: 'posts' },
      // What names several is as wide as the widest.
      { collection: 'posts', prefix: '' },
      { collection: 'posts', tags: ['rates'] },
      { global: 'header', namespace: 'others' },
      { namespace: 'prices', collection: 'authors' },
      'everything',
    ] as const)
      await expect(invalidateCache(payload, target)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    const nothing = {} as { global: string };
    await expect(invalidateCache(payload, nothing)).rejects.toMatchObject({ code: 'INVALID_TARGET' });
  });
});

test('What a process may not store or read is neither by any way of caching', async () => {
  for (const access of [{ write: false }, { read: false }] as const) {
    const { store, written } = watched();
    const payload = await start({ store, access });
    let runs = 0;
    const work = () => ++runs;
    const memoized = memoize(work, { namespace: 'memoized', payload, lock: true, earlyRefresh: true });
    const batch = cachedLoader(async (keys: readonly number[]) => keys.map(() => work()), {
      namespace: 'batch',
      payload,
    });
    const get = withResponseCache(async (_request: Request) => Response.json({ run: work() }), { payload });
    const ways: (() => Promise<unknown>)[] = [
      () => cached(work, { key: [], payload }),
      () => cached(work, { key: ['refresh'], namespace: 'a', payload, refresh: true }),
      () => memoized(),
      () => memoized.refresh(),
      () => batch([1, 2]),
      async () => (await get(new Request('http://a.example/'))).text(),
    ];
    for (const way of ways) {
      const before = runs;
      const first = await way();
      await settleCache(payload);
      const second = await way();
      expect(second, String(way)).not.toEqual(first);
      expect(runs).toBeGreaterThan(before + 1);
    }
    await settleCache(payload);
    expect(written).toEqual([]);
  }
});

test('A write to the database makes stale what depends on it, whatever the process may', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-access-'));
  const url = `file:${path.join(directory, 'blog.db')}`;
  const shared = memory();
  // As a store that both reach.
  const store: Store = { ...shared, local: false };
  const registry = shared.defaultRegistry();
  try {
    const whole = await start({ store, registry }, { url });
    const none = await start(
      { store, registry, access: { read: false, write: false, purge: false } },
      { url, seed: 0 },
    );
    const first = (await posts(whole)).docs[0]!;
    await settleCache(whole);
    await none.update({ collection: 'posts', id: first.id, data: { title: 'New' } });
    expect((await posts(whole)).docs[0]?.title).toBe('New');
  } finally {
    for (const site of started.splice(0)) await site.stop();
    await removeDirectory(directory);
  }
});

test('Scopes are checked at start, and what the site does not have is said', async () => {
  for (const access of [
    { red: true },
    { read: 'posts' },
    { write: { collection: ['posts'] } },
    { purge: { namespaces: 'prices' } },
  ])
    expect(() => payloadKV({ store: memory(), access: access as never })).toThrow(
      expect.objectContaining({ code: 'INVALID_POLICY', message: expect.stringContaining('access.') }),
    );
  const warnings: string[] = [];
  await start(
    { access: { read: { collections: ['postz'] } } },
    {
      configure: (config: object) => ({
        ...config,
        logger: { options: {}, destination: { write: (line: string) => warnings.push(line) } },
      }),
    },
  );
  expect(warnings.join()).toContain('access.read names collections.postz');
});

describe.runIf(hasRedis)('with a user of Redis that may not write entries', () => {
  let server: RedisServer;
  let directory: string;
  beforeAll(async () => {
    server = await startRedis();
    directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-access-'));
  });
  afterAll(async () => {
    for (const site of started.splice(0)) await site.stop();
    await server?.stop();
    await removeDirectory(directory);
  });

  /** The lines of docs/access.md, as they stand there. */
  const roles = () =>
    Object.fromEntries(
      [...readDocument('docs/access.md').matchAll(/^ACL SETUSER (\S+) (.+)$/gm)].map(([, name, rules]) => [
        name as string,
        rules as string,
      ]),
    );

  async function as(role: string): Promise<Store> {
    const admin = server.connect();
    await admin.call('ACL', 'SETUSER', role, 'reset', ...(roles()[role] as string).split(' '));
    return redis({ url: `redis://${role}:secret@127.0.0.1:${server.port}` });
  }

  test('it reads what others store, asks its database for the rest, and no fault is counted', async () => {
    const url = `file:${path.join(directory, 'reader.db')}`;
    const writer = await start({ store: await as('site') }, { url });
    await posts(writer);
    await settleCache(writer);
    const reader = await start(
      { store: await as('reader'), access: { write: false, purge: false } },
      { url, seed: 0 },
    );
    for (let time = 0; time < 30; time++) {
      await posts(reader);
      await reader.find({ collection: 'posts', depth: 0, limit: time + 1 });
      await cached(() => time, { key: [time], namespace: 'own', payload: reader });
      await settleCache(reader);
    }
    const { total, collections, functions, suspended } = getCacheStats(reader)!;
    expect(collections.posts?.hits).toBe(30);
    expect(functions.own?.errors).toBe(0);
    expect(total).toMatchObject({ errors: 0, writes: 0 });
    expect(suspended).toBe(false);
    const log = (await server.connect().call('ACL', 'LOG')) as unknown[];
    expect(log).toEqual([]);
  });

  test('one that writes to the database needs to write versions, and nothing else', async () => {
    const url = `file:${path.join(directory, 'editor.db')}`;
    const writer = await start({ store: await as('site') }, { url });
    const editor = await start(
      { store: await as('editor'), access: { write: false, purge: false } },
      { url, seed: 0 },
    );
    const { id } = (await posts(writer)).docs[0]!;
    await settleCache(writer);
    await editor.update({ collection: 'posts', id, data: { title: 'By the editor' } });
    expect((await posts(writer)).docs[0]?.title).toBe('By the editor');
    expect(getCacheStats(editor)?.total.errors).toBe(0);
    expect(await server.connect().call('ACL', 'LOG')).toEqual([]);
    // A mere reader could not: its own process serves nothing of it, and tries on.
    const reader = redis({ url: `redis://reader:secret@127.0.0.1:${server.port}` });
    await expect(reader.defaultRegistry().replace(['posts'])).rejects.toThrow(/NOPERM/);
    await expect(Promise.resolve(reader.set('payload-cache:posts:x', 'x', 60))).rejects.toThrow(/NOPERM/);
    await reader.close();
    const editing = redis({ url: `redis://editor:secret@127.0.0.1:${server.port}` });
    await expect(Promise.resolve(editing.set('payload-cache:posts:x', 'x', 60))).rejects.toThrow(/NOPERM/);
    await editing.close();
    await server.connect().call('ACL', 'LOG', 'RESET');
  });

  test('the user of a whole site can do all that a site does', async () => {
    const payload = await start({ store: await as('site') });
    await posts(payload);
    await settleCache(payload);
    await invalidateCache(payload, { prefix: 'posts' });
    await namespace('prices', { payload }).set(['a'], 1);
    await settleCache(payload);
    expect(await namespace('prices', { payload }).get(['a'])).toEqual({ value: 1 });
    expect(getCacheStats(payload)?.total.errors).toBe(0);
    expect(await server.connect().call('ACL', 'LOG')).toEqual([]);
  });
});
