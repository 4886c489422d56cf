/** Page views of a site, counted and timed. */
import { type Page, readsOf, visits } from './pages.js';
import type { Counters } from './site.js';
import type { Site } from './start-site.js';

/** Where the entries of a site are. */
export type StoreName = 'none' | 'memory' | 'cloudflareKV';
/** How pages read. */
export type Api = 'local' | 'rest';

/** How long a view took, with the database so many milliseconds away. */
export interface Times {
  databaseMs: number;
  p50: number;
  p95: number;
}

/** What one store did for one way of reading. */
export interface Measurement {
  store: StoreName;
  api: Api;
  /** Views that were timed, with each distance of the database. */
  views: number;
  /** Calls of the database adapter, the first time that a page is viewed. */
  coldDatabaseCallsPerView: number;
  /** The same for pages that were viewed before. */
  hotDatabaseCallsPerView: number;
  /** What the SQLite client was given to run, for pages that were viewed before. */
  hotStatementsPerView: number;
  /** Calls of the KV binding, for pages that were viewed before. */
  hotKvCallsPerView: number;
  /** Lookups of the hot views, and how many of them were hits. Nothing without a cache. */
  hot: { hits: number; lookups: number } | undefined;
  times: Times[];
}

/** What is measured, and how. */
export interface MeasureOptions {
  pages: readonly Page[];
  views: number;
  /** Distances of the database, one after the other. */
  databaseMs: readonly number[];
  kvMs: number;
  /** Called with what is going on. */
  progress(text: string): void;
}

/** How many pages are asked for in one message. */
const AT_ONCE = 20;

/** Views each page once, which fills the cache, and then as visitors would, with each distance of the database. */
export async function measure(
  site: Site,
  store: StoreName,
  api: Api,
  options: MeasureOptions,
): Promise<Measurement> {
  const { pages, views, databaseMs, kvMs, progress } = options;
  const visited = visits(pages, views);
  const distinct = [...new Set(visited)];
  const view = async (some: readonly Page[], what: string) => {
    const milliseconds: number[] = [];
    for (let from = 0; from < some.length; from += AT_ONCE) {
      progress(`${what}, ${from} of ${some.length}`);
      const next = some.slice(from, from + AT_ONCE);
      milliseconds.push(...(await (api === 'local' ? viewLocally(site, next) : viewOverHttp(site, next))));
    }
    return milliseconds;
  };

  await site.ask('network', { databaseMs: 0, kvMs: 0 });
  const cold = await counted(site, () => view(distinct, 'first views'));
  const times: Times[] = [];
  const hot = await counted(site, async () => {
    for (const distance of databaseMs) {
      await site.ask('network', { databaseMs: distance, kvMs });
      const milliseconds = await view(visited, `database ${distance} ms away`);
      milliseconds.sort((one, other) => one - other);
      times.push({
        databaseMs: distance,
        p50: quantile(milliseconds, 0.5),
        p95: quantile(milliseconds, 0.95),
      });
    }
  });
  await site.ask('network', { databaseMs: 0, kvMs: 0 });
  const hotViews = views * databaseMs.length;
  return {
    store,
    api,
    views,
    coldDatabaseCallsPerView: cold.databaseCalls / distinct.length,
    hotDatabaseCallsPerView: hot.databaseCalls / hotViews,
    hotStatementsPerView: hot.statements / hotViews,
    hotKvCallsPerView: hot.kvCalls / hotViews,
    hot: store === 'none' ? undefined : { hits: hot.hits, lookups: hot.lookups },
    times,
  };
}

/** What happened meanwhile. */
export async function counted(site: Site, work: () => Promise<unknown>): Promise<Counters> {
  const before = await site.ask('counters', {});
  await work();
  const after = await site.ask('counters', {});
  return {
    databaseCalls: after.databaseCalls - before.databaseCalls,
    statements: after.statements - before.statements,
    kvCalls: after.kvCalls - before.kvCalls,
    hits: after.hits - before.hits,
    lookups: after.lookups - before.lookups,
  };
}

const viewLocally = (site: Site, pages: readonly Page[]) => site.ask('view', { pages: [...pages] });

async function viewOverHttp(site: Site, pages: readonly Page[]): Promise<number[]> {
  const milliseconds: number[] = [];
  for (const page of pages) {
    const start = performance.now();
    await Promise.all(readsOf(page).map((read) => fetchJson(site.api + read.rest)));
    milliseconds.push(performance.now() - start);
  }
  return milliseconds;
}

/** What a REST path answers. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${await response.text()}`);
  return response.json();
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
