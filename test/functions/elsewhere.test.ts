import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  aesGCM,
  cached,
  type FunctionContext,
  getCacheStats,
  gzip,
  memory,
  memoryRegistry,
  namespace,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { messagePack } from '../../src/runtime/msgpack.js';
import { redis } from '../../src/runtime/redis.js';
import { type Started, startBlog } from '../support/payload.js';
import { hasRedis, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';

/** What the store was asked for, one list of keys for each round trip. */
interface Asked {
  store: string[][];
  registry: string[][];
}

/** Two servers of one site: one database, one store, one registry. */
interface Pair {
  one: Started;
  other: Started;
  asked: Asked;
}

const ends: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of ends.reverse()) await end();
});

function counted(store: Store, asked: Asked): Store {
  return {
    ...store,
    getMany(keys) {
      asked.store.push([...keys]);
      return store.getMany(keys);
    },
  };
}

/** Versions in one place that each server has to ask. */
function sharedRegistry(asked: Asked): Registry {
  const versions = memoryRegistry();
  return {
    ...versions,
    local: false,
    get(tags) {
      asked.registry.push([...tags]);
      return versions.get(tags);
    },
  };
}

async function startPair(
  options: (asked: Asked) => PayloadKVOptions | (() => PayloadKVOptions),
): Promise<Pair> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-functions-'));
  const asked: Asked = { store: [], registry: [] };
  const made = options(asked);
  const start = () =>
    startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      plugins: [payloadKV(typeof made === 'function' ? made() : made)],
    });
  const [one, other] = [await start(), await start()];
  ends.push(
    () => removeDirectory(directory),
    () => other.stop(),
    () => one.stop(),
  );
  await one.payload.create({ collection: 'posts', data: { title: 'First', slug: 'first' } });
  return { one, other, asked };
}

const ENCRYPTED = { encryption: aesGCM({ keys: [Buffer.alloc(32, 7).toString('base64')] }) };

const PLACES: [name: string, options: (asked: Asked) => PayloadKVOptions | (() => PayloadKVOptions)][] = [
  [
    'a store and a registry elsewhere',
    (asked) => ({ store: counted(sharedMemory(), asked), registry: sharedRegistry(asked) }),
  ],
  [
    'a tier in the process before them',
    (asked) => {
      const far = counted(sharedMemory(), asked);
      const registry = sharedRegistry(asked);
      return () => ({ store: tiered(memory(), far), registry });
    },
  ],
  [
    'bounded',
    (asked) => ({
      store: counted(sharedMemory(), asked),
      registry: sharedRegistry(asked),
      consistency: { bounded: '1s' },
    }),
  ],
  [
    'MessagePack, compressed and encrypted',
    (asked) => ({
      store: counted(sharedMemory(), asked),
      registry: sharedRegistry(asked),
      serializer: messagePack(),
      compression: gzip({ threshold: 1 }),
      ...ENCRYPTED,
    }),
  ],
];
if (hasRedis) {
  PLACES.push(['Redis', () => () => ({ store: redis({ url: `redis://127.0.0.1:${server?.port}` }) })]);
}
let server: Awaited<ReturnType<typeof startRedis>> | undefined;

describe.each(PLACES)('%s', (name, options) => {
  let pair: Pair;
  let runs: number;
  const pairs = new Map<string, Promise<Pair>>();

  beforeEach(async () => {
    if (name === 'Redis' && !server) {
      server = await startRedis();
      ends.unshift(() => server?.stop());
    }
    let started = pairs.get(name);
    if (!started) {
      started = startPair(options);
      pairs.set(name, started);
    }
    pair = await started;
    runs = 0;
    await settle();
  });

  const settle = async () => {
    for (const { payload } of [pair.one, pair.other]) await settleCache(payload);
  };

  const titles = ({ payload }: Started, key: string) =>
    cached(
      async ({ req }: FunctionContext) => {
        runs += 1;
        const { docs } = await payload.find({ collection: 'posts', sort: 'id', depth: 0, req });
        return docs.map((post) => post.title);
      },
      { key: [key], namespace: 'titles', payload },
    );
  const rename = ({ payload }: Started, title: string) =>
    payload.update({ collection: 'posts', where: { slug: { equals: 'first' } }, data: { title } });

  /** Until what the other server remembers of versions is too old. */
  const pass = () => (name === 'bounded' ? new Promise((resolve) => setTimeout(resolve, 1_100)) : undefined);

  test('what one server made the other serves, and a write of either makes it stale for both', async () => {
    await rename(pair.one, 'First');
    await pass();
    expect(await titles(pair.one, 'a')).toEqual(['First']);
    await settle();
    expect(await titles(pair.other, 'a')).toEqual(['First']);
    expect(runs).toBe(1);
    await rename(pair.other, 'Second');
    await pass();
    expect(await titles(pair.one, 'a')).toEqual(['Second']);
    expect(await titles(pair.other, 'a')).toEqual(['Second']);
    await settle();
    await rename(pair.one, 'Third');
    expect(await titles(pair.one, 'a')).toEqual(['Third']);
    await pass();
    expect(await titles(pair.other, 'a')).toEqual(['Third']);
  });

  test('the first sight takes two round trips, the second one, and none while all is remembered', async () => {
    await titles(pair.one, 'trips');
    await settle();
    const count = async (server: Started): Promise<number> => {
      pair.asked.store.length = 0;
      pair.asked.registry.length = 0;
      const before = runs;
      await titles(server, 'trips');
      expect(runs).toBe(before);
      // Asked at the same time, they are one.
      return Math.max(pair.asked.store.length, pair.asked.registry.length);
    };
    if (name === 'Redis') return;
    await pass();
    expect(await count(pair.other)).toBe(2);
    await pass();
    expect(await count(pair.other)).toBeLessThanOrEqual(1);
  });

  test('what is found to depend on something else is found by both', async () => {
    let isWide = false;
    const call = ({ payload }: Started) =>
      cached(
        async ({ req }) => {
          runs += 1;
          const posts = await payload.count({ collection: 'posts', req });
          return [
            posts.totalDocs,
            isWide ? (await payload.count({ collection: 'tags', req })).totalDocs : -1,
          ];
        },
        { key: ['dynamic'], payload },
      );
    await pass();
    await call(pair.one);
    await settle();
    await call(pair.other);
    expect(runs).toBe(1);
    isWide = true;
    await rename(pair.one, 'Fourth');
    await pass();
    const [, before] = await call(pair.one);
    await settle();
    await call(pair.other);
    expect(runs).toBe(2);
    await pair.one.payload.create({ collection: 'tags', data: { name: `tag ${Math.random()}` } });
    await pass();
    expect((await call(pair.other))[1]).toBe(Number(before) + 1);
  });

  test('a value that is set or deleted on one server is so on the other', async () => {
    const [first, second] = [pair.one, pair.other].map(({ payload }) => namespace('values', { payload }));
    for (const value of ['one', { two: 2n }]) {
      await first!.set(['key'], value);
      await settle();
      await pass();
      expect(await second!.get(['key'])).toEqual({ value });
    }
    await second!.delete(['key']);
    await pass();
    expect(await first!.get(['key'])).toBeUndefined();
    await first!.set(['key'], 3);
    await settle();
    await second!.clear();
    await pass();
    expect(await first!.get(['key'])).toBeUndefined();
  });
});

describe('faults', () => {
  test('a store that fails, or a registry, costs the cache and never the function', async () => {
    let isBroken = false;
    const store = sharedMemory();
    const fail = <Method extends (...args: never[]) => unknown>(method: Method) =>
      ((...args: never[]) => {
        if (isBroken) throw new Error('broken');
        return method(...args);
      }) as unknown as Method;
    const versions = memoryRegistry();
    const site = await startBlog({
      plugins: [
        payloadKV({
          store: { ...store, getMany: fail(store.getMany), set: fail(store.set) },
          registry: { ...versions, local: false, get: fail(versions.get) },
        }),
      ],
    });
    ends.push(() => site.stop());
    const { payload } = site;
    const run = vi.fn(
      async ({ req }: FunctionContext) => (await payload.count({ collection: 'posts', req })).totalDocs,
    );
    const call = (key: unknown) => cached(run, { key: [key], payload });
    await call(1);
    await settleCache(payload);
    isBroken = true;
    for (let number = 0; number < 12; number++) expect(await call(1)).toBe(0);
    expect(run).toHaveBeenCalledTimes(13);
    isBroken = false;
  });

  test('an old result is served while a new one is made, and where making it fails', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const site = await startBlog({ plugins: [payloadKV({ store: memory(), ttlJitter: 0 })] });
    ends.push(() => site.stop());
    const { payload } = site;
    try {
      let fails = false;
      let run = 0;
      const call = (grace: object) =>
        cached(
          () => {
            run += 1;
            if (fails) throw new Error('fails');
            return run;
          },
          { key: Object.keys(grace), ttl: '10s', payload, ...grace },
        );
      const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
      expect(await call({ swr: '1m' })).toBe(1);
      await settleCache(payload);
      pass(11);
      expect(await call({ swr: '1m' })).toBe(1);
      await settleCache(payload);
      expect(await call({ swr: '1m' })).toBe(2);
      expect(await call({ staleIfError: '1m' })).toBe(3);
      await settleCache(payload);
      fails = true;
      pass(11);
      expect(await call({ staleIfError: '1m' })).toBe(3);
      pass(60);
      await expect(call({ staleIfError: '1m' })).rejects.toThrow('fails');
      expect(getCacheStats(payload)?.functions['']?.servedStale).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });
});
