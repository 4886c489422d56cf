import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Asked } from '../fixtures/worker/src/bindings.js';
import { visit } from '../test/site/pages.js';
import { repository } from '../test/support/repository.js';
import type { RunningSite } from '../test/support/site.js';
import { builtGainsWorker } from '../test/support/site-build.js';
import { startWorker } from '../test/support/worker.js';
import {
  CONNECTIONS,
  type Load,
  loadInTurns,
  MEASURED_PAGES,
  printGrouped,
  printLoads,
  ROUNDS,
  type Row,
  SECONDS,
} from './load-in-turns.js';

/**
 * How the Worker is run, all of one build. `queries` is what `init` writes for Cloudflare, `strong` what it writes with
 * versions in Durable Objects; `near` has entries in the isolate as well, and asks the objects every ten seconds.
 * `functions`, `pages` (with functions too) and `responses` are with `queries`.
 */
const WAYS = {
  without: { PAYLOAD_KV_ENABLED: 'false' },
  queries: {},
  strong: { SITE_REGISTRY: 'durable-object' },
  near: { SITE_REGISTRY: 'durable-object', SITE_NEAR: '1', SITE_BOUNDED: '10s' },
  functions: { SITE_FUNCTIONS: '1' },
  pages: { SITE_FUNCTIONS: '1', SITE_PAGES: 'handler' },
  responses: { SITE_RESPONSES: '1' },
} as const;
type Way = keyof typeof WAYS;

/**
 * Milliseconds that D1, Durable Objects and R2 are away, at each journey. KV, which answers from the visitor's own
 * location what is read often, is half as far.
 */
const DELAYS = (process.env.BENCH_DELAYS ?? '0,10').split(',').map(Number);
/** What is kept in KV is there when the answer has been sent, not before. */
const STORED = 500;
/** Longer than any version is remembered in the isolate. */
const FORGOTTEN = 11_000;
const WORKER_GAINS_FILE = path.join(repository, 'bench', 'results', 'gains-worker.json');

const ROWS: readonly Row<Way>[] = MEASURED_PAGES.map(({ page, kept, api }) => ({
  page,
  paths: {
    without: page.path,
    queries: page.path,
    strong: page.path,
    near: page.path,
    ...(api ? { responses: page.path } : { functions: page.path }),
    ...(kept === undefined ? {} : { pages: kept }),
  },
}));

/** What a warm request of one page asks, one way: when no version is remembered any more, and right after that. */
interface Count {
  page: string;
  way: Way;
  later: Asked;
  soon: Asked;
}

/** What was measured of one page, one way, and what each request asked meanwhile, on average. */
interface WorkerGain extends Load<Way> {
  delay: number;
  asked: Asked;
}

/** What the file holds: the runs of one build, so that figures can be told that a second run does not confirm. */
interface Results {
  machine: { connections: number; seconds: number; rounds: number; node: string };
  counts: Count[];
  runs: WorkerGain[][];
}

type Workers = Record<Way, RunningSite>;

/**
 * What the real site gains as a Worker by each way of caching, for each of its pages and endpoints: what it asks of D1,
 * KV, Durable Objects and R2, requests per second and their latency, in turns. With `BENCH_AGAIN` the run is added to
 * those in the file, and the tables are of all of them; `BENCH_SHOW` prints those of the file and runs nothing.
 */
export async function benchGainsWorker(): Promise<void> {
  if (process.env.BENCH_SHOW) {
    printCounts(earlierResults().counts);
    return printRuns(earlierResults());
  }
  const runs = process.env.BENCH_AGAIN ? earlierResults().runs : [];
  const built = await builtGainsWorker((step) => console.log(`  … ${step}`));
  const workers = {} as Workers;
  try {
    for (const [way, variables] of Object.entries(WAYS) as [Way, Record<string, string>][]) {
      console.log(`  … starting the Worker, ${way}`);
      const all = { SITE_MEASUREMENTS: '0', ...variables };
      workers[way] = await startWorker(built, all, ['--log-level', 'error']);
    }
    const counts = await countAll(workers);
    printCounts(counts);
    const gains: WorkerGain[] = [];
    for (const delay of DELAYS) gains.push(...(await loadAll(workers, delay)));
    const machine = { connections: CONNECTIONS, seconds: SECONDS, rounds: ROUNDS, node: process.version };
    const results: Results = { machine, counts, runs: [...runs, gains] };
    printRuns(results);
    mkdirSync(path.dirname(WORKER_GAINS_FILE), { recursive: true });
    writeFileSync(WORKER_GAINS_FILE, `${JSON.stringify(results, null, 2)}\n`);
    console.log(`\n  written to ${path.relative(repository, WORKER_GAINS_FILE)}`);
  } finally {
    for (const worker of Object.values(workers)) await worker.stop();
  }
}

function earlierResults(): Results {
  if (!existsSync(WORKER_GAINS_FILE)) throw new Error(`${WORKER_GAINS_FILE} is not there yet.`);
  return JSON.parse(readFileSync(WORKER_GAINS_FILE, 'utf8')) as Results;
}

/** What was asked of a Worker's bindings since the last time. */
async function takeAsked({ url }: RunningSite, distance = ''): Promise<Asked> {
  return (await (await fetch(`${url}/bindings?${distance}`)).json()) as Asked;
}

async function countAll(workers: Workers): Promise<Count[]> {
  const counts: Count[] = [];
  for (const { page, paths } of ROWS) {
    const ways = Object.entries(paths) as [Way, string][];
    const ofPage = ways.map(async ([way, where]): Promise<Count> => {
      const worker = workers[way];
      const asked = async () => {
        await takeAsked(worker);
        await visit(worker.url, { ...page, path: where });
        await sleep(STORED);
        return takeAsked(worker);
      };
      for (let visits = 0; visits < 3; visits += 1) await asked();
      await sleep(FORGOTTEN);
      const later = await asked();
      return { page: page.name, way, later, soon: await asked() };
    });
    counts.push(...(await Promise.all(ofPage)));
    console.log(`  … counted: ${page.name}`);
  }
  return counts;
}

async function loadAll(workers: Workers, delay: number): Promise<WorkerGain[]> {
  const distance = `d1=${delay}&objects=${delay}&r2=${delay}&kv=${delay / 2}`;
  for (const worker of Object.values(workers)) await takeAsked(worker, distance);
  const sums = new Map<string, { requests: number; asked: Asked }>();
  const loads = await loadInTurns(ROWS, workers, {
    async run({ page, way, seen }) {
      const worker = workers[way];
      if (!seen) {
        // Since its last turn its versions have been forgotten, which on a site that is asked all the time is seldom.
        const where = ROWS.find((row) => row.page === page)?.paths[way] ?? page.path;
        await visit(worker.url, { ...page, path: where });
      }
      const asked = await takeAsked(worker);
      if (!seen) return;
      const key = `${page.name} ${way}`;
      const before = sums.get(key);
      sums.set(key, {
        requests: seen.requests + (before?.requests ?? 0),
        asked: eachOf(asked, (count, name) => count + (before?.asked[name] ?? 0)),
      });
    },
    round: (number) => console.log(`  … D1 ${delay} ms away, round ${number} of ${ROUNDS}`),
  });
  return loads.map((load) => {
    const { requests, asked } = sums.get(`${load.page} ${load.way}`)!;
    return { ...load, delay, asked: eachOf(asked, (count) => count / requests) };
  });
}

function eachOf(asked: Asked, change: (count: number, name: keyof Asked) => number): Asked {
  const changed = Object.entries(asked).map(([name, count]) => [name, change(count, name as keyof Asked)]);
  return Object.fromEntries(changed) as unknown as Asked;
}

/** What requests ask, as it stands in the documentation. */
function printCounts(counts: readonly Count[]): void {
  console.log('\n  what one warm request asks: when no version is remembered, and right after that\n');
  const titles = ['D1', 'KV reads (keys)', 'KV writes', 'Durable Objects', 'R2'];
  printGrouped(counts, titles, ({ way, later, soon }) => {
    const both = (of: (asked: Asked) => string) => [...new Set([of(later), of(soon)])].join(', then ');
    return [
      way,
      both(({ d1 }) => String(d1)),
      both(({ kvReads, kvKeys }) => (kvReads === 0 ? '0' : `${kvReads} (${kvKeys})`)),
      both(({ kvWrites }) => String(kvWrites)),
      both(({ objects }) => String(objects)),
      both(({ r2Reads }) => String(r2Reads)),
    ];
  });
}

/** What requests take, as it stands in the documentation. */
function printRuns({ machine: { connections, rounds }, runs }: Results): void {
  for (const delay of new Set(runs.flat().map((gain) => gain.delay))) {
    const away = `D1, Durable Objects and R2 ${delay} ms away, KV ${delay / 2} ms`;
    console.log(
      `\n  ${away}; ${connections} connections, median of ${rounds} rounds, runs: ${runs.length}\n`,
    );
    printLoads(
      runs.map((run) => run.filter((gain) => gain.delay === delay)),
      {
        title: 'D1, KV, objects, R2 per request',
        of: ({ asked: { d1, kvReads, objects, r2Reads } }) =>
          [d1, kvReads, objects, r2Reads].map((count) => Number(count.toFixed(1))).join(', '),
      },
    );
  }
}
