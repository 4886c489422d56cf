import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execaNode } from 'execa';
import { PUBLIC_PAGES, type SitePage, visit } from '../test/site/pages.js';
import { repository } from '../test/support/repository.js';
import { type RunningSite, startOwnServer, startSite } from '../test/support/site.js';
import { builtSite } from '../test/support/site-build.js';
import type { LoadOrder, LoadSeen } from './load-client.js';
import { quantile } from './measure.js';

/** How the site is run. `pages` has functions too; `in front` is a server of the site's own that answers before Next. */
const WAYS = {
  without: { PAYLOAD_KV_ENABLED: 'false' },
  queries: {},
  functions: { SITE_FUNCTIONS: '1' },
  pages: { SITE_FUNCTIONS: '1', SITE_PAGES: 'push' },
  responses: { SITE_RESPONSES: '1' },
  'in front': {},
} as const;
/** A way to run the site. */
export type Way = keyof typeof WAYS;
const WAY_NAMES = Object.keys(WAYS) as Way[];

const CONNECTIONS = 10;
const SECONDS = Number(process.env.BENCH_SECONDS || 3);
const ROUNDS = Number(process.env.BENCH_ROUNDS || 5);
/** Milliseconds that the database is away, at each call of the adapter. */
const DELAYS = (process.env.BENCH_DELAYS ?? '0,5').split(',').map(Number);
/** What a page still does after it was sent. */
const SETTLED = 300;
/** Where the results go, for the pictures and the table in the documentation. */
export const GAINS_FILE = path.join(repository, 'bench', 'results', 'gains.json');

/** One page or endpoint: the ways in which it can be answered, and where each finds it. */
interface Row {
  page: SitePage;
  paths: Partial<Record<Way, string>>;
}

const named = (name: string): SitePage => {
  const page = PUBLIC_PAGES.find((each) => each.name === name);
  if (!page) throw new Error(`The site has no page "${name}".`);
  return page;
};

function row(name: string, has: { page?: string; isEndpoint?: boolean; isREST?: boolean }): Row {
  const page = named(name);
  const { path } = page;
  return {
    page,
    paths: {
      without: path,
      queries: path,
      ...(has.isEndpoint ? { responses: path } : { functions: path }),
      ...(has.isREST ? { 'in front': path } : {}),
      ...(has.page === undefined ? {} : { pages: has.page }),
    },
  };
}

const ROWS: readonly Row[] = [
  row('home page, rendered for each visitor', { page: '/' }),
  row('post, rendered for each visitor', { page: '/posts/charts-62' }),
  row('search', {}),
  row('REST: ten posts, depth 2', { isEndpoint: true, isREST: true }),
  row('REST: a post by id, depth 2', { isEndpoint: true, isREST: true }),
  row('REST: authors', { isEndpoint: true, isREST: true }),
  row('GraphQL: ten posts', { isEndpoint: true }),
];

/** What was measured of one page, one way. Times in milliseconds, each the median of all rounds. */
export interface Gain {
  page: string;
  way: Way;
  delay: number;
  calls: number;
  statements: number;
  perSecond: number;
  /** Slowest and fastest round. */
  spread: [number, number];
  p50: number;
  p95: number;
  p99: number;
}

/**
 * What a real Next site gains by each way of caching, for each of its pages and endpoints: calls of the database adapter
 * and SQL statements of a warm request, requests per second over ten connections and their latency, in turns.
 */
export async function benchGains(): Promise<void> {
  const built = await builtSite((step) => console.log(`  … ${step}`));
  const counted = await withSites({ SITE_MEASUREMENTS: '1' }, countAll);
  const gains: Gain[] = [];
  for (const delay of DELAYS) {
    const env = { SITE_MEASUREMENTS: '0', SITE_DATABASE_DELAY: String(delay) };
    gains.push(...(await withSites(env, (sites) => loadAll(sites, delay))));
  }
  print(gains);
  mkdirSync(path.dirname(GAINS_FILE), { recursive: true });
  const machine = { connections: CONNECTIONS, seconds: SECONDS, rounds: ROUNDS, node: process.version };
  writeFileSync(GAINS_FILE, `${JSON.stringify({ machine, gains }, null, 2)}\n`);
  console.log(`\n  written to ${path.relative(repository, GAINS_FILE)}`);

  async function withSites<Result>(
    env: Record<string, string>,
    use: (sites: Record<Way, RunningSite>) => Promise<Result>,
  ): Promise<Result> {
    const sites = {} as Record<Way, RunningSite>;
    try {
      for (const way of WAY_NAMES) {
        const start = way === 'in front' ? startOwnServer : startSite;
        sites[way] = await start(built, { ...env, ...WAYS[way] });
      }
      return await use(sites);
    } finally {
      for (const site of Object.values(sites)) await site.stop();
    }
  }

  async function countAll(sites: Record<Way, RunningSite>) {
    const counts = new Map<string, { calls: number; statements: number }>();
    for (const { page, paths } of ROWS) {
      for (const [way, where] of Object.entries(paths) as [Way, string][]) {
        const site = sites[way];
        for (let visits = 0; visits < 3; visits += 1) {
          await sleep(SETTLED);
          await site.takeCalls();
          await visit(site.url, { ...page, path: where });
        }
        await sleep(SETTLED);
        const calls = await site.takeCalls();
        const statements = calls.reduce((sum, call) => sum + call.statements.length, 0);
        counts.set(`${page.name} ${way}`, { calls: calls.length, statements });
      }
    }
    return counts;
  }

  async function loadAll(sites: Record<Way, RunningSite>, delay: number): Promise<Gain[]> {
    const seen = new Map<string, LoadSeen[]>();
    // The first round warms up.
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const { page, paths } of ROWS) {
        const ways = Object.entries(paths) as [Way, string][];
        for (const [way, where] of round % 2 === 0 ? ways : ways.toReversed()) {
          const one = await load({
            url: sites[way].url + where,
            connections: CONNECTIONS,
            seconds: round < 0 ? 1 : SECONDS,
            ...(page.query && {
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ query: page.query }),
            }),
          });
          if (one.failures > 0) throw new Error(`${page.name}, ${way}: ${one.failures} requests failed.`);
          const key = `${page.name} ${way}`;
          if (round >= 0) seen.set(key, [...(seen.get(key) ?? []), one]);
        }
      }
      console.log(`  … database ${delay} ms away, round ${round + 1} of ${ROUNDS}`);
    }
    return ROWS.flatMap(({ page, paths }) =>
      (Object.keys(paths) as Way[]).map((way) => {
        const rounds = seen.get(`${page.name} ${way}`) ?? [];
        const median = (of: keyof LoadSeen) =>
          quantile(
            rounds.map((one) => one[of]),
            0.5,
          );
        const rates = rounds.map(({ perSecond }) => perSecond);
        return {
          page: page.name,
          way,
          delay,
          ...(counted.get(`${page.name} ${way}`) ?? { calls: Number.NaN, statements: Number.NaN }),
          perSecond: median('perSecond'),
          spread: [Math.min(...rates), Math.max(...rates)] as [number, number],
          p50: median('p50'),
          p95: median('p95'),
          p99: median('p99'),
        };
      }),
    );
  }
}

/** One run of one way, by a process of its own. */
async function load(order: LoadOrder): Promise<LoadSeen> {
  const { stdout } = await execaNode('bench/load-client.ts', [JSON.stringify(order)], {
    cwd: repository,
    nodeOptions: ['--import', 'tsx'],
  });
  return JSON.parse(stdout) as LoadSeen;
}

/** The tables, as they stand in the documentation. */
function print(gains: readonly Gain[]): void {
  for (const delay of DELAYS) {
    console.log(
      `\n  the database ${delay} ms away; ${CONNECTIONS} connections, median of ${ROUNDS} rounds\n`,
    );
    console.log('| | | calls, statements | requests/s (slowest–fastest round) | | p50 | p95 |');
    console.log('|---|---|---|---|---|---|---|');
    for (const { page } of ROWS) {
      const rows = gains.filter((gain) => gain.page === page.name && gain.delay === delay);
      const base = rows.find(({ way }) => way === 'without')?.perSecond ?? Number.NaN;
      for (const [index, gain] of rows.entries()) {
        const [slowest, fastest] = gain.spread;
        console.log(
          `| ${[
            index === 0 ? page.name : '',
            gain.way,
            `${gain.calls}, ${gain.statements}`,
            `${gain.perSecond.toFixed(0)} (${slowest.toFixed(0)}–${fastest.toFixed(0)})`,
            `${(gain.perSecond / base).toFixed(1)} ×`,
            `${gain.p50.toFixed(1)} ms`,
            `${gain.p95.toFixed(1)} ms`,
          ].join(' | ')} |`,
        );
      }
    }
  }
}
