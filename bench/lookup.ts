import type { Payload } from 'payload';
import { getCacheStats, memory, payloadKV, settleCache, tiered } from 'payload-kv';
import { cloudflareKV } from 'payload-kv/cloudflare';
import type { Copyable } from '../dist/interfaces/store.js';
import type { TagContext } from '../dist/runtime/query/analysis.js';
import { canonicalArguments, walkArguments } from '../dist/runtime/query/canonical-arguments.js';
import { tagsOf } from '../dist/runtime/query/dependencies.js';
import { entryKey } from '../dist/runtime/query/key.js';
import { readSiteSchema } from '../dist/runtime/query/site-schema.js';
import { createRememberedPlans } from '../dist/runtime/read/remembered-plans.js';
import { copyable } from '../dist/stores/copyable.js';
import { countDatabaseCalls, createMiniflare, startBlog } from '../test/support/payload.js';
import { figure, timeInTurns } from './measure.js';

const RUNS = { rounds: 100, batch: 40, warmUp: 60 };

/** What a lookup costs, against the database and against `JSON.parse` of the same result. */
export async function benchLookup(): Promise<void> {
  const uncachedCalls = countDatabaseCalls();
  const cachedCalls = countDatabaseCalls();
  const uncached = await startBlog({ seed: 300, wrapAdapter: uncachedCalls.wrapAdapter });
  const cached = await startBlog({
    seed: 300,
    wrapAdapter: cachedCalls.wrapAdapter,
    plugins: [payloadKV({ store: memory(), ttl: '1h' })],
  });
  try {
    const page = (position: number) => ({
      collection: 'posts' as const,
      depth: 2,
      limit: 1,
      where: { slug: { equals: `post-${position}` } },
    });
    const list = {
      collection: 'posts' as const,
      limit: 10,
      depth: 2,
      where: { _status: { equals: 'published' } },
    };

    // Database calls per page view: ten pages and a list, seen once to fill, then counted.
    const views = [...Array(10).keys()].map((position) => page(position));
    for (const site of [uncached, cached]) for (const view of [...views, list]) await site.payload.find(view);
    uncachedCalls.reset();
    cachedCalls.reset();
    for (const site of [uncached, cached]) for (const view of [...views, list]) await site.payload.find(view);
    const perView = (calls: { total(): number }): number => calls.total() / (views.length + 1);
    figure('database calls per hot page view, uncached', perView(uncachedCalls).toFixed(1));
    figure('database calls per hot page view, memory', perView(cachedCalls).toFixed(1), {
      holds: cachedCalls.total() === 0,
      says: '0',
    });

    const local = await timeInTurns(
      { uncached: () => uncached.payload.find(list), cached: () => cached.payload.find(list) },
      { rounds: 20, batch: 3 },
    );
    figure(
      'Local API find, limit 10, depth 2, SQLite / memory',
      `${(local.uncached / local.cached).toFixed(1)} times (${(local.uncached / 1000).toFixed(1)} ms / ${(local.cached / 1000).toFixed(2)} ms)`,
      { holds: local.uncached / local.cached >= 4, says: 'at least 4' },
    );

    // One memory hit in the adapter, against JSON.parse of the very result.
    const args = {
      collection: 'posts',
      limit: 10,
      page: 1,
      pagination: true,
      locale: 'en',
      sort: '-publishedAt',
      joins: {},
      draftsEnabled: false,
      where: {
        and: [
          { _status: { equals: 'published' } },
          { publishedAt: { less_than: '2026-01-01T00:00:00.000Z' } },
          { category: { in: [1, 2, 3, 4] } },
          { 'seo.title': { exists: true } },
        ],
      },
    };
    const find = cached.payload.db.find as (args: unknown) => Promise<{ docs: unknown[] }>;
    const result = await find(args);
    const text = JSON.stringify(result);
    const before = getCacheStats(cached.payload);
    await find(args);
    const after = getCacheStats(cached.payload);
    if ((after?.total.hits ?? 0) - (before?.total.hits ?? 0) !== 1)
      throw new Error('the second read was no hit');
    const remembered = createRememberedPlans();
    const question = () => walkArguments(args)?.tokens ?? [];
    remembered.remember(question(), { key: '', nearKey: '', tags: [], question: [] });
    const { copy } = copyable(JSON.parse(text)) as Copyable;
    const hit = await timeInTurns(
      {
        hit: () => find(args),
        parse: () => JSON.parse(text),
        key: () => remembered.find(question()),
        copy,
      },
      RUNS,
    );
    figure('size of the ten-document result', `${text.length} bytes, ${result.docs.length} documents`);
    figure(
      'memory hit in the adapter / JSON.parse of the same bytes',
      `${(hit.hit / hit.parse).toFixed(2)} (${hit.hit.toFixed(1)} µs / ${hit.parse.toFixed(1)} µs)`,
      { holds: hit.hit / hit.parse <= 0.5, says: 'at most 0.5' },
    );
    figure(
      'key and tags, share of the hit (where with four clauses)',
      `${((100 * hit.key) / hit.hit).toFixed(0)} %`,
      {
        holds: hit.key / hit.hit <= 0.25,
        says: 'at most 25 %',
      },
    );
    figure('copy of the result, share of the hit', `${((100 * hit.copy) / hit.hit).toFixed(0)} %`);
    const tagContext = tagContextOf(cached.payload);
    const analysis = await timeInTurns(
      {
        parse: () => JSON.parse(text),
        analysis: () => {
          const canonical = canonicalArguments(args) as string;
          entryKey({
            readable: 'posts:find',
            scope: '',
            slug: 'collection:posts',
            operation: 'find',
            canonical,
          });
          return tagsOf({ operation: 'find', slug: 'posts', args }, tagContext);
        },
      },
      RUNS,
    );
    figure(
      'key and tags of a query never seen before / JSON.parse of those bytes',
      `${(analysis.analysis / analysis.parse).toFixed(2)}`,
      { holds: analysis.analysis / analysis.parse <= 0.35, says: 'at most 0.35' },
    );
  } finally {
    await uncached.stop();
    await cached.stop();
  }
}

function tagContextOf(payload: Payload): TagContext {
  return { schema: readSiteSchema(payload.config, payload.db.defaultIDType), slicesOf: () => [] };
}

/** How many calls of the KV binding a lookup makes. */
export async function benchRoundTrips(): Promise<void> {
  const miniflare = createMiniflare();
  const kv = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  let calls = 0;
  const binding = Object.fromEntries(
    ['get', 'put', 'delete', 'list'].map((name) => [
      name,
      (...args: unknown[]) => {
        calls += 1;
        return kv[name]?.(...args);
      },
    ]),
  ) as never;
  const measure = async (
    name: string,
    options: Parameters<typeof payloadKV>[0],
    expected: number,
  ): Promise<void> => {
    const blog = await startBlog({ plugins: [payloadKV(options)] });
    try {
      const find = () => blog.payload.db.find({ collection: 'tags', limit: 10 });
      await blog.payload.db.create({ collection: 'tags', data: { name: { en: name } } });
      await find();
      await settleCache(blog.payload);
      await find();
      const hits = getCacheStats(blog.payload)?.total.hits ?? 0;
      calls = 0;
      for (let count = 0; count < 10; count++) await find();
      const isHit = (getCacheStats(blog.payload)?.total.hits ?? 0) - hits === 10;
      figure(name, (calls / 10).toFixed(1), {
        holds: isHit && calls === 10 * expected,
        says: `${expected}, all hits`,
      });
    } finally {
      await blog.stop();
    }
  };
  try {
    const far = cloudflareKV({ binding });
    await measure('calls of the KV binding per warm hit', { store: far, namespace: 'warm' }, 1);
    await measure(
      'calls of the KV binding per hot hit, memory over KV, bounded',
      { store: tiered(memory(), far), namespace: 'hot', consistency: { bounded: '1m' } },
      0,
    );
  } finally {
    await miniflare.dispose();
  }
}
