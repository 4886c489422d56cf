import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config, Payload } from 'payload';
import { buildConfig } from 'payload';
import { invalidateCache, memory, payloadKV, type Store, settleCache, tiered } from 'payload-kv';
import { cloudflareKV, type KVBinding } from 'payload-kv/cloudflare';
import { redis } from 'payload-kv/redis';
import type { TagContext } from '../dist/runtime/query/analysis.js';
import { tagsOf } from '../dist/runtime/query/dependencies.js';
import { readSiteSchema } from '../dist/runtime/query/site-schema.js';
import { countDatabaseCalls, createMiniflare, type Started, startBlog } from '../test/support/payload.js';
import { type RedisServer, startRedis } from '../test/support/redis.js';
import { type Task, timeInTurns } from './measure.js';

/** The largest steps take minutes and gigabytes. */
const isFull = Boolean(process.env.BENCH_FULL);
const RUNS = { rounds: 20, batch: 10, warmUp: 10 };
const FEW_RUNS = { rounds: 10, batch: 2, warmUp: 5 };
/** Larger than any step needs. */
const ROOM = { maxEntries: 1_100_000, maxBytes: 3 * 2 ** 30 };

/** How the costs of the cache grow with what a site has more of. */
export async function benchScale(): Promise<void> {
  console.log(
    '  the cost at each step, and the exponent of its growth: 0 is none, 1 in proportion, 2 with the square',
  );
  if (!isFull) console.log('  without the largest steps of entries and documents, which BENCH_FULL=1 adds');
  const server = await startRedis(['--enable-debug-command', 'yes']);
  try {
    await scaleEntries(server);
    await scaleTags(server);
    await scaleProcesses(server);
    await scaleCollections();
    await scaleRelations();
    await scaleDocuments(server);
    await countOperations(server);
  } finally {
    await server.stop();
  }
}

const LABEL = 54;

/** What was measured at each step. */
type Series = Map<number, number>;
const newSeries = (): Series => new Map();

/** Prints one line: what it cost at each step, and the exponent of the growth. */
function line(label: string, series: Series, unit: 'µs' | 'count'): void {
  const steps = [...series]
    .sort(([one], [other]) => one - other)
    .map(([, cost]) => (unit === 'µs' ? time(cost) : cost.toLocaleString('en')));
  console.log(
    `  ${label.padEnd(LABEL)}${steps.map((step) => step.padStart(11)).join('')}   ${exponent(series).padStart(6)}`,
  );
}

/** Times what costs something at each step. The steps take turns as well, so that none has a colder start. */
async function timeSteps<Kind extends string>(
  sizes: readonly number[],
  tasksOf: (size: number) => Record<Kind, Task>,
  runs = RUNS,
): Promise<Record<Kind, Series>> {
  const tasks: Record<string, Task> = {};
  const places = new Map<string, [kind: Kind, size: number]>();
  for (const size of sizes) {
    for (const [kind, task] of Object.entries(tasksOf(size)) as [Kind, Task][]) {
      tasks[`${kind} ${size}`] = task;
      places.set(`${kind} ${size}`, [kind, size]);
    }
  }
  const times = await timeInTurns(tasks, runs);
  const series = {} as Record<Kind, Series>;
  for (const [name, [kind, size]] of places) {
    series[kind] ??= newSeries();
    series[kind].set(size, times[name] as number);
  }
  return series;
}

/** Names the steps above the lines that follow. */
function heading(name: string, steps: readonly number[]): void {
  const names = steps.map((step) => step.toLocaleString('en').padStart(11));
  console.log(`\n  ${name.padEnd(LABEL)}${names.join('')}   exponent`);
}

function time(microseconds: number): string {
  return microseconds < 1_000 ? `${microseconds.toFixed(1)} µs` : `${(microseconds / 1_000).toFixed(1)} ms`;
}

/** The exponent of a power that fits the costs best: the slope in logarithms. Steps that begin at none count from one. */
function exponent(series: Series): string {
  const points = [...series].map(([step, cost]) => [
    Math.log(Math.max(step, 1)),
    Math.log(Math.max(cost, 1e-9)),
  ]);
  const mean = (index: 0 | 1): number =>
    points.reduce((sum, point) => sum + (point[index] as number), 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [px = 0, py = 0]) => sum + (px - x) * (py - y), 0);
  const variance = points.reduce((sum, [px = 0]) => sum + (px - x) ** 2, 0);
  return (covariance / variance).toFixed(2);
}

/** A blog whose adapter answers at once, so that what is timed is the cache. */
function startAnswering(store: Store, answer: (args: Record<string, unknown>) => unknown): Promise<Started> {
  const post = { id: 1, slug: 'post-1' };
  return startBlog({
    wrapAdapter: (adapter) =>
      Object.assign(adapter, {
        find: async (args: Record<string, unknown>) => answer(args),
        findOne: async () => post,
        updateOne: async () => post,
      }),
    plugins: [
      payloadKV({
        store,
        ttl: '1h',
        collections: { posts: { slices: ['slug'] }, tags: {} },
        globals: {},
        timeout: 30_000,
      }),
    ],
  });
}

const small = { docs: [{ id: 1, slug: 'post-1' }], totalDocs: 1 };
const page = (slug: string) => ({
  collection: 'posts' as const,
  limit: 1,
  where: { slug: { equals: slug } },
});
const edit = (payload: Payload) =>
  payload.db.updateOne({ collection: 'posts', id: 1, data: { excerpt: 'edited' }, req: {} } as never);
const overRedis = (server: RedisServer): Store => redis({ url: `redis://127.0.0.1:${server.port}` });

async function scaleEntries(server: RedisServer): Promise<void> {
  const sizes = isFull ? [1e3, 1e4, 1e5, 1e6] : [1e3, 1e4, 1e5];
  heading('entries', sizes);
  const admin = server.connect();
  for (const [name, store, fillTo] of [
    [
      'memory',
      memory(ROOM),
      async (to: number, from: number, held: Store) => {
        for (let number = from; number < to; number++) {
          await held.set(`payload-cache:filler:${number}`, `${number}${'x'.repeat(400)}`, 3_600);
        }
      },
    ],
    [
      'Redis',
      overRedis(server),
      async (to: number) => {
        await admin.call('DEBUG', 'POPULATE', `${to}`, 'payload-cache:filler', '400');
      },
    ],
  ] as [string, Store, (to: number, from: number, held: Store) => Promise<void>][]) {
    const blog = await startAnswering(store, () => small);
    const { payload } = blog;
    const series = { hit: newSeries(), fill: newSeries(), write: newSeries(), named: newSeries() };
    let filled = 0;
    let number = 0;
    const tasks = {
      hit: () => payload.db.find(page('hot')),
      fill: async () => {
        await payload.db.find(page(`cold-${number++}`));
        await settleCache(payload);
      },
    };
    // A write makes what is hot stale: those are timed by themselves.
    const writes = {
      write: () => edit(payload),
      named: () => invalidateCache(payload, { collection: 'posts' }),
    };
    for (const size of sizes) {
      await fillTo(size, filled, store);
      // The first step is not to be the coldest.
      if (filled === 0) for (const all of [tasks, writes]) await timeInTurns<string>(all, RUNS);
      filled = size;
      await payload.db.find(page('hot'));
      await settleCache(payload);
      const times = { ...(await timeInTurns(tasks, RUNS)), ...(await timeInTurns(writes, RUNS)) };
      for (const kind of ['hit', 'fill', 'write', 'named'] as const) series[kind].set(size, times[kind]);
    }
    const { hit, fill, write, named } = series;
    line(`hit from ${name}`, hit, 'µs');
    line(`fill of ${name}, until it is stored`, fill, 'µs');
    line(`a write's invalidation, ${name}`, write, 'µs');
    line(`invalidation of a collection, ${name}`, named, 'µs');
    await blog.stop();
    await store.close();
    await admin.flushall();
  }
}

/** A store that counts the keys that it is asked for. */
function counting(store: Store): Store & { keys: number } {
  const counted = {
    ...store,
    keys: 0,
    get: (key: string) => {
      counted.keys += 1;
      return store.get(key);
    },
    getMany: (keys: readonly string[]) => {
      counted.keys += keys.length;
      return store.getMany(keys);
    },
  };
  return counted;
}

async function scaleTags(server: RedisServer): Promise<void> {
  const sizes = [1, 10, 20, 50, 100, 200];
  heading('tags of an entry: documents named by their ids', sizes);
  for (const [name, store] of [
    ['memory', memory(ROOM)],
    ['Redis', overRedis(server)],
  ] as [string, Store][]) {
    const counted = counting(store);
    const blog = await startAnswering(counted, () => small);
    const keys = newSeries();
    let first = 1_000_000;
    const ask = (size: number, from: number) =>
      blog.payload.db.find({
        collection: 'tags',
        pagination: false,
        where: { id: { in: Array.from({ length: size }, (_, index) => from + index) } },
      });
    for (const size of sizes) {
      await ask(size, 1);
      await settleCache(blog.payload);
      counted.keys = 0;
      await ask(size, 1);
      keys.set(size, counted.keys);
    }
    const { hit, fill } = await timeSteps(sizes, (size) => ({
      hit: () => ask(size, 1),
      fill: async () => {
        first += size;
        await ask(size, first);
        await settleCache(blog.payload);
      },
    }));
    line(`hit from ${name}`, hit, 'µs');
    line(`fill of ${name}, until it is stored`, fill, 'µs');
    if (name === 'Redis') {
      line('keys that one hit reads in Redis', keys, 'count');
      const { read } = await timeSteps(sizes, (size) => {
        const names = Array.from({ length: size }, (_, index) => `payload-cache:version:${index}`);
        return { read: () => store.getMany(names) };
      });
      line('as many keys in one read of Redis, to compare', read, 'µs');
    }
    await blog.stop();
    await store.close();
  }
  console.log('  where a query names many documents, the tag of their collection stands for them');
}

async function scaleProcesses(server: RedisServer): Promise<void> {
  const sizes = [1, 2, 4, 8];
  heading('processes on one Redis', sizes);
  const admin = server.connect();
  const children: ChildProcess[] = [];
  const ends: Promise<unknown>[] = [];
  const answer = <Answer>(child: ChildProcess): Promise<Answer> =>
    new Promise((resolve, reject) => {
      child.once('message', (message) => resolve(message as Answer));
      child.once('exit', () => reject(new Error('a reader has ended')));
    });
  try {
    for (let number = 0; number < 8; number++) {
      const child = fork(path.join(import.meta.dirname, 'scale-reader.ts'), [`${server.port}`], {
        execArgv: process.execArgv,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      });
      ends.push(new Promise((resolve) => child.once('exit', resolve)));
      children.push(child);
      // Two at a time: more would only wait for each other.
      if (number % 2 === 1) await Promise.all(children.slice(-2).map(answer));
    }
    const [each, all, commands] = [newSeries(), newSeries(), newSeries()] as const;
    const ask = async (active: ChildProcess[], milliseconds: number) => {
      const answers = active.map((child) => answer<{ reads: number; milliseconds: number }>(child));
      for (const child of active) child.send({ milliseconds });
      return Promise.all(answers);
    };
    await ask(children, 1_000);
    for (const size of sizes) {
      await admin.config('RESETSTAT');
      const answers = await ask(children.slice(0, size), 2_000);
      const reads = answers.reduce((sum, { reads }) => sum + reads, 0);
      each.set(size, (2_000_000 * size) / reads);
      all.set(
        size,
        Math.round(answers.reduce((sum, one) => sum + (1_000 * one.reads) / one.milliseconds, 0)),
      );
      const stats = await admin.info('commandstats');
      const calls = [...stats.matchAll(/cmdstat_(mget|get|set):calls=(\d+)/g)];
      commands.set(
        size,
        Number((calls.reduce((sum, [, , count]) => sum + Number(count), 0) / reads).toFixed(2)),
      );
    }
    line('a hit from Redis, all of them reading', each, 'µs');
    line('hits a second of all together', all, 'count');
    line('commands of a hit', commands, 'count');
    console.log(`  on ${availableParallelism()} processors, which Redis shares with them`);
    for (const child of children) child.send('end');
    await Promise.race([Promise.all(ends), sleep(10_000, undefined, { ref: false })]);
  } finally {
    for (const child of children) if (child.exitCode === null) child.kill('SIGKILL');
    await Promise.all(ends);
    await admin.flushall();
  }
}

/** The analysis knows all collections; what of it is done at the start, and what for each query. */
async function scaleCollections(): Promise<void> {
  const sizes = [10, 30, 100, 300];
  heading('collections, each referring to five others', sizes);
  const configs = new Map<number, Awaited<ReturnType<typeof buildConfig>>>();
  for (const size of sizes) {
    const config = await buildConfig({
      secret: 'only-for-the-bench',
      db: { init: () => undefined, defaultIDType: 'number', name: 'none' },
      telemetry: false,
      typescript: { autoGenerate: false },
      collections: Array.from({ length: size }, (_, index) => ({
        slug: `c${index}`,
        fields: [
          { name: 'slug', type: 'text', index: true },
          ...[1, 2, 3, 4, 5].map((next) => ({
            name: `to${next}`,
            type: 'relationship',
            relationTo: `c${(index + next) % size}`,
          })),
        ],
      })),
    } as unknown as Config);
    configs.set(size, config);
  }
  const args = {
    collection: 'c0',
    limit: 10,
    where: { and: [{ slug: { equals: 'x' } }, { 'to1.to2.slug': { equals: 'y' } }] },
  };
  const { start, query } = await timeSteps(sizes, (size) => {
    const read = () => readSiteSchema(configs.get(size) as never, 'number');
    const context: TagContext = { schema: read(), slicesOf: () => [] };
    return { start: read, query: () => tagsOf({ operation: 'find', slug: 'c0', args }, context) };
  });
  line('reading the schema, once at the start', start, 'µs');
  line('tags of a query with a path over two relations', query, 'µs');
}

/** A document with many relations, which Payload asks for by their ids in one query. */
async function scaleRelations(): Promise<void> {
  const sizes = [0, 1, 10, 50, 100];
  heading('relations of a document', sizes);
  const calls = countDatabaseCalls();
  const cached = await startBlog({
    wrapAdapter: calls.wrapAdapter,
    plugins: [
      payloadKV({ store: memory(), ttl: '1h', collections: { posts: { slices: ['slug'] }, tags: {} } }),
    ],
  });
  try {
    const { payload } = cached;
    const create = (collection: string, data: Record<string, unknown>) =>
      payload.db.create({ collection, data, req: {} } as never) as Promise<{ id: number }>;
    const tags: number[] = [];
    for (let number = 0; number < 100; number++)
      tags.push((await create('tags', { name: { en: `${number}` } })).id);
    for (const size of sizes) {
      const title = { en: `${size}` };
      await create('posts', { title, slug: `with-${size}`, tags: tags.slice(0, size), _status: 'published' });
    }
    const asked = newSeries();
    const ask = (size: number, context: Record<string, unknown> = {}) =>
      payload.find({ ...page(`with-${size}`), depth: 1, context });
    for (const size of sizes) {
      await ask(size);
      await settleCache(payload);
      calls.reset();
      await ask(size);
      asked.set(size, calls.total());
    }
    const { hit, uncached } = await timeSteps(
      sizes,
      (size) => ({ hit: () => ask(size), uncached: () => ask(size, { cache: 'bypass' }) }),
      FEW_RUNS,
    );
    line('Local API find of it, depth 1, without the cache', uncached, 'µs');
    line('Local API find of it, depth 1, from memory', hit, 'µs');
    line('queries that the database gets', asked, 'count');
  } finally {
    await cached.stop();
  }
}

async function scaleDocuments(server: RedisServer): Promise<void> {
  const sizes = isFull ? [1, 16, 128, 1_024, 2_048] : [1, 16, 128, 1_024];
  heading('size of a document, in KB', sizes);
  for (const [name, store] of [
    ['memory', memory(ROOM)],
    ['Redis', overRedis(server)],
  ] as [string, Store][]) {
    const answers = new Map(
      // Rich text: many small nodes.
      sizes.map((size) => [
        size,
        {
          docs: [
            {
              id: 1,
              slug: `size-${size}`,
              content: Array.from({ length: size * 8 }, (_, index) => ({
                type: 'paragraph',
                version: 1,
                text: `${index} ${'words and more '.repeat(5)}`,
              })),
            },
          ],
          totalDocs: 1,
        },
      ]),
    );
    const blog = await startAnswering(store, ({ where }) => {
      const { slug } = where as { slug: { equals: string } };
      return answers.get(Number(slug.equals.split('-')[1]));
    });
    let number = 0;
    for (const size of sizes) await blog.payload.db.find(page(`size-${size}`));
    await settleCache(blog.payload);
    const series = { hit: newSeries(), fill: newSeries(), parse: newSeries() };
    // Not in turns: after a document of a megabyte the time of one of a kilobyte is that of a cold processor.
    for (const size of [...sizes].reverse()) {
      const text = JSON.stringify(answers.get(size));
      const times = await timeInTurns(
        {
          hit: () => blog.payload.db.find(page(`size-${size}`)),
          fill: async () => {
            await blog.payload.db.find(page(`size-${size}-${number++}`));
            await settleCache(blog.payload);
          },
          parse: () => JSON.parse(text),
        },
        size > 100 ? FEW_RUNS : RUNS,
      );
      for (const kind of ['hit', 'fill', 'parse'] as const) series[kind].set(size, times[kind]);
    }
    const { hit, fill, parse } = series;
    if (name === 'memory') line('JSON.parse of it, to compare', parse, 'µs');
    line(`hit from ${name}`, hit, 'µs');
    line(`fill of ${name}, until it is stored`, fill, 'µs');
    await blog.stop();
    await store.close();
  }
}

/** What one view of a page asks of each backend: the figures that prices are multiplied with. */
async function countOperations(server: RedisServer): Promise<void> {
  const admin = server.connect();
  const miniflare = createMiniflare();
  const kv = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
  const ops = { calls: 0, keys: 0, puts: 0 };
  const binding = {
    get: (keys: string | string[], ...rest: never[]) => {
      ops.calls += 1;
      ops.keys += Array.isArray(keys) ? keys.length : 1;
      return (kv.get as (...args: unknown[]) => unknown)(keys, ...rest);
    },
    put: (...args: Parameters<KVBinding['put']>) => {
      ops.puts += 1;
      return kv.put(...args);
    },
    list: kv.list.bind(kv),
    delete: kv.delete.bind(kv),
  } as KVBinding;
  console.log('\n  one view of the page of a post (find by its slug, depth 2): keys read, keys written');
  const slices = { posts: { slices: ['slug'] }, categories: {}, tags: {}, authors: {}, media: {} };
  const view = (payload: Payload) => payload.find({ ...page('post-7'), depth: 2 });
  const redisKeys = async (): Promise<{ commands: number; sets: number }> => {
    const stats = await admin.info('commandstats');
    const calls = (names: string): number =>
      [...stats.matchAll(new RegExp(`cmdstat_(?:${names}):calls=(\\d+)`, 'g'))].reduce(
        (sum, [, count]) => sum + Number(count),
        0,
      );
    return { commands: calls('get|mget|set|publish|del'), sets: calls('set') };
  };
  try {
    for (const [name, make, isKV] of [
      ['Cloudflare KV', () => cloudflareKV({ binding }), true],
      ['memory over Cloudflare KV', () => tiered(memory(), cloudflareKV({ binding })), true],
      ['Redis', () => overRedis(server), false],
      ['memory over Redis, bounded', () => tiered(memory(), overRedis(server)), false],
    ] as [string, () => Store, boolean][]) {
      const store = make();
      const calls = countDatabaseCalls();
      const blog = await startBlog({
        seed: 12,
        wrapAdapter: calls.wrapAdapter,
        plugins: [
          payloadKV({
            store,
            ttl: '1h',
            namespace: name,
            collections: slices,
            timeout: 30_000,
            ...(name.includes('memory') ? { consistency: { bounded: '1m' } } : {}),
          }),
        ],
      });
      const { payload } = blog;
      const measure = async (work: () => Promise<unknown>): Promise<string> => {
        await settleCache(payload, 30_000);
        Object.assign(ops, { calls: 0, keys: 0, puts: 0 });
        calls.reset();
        await admin.config('RESETSTAT');
        await work();
        await settleCache(payload, 30_000);
        const { commands, sets } = await redisKeys();
        return isKV
          ? `${ops.calls} calls, ${ops.keys} keys read, ${ops.puts} written; ${calls.total()} queries`
          : `${commands} commands, ${sets} of them SET; ${calls.total()} queries`;
      };
      await settleCache(payload, 30_000);
      await payload.update({
        collection: 'posts',
        where: { slug: { equals: 'post-7' } },
        data: { excerpt: 'a' },
      });
      console.log(`  ${`${name}: nothing stored`.padEnd(LABEL)}${await measure(() => view(payload))}`);
      console.log(`  ${`${name}: a hit, versions known`.padEnd(LABEL)}${await measure(() => view(payload))}`);
      // Longer than versions are believed by default.
      await sleep(3_000);
      console.log(`  ${`${name}: a hit, 3 s later`.padEnd(LABEL)}${await measure(() => view(payload))}`);
      const byId = await payload.find({ ...page('post-7'), depth: 0 });
      const id = byId.docs[0]?.id as number;
      console.log(
        `  ${`${name}: an edit of the post`.padEnd(LABEL)}${await measure(() =>
          payload.update({ collection: 'posts', id, data: { excerpt: 'b' } }),
        )}`,
      );
      console.log(
        `  ${`${name}: the first view after it`.padEnd(LABEL)}${await measure(() => view(payload))}`,
      );
      await blog.stop();
      await store.close();
    }
  } finally {
    await miniflare.dispose();
  }
}
