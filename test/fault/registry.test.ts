import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  getCacheStats,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { collectLog } from '../runtime/logged.js';
import {
  chaoticRegistry,
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

const calls = countDatabaseCalls();
const log = collectLog();
let faultOf: FaultOf = () => undefined;
let clock: Clock | undefined;
let blog: Started | undefined;

async function start(registry: Registry, options: Partial<PayloadKVOptions> = {}): Promise<Started> {
  clock = takeClock();
  faultOf = () => undefined;
  log.clear();
  blog = await startBlog({
    seed: 8,
    wrapAdapter: calls.wrapAdapter,
    configure: log.configure,
    plugins: [
      payloadKV({
        store: memory(),
        registry: chaoticRegistry(registry, (call) => faultOf(call)),
        timeout: 20,
        writeTimeout: 300,
        ...options,
      }),
    ],
  });
  return blog;
}

afterEach(async () => {
  await blog?.stop();
  clock?.stop();
  blog = undefined;
});

const findPosts = (site: Started) => site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
const findTags = (site: Started) => site.payload.find({ collection: 'tags', sort: 'id', depth: 0 });

/** Whether a read is answered without the database. */
async function isHit(read: () => Promise<unknown>): Promise<boolean> {
  const before = calls.total();
  await read();
  return calls.total() === before;
}

describe('a registry that fails', () => {
  /** A replacement that hangs is waited for, a few seconds each time: once below. */
  const quick = (next: () => Fault | undefined): FaultOf => {
    return ({ operation }) => {
      const fault = next();
      return fault === 'hang' && operation === 'replace' ? 'reject' : fault;
    };
  };

  async function work(site: Started, seed: number, parts: number, next: FaultOf): Promise<void> {
    const random = seededRandom(seed);
    for (let part = 0; part < parts; part++) {
      faultOf = next;
      await workload(site.payload, 12, random);
      clock?.advance(PAUSE);
    }
  }

  async function expectToWorkAgain(site: Started): Promise<void> {
    faultOf = () => undefined;
    clock?.advance(PAUSE);
    await settleCache(site.payload, 60_000);
    await findPosts(site);
    await settleCache(site.payload);
    expect(await isHit(() => findPosts(site))).toBe(true);
  }

  test('in each way, gives the answers of the database, and hits again afterwards', async () => {
    const site = await start(memoryRegistry());
    for (const fault of FAULTS) {
      await work(site, 7, 1, quick(mixedFaults(seededRandom(7), 30, [fault])));
    }
    await expectToWorkAgain(site);
  });

  test.each(SEEDS)('in all ways at once (seed %i), gives the answers of the database', async (seed) => {
    const site = await start(memoryRegistry(), { consistency: seed % 2 ? 'strong' : { bounded: '5s' } });
    await work(site, seed, 4, quick(mixedFaults(seededRandom(seed), 15)));
    await expectToWorkAgain(site);
  });
});

describe('a registry that takes no new versions', () => {
  test('lets this process bypass what was written, and nothing else, until they are delivered', async () => {
    const site = await start(memoryRegistry());
    await findPosts(site);
    await findTags(site);
    expect(await isHit(() => findPosts(site))).toBe(true);
    expect(await isHit(() => findTags(site))).toBe(true);

    let refused = 0;
    faultOf = ({ operation }) => {
      if (operation !== 'replace') return undefined;
      refused += 1;
      return 'reject';
    };
    const [post] = (await findPosts(site)).docs;
    const id = post?.id as number;
    await site.payload.update({ collection: 'posts', id, data: { title: 'New' } });
    expect(refused).toBeGreaterThan(0);
    expect((await findPosts(site)).docs[0]?.title).toBe('New');
    expect(await isHit(() => findPosts(site))).toBe(false);
    expect(getCacheStats(site.payload)?.collections.posts?.bypasses.error).toBeGreaterThan(0);
    expect(await isHit(() => findTags(site))).toBe(true);

    faultOf = () => undefined;
    await settleCache(site.payload, 60_000);
    expect((await findPosts(site)).docs[0]?.title).toBe('New');
    await settleCache(site.payload);
    expect(await isHit(() => findPosts(site))).toBe(true);
  });

  test('is asked again by later reads, if the request that was to do it is gone with its timers', async () => {
    const site = await start(memoryRegistry());
    const [tag] = (await findTags(site)).docs;
    const { setTimeout } = globalThis;
    let refused = 0;
    faultOf = ({ operation }) => {
      if (operation !== 'replace') return undefined;
      refused += 1;
      // As workerd does it when a request has ended.
      if (refused === 3) globalThis.setTimeout = (() => ({ unref: () => undefined })) as never;
      return 'reject';
    };
    try {
      await site.payload.update({ collection: 'tags', id: tag?.id as number, data: { name: 'New' } });
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    faultOf = () => undefined;
    expect((await findTags(site)).docs[0]?.name).toBe('New');
    clock?.advance(60);
    await expect.poll(() => isHit(() => findTags(site)), { interval: 100, timeout: 20_000 }).toBe(true);
    expect((await findTags(site)).docs[0]?.name).toBe('New');
  });

  test('holds a write up for a few seconds at most, even if it never answers', async () => {
    const site = await start(memoryRegistry());
    const [tag] = (await findTags(site)).docs;
    faultOf = ({ operation }) => (operation === 'replace' ? 'hang' : undefined);
    await site.payload.update({ collection: 'tags', id: tag?.id as number, data: { name: 'New' } });
    expect((await findTags(site)).docs[0]?.name).toBe('New');
    faultOf = () => undefined;
    await settleCache(site.payload, 60_000);
    await findTags(site);
    await settleCache(site.payload);
    expect(await isHit(() => findTags(site))).toBe(true);
  });
});

describe('a registry that cannot be connected', () => {
  test('leaves the site without a cache, with one warning', async () => {
    const site = await start({
      ...memoryRegistry(),
      connect: () => Promise.reject(new Error('no such server')),
    });
    for (let time = 0; time < 3; time++) {
      expect(await isHit(() => findPosts(site))).toBe(false);
    }
    const [post] = (await findPosts(site)).docs;
    await site.payload.update({ collection: 'posts', id: post?.id as number, data: { title: 'New' } });
    expect((await findPosts(site)).docs[0]?.title).toBe('New');
    expect(log.lines()).toEqual([expect.stringContaining('connecting the memory registry failed')]);
  });
});
