import type { Payload } from 'payload';
import {
  getCacheStats,
  invalidateCache,
  memory,
  memoryRegistry,
  payloadKV,
  type Registry,
  type Store,
} from 'payload-kv';
import { startBlog } from '../test/support/payload.js';
import { figure } from './measure.js';

const POSTS = 1_000;
const LISTS = 50;
const CATEGORIES = 20;
const PER_LIST = 20;

/** Counts what a store and a registry are asked to do. */
function counted(): {
  store: Store;
  registry: Registry;
  count(): number;
  reset(): void;
  fill(entries: number): void;
} {
  let operations = 0;
  const inner = memory({ maxEntries: 250_000, maxBytes: 2 ** 30 });
  const innerRegistry = memoryRegistry();
  const count = <Args extends unknown[], Answer>(method: (...args: Args) => Answer) => {
    return (...args: Args): Answer => {
      operations += 1;
      return method(...args);
    };
  };
  return {
    store: {
      ...inner,
      getMany: count(inner.getMany),
      set: count(inner.set),
      delete: count(inner.delete),
      list: count(inner.list),
    },
    registry: { ...innerRegistry, replace: count(innerRegistry.replace) },
    count: () => operations,
    reset: () => {
      operations = 0;
    },
    fill(entries) {
      for (let number = 0; number < entries; number++)
        void inner.set(`payload-cache:filler:${number}`, 'x'.repeat(200), 3_600);
    },
  };
}

const postPage = (number: number) => ({
  collection: 'posts' as const,
  depth: 2,
  limit: 1,
  where: { slug: { equals: `post-${number}` } },
});
const listPage = (page: number) => ({
  collection: 'posts' as const,
  depth: 1,
  limit: PER_LIST,
  page,
  sort: '-publishedAt',
  where: { _status: { equals: 'published' } },
});
const categoryPage = (id: number | string) => ({
  collection: 'posts' as const,
  depth: 1,
  limit: 10,
  sort: '-publishedAt',
  where: { category: { equals: id } },
});

/** Writes the content below Payload's hooks: a thousand posts through its operations would take minutes. */
async function fillSite(payload: Payload): Promise<(string | number)[]> {
  const create = (collection: string, data: Record<string, unknown>) =>
    payload.db.create({ collection, data, req: {} } as Parameters<Payload['db']['create']>[0]) as Promise<{
      id: number;
    }>;
  const categories: number[] = [];
  for (let number = 0; number < CATEGORIES; number++) {
    categories.push(
      (await create('categories', { name: `Category ${number}`, slug: `category-${number}` })).id,
    );
  }
  const authors = [
    (await create('authors', { name: 'Ada' })).id,
    (await create('authors', { name: 'Ben' })).id,
  ];
  const tags = [
    (await create('tags', { name: { en: 'walk' } })).id,
    (await create('tags', { name: { en: 'food' } })).id,
  ];
  for (let number = 0; number < POSTS; number++) {
    await create('posts', {
      title: { en: `Post ${number}` },
      slug: `post-${number}`,
      content: { en: `Text of post ${number}. `.repeat(30) },
      publishedAt: new Date(Date.UTC(2025, 0, 1) + number * 3_600_000).toISOString(),
      author: authors[number % 2],
      category: categories[number % CATEGORIES],
      tags: [tags[number % 2]],
      _status: 'published',
    });
  }
  return categories;
}

interface Site {
  payload: Payload;
  categories: (string | number)[];
  operations: ReturnType<typeof counted>;
}

async function warm(site: Site): Promise<void> {
  for (let number = 0; number < POSTS; number++) await site.payload.find(postPage(number));
  for (let page = 1; page <= LISTS; page++) await site.payload.find(listPage(page));
  for (const id of site.categories) await site.payload.find(categoryPage(id));
}

/** Reads a page and tells whether the database was asked for any part of it. */
async function isHit(site: Site, read: () => Promise<unknown>): Promise<boolean> {
  const before = getCacheStats(site.payload)?.total;
  await read();
  const after = getCacheStats(site.payload)?.total;
  return (
    before !== undefined && after !== undefined && before.misses + before.stale === after.misses + after.stale
  );
}

async function shareOfHits(site: Site, reads: (() => Promise<unknown>)[]): Promise<number> {
  let hits = 0;
  for (const read of reads) if (await isHit(site, read)) hits += 1;
  return hits / reads.length;
}

/** What editing one post of a thousand makes stale, and what that write costs however many entries there are. */
export async function benchPrecision(): Promise<void> {
  const operations = counted();
  const blog = await startBlog({
    plugins: [
      payloadKV({
        store: operations.store,
        registry: operations.registry,
        ttl: '1h',
        collections: {
          posts: { slices: ['slug', 'category'] },
          categories: { slices: ['slug'] },
          tags: {},
          authors: {},
          media: {},
        },
      }),
    ],
  });
  try {
    const { payload } = blog;
    const site: Site = { payload, categories: await fillSite(payload), operations };
    const edited = 500;
    const others = [...Array(POSTS).keys()].filter((number) => number !== edited);
    const found = await payload.find({
      collection: 'posts',
      depth: 0,
      limit: 1,
      where: { slug: { equals: `post-${edited}` } },
    });
    const id = found.docs[0]?.id as number;
    const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

    await warm(site);
    let edits = 0;
    const edit = async (): Promise<string> => {
      const title = `Edited ${++edits}`;
      await payload.update({ collection: 'posts', id, data: { title } });
      return title;
    };
    const otherPages = others.map((number) => () => payload.find(postPage(number)));

    // Our policy.
    const title = await edit();
    const pages = await shareOfHits(site, otherPages);
    figure('other post pages that are hits after editing one of 1,000 posts', percent(pages), {
      holds: pages >= 0.99,
      says: 'at least 99 %',
    });
    const page = await payload.find(postPage(edited));
    figure('the edited post page is the new one', String(page.docs[0]?.title === title), {
      holds: page.docs[0]?.title === title,
      says: 'true',
    });
    let fresh = 0;
    for (let number = 1; number <= LISTS; number++) {
      const cached = await payload.find(listPage(number));
      const real = await payload.find({ ...listPage(number), context: { cache: 'bypass' } });
      if (JSON.stringify(cached) === JSON.stringify(real)) fresh += 1;
    }
    figure('list pages that equal the database after the edit', `${fresh} of ${LISTS}`, {
      holds: fresh === LISTS,
      says: 'all',
    });
    await warm(site);
    await edit();
    const categories = await shareOfHits(
      site,
      site.categories.map((category) => () => payload.find(categoryPage(category))),
    );
    const mine = site.categories[edited % CATEGORIES] as number;
    const ofMine = await payload.find(categoryPage(mine));
    const real = await payload.find({ ...categoryPage(mine), context: { cache: 'bypass' } });
    figure('category pages that are hits after the edit (one of 20 is the post’s own)', percent(categories));
    figure(
      'the category page of the edited post equals the database',
      String(JSON.stringify(ofMine) === JSON.stringify(real)),
      {
        holds: JSON.stringify(ofMine) === JSON.stringify(real),
        says: 'true',
      },
    );

    // The same edit where each write drops its collection.
    await warm(site);
    await edit();
    await invalidateCache(payload, { collection: 'posts' });
    figure(
      'for comparison, whole-collection policy: other post pages that are hits',
      percent(await shareOfHits(site, otherPages)),
    );

    // What the write costs.
    const costs: number[] = [];
    let entries = 0;
    for (const size of [100, 10_000, 100_000]) {
      operations.fill(size);
      entries = size;
      operations.reset();
      await edit();
      costs.push(operations.count());
      figure(
        `store and registry operations of one edit, ${entries.toLocaleString('en')} more entries`,
        String(operations.count()),
      );
    }
    figure('those operations are the same at every size', costs.join(' = '), {
      holds: new Set(costs).size === 1,
      says: 'a constant',
    });
  } finally {
    await blog.stop();
  }
}
