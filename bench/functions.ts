import type { Payload } from 'payload';
import { cached, getCacheStats, memory, payloadKV, settleCache } from 'payload-kv';
import { runCall } from '../dist/runtime/operation/operation.js';
import { countDatabaseCalls, startBlog } from '../test/support/payload.js';
import { figure, timeInTurns } from './measure.js';

/** What a page's function costs: cached as a whole, of cached queries, and without a cache. */
export async function benchFunctions(): Promise<void> {
  const calls = countDatabaseCalls();
  const uncached = await startBlog({ seed: 300 });
  const site = await startBlog({
    seed: 300,
    wrapAdapter: calls.wrapAdapter,
    plugins: [payloadKV({ store: memory(), ttl: '1h' })],
  });
  try {
    /** A home page: ten posts with all that they show, the categories, and the header. */
    const page = async (payload: Payload, req?: object) => {
      const given = req ? { req } : {};
      const posts = await payload.find({
        collection: 'posts',
        limit: 10,
        depth: 2,
        where: { _status: { equals: 'published' } },
        ...given,
      });
      const categories = await payload.find({ collection: 'categories', depth: 0, ...given });
      const header = await payload.findGlobal({ slug: 'header', ...given });
      return { posts: posts.docs, categories: categories.docs, header };
    };
    const { payload } = site;
    const asFunction = () => cached(({ req }) => page(payload, req), { key: ['home'], payload });
    const text = JSON.stringify(await asFunction());
    for (let round = 0; round < 3; round++) {
      await settleCache(payload);
      await asFunction();
      await page(payload);
    }
    calls.reset();
    await asFunction();
    figure('database calls of a page that is a cached function', `${calls.total()}`, {
      holds: calls.total() === 0,
      says: '0',
    });
    const times = await timeInTurns(
      {
        uncached: () => page(uncached.payload),
        queries: () => page(payload),
        function: asFunction,
        parse: () => JSON.parse(text),
      },
      { rounds: 20, batch: 3, warmUp: 10 },
    );
    const milliseconds = (one: keyof typeof times): string => `${(times[one] / 1000).toFixed(3)} ms`;
    figure('size of the page', `${text.length} bytes`);
    figure(
      'page without a cache / as a cached function',
      `${(times.uncached / times.function).toFixed(0)} times (${milliseconds('uncached')} / ${milliseconds('function')})`,
      { holds: times.uncached / times.function >= 40, says: 'at least 40' },
    );
    figure(
      'page of cached queries / as a cached function',
      `${(times.queries / times.function).toFixed(0)} times (${milliseconds('queries')} / ${milliseconds('function')})`,
    );
    figure(
      'cached function / JSON.parse of what it returns',
      `${(times.function / times.parse).toFixed(2)} (${milliseconds('function')} / ${milliseconds('parse')})`,
    );
    const small = () => cached(() => 1, { key: ['small'], payload });
    await small();
    await settleCache(payload);

    // What recording costs a hit of the adapter, and what a cached function costs by itself.
    const args = { collection: 'posts', limit: 10, pagination: true, locale: 'en' };
    const find = payload.db.find as (args: unknown) => Promise<unknown>;
    const recorder = { note: () => {}, refuse: () => {} };
    await find(args);
    const recorded = await timeInTurns(
      {
        hit: () => find(args),
        call: () => runCall(undefined, () => find(args)),
        recorded: () => runCall(undefined, () => find(args), { recorder }),
        small,
      },
      { rounds: 100, batch: 40, warmUp: 60 },
    );
    figure(
      "the adapter's hit with a recorder / without one",
      `${(recorded.recorded / recorded.call).toFixed(2)} (${recorded.recorded.toFixed(1)} µs / ${recorded.call.toFixed(1)} µs, outside of any call ${recorded.hit.toFixed(1)} µs)`,
    );
    figure('a cached function that returns a number', `${recorded.small.toFixed(1)} µs`);
    const { functions } = getCacheStats(payload) ?? {};
    figure('hits of functions, and misses', `${functions?.['']?.hits}, ${functions?.['']?.misses}`);
  } finally {
    await uncached.stop();
    await site.stop();
  }
}
