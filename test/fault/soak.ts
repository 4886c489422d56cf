/**
 * Works a site for long, under faults of its store and watched by all that can watch it, and prints as JSON by how much the heap has grown. Run with
 * `--expose-gc`; its argument is the number of operations.
 */
import { subscribe } from 'node:diagnostics_channel';
import { isDeepStrictEqual } from 'node:util';
import { metrics, trace } from '@opentelemetry/api';
import { Registry } from 'prom-client';
import { EVENT_TYPES } from '../../src/interfaces/events.js';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { logs, openTelemetry, prometheus, statsD } from '../../src/runtime/metrics.js';
import { observationOf, observe } from '../../src/runtime/observe.js';
import { chaoticStore, mixedFaults, seededRandom } from '../support/chaos.js';
import { startBlog } from '../support/payload.js';

/** What the soak says in the end. */
export interface SoakOutcome {
  operations: number;
  differences: number;
  failures: number;
  /** In bytes, after as many operations as fill everything that is bounded. */
  growth: number;
  /** Events that were told. */
  events: number;
}

const POSTS = 60;
/** Of so many answers one is compared with the database. */
const COMPARED = 25;
/** Faults in a hundred calls of the store. One that hangs takes the timeout; that of a site is longer than this. */
const PERCENT = 3;

const operations = Number(process.argv[2]);
const { gc } = globalThis;
if (!gc || !(operations > 0)) throw new Error('Run with --expose-gc and a number of operations.');

const outcome: SoakOutcome = { operations, differences: 0, failures: 0, growth: 0, events: 0 };
for (const type of EVENT_TYPES) subscribe(`payload-kv:${type}`, () => undefined);
const register = new Registry();
const sent = (): void => undefined;
const random = seededRandom(11);
const faults = mixedFaults(random, PERCENT);
const blog = await startBlog({
  seed: POSTS,
  plugins: [
    payloadKV({
      store: chaoticStore(memory({ maxEntries: 1_000, maxBytes: 8 * 1024 * 1024 }), faults, [1, 30]),
      collections: { posts: { slices: ['slug'] }, tags: {}, categories: {} },
      timeout: 10,
      observe: observe({
        shareEvery: '1s',
        readers: [
          prometheus({ register }),
          openTelemetry({ meter: metrics.getMeter('soak'), tracer: trace.getTracer('soak') }),
          statsD({ client: { increment: sent, gauge: sent, timing: sent }, every: '1s' }),
          logs({ level: 'trace' }),
        ],
      }),
      onEvent() {
        outcome.events += 1;
      },
    }),
  ],
});
const { db } = blog.payload;
const ids = (await blog.payload.find({ collection: 'posts', limit: 0, depth: 0 })).docs.map(({ id }) => id);
const anyOf = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

/** Mostly the same questions; now and then one that nobody asks twice. */
function question(operation: number): Parameters<typeof db.find>[0] {
  const common = { collection: 'posts', sort: 'id', limit: 3, locale: 'en', pagination: false } as const;
  const choice = random();
  if (choice < 0.6) return { ...common, where: { id: { equals: anyOf(ids) } } };
  if (choice < 0.8) return { ...common, where: { slug: { equals: `post-${Math.floor(random() * POSTS)}` } } };
  if (choice < 0.98) return { ...common, limit: 1 + Math.floor(random() * 5) };
  return { ...common, where: { title: { equals: `nobody-${operation}-${random()}` } } };
}

async function work(count: number): Promise<void> {
  for (let operation = 0; operation < count; operation++) {
    try {
      if (random() < 0.003) {
        const data = { title: `Title ${operation}`, updatedAt: new Date().toISOString() };
        await db.updateOne({ collection: 'posts', id: anyOf(ids), data, locale: 'en', req: {} });
        continue;
      }
      const asked = question(operation);
      const answer = await db.find({ ...asked, req: {} });
      // As often as somebody looks.
      if (operation % 1_000 === 0) {
        await observationOf(blog.payload)?.statistics('all');
        await register.metrics();
      }
      if (operation % COMPARED > 0) continue;
      const truth = await db.find({ ...asked, req: { context: { cache: 'bypass' } } });
      if (!isDeepStrictEqual(answer, truth)) outcome.differences += 1;
    } catch (error) {
      if (outcome.failures < 3) console.error(error);
      outcome.failures += 1;
    }
  }
  await settleCache(blog.payload);
}

async function heap(): Promise<number> {
  for (let time = 0; time < 3; time++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    gc?.();
  }
  return process.memoryUsage().heapUsed;
}

// Until the store is full, and everything is remembered that is up to a number: of queries 5,000.
for (let count = 0; count < Math.min(6_000, operations / 20); count++) {
  await db.find({
    collection: 'posts',
    locale: 'en',
    where: { title: { equals: `filler-${count}` } },
    req: {},
  });
}
await work(Math.max(2_000, operations / 4));
const before = await heap();
await work(operations);
outcome.growth = (await heap()) - before;
console.log(JSON.stringify(outcome));
await blog.stop();
