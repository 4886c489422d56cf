import type { CollectionConfig, CollectionSlug, GlobalConfig, GlobalSlug } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  getCacheStats,
  type InvalidationEvent,
  invalidateCache,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { createPolicy } from '../../src/runtime/policy/policy.js';
import type { SiteSchema } from '../../src/runtime/query/site-schema.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';

/** Names that every object has, and that a site may give to its collections and globals. */
const INHERITED = ['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__', '__defineGetter__'];

describe('a policy', () => {
  const options = (named: object): PayloadKVOptions => ({
    store: memory(),
    collections: named,
    globals: named,
  });
  const schema = {
    collections: new Map(INHERITED.map((slug) => [slug, { slug, flattenedFields: [] }])),
    globals: new Map(INHERITED.map((slug) => [slug, { slug, flattenedFields: [] }])),
  } as unknown as SiteSchema;
  const policyOf = (named: object) =>
    createPolicy(options(named), memory().defaultRegistry(), schema, () => undefined);

  test.each(INHERITED)('that does not name %s does not cache it', (slug) => {
    const policy = policyOf({});
    for (const type of ['collection', 'global'] as const) {
      expect(policy.ruleOf(type, slug, 'find')).toEqual({ cached: false, reason: 'policy' });
      expect(policy.isCached(type, slug)).toBe(false);
    }
    expect(policy.slicesOf(slug)).toEqual([]);
  });

  test.each(INHERITED)('that names %s holds for it', (slug) => {
    const policy = policyOf(JSON.parse(`{ ${JSON.stringify(slug)}: { "ttl": 77 } }`));
    expect(policy.ruleOf('collection', slug, 'find')).toMatchObject({ cached: true, ttl: 77 });
    expect(policy.ruleOf('global', slug, 'findGlobal')).toMatchObject({ cached: true, ttl: 77 });
  });
});

// Drizzle itself keeps its tables in plain objects, and has no place for `__proto__`.
describe('a site with a collection and a global called constructor', () => {
  const slug = 'constructor' as CollectionSlug;
  const global = 'toString' as GlobalSlug;
  const events: InvalidationEvent[] = [];
  let site: Started;
  let unnamed: Started;
  const start = (options: Partial<PayloadKVOptions>): Promise<Started> =>
    startBlog({
      configure: (config) => ({
        ...config,
        collections: [
          ...(config.collections ?? []),
          { slug, dbName: 'builders', fields: [{ name: 'title', type: 'text' }] } as CollectionConfig,
        ],
        globals: [
          ...(config.globals ?? []),
          { slug: global, dbName: 'wording', fields: [{ name: 'title', type: 'text' }] } as GlobalConfig,
        ],
      }),
      plugins: [payloadKV({ store: memory(), ...options })],
    });
  beforeAll(async () => {
    site = await start({
      hooks: { collections: { [slug]: (event: InvalidationEvent) => void events.push(event) } } as object,
    });
    unnamed = await start({ collections: {}, globals: {}, hooks: { collections: {}, globals: {} } });
  });
  afterAll(async () => {
    await site?.stop();
    await unnamed?.stop();
  });

  const find = ({ payload }: Started) => payload.find({ collection: slug, depth: 0 });
  const findGlobal = ({ payload }: Started) => payload.findGlobal({ slug: global, depth: 0 });

  test('caches both, counts both, and makes both stale', async () => {
    await find(site);
    await findGlobal(site);
    expect(await lookupsOf(site.payload, slug, () => find(site))).toEqual({ hit: 1 });
    expect(await lookupsOf(site.payload, `@${global}`, () => findGlobal(site))).toEqual({ hit: 1 });
    await site.payload.create({ collection: slug, data: { title: 'a' } as never });
    await site.payload.updateGlobal({ slug: global, data: { title: 'a' } as never });
    expect((await find(site)).docs).toMatchObject([{ title: 'a' }]);
    expect(await findGlobal(site)).toMatchObject({ title: 'a' });
    await settleCache(site.payload);
    expect(events.map((event) => event.slug)).toEqual([slug]);
    await invalidateCache(site.payload, { collection: slug });
    expect(await lookupsOf(site.payload, slug, () => find(site))).toEqual({ stale: 1 });
  });

  test('leaves both to the database where they are not named', async () => {
    for (let time = 0; time < 2; time++) {
      expect(await lookupsOf(unnamed.payload, slug, () => find(unnamed))).toEqual({ policy: 1 });
      expect(await lookupsOf(unnamed.payload, `@${global}`, () => findGlobal(unnamed))).toEqual({
        policy: 1,
      });
    }
    const errors: unknown[] = [];
    unnamed.payload.logger.error = ((error: unknown) => errors.push(error)) as never;
    await unnamed.payload.updateGlobal({ slug: global, data: { title: 'b' } as never });
    await settleCache(unnamed.payload);
    expect(errors).toEqual([]);
  });

  test('is in the statistics under its name, where nothing else is', async () => {
    const stats = getCacheStats(site.payload);
    expect(Object.keys(stats?.collections ?? {})).toContain(slug);
    expect(stats?.collections.valueOf).toBeUndefined();
    expect(JSON.parse(JSON.stringify(stats)).collections[slug]).toMatchObject({ hits: expect.any(Number) });
  });

  test('has counts of its own for whatever name a direct call of the adapter names', async () => {
    await (site.payload.db.find as (args: object) => Promise<unknown>)({ collection: '__proto__' }).catch(
      () => undefined,
    );
    const stats = getCacheStats(site.payload);
    expect(Object.keys(stats?.collections ?? {})).toContain('__proto__');
    expect(stats?.total.bypasses.policy).toBeGreaterThan(0);
  });
});
