import { execaNode } from 'execa';
import { memory, payloadKV, settleCache } from 'payload-kv';
import { withResponseCache } from 'payload-kv/responses';
import { startBlog } from '../test/support/payload.js';
import { type RunningSite, startOwnServer, startSite } from '../test/support/site.js';
import { builtSite } from '../test/support/site-build.js';
import { figure, quantile, timeInTurns } from './measure.js';

const PATH = '/api/posts?depth=2&limit=10';
const ROUNDS = Number(process.env.BENCH_ROUNDS || 5);
const SECONDS = 4;
const CONNECTIONS = 10;
const BARE_ROUTE = "a route of Next's that answers at once";

/** What is asked of which site, and with which headers. */
interface Side {
  name: string;
  site: RunningSite;
  headers: Record<string, string>;
}

interface Load {
  perSecond: number;
  p99: number;
  bytes: number;
}

/**
 * The requests per second that a real Next site answers on its REST API, and the time within which 99 of 100 are
 * answered: without a cache, with queries cached, with responses cached in Next and in front of it, and where whoever asks
 * has the response already. In turns, by autocannon in a process of its own.
 */
export async function benchResponses(): Promise<void> {
  await benchHandler();
  const built = await builtSite((step) => console.log(`  … ${step}`));
  const quiet = { SITE_MEASUREMENTS: '0' };
  const [without, queries, responses, inFront] = [
    await startSite(built, { ...quiet, PAYLOAD_KV_ENABLED: 'false' }),
    await startSite(built, quiet),
    await startSite(built, { SITE_RESPONSES: '1' }),
    await startOwnServer(built, quiet),
  ];
  const sites = [without, queries, responses, inFront];
  try {
    for (const site of sites) for (let time = 0; time < 5; time++) await fetch(site.url + PATH);
    const etag = (await fetch(responses.url + PATH)).headers.get('etag') ?? '';
    const inFrontETag = (await fetch(inFront.url + PATH)).headers.get('etag') ?? '';
    await responses.takeCalls();
    const sides: Side[] = [
      { name: 'without', site: without, headers: {} },
      { name: 'queries cached', site: queries, headers: {} },
      { name: 'responses cached', site: responses, headers: {} },
      { name: 'responses cached, If-None-Match', site: responses, headers: { 'if-none-match': etag } },
      { name: 'responses cached in front of Next', site: inFront, headers: {} },
      {
        name: 'responses cached in front of Next, If-None-Match',
        site: inFront,
        headers: { 'if-none-match': inFrontETag },
      },
      // What Next itself does with a request: the most that a handler inside of it can answer.
      { name: BARE_ROUTE, site: without, headers: {} },
    ];
    const loads = new Map<string, Load[]>(sides.map(({ name }) => [name, []]));
    for (let round = 0; round < ROUNDS; round++) {
      for (const side of sides) loads.get(side.name)?.push(await load(side));
    }
    const median = (name: string, of: keyof Load): number =>
      quantile(
        (loads.get(name) ?? []).map((one) => one[of]),
        0.5,
      );
    const base = median('without', 'perSecond');
    console.log(`  GET ${PATH}, ${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${SECONDS} s`);
    for (const { name } of sides) {
      const times = median(name, 'perSecond') / base;
      const isGoal = name.startsWith('responses cached');
      figure(
        `  ${name}`,
        `${median(name, 'perSecond').toFixed(0)} requests/s (${times.toFixed(1)} ×), 99 % within ${median(name, 'p99').toFixed(0)} ms, ${(median(name, 'bytes') / 1024).toFixed(1)} KB each`,
        isGoal ? { holds: times >= 20, says: 'at least 20 times' } : undefined,
      );
    }
    const calls = await responses.takeCalls();
    const statements = calls.reduce((sum, call) => sum + call.statements.length, 0);
    figure('  statements while responses were cached', String(statements), {
      holds: statements === 0,
      says: 'none',
    });
  } finally {
    for (const site of sites) await site.stop();
  }
}

/** The same requests without Next and HTTP: what the handler takes, and what the cache of its responses does. */
async function benchHandler(): Promise<void> {
  const blog = (plugins: Parameters<typeof startBlog>[0] & object) => startBlog({ seed: 40, ...plugins });
  const without = await blog({});
  const cached = await blog({ plugins: [payloadKV({ store: memory() })] });
  const request = (headers: Record<string, string> = {}) =>
    new Request(`http://site.example${PATH}`, { headers });
  const handler = withResponseCache((asked: Request) => cached.handle(asked), {
    api: 'rest',
    payload: cached.payload,
  });
  try {
    for (let time = 0; time < 3; time++) await (await handler(request())).text();
    await settleCache(cached.payload);
    const etag = (await handler(request())).headers.get('etag') ?? '';
    const times = await timeInTurns(
      {
        without: async () => (await without.handle(request())).text(),
        queries: async () => (await cached.handle(request())).text(),
        responses: async () => (await handler(request())).text(),
        has: () => handler(request({ 'if-none-match': etag })),
      },
      { rounds: 15, batch: 30, warmUp: 6 },
    );
    console.log(`  GET ${PATH}, the handler alone`);
    for (const [name, key, isGoal] of [
      ['without', 'without', false],
      ['queries cached', 'queries', false],
      ['responses cached', 'responses', true],
      ['responses cached, If-None-Match', 'has', true],
    ] as const) {
      const ratio = times.without / times[key];
      figure(
        `  ${name}`,
        `${times[key].toFixed(0)} µs (${ratio.toFixed(1)} ×)`,
        isGoal ? { holds: ratio >= 20, says: 'at least 20 times' } : undefined,
      );
    }
  } finally {
    await without.stop();
    await cached.stop();
  }
}

/** One round of one side. */
async function load({ name, site, headers }: Side): Promise<Load> {
  const path = name === BARE_ROUTE ? '/measurements' : PATH;
  const { stdout } = await execaNode('node_modules/autocannon/autocannon.js', [
    '--json',
    '--no-progress',
    ...['-c', String(CONNECTIONS), '-d', String(SECONDS)],
    ...Object.entries(headers).flatMap(([key, value]) => ['-H', `${key}=${value}`]),
    site.url + path,
  ]);
  const { requests, latency, throughput } = JSON.parse(stdout) as Record<
    'requests' | 'latency' | 'throughput',
    { average: number; p99: number; total: number }
  >;
  return {
    perSecond: requests.average,
    p99: latency.p99,
    bytes: throughput.total / Math.max(1, requests.total),
  };
}
