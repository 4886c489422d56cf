import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { kvRegistry } from '../../src/registries/kv.js';
import {
  getCacheStats,
  memory,
  memoryRegistry,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { redis } from '../../src/stores/redis.js';
import {
  chaoticStore,
  FAULTS,
  type Fault,
  type FaultOf,
  mixedFaults,
  seededRandom,
} from '../support/chaos.js';
import { takeClock } from '../support/clock.js';
import { countDatabaseCalls, startBlog } from '../support/payload.js';
import { startRedis } from '../support/redis.js';
import { addedLatency, type Sample } from './added-latency.js';
import { type Observer, workload } from './workload.js';

/** What came of working under trouble. */
export interface Outcome {
  /** Reads and writes of the workload. */
  operations: number;
  /** Answers that were not the database's. */
  differences: string[];
  /** Reads and writes that threw. */
  failures: string[];
  /** Calls of the adapter that the cache may answer: how long the cache itself held each up. */
  samples: Sample[];
  /** The longest that a write took, in milliseconds. */
  slowestWrite: number;
  /** Whether reads are answered without the database once the trouble is over. */
  hitsAgain: boolean;
}

/** A kind of trouble. */
export interface Scenario {
  /** As the table names it. */
  name: string;
  /** Where the versions of tags are. */
  versions: 'elsewhere' | 'in the store';
  /** Whether it needs a `redis-server`. */
  needsRedis?: boolean;
  /** Whether the circuit must open. */
  opens: boolean;
  /**
   * Runs it.
   *
   * @param steps how long each part of it is, in steps of the workload
   */
  run(steps: number): Promise<Outcome>;
}

/** The timeout of reads in all scenarios, in milliseconds: the default. */
export const TIMEOUT = 100;
/** That of writes, shorter than the default, for replacements that hang are waited for. */
export const WRITE_TIMEOUT = 300;
/** Longer than the pause after the circuit has opened, in seconds. */
const PAUSE = 11;
/** How long slow calls take: some longer than the cache waits, in milliseconds. */
const DELAYS = [20, 70, 150, 45, 90, 10, 300, 60];

/** A site that works under trouble, one thing after the other. */
interface Site {
  work(steps: number): Promise<void>;
  /** Sets the clock forward, past the pause of an open circuit. */
  passPause(): void;
  /** Ends the work and looks whether all is well again. */
  end(): Promise<Outcome>;
}

async function startSite(store: Store, registry: Registry | undefined, seed: number): Promise<Site> {
  const clock = takeClock();
  const latency = addedLatency();
  const calls = countDatabaseCalls();
  const blog = await startBlog({
    seed: 8,
    wrapAdapter: (adapter) => latency.wrapAdapter(calls.wrapAdapter(adapter)),
    plugins: [
      payloadKV({
        store,
        ...(registry && { registry }),
        collections: { posts: { slices: ['slug'] }, categories: {}, authors: {}, tags: {}, media: {} },
        timeout: TIMEOUT,
        writeTimeout: WRITE_TIMEOUT,
      }),
      latency.plugin,
    ],
  });
  const { payload } = blog;
  const random = seededRandom(seed);
  const outcome: Outcome = {
    operations: 0,
    differences: [],
    failures: [],
    samples: [],
    slowestWrite: 0,
    hitsAgain: false,
  };
  const isOpen = () => getCacheStats(payload)?.suspended ?? false;
  const noted = async <Value>(run: () => Promise<Value>): Promise<Value | undefined> => {
    outcome.operations += 1;
    try {
      return await run();
    } catch (error) {
      outcome.failures.push(String(error));
      return undefined;
    }
  };
  const observer: Observer = {
    read: (run) => noted(() => latency.measure(run, isOpen)) as ReturnType<typeof run>,
    async write(run) {
      const start = performance.now();
      const result = await noted(run);
      outcome.slowestWrite = Math.max(outcome.slowestWrite, performance.now() - start);
      return result;
    },
    differs: (of) => void outcome.differences.push(of),
  };
  // Code that was never run is slow, whatever the store does.
  await workload(payload, 60, random, { ...observer, write: async () => undefined });
  latency.take();
  outcome.operations = 0;

  return {
    async work(steps) {
      await workload(payload, steps, random, observer);
      outcome.samples.push(...latency.take());
    },
    passPause: () => clock.advance(PAUSE),
    async end() {
      try {
        const find = () => payload.find({ collection: 'posts', sort: 'id', depth: 0 });
        // A backend that was gone for long is asked again in longer and longer intervals.
        for (let attempt = 0; attempt < 60 && !outcome.hitsAgain; attempt++) {
          clock.advance(PAUSE);
          await settleCache(payload, 10_000);
          await find();
          await settleCache(payload, 10_000);
          calls.reset();
          await find();
          outcome.hitsAgain = calls.total() === 0;
          if (!outcome.hitsAgain) await sleep(250);
        }
        return outcome;
      } finally {
        await blog.stop();
        clock.stop();
      }
    },
  };
}

/** A store that fails now and then, and then always. */
function failing(
  name: string,
  faults: readonly Fault[],
  versions: Scenario['versions'],
  opens: boolean,
): Scenario {
  return {
    name,
    versions,
    opens,
    async run(steps) {
      let faultOf: FaultOf = () => undefined;
      const store = chaoticStore(memory(), (call) => faultOf(call), DELAYS);
      const registry = versions === 'elsewhere' ? memoryRegistry() : kvRegistry(store, { interval: 1 });
      const site = await startSite(store, registry, 7);
      const random = seededRandom(7);
      // Of three in ten the circuit opens now and then only.
      faultOf = mixedFaults(random, 30, faults);
      await site.work(steps);
      site.passPause();
      await site.work(steps);
      site.passPause();
      faultOf = mixedFaults(random, 100, faults);
      await site.work(2 * steps);
      site.passPause();
      faultOf = () => undefined;
      return site.end();
    },
  };
}

/** A real Redis to which something happens while the site is at work. */
function withRedis(
  name: string,
  happens: (
    server: Awaited<ReturnType<typeof startRedis>>,
    admin: Redis,
    site: Site,
    steps: number,
  ) => Promise<void>,
): Scenario {
  return {
    name,
    versions: 'in the store',
    needsRedis: true,
    opens: true,
    async run(steps) {
      const server = await startRedis();
      const store = redis({ url: `redis://127.0.0.1:${server.port}` });
      try {
        const site = await startSite(store, undefined, 7);
        await happens(server, server.connect(), site, steps);
        return await site.end();
      } finally {
        await store.close();
        await server.stop();
      }
    },
  };
}

/** Does something while the site works. */
async function meanwhile(site: Site, steps: number, happens: () => Promise<unknown>): Promise<void> {
  const working = site.work(steps);
  await sleep(200);
  await happens();
  await working;
}

/** How long the KV answers 429, in milliseconds. */
const MINUTE = 60_000;

/** A KV that has had enough for a minute, whatever it is asked. */
const minuteOf429: Scenario = {
  name: 'KV answers 429 for a minute',
  versions: 'in the store',
  opens: true,
  async run(steps) {
    let refuses = false;
    const store = chaoticStore(memory(), () => (refuses ? '429' : undefined));
    const site = await startSite(store, kvRegistry(store), 7);
    await site.work(steps);
    refuses = true;
    const end = performance.now() + MINUTE;
    // A short run of it sets the clock forward instead.
    const parts = steps < 40 ? 6 : Number.POSITIVE_INFINITY;
    for (let part = 0; part < parts && performance.now() < end; part++) {
      await site.work(10);
      if (parts === 6) site.passPause();
    }
    refuses = false;
    return site.end();
  },
};

const opening: readonly Fault[] = ['throw', 'reject', '429', 'hang'];

/** Every kind of trouble that the table has a row for. */
export const SCENARIOS: readonly Scenario[] = [
  ...(['elsewhere', 'in the store'] as const).flatMap((versions) => [
    ...FAULTS.map((fault) => failing(fault, [fault], versions, opening.includes(fault))),
    failing('mixed', FAULTS, versions, false),
  ]),
  withRedis('Redis killed', async (server, _admin, site, steps) => {
    await meanwhile(site, steps, () => server.kill());
    await site.work(steps);
    await server.start();
  }),
  withRedis('Redis killed and restarted', async (server, _admin, site, steps) => {
    for (let time = 0; time < 2; time++) {
      await meanwhile(site, steps, () => server.kill());
      await meanwhile(site, steps, () => server.start());
      site.passPause();
    }
  }),
  withRedis('Redis paused', async (_server, admin, site, steps) => {
    for (let time = 0; time < 2; time++) {
      await meanwhile(site, steps, () => admin.call('CLIENT', 'PAUSE', '3000', 'ALL'));
      await site.work(steps);
      site.passPause();
    }
  }),
  minuteOf429,
];
