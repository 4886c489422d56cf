import { setTimeout as sleep } from 'node:timers/promises';
import { ADMIN_PAGES, PUBLIC_PAGES, type SitePage, visit } from '../test/site/pages.js';
import { type RunningSite, type SiteCall, signIn, startSite } from '../test/support/site.js';
import { builtSite } from '../test/support/site-build.js';
import { figure, quantile } from './measure.js';

const PAGES = [...PUBLIC_PAGES, ...ADMIN_PAGES];
const SIDES = { without: { PAYLOAD_KV_ENABLED: 'false' }, with: {} } as const;
type Side = keyof typeof SIDES;
/** How far away the database is, in milliseconds for each call of the adapter. 0: SQLite in the process. */
const DELAYS = [0, 1, 5, 20];
const ROUNDS = Number(process.env.BENCH_ROUNDS || 15);
const WARM_UP = 3;
/** What a page still does after it was sent: locks and preferences that are read in the background. */
const SETTLED = 300;

/**
 * A real Next site with Payload's admin panel, built and started as in production: what its pages ask the database,
 * statement by statement, and how long they take, without and with the cache, in turns.
 */
export async function benchSite(): Promise<void> {
  const site = await builtSite((step) => console.log(`  … ${step}`));
  const both = async (env: Record<string, string>) => ({
    without: await startSite(site, { ...env, ...SIDES.without }),
    with: await startSite(site, { ...env, ...SIDES.with }),
  });
  await withSites(() => both({}), countStatements);
  for (const delay of DELAYS) {
    console.log(`\n  the database ${delay} ms away: median of ${ROUNDS} requests, in milliseconds`);
    await withSites(
      () => both({ SITE_DATABASE_DELAY: String(delay), SITE_MEASUREMENTS: '0' }),
      (sites) => timePages(sites, delay),
    );
  }
}

type Sites = Record<Side, RunningSite>;

async function withSites(start: () => Promise<Sites>, use: (sites: Sites) => Promise<void>): Promise<void> {
  const sites = await start();
  try {
    await use(sites);
  } finally {
    for (const site of Object.values(sites)) await site.stop();
  }
}

async function countStatements(sites: Sites): Promise<void> {
  console.log('  calls of the adapter and SQL statements of a warm request');
  for (const page of PAGES) {
    const calls = {} as Record<Side, SiteCall[]>;
    for (const side of Object.keys(SIDES) as Side[]) calls[side] = await callsOf(sites[side], page);
    const statements = (side: Side) => calls[side].reduce((sum, call) => sum + call.statements.length, 0);
    const isPublic = PUBLIC_PAGES.includes(page);
    figure(
      `  ${page.name}`,
      `${calls.without.length} → ${calls.with.length} calls, ${statements('without')} → ${statements('with')} statements`,
      isPublic ? { holds: statements('with') === 0, says: 'none' } : undefined,
    );
    for (const { operation, slug, statements } of calls.with) {
      console.log(`      ${operation} ${slug ?? ''} (${statements.length})`);
    }
  }
}

const cookies = new Map<RunningSite, string>();

async function cookieOf(site: RunningSite): Promise<string> {
  const cookie = cookies.get(site) ?? (await signIn(site.url));
  cookies.set(site, cookie);
  return cookie;
}

/** What a page asks the database once it has been asked for twice. */
async function callsOf(site: RunningSite, page: SitePage): Promise<SiteCall[]> {
  const cookie = await cookieOf(site);
  for (let visits = 0; visits < 3; visits += 1) {
    await sleep(SETTLED);
    await site.takeCalls();
    await visit(site.url, page, cookie);
  }
  await sleep(SETTLED);
  return site.takeCalls();
}

async function timePages(sites: Sites, delay: number): Promise<void> {
  const sides = Object.keys(SIDES) as Side[];
  const times = new Map(PAGES.map((page) => [page, { without: [] as number[], with: [] as number[] }]));
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    for (const page of PAGES) {
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        const cookie = await cookieOf(sites[side]);
        const start = performance.now();
        await visit(sites[side].url, page, cookie);
        if (round >= 0) times.get(page)![side].push(performance.now() - start);
      }
    }
  }
  for (const [page, { without, with: cached }] of times) {
    const [before, after] = [quantile(without, 0.5), quantile(cached, 0.5)];
    const spread = (samples: number[]) =>
      `${quantile(samples, 0.25).toFixed(1)}–${quantile(samples, 0.75).toFixed(1)}`;
    figure(
      `  ${page.name}, ${delay} ms`,
      `${before.toFixed(1)} → ${after.toFixed(1)}, ${(before / after).toFixed(2)} × (quartiles ${spread(without)} → ${spread(cached)})`,
    );
  }
}
