/** A real site run in several ways: its pages asked in turns, and what was seen printed as tables for the documentation. */
import { execaNode } from 'execa';
import { PUBLIC_PAGES, type SitePage } from '../test/site/pages.js';
import { repository } from '../test/support/repository.js';
import type { LoadOrder, LoadSeen } from './load-client.js';
import { quantile } from './measure.js';

/** Clients that ask at once, each as soon as it has been answered. */
export const CONNECTIONS = Number(process.env.BENCH_CONNECTIONS || 10);
/** How long each run of each way takes, in seconds. */
export const SECONDS = Number(process.env.BENCH_SECONDS || 3);
/** Runs of each way. */
export const ROUNDS = Number(process.env.BENCH_ROUNDS || 5);

/** What is asked of each site. */
export const MEASURED_PAGES: readonly {
  page: SitePage;
  /** Where the same page is one that Next keeps. */
  kept?: string;
  /** Answered by Payload, not by a page of the site. */
  api?: 'rest' | 'graphql';
}[] = [
  { page: named('home page, rendered for each visitor'), kept: '/' },
  { page: named('post, rendered for each visitor'), kept: '/posts/charts-62' },
  { page: named('search') },
  { page: named('REST: ten posts, depth 2'), api: 'rest' },
  { page: named('REST: a post by id, depth 2'), api: 'rest' },
  { page: named('REST: authors'), api: 'rest' },
  { page: named('GraphQL: ten posts'), api: 'graphql' },
];

function named(name: string): SitePage {
  const page = PUBLIC_PAGES.find((each) => each.name === name);
  if (!page) throw new Error(`The site has no page "${name}".`);
  return page;
}

/** One page or endpoint: the ways in which it can be answered, and where each finds it. */
export interface Row<Way extends string> {
  page: SitePage;
  paths: Partial<Record<Way, string>>;
}

/** What was seen of one page, one way. Times in milliseconds, each the median of all rounds. */
export interface Load<Way extends string> {
  page: string;
  way: Way;
  perSecond: number;
  /** Slowest and fastest round. */
  spread: [number, number];
  p50: number;
  p95: number;
  p99: number;
}

/** Asks each page of each site, the ways in turns, forwards and backwards. The first round warms up. */
export async function loadInTurns<Way extends string>(
  rows: readonly Row<Way>[],
  sites: Record<Way, { url: string }>,
  tell: {
    /** Called before and after each run but those of the first round. */
    run?(run: { page: SitePage; way: Way; seen?: LoadSeen }): Promise<void>;
    round(round: number): void;
  },
): Promise<Load<Way>[]> {
  const seen = new Map<string, LoadSeen[]>();
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const { page, paths } of rows) {
      const ways = Object.entries(paths) as [Way, string][];
      for (const [way, where] of round % 2 === 0 ? ways : ways.toReversed()) {
        if (round >= 0) await tell.run?.({ page, way });
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
        if (round < 0) continue;
        await tell.run?.({ page, way, seen: one });
        const key = `${page.name} ${way}`;
        seen.set(key, [...(seen.get(key) ?? []), one]);
      }
    }
    tell.round(round + 1);
  }
  return rows.flatMap(({ page, paths }) =>
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
        perSecond: median('perSecond'),
        spread: [Math.min(...rates), Math.max(...rates)] as [number, number],
        p50: median('p50'),
        p95: median('p95'),
        p99: median('p99'),
      };
    }),
  );
}

/** One run of one way, by a process of its own. */
async function load(order: LoadOrder): Promise<LoadSeen> {
  const { stdout } = await execaNode('bench/load-client.ts', [JSON.stringify(order)], {
    cwd: repository,
    nodeOptions: ['--import', 'tsx'],
  });
  return JSON.parse(stdout) as LoadSeen;
}

/** Prints a table as it stands in the documentation: a group of rows for each page, its name in the first of them. */
export function printGrouped<Line extends { page: string }>(
  lines: readonly Line[],
  titles: readonly string[],
  cells: (line: Line) => readonly string[],
): void {
  console.log(`| ${['', '', ...titles].join(' | ')} |`);
  console.log(`|${'---|'.repeat(titles.length + 2)}`);
  for (const [index, line] of lines.entries()) {
    const name = lines[index - 1]?.page === line.page ? '' : line.page;
    console.log(`| ${[name, ...cells(line)].join(' | ')} |`);
  }
}

/**
 * Prints what was seen of each page, each way, as it stands in the documentation: requests per second from the slowest
 * round to the fastest of all runs, then the ratio to the way `without` and the latencies of each run.
 */
export function printLoads<Way extends string, Line extends Load<Way>>(
  runs: readonly (readonly Line[])[],
  counts: { title: string; of(line: Line): string },
): void {
  const find = (run: readonly Line[], page: string, way: string) =>
    run.find((line) => line.page === page && line.way === way);
  const titles = [counts.title, 'requests/s, slowest to fastest round', '', 'p50', 'p95'];
  printGrouped(runs.at(-1) ?? [], titles, (line) => {
    const same = runs.flatMap((run) => find(run, line.page, line.way) ?? []);
    const ratios = runs.flatMap((run) => {
      const [base, one] = [find(run, line.page, 'without'), find(run, line.page, line.way)];
      return base && one ? [one.perSecond / base.perSecond] : [];
    });
    return [
      line.way,
      counts.of(line),
      range(
        same.flatMap(({ spread }) => spread),
        0,
      ),
      `${range(ratios, 10)} ×`,
      `${range(
        same.map(({ p50 }) => p50),
        20,
      )} ms`,
      `${range(
        same.map(({ p95 }) => p95),
        20,
      )} ms`,
    ];
  });
}

/** From the least to the greatest, or one figure where they are the same, with a decimal below `whole`. */
function range(values: readonly number[], whole: number): string {
  const ends = [Math.min(...values), Math.max(...values)].map((value) =>
    value < whole - 0.05 ? value.toFixed(1) : Math.round(value).toLocaleString('en'),
  );
  return [...new Set(ends)].join('–');
}
