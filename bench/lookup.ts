import { getCacheStats, memory, payloadKV } from 'payload-kv';
import { canonicalArguments, entryKey } from '../dist/runtime/key.js';
import { countDatabaseCalls, startBlog } from '../test/support/payload.js';
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
    const hit = await timeInTurns(
      {
        hit: () => find(args),
        parse: () => JSON.parse(text),
        key: () => canonicalArguments(args),
      },
      RUNS,
    );
    figure('size of the ten-document result', `${text.length} bytes, ${result.docs.length} documents`);
    figure(
      'memory hit in the adapter / JSON.parse of the same bytes',
      `${(hit.hit / hit.parse).toFixed(2)} (${hit.hit.toFixed(1)} µs / ${hit.parse.toFixed(1)} µs)`,
      { holds: hit.hit / hit.parse <= 1.5, says: 'at most 1.5' },
    );
    figure(
      'key and tags, share of the hit (where with four clauses)',
      `${((100 * hit.key) / hit.hit).toFixed(0)} %`,
      {
        holds: hit.key / hit.hit <= 0.25,
        says: 'at most 25 %',
      },
    );
    void entryKey;
  } finally {
    await uncached.stop();
    await cached.stop();
  }
}
