import { getCacheStats, memory, payloadKV, settleCache } from 'payload-kv';
import { observe } from 'payload-kv/observe';
import { createEvents } from '../dist/runtime/events/events.js';
import { startBlog } from '../test/support/payload.js';
import { figure, timeInTurns } from './measure.js';

const RUNS = { rounds: 150, batch: 40, warmUp: 60 };

/** What it costs a memory hit that somebody watches: the same query, by sites that differ in nothing else. */
export async function benchObserve(): Promise<void> {
  const start = (options: Partial<Parameters<typeof payloadKV>[0]>) =>
    startBlog({ seed: 40, plugins: [payloadKV({ store: memory(), ttl: '1h', ...options })] });
  let heard = 0;
  const sites = {
    unheard: await start({}),
    again: await start({}),
    statistics: await start({ observe: observe() }),
    callback: await start({
      onEvent() {
        heard += 1;
      },
    }),
  };
  try {
    const args = {
      collection: 'posts',
      limit: 10,
      page: 1,
      pagination: true,
      locale: 'en',
      sort: '-publishedAt',
      joins: {},
      draftsEnabled: false,
      where: { _status: { equals: 'published' } },
    };
    const hits = Object.entries(sites).map(([name, { payload }]) => {
      const find = payload.db.find as (args: unknown) => Promise<unknown>;
      return [name, () => find(args)] as const;
    });
    for (const [, hit] of hits) for (let count = 0; count < 3; count++) await hit();
    for (const { payload } of Object.values(sites)) await settleCache(payload);
    const { isHeard } = createEvents('bench', () => undefined);
    const took = await timeInTurns(
      { ...(Object.fromEntries(hits) as Record<keyof typeof sites, () => unknown>), isHeard },
      RUNS,
    );
    for (const { payload } of Object.values(sites)) {
      const { hits = 0, misses = 0 } = getCacheStats(payload)?.total ?? {};
      if (hits < 100 * misses) throw new Error('these were no hits');
    }
    if (heard === 0) throw new Error('nobody heard');
    const over = (name: keyof typeof sites): number => took[name] / took.unheard - 1;
    figure('a memory hit of ten documents that nobody watches', `${took.unheard.toFixed(1)} µs`);
    figure('asking whether anybody watches, share of the hit', percent(took.isHeard / took.unheard), {
      holds: took.isHeard / took.unheard < 0.02,
      says: 'under 2 %',
    });
    figure('the same site once more: the noise of this run', percent(over('again')));
    figure('with a callback for events', `${percent(over('callback'))} more`);
    figure('with statistics, as Prometheus reads them', `${percent(over('statistics'))} more`, {
      holds: over('statistics') < 0.1,
      says: 'under 10 %',
    });
  } finally {
    for (const site of Object.values(sites)) await site.stop();
  }
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
