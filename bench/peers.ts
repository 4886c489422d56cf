import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { memory, payloadKV } from 'payload-kv';
import { startBlog } from '../test/support/payload.js';
import { type RedisServer, startRedis } from '../test/support/redis.js';
import { removeDirectory } from '../test/support/remove-directory.js';
import { CACHES, type Cache, type CacheName, type Page, type Setup, type Tier } from './caches.js';
import { figure, quantile, timeInTurns } from './measure.js';
import { listPage, now, postPage } from './peers-pages.js';
import type { Order, Sight } from './peers-reader.js';

const NAMES = Object.keys(CACHES) as CacheName[];
const OURS = 'payload-kv';
const TIERS = ['memory', 'Redis', 'memory over Redis'] as const;
const SIZES = [100, 10_000, 100_000];
/** What a read from memory is to be ahead of the database, in the Local API. */
const GOAL = 20;
const READERS = 1_000;
const POSTS = 100;
const LISTS = 9;
/** What a query takes in the database, in milliseconds, where that is no matter of the cache. */
const QUERY = 5;
/** Whoever has not seen an edit by then waits for a TTL to end. */
const LONGEST = 2_000;

/** What each cache measured on one line; text where there is no time to compare. */
type Cells = Partial<Record<CacheName, number | string>>;

/** What all lines have in common. */
interface Bench {
  server: RedisServer;
  admin: Redis;
  databaseURL: string;
  /** Ten posts of the blog, as its adapter finds them. */
  result: { docs: unknown[] };
  /** A query and a write of the database, past every cache. */
  find(args: Record<string, unknown>): Promise<unknown>;
  update(slug: string, data: Record<string, unknown>): Promise<unknown>;
}

/** This package against caches that a site could take instead, on the same data, in turns. */
export async function benchPeers(): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-peers-'));
  const server = await startRedis();
  const databaseURL = `file:${path.join(directory, 'blog.db')}`;
  const plain = await startBlog({ url: databaseURL, seed: POSTS });
  try {
    const { db } = plain.payload;
    const find = (args: Record<string, unknown>) => db.find(args as never);
    const update = (slug: string, data: Record<string, unknown>) =>
      db.updateOne({ collection: 'posts', where: { slug: { equals: slug } }, data, req: {} } as never);
    const result = (await find(listPage(1).args)) as { docs: unknown[] };
    const bench: Bench = { server, admin: server.connect(), databaseURL, result, find, update };
    line('', NAMES);
    for (const tier of TIERS) {
      await benchTimes(bench, tier);
      if (tier !== 'memory over Redis') await benchInvalidation(bench, tier);
      await benchMisses(bench, tier);
    }
    await benchSurvivors(bench);
    await benchTwoProcesses(bench);
    printTable(result);
    await benchLocalAPI(bench);
  } finally {
    await plain.stop();
    await server.stop();
    await removeDirectory(directory);
  }
}

const LABEL = 48;
const CELL = 20;
/** The lines of the table, which is printed in one piece: Payload writes about its schema at each start. */
const lines: string[] = [];

const line = (first: string, cells: readonly string[]): number =>
  lines.push(`${first.padEnd(LABEL)}${cells.map((cell) => cell.padEnd(CELL)).join('')}`.trimEnd());

function addLine(label: string, cells: Cells): void {
  const ours = cells[OURS];
  const texts = NAMES.map((name) => {
    const cell = cells[name] ?? 'has none';
    if (typeof cell === 'string') return cell;
    return name === OURS || typeof ours !== 'number'
      ? time(cell)
      : `${(cell / ours).toFixed(2)} × (${time(cell)})`;
  });
  line(label, texts);
}

/** A time in microseconds, as a person reads it. */
function time(microseconds: number): string {
  if (microseconds < 1_000) return `${microseconds.toFixed(microseconds < 100 ? 1 : 0)} µs`;
  return `${(microseconds / 1_000).toFixed(microseconds < 100_000 ? 1 : 0)} ms`;
}

function printTable(result: unknown): void {
  console.log(`
Ten documents of a list, ${JSON.stringify(result).length} bytes as JSON. × is a peer's time over this package's on the
same line: above 1 this package is faster, below 1 the peer is. Each time is a median, taken in turns.

${lines.join('\n')}

bentocache, cacheable, cache-manager and keyv are given keys and tags by hand; this package makes both of the query, which
is a part of its time. "By pattern" is a plugin that deletes the keys of a collection at each write. A cache that gives
every reader the same object gives later ones what Payload changed in it. cacheable shares a query only in getOrSet, which
takes no tags. A write through this package reads the document as it was, to find the tags; peers are told them.
`);
}

/** Sets up each cache that there is for it, gives them to `work`, and ends them. */
async function withCaches(
  setup: Omit<Setup, 'port'> & { bench: Bench },
  work: (caches: Partial<Record<CacheName, Cache>>) => Promise<void>,
): Promise<void> {
  const { bench, ...rest } = setup;
  await bench.admin.flushall();
  const caches: Partial<Record<CacheName, Cache>> = {};
  try {
    for (const name of NAMES) {
      const cache = await CACHES[name]({ ...rest, port: bench.server.port });
      if (cache) caches[name] = cache;
    }
    await work(caches);
  } finally {
    for (const cache of Object.values(caches)) await cache.close();
  }
}

const entriesOf = (caches: Partial<Record<CacheName, Cache>>) =>
  Object.entries(caches) as [CacheName, Cache][];

/** A hit, and a fill. */
async function benchTimes(bench: Bench, tier: Tier): Promise<void> {
  const source = async () => bench.result;
  const runs = tier === 'memory' ? { rounds: 40, batch: 40, warmUp: 30 } : { rounds: 40, batch: 10 };
  const page = listPage(1);
  await withCaches({ bench, tier, source }, async (caches) => {
    const hits: Record<string, () => unknown> = {};
    const fills: Record<string, () => unknown> = {};
    let number = 0;
    for (const [name, cache] of entriesOf(caches)) {
      await cache.read(page);
      await cache.settle?.();
      hits[name] = () => cache.read(page);
      fills[name] = async () => {
        await cache.read(postPage(`new-${number++}`));
        await cache.settle?.();
      };
    }
    addLine(`hit from ${tier}, a copy`, await timeInTurns(hits, runs));
    if (tier === 'memory') await benchSameObject(bench, hits[OURS] as () => unknown);
    addLine(`fill of ${tier}, until it is stored`, await timeInTurns(fills, { rounds: 20, batch: 10 }));
  });
}

/** A hit where a cache gives away what it holds, against a copy by this package. */
async function benchSameObject(bench: Bench, ours: () => unknown): Promise<void> {
  const page = listPage(1);
  const source = async () => structuredClone(bench.result);
  await withCaches({ bench, tier: 'memory', source, sameObject: true }, async (caches) => {
    const hits: Record<string, () => unknown> = { [OURS]: ours };
    for (const [name, cache] of entriesOf(caches)) {
      await cache.read(page);
      const [one, other] = [await cache.read(page), await cache.read(page)];
      if (one !== other) throw new Error(`${name} gives copies`);
      hits[name] = () => cache.read(page);
    }
    const times: Cells = await timeInTurns(hits, { rounds: 40, batch: 40, warmUp: 30 });
    addLine('hit from memory, same object (unsafe)', {
      ...times,
      [OURS]: `a copy: ${time(times[OURS] as number)}`,
    });
    const ratios = entriesOf(caches).map(([name]) => [
      name,
      `${((times[name] as number) / (times[OURS] as number)).toFixed(2)} ×`,
    ]);
    addLine('  against a copy by this package', { [OURS]: '1 ×', ...Object.fromEntries(ratios) });
  });
}

/** What a write waits for, with more and more entries stored. */
async function benchInvalidation(bench: Bench, tier: Tier): Promise<void> {
  const small = { docs: [{ id: 1, slug: 'post-1' }], totalDocs: 1 };
  await withCaches({ bench, tier, source: async () => small }, async (caches) => {
    let stored = 0;
    for (const size of SIZES) {
      const cells: Cells = {};
      for (const [name, cache] of entriesOf(caches)) {
        if (!cache.invalidate) continue;
        await storeMany(bench, tier, cache, name, cache.deletesBelow ? 0 : stored, size);
        cells[name] = await timeInvalidation(cache, () => storeMany(bench, tier, cache, name, 0, size));
      }
      stored = size;
      addLine(`invalidation, ${size.toLocaleString('en')} entries in ${tier}`, cells);
    }
    const ours = caches[OURS] as Cache;
    const took = await timeWork(() => ours.write?.('post-1', { excerpt: 'edited' }), ours.settle);
    addLine('  of a write whose tags are found', { [OURS]: took });
  });
}

/** Median time of an invalidation, in microseconds. Where it deletes the entries they are stored again each time. */
async function timeInvalidation(cache: Cache, storeAgain: () => Promise<void>): Promise<number> {
  const invalidate = () => cache.invalidate?.(['posts']);
  return cache.deletesBelow
    ? timeWork(invalidate, storeAgain, { rounds: 3, warmUp: 0 })
    : timeWork(invalidate, cache.settle);
}

async function timeWork(
  work: () => unknown,
  afterwards: (() => Promise<void>) | undefined,
  { rounds, warmUp } = { rounds: 100, warmUp: 50 },
): Promise<number> {
  const times: number[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    const start = performance.now();
    await work();
    if (round >= 0) times.push((performance.now() - start) * 1_000);
    await afterwards?.();
  }
  return quantile(times, 0.5);
}

/** Stores entries that depend on the posts. In Redis they are written past the cache, under names like its own. */
async function storeMany(
  bench: Bench,
  tier: Tier,
  cache: Cache,
  name: CacheName,
  from: number,
  to: number,
): Promise<void> {
  if (tier === 'memory') {
    for (let number = from; number < to; number++) {
      await cache.read({ ...postPage(`stored-${number}`), tags: ['posts'] });
    }
    await cache.settle?.();
    return;
  }
  const below = cache.deletesBelow ?? `stored:${name}:`;
  for (let start = from; start < to; start += 1_000) {
    const pipeline = bench.admin.pipeline();
    for (let number = start; number < Math.min(to, start + 1_000); number++) {
      pipeline.set(`${below}${number}`, 'x'.repeat(200));
    }
    await pipeline.exec();
  }
}

/** A thousand readers who come for the same page at once, which nobody has. */
async function benchMisses(bench: Bench, tier: Tier): Promise<void> {
  let calls = 0;
  const source = async () => {
    calls += 1;
    await sleep(QUERY);
    return structuredClone(bench.result);
  };
  await withCaches({ bench, tier, source }, async (caches) => {
    const times: Cells = {};
    const asked: Cells = {};
    const shared: Cells = {};
    for (const [name, cache] of entriesOf(caches)) {
      const samples: number[] = [];
      let most = 0;
      for (let round = -1; round < 5; round++) {
        const page: Page = { ...postPage(`missed-${round}`), tags: name === 'cacheable' ? [] : ['posts'] };
        calls = 0;
        const start = performance.now();
        const answers = await Promise.all(Array.from({ length: READERS }, () => cache.read(page)));
        if (round >= 0) samples.push((performance.now() - start) * 1_000);
        await cache.settle?.();
        most = Math.max(most, calls);
        shared[name] = new Set(answers).size === READERS ? 'no' : 'yes';
      }
      times[name] = quantile(samples, 0.5);
      asked[name] = most.toLocaleString('en');
    }
    addLine(`1,000 identical misses, ${tier}`, times);
    addLine('  queries that the database gets, at most', asked);
    addLine('  readers are given one object (unsafe)', shared);
  });
}

/** What one edit of a hundred posts leaves of the pages of the others, and what it leaves old. */
async function benchSurvivors(bench: Bench): Promise<void> {
  const survive: Cells = {};
  const old: Cells = {};
  const pages = [...Array(POSTS).keys()].map(postPage);
  const lists = [...Array(LISTS).keys()].map((page) => listPage(page + 1));
  const edited = postPage(1);
  const { find } = bench;
  for (const name of NAMES) {
    await bench.admin.flushall();
    let asked = 0;
    const ask = (args: Record<string, unknown>) => {
      asked += 1;
      return find(args);
    };
    const cache = (await CACHES[name]({
      tier: 'Redis',
      source: ask,
      port: bench.server.port,
      databaseURL: bench.databaseURL,
    })) as Cache;
    try {
      const isHit = async (page: Page): Promise<boolean> => {
        asked = 0;
        await cache.read(page);
        return asked === 0;
      };
      // Any write names the slices of this process to others; the first of all makes stale what depended on them.
      await edit(bench, cache, edited);
      for (const page of [...pages, ...lists]) await cache.read(page);
      await cache.settle?.();
      await edit(bench, cache, edited);
      let left = 0;
      let wrong = 0;
      for (const page of lists) {
        const [kept, real] = [await cache.read(page), await find(page.args)];
        if (JSON.stringify(kept) !== JSON.stringify(real)) wrong += 1;
      }
      for (const page of pages) if (page.key !== edited.key && (await isHit(page))) left += 1;
      survive[name] = `${((100 * left) / (POSTS - 1)).toFixed(0)} %`;
      old[name] = `${wrong} of ${LISTS}`;
    } finally {
      await cache.close();
    }
  }
  addLine('other pages that survive an edit', survive);
  addLine('  lists that are wrong after it', old);
}

let edits = 0;

/** Edits the first post, and does with the cache what its site would. Returns what the post tells from now on. */
async function edit(bench: Bench, cache: Cache, page: Page): Promise<string> {
  const publishedAt = new Date(Date.UTC(2024, 0, 1) + ++edits * 1_000).toISOString();
  if (cache.write) {
    await cache.write('post-1', { publishedAt });
    return publishedAt;
  }
  await bench.update('post-1', { publishedAt });
  if (cache.invalidate) await cache.invalidate([...page.tags, 'posts']);
  else await cache.forget?.(page);
  return publishedAt;
}

/** How long another process, which reads the same page all the time, goes on without an edit. */
async function benchTwoProcesses(bench: Bench): Promise<void> {
  const child = fork(
    path.join(import.meta.dirname, 'peers-reader.ts'),
    [bench.databaseURL, `${bench.server.port}`],
    { execArgv: process.execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    await new Promise((resolve) => child.once('message', resolve));
    for (const tier of ['Redis', 'memory over Redis'] as const) {
      const cells: Cells = {};
      await withCaches(
        { bench, tier, source: bench.find, databaseURL: bench.databaseURL },
        async (caches) => {
          for (const [name, cache] of entriesOf(caches)) {
            cells[name] = await timeUntilSeen(bench, child, { name, tier }, cache);
          }
        },
      );
      addLine(`another process sees an edit, ${tier}`, cells);
    }
    child.send('end');
    await Promise.race([ended, sleep(10_000)]);
  } finally {
    if (child.exitCode === null) child.kill('SIGKILL');
    await ended;
  }
}

async function timeUntilSeen(
  bench: Bench,
  child: ChildProcess,
  order: Order,
  cache: Cache,
): Promise<number | string> {
  const seen = new Map<string, number>();
  let first = (): void => undefined;
  const reads = new Promise<void>((resolve) => {
    first = resolve;
  });
  const listen = ({ publishedAt, at }: Sight): void => {
    seen.set(publishedAt, at);
    first();
  };
  child.on('message', listen);
  try {
    child.send(order);
    await reads;
    const waits: number[] = [];
    for (let round = 0; round < 7; round++) {
      await sleep(50);
      const publishedAt = await edit(bench, cache, postPage(1));
      const written = now();
      while (!seen.has(publishedAt) && now() - written < LONGEST) await sleep(1);
      const at = seen.get(publishedAt);
      if (at === undefined) return `not in ${LONGEST / 1_000} s (TTL)`;
      waits.push(Math.max(0, at - written) * 1_000);
    }
    return quantile(waits, 0.5);
  } finally {
    child.off('message', listen);
  }
}

/** A whole read of the Local API, which is more than the database: access control, hooks, population. */
async function benchLocalAPI(bench: Bench): Promise<void> {
  const list = {
    collection: 'posts' as const,
    limit: 10,
    depth: 2,
    where: { _status: { equals: 'published' } },
  };
  const uncached = await startBlog({ url: bench.databaseURL });
  const cached = await startBlog({
    url: bench.databaseURL,
    plugins: [payloadKV({ store: memory(), ttl: '1h' })],
  });
  try {
    await withCaches({ bench, tier: 'memory', source: () => uncached.payload.find(list) }, async (caches) => {
      const page: Page = { key: 'list', tags: ['posts'], args: list };
      const tasks: Record<string, () => unknown> = {
        uncached: () => uncached.payload.find(list),
        [OURS]: () => cached.payload.find(list),
      };
      for (const [name, cache] of entriesOf(caches)) if (name !== OURS) tasks[name] = () => cache.read(page);
      const times = await timeInTurns(tasks, { rounds: 20, batch: 3 });
      const { uncached: slowest = Number.NaN, [OURS]: ours = Number.NaN } = times;
      const faster = slowest / ours;
      figure(
        'Local API find, limit 10, depth 2: SQLite / from memory',
        `${faster.toFixed(1)} × (${time(slowest)} / ${time(ours)})${faster < GOAL ? `, the goal is ${GOAL} ×` : ''}`,
      );
      for (const name of NAMES) {
        const took = times[name];
        if (name === OURS || took === undefined) continue;
        figure(
          `  the whole answer in ${name} by a key of the site’s own`,
          `${(slowest / took).toFixed(0)} × (${time(took)})`,
        );
      }
      console.log(
        '  which asks neither access control nor hooks: whoever comes is given what the first one saw',
      );
    });
  } finally {
    await uncached.stop();
    await cached.stop();
  }
}
