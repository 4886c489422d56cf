import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  createLocalReq,
  isolateObjectProperty,
  type Payload,
  type PayloadRequest,
  restoreVersionOperation,
} from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getCacheStats, memory, memoryRegistry, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog, startCloudflare } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { type RecordedReads, recordReads, repeatReads } from './recorded-reads.js';

/**
 * A write operation never reads from the cache: it merges what it reads with what it was given and writes the whole
 * back, so that an old read would bring old values into the database.
 *
 * Each test runs an operation once to learn what it reads, makes those very reads hot, changes the database behind the
 * cache, runs the operation again and looks at what is in the database.
 */
async function runWithStaleReads(
  site: Started,
  recorded: RecordedReads,
  { run, changeBehind }: { run(): Promise<unknown>; changeBehind(): Promise<void> },
): Promise<void> {
  const { payload } = site;
  const hits = (): number => getCacheStats(payload)?.total.hits ?? 0;
  recorded.clear();
  await run();
  const reads = recorded.reads();
  const before = await repeatReads(payload.db, reads);
  await settleCache(payload);
  await changeBehind();
  // The operation's reads are hot, and at least one of them is stale: otherwise this test would prove nothing.
  const hitsBefore = hits();
  expect(await repeatReads(payload.db, reads)).toEqual(before);
  expect(hits() - hitsBefore).toBeGreaterThan(0);
  expect(await repeatReads(recorded.base(), reads)).not.toEqual(before);

  const { hits: hitsOfRun, writes } = getCacheStats(payload)?.total ?? {};
  await run();
  await settleCache(payload);
  expect(getCacheStats(payload)?.total).toMatchObject({ hits: hitsOfRun, writes });
}

/** The forms in which user code hands a request on. */
const REQUESTS: [string, (request: PayloadRequest) => Partial<PayloadRequest>][] = [
  ['the request itself', (request) => request],
  ['a copy of the request', (request) => ({ ...request })],
  ['a copy with a context of its own', (request) => ({ ...request, context: {} })],
  ['a copy of a copy', (request) => ({ ...{ ...request } })],
  ['a proxy with a transaction of its own', (request) => isolateObjectProperty(request, 'transactionID')],
  [
    'a proxy of a copy of a proxy',
    (request) =>
      isolateObjectProperty({ ...isolateObjectProperty(request, 'transactionID') } as PayloadRequest, [
        'transactionID',
        'query',
      ]),
  ],
  ['an object that inherits from it', (request) => Object.create(request) as PayloadRequest],
  [
    'a new request with its data loader',
    ({ payloadDataLoader, user }) => ({ payloadDataLoader, user }) as Partial<PayloadRequest>,
  ],
];

describe.each(['sqlite', 'sqlite-transactions'] as const)('on %s, a write operation', (db) => {
  const recorded = recordReads();
  let site: Started;
  let payload: Payload;
  /** What the hook of tags reads before it writes, and with which request. */
  let hookReads: ((request: PayloadRequest) => Promise<string>) | undefined;
  let sequence = 0;
  const next = (): string => `${db}-${++sequence}`;

  beforeAll(async () => {
    site = await startBlog({
      db,
      wrapAdapter: recorded.wrapAdapter,
      plugins: [payloadKV({ store: memory() })],
      configure: (config) => {
        const tags = config.collections?.find(({ slug }) => slug === 'tags');
        if (!tags) throw new Error('the blog has no tags');
        tags.hooks = {
          beforeChange: [
            async ({ data, req }) => (hookReads ? { ...data, name: await hookReads(req) } : data),
          ],
        };
        return config;
      },
    });
    payload = site.payload;
  });
  afterAll(() => site.stop());

  async function createPost(data: Record<string, unknown> = {}): Promise<number> {
    const name = next();
    const post = await payload.create({
      collection: 'posts',
      data: { title: name, slug: name, seo: { title: 'old' }, _status: 'published', ...data },
    });
    return post.id as number;
  }

  /** Changes a field of a post and of all its versions below the cache. */
  async function changePostBehind(id: number): Promise<void> {
    await recorded.sql(`UPDATE posts SET seo_title = 'changed behind' WHERE id = ${id}`);
    await recorded.sql(`UPDATE _posts_v SET version_seo_title = 'changed behind' WHERE parent_id = ${id}`);
  }

  /** Runs an operation on a post that was changed behind the cache, with an entry of the old one for each of its reads. */
  const onChangedPost = (id: number, run: () => Promise<unknown>): Promise<void> =>
    runWithStaleReads(site, recorded, { run, changeBehind: () => changePostBehind(id) });

  async function seoTitle(id: number): Promise<unknown> {
    const post = await recorded.base().findOne({ collection: 'posts', where: { id: { equals: id } } });
    return (post as { seo?: { title?: string } } | null)?.seo?.title;
  }

  async function latestVersion(id: number): Promise<Record<string, unknown>> {
    const { docs } = await recorded.base().findVersions({
      collection: 'posts',
      where: { parent: { equals: id } },
      sort: '-updatedAt',
      limit: 1,
    });
    return docs[0]?.version as Record<string, unknown>;
  }

  // Without a transaction of its own, nothing but the operation tells that it writes.
  describe.each([false, true])('with disableTransaction: %s', (disableTransaction) => {
    test('update by id keeps what was changed behind the cache', async () => {
      const id = await createPost();
      await onChangedPost(id, () =>
        payload.update({ collection: 'posts', id, data: { title: next() }, disableTransaction }),
      );
      expect(await seoTitle(id)).toBe('changed behind');
    });

    test('update by id without versions keeps what was changed behind the cache', async () => {
      const category = await payload.create({
        collection: 'categories',
        data: { name: next(), slug: next() },
      });
      await runWithStaleReads(site, recorded, {
        run: () =>
          payload.update({
            collection: 'categories',
            id: category.id,
            data: { name: next() },
            disableTransaction,
          }),
        changeBehind: () =>
          recorded.sql(`UPDATE categories SET slug = slug || '-changed-behind' WHERE id = ${category.id}`),
      });
      const now = await recorded
        .base()
        .findOne({ collection: 'categories', where: { id: { equals: category.id } } });
      expect((now as { slug?: string } | null)?.slug).toBe(`${category.slug}-changed-behind`);
    });

    test('bulk update keeps what was changed behind the cache', async () => {
      const id = await createPost();
      await onChangedPost(id, () =>
        payload.update({
          collection: 'posts',
          where: { id: { in: [id] } },
          data: { excerpt: next() },
          disableTransaction,
        }),
      );
      expect(await seoTitle(id)).toBe('changed behind');
    });

    test('saving a draft keeps what was changed behind the cache', async () => {
      const id = await createPost();
      await onChangedPost(id, () =>
        payload.update({
          collection: 'posts',
          id,
          draft: true,
          data: { title: next() },
          disableTransaction,
        }),
      );
      expect((await latestVersion(id)).seo).toMatchObject({ title: 'changed behind' });
    });

    test('autosave keeps what was changed behind the cache', async () => {
      const id = await createPost();
      await onChangedPost(id, () =>
        payload.update({
          collection: 'posts',
          id,
          draft: true,
          autosave: true,
          data: { title: next() },
          disableTransaction,
        }),
      );
      expect((await latestVersion(id)).seo).toMatchObject({ title: 'changed behind' });
    });

    test('publishing keeps what was changed behind the cache', async () => {
      const id = await createPost({ _status: 'draft' });
      await onChangedPost(id, () =>
        payload.update({ collection: 'posts', id, data: { _status: 'published' }, disableTransaction }),
      );
      expect(await seoTitle(id)).toBe('changed behind');
    });

    test('unpublishing keeps what was changed behind the cache', async () => {
      const id = await createPost();
      await onChangedPost(id, () =>
        payload.update({ collection: 'posts', id, data: { _status: 'draft' }, disableTransaction }),
      );
      expect(await seoTitle(id)).toBe('changed behind');
      expect(await latestVersion(id)).toMatchObject({ _status: 'draft', seo: { title: 'changed behind' } });
    });

    test('duplicate copies what was changed behind the cache', async () => {
      const id = await createPost();
      let copy = 0;
      await runWithStaleReads(site, recorded, {
        run: async () => {
          const copied = await payload.duplicate({
            collection: 'posts',
            id,
            data: { slug: next() },
            disableTransaction,
          });
          copy = copied.id as number;
        },
        changeBehind: () => changePostBehind(id),
      });
      expect(await seoTitle(copy)).toBe('changed behind');
    });

    test.each(REQUESTS)('a hook that reads with %s sees the database', async (_name, hand) => {
      const category = await payload.create({
        collection: 'categories',
        data: { name: next(), slug: next() },
      });
      const tag = await payload.create({ collection: 'tags', data: { name: next() } });
      hookReads = async (request) => {
        const found = await payload.findByID({
          collection: 'categories',
          id: category.id,
          depth: 0,
          req: hand(request),
        });
        return found.slug as string;
      };
      try {
        await runWithStaleReads(site, recorded, {
          run: () => payload.update({ collection: 'tags', id: tag.id, data: {}, disableTransaction }),
          changeBehind: () =>
            recorded.sql(`UPDATE categories SET slug = slug || '-changed-behind' WHERE id = ${category.id}`),
        });
      } finally {
        hookReads = undefined;
      }
      const now = await recorded.base().findOne({
        collection: 'tags',
        where: { id: { equals: tag.id } },
      });
      expect(now).toMatchObject({ name: { en: `${category.slug}-changed-behind` } });
    });
  });

  test.each<[string, (id: string) => Promise<unknown>]>([
    ['the Local API', (id) => payload.restoreVersion({ collection: 'posts', id })],
    [
      'an operation that no call is known of',
      async (id) =>
        restoreVersionOperation({
          collection: payload.collections.posts,
          id,
          depth: 0,
          overrideAccess: true,
          req: await createLocalReq({}, payload),
        } as Parameters<typeof restoreVersionOperation>[0]),
    ],
    [
      'the endpoint',
      async (id) => {
        const endpoints = payload.collections.posts?.config.endpoints || [];
        const restore = endpoints.find(({ path, method }) => path === '/versions/:id' && method === 'post');
        const req = await createLocalReq({ user: { collection: 'users' } as never }, payload);
        return restore?.handler(
          Object.assign(req, {
            routeParams: { collection: 'posts', id: String(id) },
            searchParams: new URLSearchParams(),
            query: {},
            headers: new Headers(),
          }),
        );
      },
    ],
  ])('restoring a version by %s brings back what that version says now', async (_name, restore) => {
    const id = await createPost();
    await payload.update({ collection: 'posts', id, data: { title: next(), seo: { title: 'newer' } } });
    const { docs } = await payload.findVersions({
      collection: 'posts',
      where: { parent: { equals: id } },
      sort: 'createdAt',
    });
    const oldest = docs[0]?.id as string;
    await runWithStaleReads(site, recorded, {
      run: () => restore(oldest),
      changeBehind: () =>
        recorded.sql(`UPDATE _posts_v SET version_seo_title = 'changed behind' WHERE id = ${oldest}`),
    });
    expect(await seoTitle(id)).toBe('changed behind');
  });

  test('updating a global keeps what was changed behind the cache', async () => {
    const [one, other] = [await createPost(), await createPost()];
    await payload.updateGlobal({
      slug: 'header',
      data: { links: [{ label: next(), target: { relationTo: 'posts', value: one } }] },
    });
    await runWithStaleReads(site, recorded, {
      run: () => payload.updateGlobal({ slug: 'header', data: {} }),
      changeBehind: () => recorded.sql(`UPDATE header_rels SET posts_id = ${other}`),
    });
    const header = await recorded.base().findGlobal({ slug: 'header' });
    expect(header).toMatchObject({ links: [{ target: { relationTo: 'posts', value: other } }] });
  });

  test('updating a global with drafts keeps what was changed behind the cache', async () => {
    const [one, other] = [await createPost(), await createPost()];
    await payload.updateGlobal({
      slug: 'site-settings',
      data: { siteName: next(), featured: one, _status: 'published' },
    });
    const changeBehind = async (): Promise<void> => {
      await recorded.sql(`UPDATE site_settings SET featured_id = ${other}`);
      await recorded.sql(`UPDATE _site_settings_v SET version_featured_id = ${other}`);
    };
    await runWithStaleReads(site, recorded, {
      run: () => payload.updateGlobal({ slug: 'site-settings', data: { siteName: next() } }),
      changeBehind,
    });
    expect(await recorded.base().findGlobal({ slug: 'site-settings' })).toMatchObject({ featured: other });
  });

  test('restoring a version of a global brings back what that version says now', async () => {
    const [one, other] = [await createPost(), await createPost()];
    await payload.updateGlobal({ slug: 'site-settings', data: { siteName: next(), featured: one } });
    const { docs } = await payload.findGlobalVersions({ slug: 'site-settings', sort: '-updatedAt' });
    const version = docs[0]?.id as string;
    await payload.updateGlobal({ slug: 'site-settings', data: { siteName: next() } });
    await runWithStaleReads(site, recorded, {
      run: () => payload.restoreGlobalVersion({ slug: 'site-settings', id: version }),
      changeBehind: () =>
        recorded.sql(`UPDATE _site_settings_v SET version_featured_id = ${other} WHERE id = ${version}`),
    });
    expect(await recorded.base().findGlobal({ slug: 'site-settings' })).toMatchObject({ featured: other });
  });

  // `findByID` tells the database nothing of its request; what tells it apart are its joins, and here it has none.
  test.each([
    ['without joins', (request: PayloadRequest) => request],
    [
      'in GraphQL',
      (request: PayloadRequest) => Object.assign({ ...request }, { payloadAPI: 'GraphQL' as const }),
    ],
  ])(
    'a hook that finds by id %s sees the database, while others read the same document',
    async (_name, hand) => {
      const category = await payload.create({
        collection: 'categories',
        data: { name: next(), slug: next() },
      });
      const tag = await payload.create({ collection: 'tags', data: { name: next() } });
      const find = (req?: Partial<PayloadRequest>) =>
        payload.findByID({ collection: 'categories', id: category.id, depth: 0, joins: false, req });
      hookReads = async (request) => {
        const [, found] = await Promise.all([find(), find(hand(request)), find()]);
        return found?.slug as string;
      };
      try {
        await payload.update({ collection: 'tags', id: tag.id, data: {}, disableTransaction: true });
        await find();
        await settleCache(payload);
        await recorded.sql(
          `UPDATE categories SET slug = slug || '-changed-behind' WHERE id = ${category.id}`,
        );
        // Hot and stale.
        expect((await find()).slug).toBe(category.slug);
        const written = await payload.update({
          collection: 'tags',
          id: tag.id,
          data: {},
          disableTransaction: true,
        });
        expect(written.name).toBe(`${category.slug}-changed-behind`);
        // The others go on reading from the cache.
        expect((await find()).slug).toBe(category.slug);
      } finally {
        hookReads = undefined;
      }
    },
  );

  test('a hook that finds, counts and reads a global sees the database', async () => {
    const tag = await payload.create({ collection: 'tags', data: { name: next() } });
    const category = await payload.create({ collection: 'categories', data: { name: next(), slug: next() } });
    hookReads = async (req) => {
      const where = { slug: { like: `${category.slug}-changed` } };
      const [found, { totalDocs }, distinct] = [
        await payload.find({ collection: 'categories', where, req, depth: 0 }),
        await payload.count({ collection: 'categories', where, req }),
        // Older Payloads have none.
        await payload.findDistinct?.({ collection: 'categories', field: 'slug', where, req }),
      ];
      return `${next()} ${found.totalDocs} ${totalDocs} ${(distinct ?? found).totalDocs}`;
    };
    try {
      await runWithStaleReads(site, recorded, {
        run: () =>
          payload.update({
            collection: 'tags',
            id: tag.id,
            data: {},
            disableTransaction: true,
            locale: 'en',
          }),
        changeBehind: () =>
          recorded.sql(`UPDATE categories SET slug = slug || '-changed-behind' WHERE id = ${category.id}`),
      });
    } finally {
      hookReads = undefined;
    }
    const now = await recorded.base().findOne({
      collection: 'tags',
      where: { id: { equals: tag.id } },
    });
    expect(now).toMatchObject({ name: { en: expect.stringMatching(/ 1 1 1$/) } });
  });

  test('a reading request is not taken for a writing one, and is answered from the cache', async () => {
    const id = await createPost();
    const find = () => payload.findByID({ collection: 'posts', id, depth: 0 });
    const first = await find();
    await settleCache(payload);
    const hits = getCacheStats(payload)?.total.hits ?? 0;
    expect(await find()).toEqual(first);
    expect(getCacheStats(payload)?.total.hits).toBe(hits + 1);
  });
});

describe('on D1, a write operation', () => {
  const recorded = recordReads();
  let site: Started;
  let payload: Payload;
  let id: number;
  let author: number;
  beforeAll(async () => {
    site = await startCloudflare({
      seed: 3,
      wrapAdapter: recorded.wrapAdapter,
      plugins: [payloadKV({ store: memory() })],
    });
    payload = site.payload;
    const { docs } = await payload.find({ collection: 'pages', limit: 1, sort: 'id', depth: 0 });
    id = docs[0]?.id as number;
    author = (await payload.create({ collection: 'authors', data: { name: 'Dora' } })).id as number;
  });
  afterAll(() => site.stop());

  let bodies = 0;
  let body = '';
  async function changeBehind(): Promise<void> {
    body = `changed behind ${++bodies}`;
    await recorded.sql(`UPDATE pages SET body = '${body}' WHERE id = ${id}`);
    await recorded.sql(`UPDATE _pages_v SET version_body = '${body}' WHERE parent_id = ${id}`);
  }
  const stored = (which = id) =>
    recorded.base().findOne({ collection: 'pages', where: { id: { equals: which } } });

  test.each([
    ['update by id', (): Promise<unknown> => payload.update({ collection: 'pages', id, data: { author } })],
    [
      'bulk update',
      (): Promise<unknown> =>
        payload.update({ collection: 'pages', where: { id: { equals: id } }, data: { author } }),
    ],
    [
      'unpublish and publish',
      async (): Promise<unknown> => {
        await payload.update({ collection: 'pages', id, data: { _status: 'draft' } });
        return payload.update({ collection: 'pages', id, data: { _status: 'published' } });
      },
    ],
  ])('%s keeps what was changed behind the cache', async (_name, run) => {
    await runWithStaleReads(site, recorded, { run, changeBehind });
    expect(await stored()).toMatchObject({ body });
  });

  test('duplicate copies what was changed behind the cache', async () => {
    let copy = 0;
    await runWithStaleReads(site, recorded, {
      run: async () => {
        const copied = await payload.duplicate({
          collection: 'pages',
          id,
          data: { slug: `copy-${++bodies}` },
        });
        copy = copied.id as number;
      },
      changeBehind,
    });
    expect(await stored(copy)).toMatchObject({ body });
  });

  test('restoring a version brings back what that version says now', async () => {
    const { docs } = await payload.findVersions({
      collection: 'pages',
      where: { parent: { equals: id } },
      sort: 'createdAt',
    });
    const version = docs[0]?.id as string;
    await runWithStaleReads(site, recorded, {
      run: () => payload.restoreVersion({ collection: 'pages', id: version }),
      changeBehind,
    });
    expect(await stored()).toMatchObject({ body });
  });

  test('updating a global keeps what was changed behind the cache', async () => {
    await runWithStaleReads(site, recorded, {
      run: () => payload.updateGlobal({ slug: 'navigation', data: {} }),
      changeBehind: () => recorded.sql(`UPDATE navigation_items SET label = 'changed behind'`),
    });
    expect(await recorded.base().findGlobal({ slug: 'navigation' })).toMatchObject({
      items: [{ label: 'changed behind' }],
    });
  });
});

test('a hook that hands on nothing of its request writes nothing that another process has replaced', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-hooks-'));
  const versions = memoryRegistry();
  const start = () =>
    startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      configure: (config) => ({
        ...config,
        collections: (config.collections ?? []).map((collection) =>
          collection.slug === 'tags'
            ? {
                ...collection,
                hooks: {
                  beforeChange: [
                    async ({ data, req: { payload } }) => {
                      const author = await payload.findByID({ collection: 'authors', id: 1, depth: 0 });
                      const { docs } = await payload.db.find<{ name: string }>({ collection: 'authors' });
                      return { ...data, name: `${author.name} ${docs[0]?.name}` };
                    },
                  ],
                },
              }
            : collection,
        ),
      }),
      plugins: [
        payloadKV({
          store: memory(),
          // Not in this process, so that versions are remembered for the bound.
          registry: { ...versions, local: false },
          consistency: { bounded: '1h' },
        }),
      ],
    });
  const sites = [await start(), await start()];
  const [one, other] = sites.map(({ payload }) => payload) as [Payload, Payload];
  const tag = async () => (await one.create({ collection: 'tags', data: { name: '' } })).name;
  try {
    await one.create({ collection: 'authors', data: { name: 'old' } });
    const read = async () => {
      await one.findByID({ collection: 'authors', id: 1, depth: 0 });
      await one.db.find({ collection: 'authors' });
      await settleCache(one);
    };
    await read();
    await read();
    await other.update({ collection: 'authors', id: 1, data: { name: 'new' } });
    expect((await one.findByID({ collection: 'authors', id: 1, depth: 0 })).name).toBe('old');
    expect(await tag()).toBe('new new');
  } finally {
    for (const site of sites) await site.stop();
    await removeDirectory(directory);
  }
});
