import { createLocalReq, type Payload, type PayloadRequest, type RequestContext } from 'payload';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type CacheDirective,
  CacheMissError,
  memory,
  PayloadKVError,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';
import { recordReads } from './recorded-reads.js';

const recorded = recordReads();
let site: Started;
let payload: Payload;
/** Sets the context in a hook of the user's. */
let directiveOfHook: CacheDirective | undefined;

beforeAll(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  site = await startBlog({
    seed: 6,
    wrapAdapter: recorded.wrapAdapter,
    plugins: [payloadKV({ store: memory(), ttl: '1h', ttlJitter: 0, key: () => 'the-same-for-all' })],
    configure: (config) => {
      const media = config.collections?.find(({ slug }) => slug === 'media');
      if (!media) throw new Error('the blog has no media');
      media.hooks = {
        beforeOperation: [
          ({ args, context }) => {
            if (directiveOfHook) context.cache = directiveOfHook;
            return args;
          },
        ],
      };
      return config;
    },
  });
  payload = site.payload;
});
afterAll(async () => {
  await site.stop();
  vi.useRealTimers();
});

let names = 0;
async function newTag(): Promise<{ id: number; name: string }> {
  const name = `tag-${++names}`;
  const { id } = await payload.create({ collection: 'tags', data: { name } });
  return { id: id as number, name };
}

/** Changes the name of a tag below the cache. */
async function changeBehind(id: number): Promise<string> {
  const name = `tag-${++names}`;
  await recorded.sql(`UPDATE tags_locales SET name = '${name}' WHERE _parent_id = ${id}`);
  return name;
}

async function nameOf(id: number, cache?: CacheDirective): Promise<string | undefined> {
  const { docs } = await payload.find({
    collection: 'tags',
    where: { id: { equals: id } },
    depth: 0,
    context: cache === undefined ? {} : { cache },
  });
  await settleCache(payload);
  return docs[0]?.name as string | undefined;
}

describe('context.cache', () => {
  test("'bypass' asks the database and leaves the cache as it is", async () => {
    const { id, name } = await newTag();
    await nameOf(id, 'bypass');
    expect(await lookupsOf(payload, 'tags', () => nameOf(id))).toEqual({ miss: 1 });
    const changed = await changeBehind(id);
    expect(await nameOf(id, 'bypass')).toBe(changed);
    expect(await nameOf(id)).toBe(name);
  });

  test("'refresh' asks the database and stores the answer", async () => {
    const { id, name } = await newTag();
    await nameOf(id);
    const changed = await changeBehind(id);
    expect(await nameOf(id)).toBe(name);
    expect(await nameOf(id, 'refresh')).toBe(changed);
    expect(await lookupsOf(payload, 'tags', async () => expect(await nameOf(id)).toBe(changed))).toEqual({
      hit: 1,
    });
  });

  test("'only' answers from the cache, and throws an error that can be caught where it cannot", async () => {
    const { id, name } = await newTag();
    recorded.clear();
    const missed = nameOf(id, 'only');
    await expect(missed).rejects.toBeInstanceOf(CacheMissError);
    await expect(missed).rejects.toBeInstanceOf(PayloadKVError);
    await expect(missed).rejects.toMatchObject({
      code: 'CACHE_MISS',
      message: expect.stringContaining('"tags"'),
      nextStep: expect.any(String),
    });
    expect(recorded.reads()).toEqual([]);

    await nameOf(id);
    recorded.clear();
    expect(await nameOf(id, 'only')).toBe(name);
    expect(recorded.reads()).toEqual([]);

    await payload.update({ collection: 'tags', id, data: { name: `tag-${++names}` } });
    await expect(nameOf(id, 'only')).rejects.toMatchObject({ code: 'CACHE_MISS' });
  });

  test("'only' throws for what is never cached as well", async () => {
    const read = payload.find({ collection: 'users', context: { cache: 'only' } });
    await expect(read).rejects.toMatchObject({ code: 'CACHE_MISS' });
  });

  test('{ ttl } takes entries of at most that age, and stores for that long', async () => {
    const { id, name } = await newTag();
    await nameOf(id);
    const changed = await changeBehind(id);
    vi.setSystemTime(Date.now() + 30_000);
    expect(await nameOf(id, { ttl: 31 })).toBe(name);
    expect(await nameOf(id, { ttl: '30s' })).toBe(changed);
    const again = await changeBehind(id);
    vi.setSystemTime(Date.now() + 29_999);
    expect(await nameOf(id)).toBe(changed);
    vi.setSystemTime(Date.now() + 1);
    expect(await nameOf(id)).toBe(again);
  });

  test('{ ttl } stores for no longer than a day, after which versions may be forgotten', async () => {
    const { id } = await newTag();
    await nameOf(id, { ttl: '30d' });
    const changed = await changeBehind(id);
    vi.setSystemTime(Date.now() + 86_400_000);
    expect(await nameOf(id, { ttl: '30d' })).toBe(changed);
  });

  test.each([['Bypass'], [''], [true], [5], [{}], [{ ttl: 0 }], [{ ttl: 'soon' }], [['bypass']]])(
    'is refused under its own name where it is %j',
    async (payloadCache) => {
      const read = payload.count({ collection: 'tags', context: { payloadCache } });
      await expect(read).rejects.toBeInstanceOf(PayloadKVError);
      await expect(read).rejects.toThrow(/^context\.payloadCache/);
    },
  );

  test('may be absent, undefined or null', async () => {
    for (const context of [undefined, {}, { cache: undefined }, { cache: null }]) {
      await payload.count({ collection: 'tags', context });
      const lookups = await lookupsOf(payload, 'tags', () => payload.count({ collection: 'tags', context }));
      expect(lookups).toEqual({ hit: 1 });
    }
  });

  const bypass = { depth: 0, context: { cache: 'bypass' as const } };
  test.each<[string, string, () => Promise<unknown>]>([
    ['find', 'posts', () => payload.find({ collection: 'posts', ...bypass })],
    [
      'findByID',
      'posts',
      async () => {
        const [{ id } = { id: 0 }] = (await recorded.base().find({ collection: 'posts', limit: 1 })).docs;
        await payload.findByID({ collection: 'posts', id, ...bypass });
      },
    ],
    ['find of drafts', 'posts', () => payload.find({ collection: 'posts', draft: true, ...bypass })],
    ['count', 'posts', () => payload.count({ collection: 'posts', ...bypass })],
    ['countVersions', 'posts', () => payload.countVersions({ collection: 'posts', ...bypass })],
    ['findVersions', 'posts', () => payload.findVersions({ collection: 'posts', ...bypass })],
    ['findDistinct', 'posts', () => payload.findDistinct({ collection: 'posts', field: 'slug', ...bypass })],
    ['findGlobal', '@header', () => payload.findGlobal({ slug: 'header', ...bypass })],
    [
      'findGlobalVersions',
      '@site-settings',
      () => payload.findGlobalVersions({ slug: 'site-settings', ...bypass }),
    ],
  ])('reaches %s', async (_operation, slug, read) => {
    await read();
    const lookups = await lookupsOf(payload, slug, read);
    expect(lookups.request).toBeGreaterThan(0);
    expect(lookups).toEqual({ request: lookups.request });
  });

  test.each(['bypass', 'refresh', 'only', { ttl: 1 }] as const)(
    'meant for one call (%j) does not reach the population of its relations',
    async (cache) => {
      const read = (context: RequestContext) =>
        payload.find({ collection: 'posts', depth: 2, limit: 3, sort: 'slug', context });
      await read({});
      vi.setSystemTime(Date.now() + 5_000);
      if (cache !== 'only') {
        const lookups: Record<string, unknown> = {};
        for (const slug of ['authors', 'categories', 'media']) {
          lookups[slug] = await lookupsOf(payload, slug, () => read({ cache }));
        }
        for (const slug of ['authors', 'categories', 'media']) {
          expect(lookups[slug]).toEqual({ hit: expect.any(Number) });
        }
        return;
      }
      // What its relations miss is asked, although the call itself may not ask.
      await payload.update({ collection: 'authors', where: {}, data: { name: `author-${++names}` } });
      const { docs } = await read({ cache });
      expect(docs[0]?.author).toMatchObject({ name: `author-${names}` });
    },
  );

  test('meant for one call does not reach its population through the request that a copy was made of', async () => {
    const read = (req?: Partial<PayloadRequest>) =>
      payload.find({ collection: 'posts', depth: 2, limit: 3, sort: 'slug', req });
    await read();
    // Its data loader populates, whichever copy is read with.
    const req = await createLocalReq({ context: { cache: 'bypass' } }, payload);
    expect(await lookupsOf(payload, 'authors', () => read({ ...req }))).toEqual({ hit: expect.any(Number) });
  });

  test('meant for one call leaves the object it came in, which may be used for the next', async () => {
    const context = { cache: 'bypass' as const, mine: 1 };
    const count = () => payload.count({ collection: 'tags', context });
    for (let time = 0; time < 2; time++)
      expect(await lookupsOf(payload, 'tags', count)).toEqual({ request: 1 });
    expect(context).toEqual({ cache: 'bypass', mine: 1 });
    const frozen = Object.freeze({ cache: 'bypass' as const });
    expect(
      await lookupsOf(payload, 'tags', () => payload.count({ collection: 'tags', context: frozen })),
    ).toEqual({ request: 1 });
  });

  test('meant for one call does not reach the next one with the same request', async () => {
    const req = await createLocalReq({}, payload);
    const { id } = await newTag();
    await nameOf(id);
    const find = (context?: RequestContext) =>
      payload.find({ collection: 'tags', where: { id: { equals: id } }, depth: 0, req, context });
    expect(await lookupsOf(payload, 'tags', () => find({ cache: 'bypass' }))).toEqual({ request: 1 });
    expect(await lookupsOf(payload, 'tags', () => find())).toEqual({ hit: 1 });
  });

  test('of one request does not reach another at the same time', async () => {
    const { id, name } = await newTag();
    await nameOf(id);
    const changed = await changeBehind(id);
    const names = await Promise.all([
      nameOf(id),
      nameOf(id, 'bypass'),
      nameOf(id, 'only'),
      nameOf(id, 'bypass'),
      nameOf(id, { ttl: 3_600 }),
      nameOf(id),
    ]);
    expect(names).toEqual([name, changed, name, changed, name, name]);
  });

  test('may be set by a hook of the user, for all that read', async () => {
    const count = () => payload.count({ collection: 'media' });
    await count();
    directiveOfHook = 'bypass';
    expect(await lookupsOf(payload, 'media', count)).toEqual({ request: 1 });
    directiveOfHook = undefined;
    expect(await lookupsOf(payload, 'media', count)).toEqual({ hit: 1 });
  });

  test('reaches a direct call of the adapter', async () => {
    const count = (cache?: CacheDirective) =>
      payload.db.count({ collection: 'tags', req: { context: { cache } } });
    await count();
    expect(await lookupsOf(payload, 'tags', () => count('bypass'))).toEqual({ request: 1 });
    expect(await lookupsOf(payload, 'tags', () => count())).toEqual({ hit: 1 });
  });
});

// The custom key function of this site names all entries alike, which is no matter either.
describe.each(['bypass', 'refresh', 'only', { ttl: 60 }, 'nonsense'] as const)(
  'a write with context.cache %j',
  (cache) => {
    const context = { cache };

    test('writes, and makes stale what depends on it', async () => {
      const { id } = await newTag();
      const total = async () => (await payload.count({ collection: 'tags' })).totalDocs;
      await nameOf(id);
      const before = await total();

      const name = `tag-${++names}`;
      await payload.update({ collection: 'tags', id, data: { name }, context });
      expect(await nameOf(id)).toBe(name);

      const bulk = `tag-${++names}`;
      await payload.update({
        collection: 'tags',
        where: { id: { equals: id } },
        data: { name: bulk },
        context,
      });
      expect(await nameOf(id)).toBe(bulk);

      await payload.create({ collection: 'tags', data: { name: `tag-${++names}` }, context });
      expect(await total()).toBe(before + 1);

      await payload.delete({ collection: 'tags', id, context });
      expect(await nameOf(id)).toBeUndefined();
      expect(await total()).toBe(before);
    });

    test('of a global makes it stale', async () => {
      const siteName = async () => (await payload.findGlobal({ slug: 'site-settings', depth: 0 })).siteName;
      await siteName();
      const written = `site-${++names}`;
      await payload.updateGlobal({
        slug: 'site-settings',
        data: { siteName: written, _status: 'published' },
        context,
      });
      expect(await siteName()).toBe(written);
    });

    test('never merges with what the cache says', async () => {
      const { docs } = await payload.find({ collection: 'posts', limit: 1, sort: 'id', depth: 0 });
      const id = docs[0]?.id as number;
      const excerpt = async () => {
        const post = await recorded.base().findOne({ collection: 'posts', where: { id: { equals: id } } });
        return (post as { seo?: { title?: string } } | null)?.seo?.title;
      };
      await payload.findByID({ collection: 'posts', id, depth: 0 });
      await recorded.sql(`UPDATE posts SET seo_title = 'behind ${++names}' WHERE id = ${id}`);
      await recorded.sql(`UPDATE _posts_v SET version_seo_title = 'behind ${names}' WHERE parent_id = ${id}`);
      await payload.update({ collection: 'posts', id, data: { content: `content ${names}` }, context });
      expect(await excerpt()).toBe(`behind ${names}`);
    });
  },
);
