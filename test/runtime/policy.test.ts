import type { Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  getCacheStats,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { createPolicy, type Policy } from '../../src/runtime/policy/policy.js';
import { readSiteSchema, type SiteSchema } from '../../src/runtime/query/site-schema.js';
import { type Started, startBlog } from '../support/payload.js';

type Options = Omit<PayloadKVOptions, 'store'>;

describe('options that are wrong', () => {
  const wrong: [string, unknown, string][] = [
    ['ttl', { ttl: 0 }, 'INVALID_DURATION'],
    ['ttl', { ttl: -5 }, 'INVALID_DURATION'],
    ['ttl', { ttl: 1.5 }, 'INVALID_DURATION'],
    ['ttl', { ttl: Number.NaN }, 'INVALID_DURATION'],
    ['ttl', { ttl: '5 minutes' }, 'INVALID_DURATION'],
    ['ttl', { ttl: '' }, 'INVALID_DURATION'],
    ['ttl', { ttl: null }, 'INVALID_DURATION'],
    ['ttl', { ttl: '9999999999d' }, 'INVALID_DURATION'],
    ['operations.find', { operations: { find: 'soon' } }, 'INVALID_DURATION'],
    ['operations.fetch', { operations: { fetch: 5 } }, 'INVALID_POLICY'],
    ['operations', { operations: 5 }, 'INVALID_POLICY'],
    ['collections', { collections: 'posts' }, 'INVALID_POLICY'],
    ['collections.posts', { collections: { posts: true } }, 'INVALID_POLICY'],
    ['collections.posts.ttl', { collections: { posts: { ttl: '5x' } } }, 'INVALID_DURATION'],
    ['collections.posts.TTL', { collections: { posts: { TTL: 5 } } }, 'INVALID_POLICY'],
    ['collections.posts.enabled', { collections: { posts: { enabled: 'no' } } }, 'INVALID_POLICY'],
    [
      'collections.posts.operations.count',
      { collections: { posts: { operations: { count: 0 } } } },
      'INVALID_DURATION',
    ],
    ['collections.posts.slices', { collections: { posts: { slices: 'slug' } } }, 'INVALID_POLICY'],
    ['collections.posts.slices', { collections: { posts: { slices: [5] } } }, 'INVALID_POLICY'],
    ['globals.header.ttl', { globals: { header: { ttl: -1 } } }, 'INVALID_DURATION'],
    ['globals.header.enabled', { globals: { header: { enabled: 1 } } }, 'INVALID_POLICY'],
    ['collections.users.allowAuth', { collections: { users: { allowAuth: 'no' } } }, 'INVALID_POLICY'],
    ['enabled', { enabled: 'no' }, 'INVALID_POLICY'],
    ['debug', { debug: 'no' }, 'INVALID_POLICY'],
    ['singleFlight', { singleFlight: 'proces' }, 'INVALID_POLICY'],
    ['singleFlight', { singleFlight: true }, 'INVALID_POLICY'],
    ['replicaLag', { replicaLag: 'soon' }, 'INVALID_DURATION'],
    ['namespace', { namespace: 5 }, 'INVALID_POLICY'],
    ['key', { key: 'slug' }, 'INVALID_POLICY'],
    ['waitUntil', { waitUntil: {} }, 'INVALID_POLICY'],
    ['hooks.collections.posts', { hooks: { collections: { posts: 'purge' } } }, 'INVALID_POLICY'],
    ['consistency', { consistency: 'weak' }, 'INVALID_POLICY'],
    ['consistency.bounded', { consistency: { bounded: 0 } }, 'INVALID_DURATION'],
    ['collections.posts.consistency', { collections: { posts: { consistency: 'weak' } } }, 'INVALID_POLICY'],
    [
      'consistency',
      { consistency: 'strong', registry: { ...memoryRegistry(), canBeStrong: false } },
      'CONSISTENCY_NOT_AVAILABLE',
    ],
    [
      'collections.posts.consistency',
      {
        collections: { posts: { consistency: 'strong' } },
        registry: { ...memoryRegistry(), canBeStrong: false },
      },
      'CONSISTENCY_NOT_AVAILABLE',
    ],
  ];
  test.each(wrong)('are refused at start by an error that names %s: %j', (name, options, code) => {
    const start = () => payloadKV({ store: memory(), ...(options as Options) });
    expect(start).toThrow(expect.objectContaining({ code, nextStep: expect.any(String) }));
    expect(start).toThrow(new RegExp(`^${name.replaceAll('.', '\\.')} `));
  });

  test.each([{}, { store: undefined }, { store: null }, { store: 'memory' }, { store: {} }])(
    'are refused without a store: %j',
    (options) => {
      expect(() => payloadKV(options as unknown as PayloadKVOptions)).toThrow(
        expect.objectContaining({ code: 'INVALID_STORE', nextStep: expect.stringContaining('memory()') }),
      );
    },
  );
});

describe('on the blog', () => {
  let site: Started;
  let payload: Payload;
  let schema: SiteSchema;
  const store = memory();
  beforeAll(async () => {
    site = await startBlog({
      seed: 3,
      plugins: [
        payloadKV({
          ttlJitter: 0,
          store,
          ttl: '10m',
          operations: { count: 20, findDistinct: false },
          collections: {
            posts: { ttl: 60, operations: { findOne: '2h', queryDrafts: false } },
            categories: {},
            tags: { enabled: false },
            media: { operations: { findDistinct: 5 } },
          },
          globals: { header: { ttl: '1m' } },
        }),
      ],
    });
    payload = site.payload;
    schema = readSiteSchema(payload.config, 'number');
  });
  afterAll(() => site.stop());

  function policy(options: Options = {}, warn: (message: string) => void = () => undefined): Policy {
    return createPolicy({ store: memory(), ...options }, options.registry ?? memoryRegistry(), schema, warn);
  }
  const ttlOf = (rule: ReturnType<Policy['ruleOf']>): number | false => rule.cached && rule.ttl;

  test('everything is cached for five minutes where the options name nothing', () => {
    const { ruleOf } = policy();
    expect(ttlOf(ruleOf('collection', 'posts', 'find'))).toBe(300);
    expect(ttlOf(ruleOf('global', 'header', 'findGlobal'))).toBe(300);
  });

  test.each([
    [45, 45],
    ['45', 45],
    ['45s', 45],
    ['5m', 300],
    ['2h', 7_200],
    ['7d', 604_800],
  ])('a TTL of %j is %i seconds', (ttl, seconds) => {
    expect(ttlOf(policy({ ttl: ttl as '5m' }).ruleOf('collection', 'posts', 'find'))).toBe(seconds);
  });

  test('the nearest TTL holds: operation of a collection, collection, operation, default', () => {
    const { ruleOf } = policy({
      ttl: 1,
      operations: { find: 2, count: 3, findOne: false },
      collections: {
        posts: { ttl: 4, operations: { find: 5, findOne: 6 } },
        tags: {},
        media: { operations: { find: false } },
      },
      globals: { header: { ttl: 7 } },
    });
    const of = (slug: string, operation: 'find' | 'count' | 'findOne' | 'findVersions') =>
      ttlOf(ruleOf('collection', slug, operation));
    expect([of('posts', 'find'), of('posts', 'count'), of('posts', 'findOne')]).toEqual([5, 4, 6]);
    expect([of('tags', 'find'), of('tags', 'count'), of('tags', 'findOne')]).toEqual([2, 3, false]);
    expect([of('tags', 'findVersions'), of('media', 'find'), of('media', 'count')]).toEqual([1, false, 3]);
    expect(ttlOf(ruleOf('global', 'header', 'findGlobal'))).toBe(7);
  });

  test('only what is named is cached, once something is', () => {
    const some = policy({ collections: { posts: {}, tags: { enabled: false } } });
    expect(some.isCached('collection', 'posts')).toBe(true);
    expect(some.isCached('collection', 'tags')).toBe(false);
    expect(some.isCached('collection', 'categories')).toBe(false);
    expect(some.isCached('global', 'header')).toBe(true);
    expect(policy({ globals: {} }).isCached('global', 'header')).toBe(false);
    expect(policy({ globals: {} }).isCached('collection', 'posts')).toBe(true);
  });

  test('each has the consistency it names, and else the registry’s', () => {
    const { ruleOf } = policy({
      consistency: { bounded: '5s' },
      collections: { posts: { consistency: 'strong' }, tags: { consistency: 'eventual' }, media: {} },
    });
    expect(ruleOf('collection', 'posts', 'find')).toMatchObject({ maximumAge: 0, eventual: false });
    expect(ruleOf('collection', 'tags', 'find')).toMatchObject({ maximumAge: 2, eventual: true });
    expect(ruleOf('collection', 'media', 'find')).toMatchObject({ maximumAge: 5, eventual: false });
    const registry = { ...memoryRegistry(), defaultConsistency: 'eventual' as const };
    expect(policy({ registry }).ruleOf('collection', 'posts', 'find')).toMatchObject({ eventual: true });
  });

  test.each([
    ['strong', []],
    ['eventual', [expect.stringContaining('"payload-preferences" is not cached')]],
    [{ bounded: '5s' }, [expect.stringContaining('takes the consistency "strong"')]],
  ] as const)('preferences take no other consistency than strong: %j', (consistency, expected) => {
    const warnings: string[] = [];
    const options = {
      swr: '1h',
      staleIfError: '1h',
      collections: { 'payload-preferences': { consistency } },
    };
    const { isCached, ruleOf } = policy(options as Options, (message) => warnings.push(message));
    expect(warnings).toEqual(expected);
    expect(isCached('collection', 'payload-preferences')).toBe(expected.length === 0);
    if (expected.length > 0) return;
    expect(ruleOf('collection', 'payload-preferences', 'find')).toMatchObject({ swr: 0, staleIfError: 0 });
  });

  test('what does not fit the site is left out, with a warning that names it', () => {
    const warnings: string[] = [];
    const made = policy(
      {
        collections: {
          pots: {},
          posts: {
            slices: ['slug', 'seo.title', 'meta.readingMinutes', 'category', 'gallery.caption', 'slog'],
          },
          categories: { slices: ['posts'] },
        },
        globals: { footer: {} },
      } as Options,
      (message) => warnings.push(message),
    );
    expect(made.slicesOf('posts').map(({ path }) => path)).toEqual([
      'slug',
      'seo.title',
      'meta.readingMinutes',
      'category',
    ]);
    expect(made.slicesOf('categories')).toEqual([]);
    expect(made.slicesOf('tags')).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining('collections.pots'),
      expect.stringContaining('globals.footer'),
      expect.stringContaining('"gallery.caption"'),
      expect.stringContaining('"slog"'),
      expect.stringContaining('"posts", which is a join field'),
    ]);
  });

  async function ttlsInStore(from: Store): Promise<Record<string, number>> {
    const ttls: Record<string, number> = {};
    for await (const page of from.list('payload-cache:')) {
      for (const key of page) {
        const [text] = await from.getMany([key]);
        ttls[key.split(':').slice(1, -1).join(':')] = (
          JSON.parse(text?.slice(text.indexOf('{')) ?? '{}') as { e: number }
        ).e;
      }
    }
    return ttls;
  }

  test('entries are stored for as long as the policy says, and what it leaves out is not', async () => {
    const { db } = payload;
    for (let time = 0; time < 2; time++) {
      await db.find({ collection: 'posts' });
      await db.findOne({ collection: 'posts' });
      await db.count({ collection: 'posts' });
      await db.queryDrafts({ collection: 'posts' });
      await db.findDistinct({ collection: 'posts', field: 'slug' });
      await db.find({ collection: 'categories' });
      await db.count({ collection: 'categories' });
      await db.find({ collection: 'tags' });
      await db.find({ collection: 'authors' });
      await db.findDistinct({ collection: 'media', field: 'filename' });
      await db.findGlobal({ slug: 'header' });
      await db.findGlobal({ slug: 'site-settings' });
      await settleCache(payload);
    }
    expect(await ttlsInStore(store)).toEqual({
      'posts:find': 60,
      'posts:findOne': 7_200,
      'posts:count': 60,
      'categories:find': 600,
      'categories:count': 20,
      'media:findDistinct': 5,
      '@header:findGlobal': 60,
    });
    const { collections, globals } = getCacheStats(payload) ?? {};
    expect(collections?.posts?.bypasses).toMatchObject({ policy: expect.any(Number) });
    expect(collections?.tags).toMatchObject({ hits: 0, misses: 0 });
    expect(globals?.['site-settings']).toMatchObject({ hits: 0, misses: 0 });
    expect(globals?.header?.hits).toBe(1);
  });

  test('a collection that is not cached is still seen by those that depend on it', async () => {
    const name = async () => {
      const { docs } = await payload.db.find({
        collection: 'posts',
        where: { 'tags.name': { equals: 'walk' } },
        locale: 'en',
      });
      return docs.length;
    };
    const before = await name();
    expect(before).toBeGreaterThan(0);
    const { docs } = await payload.find({ collection: 'tags', where: { name: { equals: 'walk' } } });
    await payload.update({ collection: 'tags', id: docs[0]?.id as number, data: { name: 'stroll' } });
    expect(await name()).toBe(0);
  });
});

test('an entry is served until its TTL has passed, and not after', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  const { payload, stop } = await startBlog({
    plugins: [payloadKV({ store: memory(), ttl: '1m', ttlJitter: 0 })],
  });
  try {
    const read = async (): Promise<unknown> => {
      const { hits = 0, stale = 0 } = getCacheStats(payload)?.collections.posts ?? {};
      await payload.db.find({ collection: 'posts' });
      await settleCache(payload);
      const now = getCacheStats(payload)?.collections.posts;
      return { hits: (now?.hits ?? 0) - hits, stale: (now?.stale ?? 0) - stale };
    };
    expect(await read()).toEqual({ hits: 0, stale: 0 });
    vi.setSystemTime(Date.now() + 59_999);
    expect(await read()).toEqual({ hits: 1, stale: 0 });
    vi.setSystemTime(Date.now() + 1);
    expect(await read()).toEqual({ hits: 0, stale: 1 });
    expect(await read()).toEqual({ hits: 1, stale: 0 });
  } finally {
    await stop();
    vi.useRealTimers();
  }
});

test('a plugin with enabled: false leaves the site as it is', async () => {
  const site = await startBlog({ plugins: [payloadKV({ enabled: false, store: memory() })] });
  expect(getCacheStats(site.payload)).toBeUndefined();
  expect(site.config.custom).not.toHaveProperty('payload-kv');
  const posts = site.config.collections.find(({ slug }) => slug === 'posts');
  expect(posts?.hooks.beforeOperation).toEqual([]);
  await site.stop();
});
