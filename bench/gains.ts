import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { visit } from '../test/site/pages.js';
import { repository } from '../test/support/repository.js';
import { type RunningSite, startOwnServer, startSite } from '../test/support/site.js';
import { builtSite } from '../test/support/site-build.js';
import {
  CONNECTIONS,
  type Load,
  loadInTurns,
  MEASURED_PAGES,
  printLoads,
  ROUNDS,
  type Row,
  SECONDS,
} from './load-in-turns.js';

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

/** Milliseconds that the database is away, at each call of the adapter. */
const DELAYS = (process.env.BENCH_DELAYS ?? '0,5').split(',').map(Number);
/** What a page still does after it was sent. */
const SETTLED = 300;
/** Where the results go, for the pictures and the table in the documentation. */
export const GAINS_FILE = path.join(repository, 'bench', 'results', 'gains.json');

const ROWS: readonly Row<Way>[] = MEASURED_PAGES.map(({ page, kept, api }) => ({
  page,
  paths: {
    without: page.path,
    queries: page.path,
    ...(api ? { responses: page.path } : { functions: page.path }),
    ...(api === 'rest' ? { 'in front': page.path } : {}),
    ...(kept === undefined ? {} : { pages: kept }),
  },
}));

/** What was measured of one page, one way. */
export interface Gain extends Load<Way> {
  delay: number;
  calls: number;
  statements: number;
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
    const round = (number: number) =>
      console.log(`  … database ${delay} ms away, round ${number} of ${ROUNDS}`);
    for (const load of await withSites(env, (sites) => loadInTurns(ROWS, sites, { round }))) {
      gains.push({ ...load, delay, ...counted.get(`${load.page} ${load.way}`)! });
    }
  }
  for (const delay of DELAYS) {
    console.log(
      `\n  the database ${delay} ms away; ${CONNECTIONS} connections, median of ${ROUNDS} rounds\n`,
    );
    printLoads([gains.filter((gain) => gain.delay === delay)], {
      title: 'calls, statements',
      of: ({ calls, statements }) => `${calls}, ${statements}`,
    });
  }
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
}
