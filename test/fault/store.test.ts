import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { kvRegistry } from '../../src/registries/kv.js';
import { memory, memoryRegistry, payloadKV, settleCache } from '../../src/runtime/index.js';
import {
  chaoticStore,
  FAULTS,
  type Fault,
  type FaultOf,
  mixedFaults,
  seededRandom,
} from '../support/chaos.js';
import { type Clock, takeClock } from '../support/clock.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { workload } from './workload.js';

// The timeout is what is tested here.
vi.stubEnv('PAYLOAD_KV_TIMEOUT', undefined);

/** `CHAOS_SEED=…` repeats a run that failed. */
const SEEDS = process.env.CHAOS_SEED ? [Number(process.env.CHAOS_SEED)] : [1, 2, 3];

/** Longer than the pause after several faults in a row, in seconds. */
const PAUSE = 11;

describe.each(['elsewhere', 'in the store'])('a store that fails, with versions %s', (versions) => {
  const calls = countDatabaseCalls();
  const kept = memory();
  let faultOf: FaultOf = () => undefined;
  let clock: Clock;
  let blog: Started;

  beforeAll(async () => {
    clock = takeClock();
    const store = chaoticStore(kept, (call) => faultOf(call));
    blog = await startBlog({
      seed: 8,
      wrapAdapter: calls.wrapAdapter,
      plugins: [
        payloadKV({
          store,
          registry: versions === 'elsewhere' ? memoryRegistry() : kvRegistry(store, { interval: 1 }),
          collections: { posts: { slices: ['slug'] }, categories: {}, authors: {}, tags: {}, media: {} },
          timeout: 20,
          writeTimeout: 200,
        }),
      ],
    });
  });
  afterAll(async () => {
    await blog?.stop();
    clock.stop();
  });

  /** Works under faults, in parts with a pause between them: a store that is given up for the moment fails no more. */
  async function work(seed: number, parts: number, next: () => Fault | undefined): Promise<void> {
    const random = seededRandom(seed);
    for (let part = 0; part < parts; part++) {
      faultOf = ({ operation }) => {
        const fault = next();
        // A replacement that hangs is waited for, a few seconds each time; `registry.test.ts` does that once.
        return fault === 'hang' && operation === 'set' && versions === 'in the store' ? '429' : fault;
      };
      await workload(blog.payload, 12, random);
      clock.advance(PAUSE);
    }
  }

  async function expectToWorkAgain(): Promise<void> {
    faultOf = () => undefined;
    clock.advance(PAUSE);
    // Replacements that were refused are made up for.
    await settleCache(blog.payload, 20_000);
    const find = () => blog.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
    const first = await find();
    await settleCache(blog.payload);
    calls.reset();
    expect(await find()).toEqual(first);
    expect(calls.total()).toBe(0);
  }

  test.each(FAULTS)('by %s, gives the answers of the database, and hits again afterwards', async (fault) => {
    await work(7, 1, mixedFaults(seededRandom(7), 40, [fault]));
    await work(8, 1, () => fault);
    await expectToWorkAgain();
  });

  test.each(SEEDS)('in all ways at once (seed %i), gives the answers of the database', async (seed) => {
    await work(seed, 5, mixedFaults(seededRandom(seed), 15));
    await expectToWorkAgain();
  });
});
