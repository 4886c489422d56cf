import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Consistency,
  getCacheStats,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';

const calls = countDatabaseCalls();
/** What the database does instead of answering a read. */
let failure: Error | undefined;
let held: Promise<void> | undefined;
/** How many reads it has answered, though the answer may be held. */
let answered = 0;
/** Transactions of the reads that the database answered, when they ended. */
const askedWith: unknown[] = [];
let clock: Clock;
let site: Started;

beforeEach(() => {
  clock = takeClock();
});
afterEach(async () => {
  failure = undefined;
  held = undefined;
  await site.stop();
  clock.stop();
});

async function start(options: Partial<PayloadKVOptions>): Promise<void> {
  site = await startBlog({
    wrapAdapter: (adapter) => {
      const counted = calls.wrapAdapter(adapter);
      const find = counted.find.bind(counted);
      return Object.assign(counted, {
        find: async (args: Parameters<typeof find>[0]) => {
          const answer = await find(args);
          answered += 1;
          await held;
          askedWith.push(args.req?.transactionID);
          if (failure) throw failure;
          return answer;
        },
      });
    },
    plugins: [payloadKV({ store: memory(), ttl: '1m', ttlJitter: 0, ...options })],
  });
  await site.payload.create({ collection: 'authors', data: { name: 'First' } });
}

const names = async () =>
  (await site.payload.find({ collection: 'authors', sort: 'id', depth: 0 })).docs.map(({ name }) => name);
const behindTheBack = (name: string) =>
  // Past the cache: what no write of Payload made stale.
  (site.payload.db as unknown as { drizzle: { run(sql: string): Promise<unknown> } }).drizzle.run(
    `update authors set name = '${name}'`,
  );
const counts = () => getCacheStats(site.payload)?.collections.authors;

describe('stale while revalidate', () => {
  test('serves the expired entry at once, and asks the database once behind it', async () => {
    await start({ swr: '1m' });
    expect(await names()).toEqual(['First']);
    await behindTheBack('Second');
    clock.advance(61);
    calls.reset();
    let release = (): void => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    expect(await names()).toEqual(['First']);
    expect(await Promise.all([names(), names(), names()])).toEqual([['First'], ['First'], ['First']]);
    release();
    await settleCache(site.payload);
    expect(calls.total()).toBe(1);
    expect(await names()).toEqual(['Second']);
    expect(calls.total()).toBe(1);
    expect(counts()).toMatchObject({ servedStale: 4, hits: 1 });
  });

  test('ends after its time', async () => {
    await start({ swr: '1m' });
    await names();
    await behindTheBack('Second');
    clock.advance(121);
    expect(await names()).toEqual(['Second']);
  });

  test('is off unless it is asked for, and can be for one collection only', async () => {
    await start({ collections: { authors: {}, tags: { swr: '1m' } } });
    await names();
    await behindTheBack('Second');
    clock.advance(61);
    expect(await names()).toEqual(['Second']);
    await site.stop();

    await start({ swr: '1m', collections: { authors: { swr: false } } });
    await names();
    await behindTheBack('Second');
    clock.advance(61);
    expect(await names()).toEqual(['Second']);
  });

  test('keeps to the TTL of a single call', async () => {
    await start({ swr: '1h' });
    const find = async () =>
      (
        await site.payload.find({
          collection: 'authors',
          sort: 'id',
          depth: 0,
          context: { cache: { ttl: '10s' } },
        })
      ).docs[0]?.name;
    expect(await find()).toBe('First');
    await behindTheBack('Second');
    clock.advance(11);
    expect(await find()).toBe('Second');
  });

  test('does not ask inside the transaction that its request began meanwhile', async () => {
    await start({ swr: '1m' });
    const req: Record<string, unknown> = { payload: site.payload, context: {}, transactionID: undefined };
    const find = () =>
      site.payload.db.find({ collection: 'authors', req: req as never, where: {} }) as Promise<{
        docs: { name: string }[];
      }>;
    await find();
    await behindTheBack('Second');
    clock.advance(61);
    askedWith.length = 0;
    let release = (): void => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    expect((await find()).docs[0]?.name).toBe('First');
    req.transactionID = 'begun-afterwards';
    release();
    await settleCache(site.payload);
    expect(askedWith).toEqual([undefined]);
    delete req.transactionID;
    expect((await find()).docs[0]?.name).toBe('Second');
    expect(askedWith).toHaveLength(1);
  });

  test.each<[Consistency, boolean]>([
    ['strong', false],
    [{ bounded: '30s' }, true],
    ['eventual', true],
  ])(
    'after a write made elsewhere, under %o, serves what is young enough: %s',
    async (consistency, serves) => {
      const registry = { ...memoryRegistry(), local: false };
      await start({ swr: '1m', ttl: '1h', registry, consistency });
      // Its own writes are some time ago.
      clock.advance(15);
      expect(await names()).toEqual(['First']);
      await behindTheBack('Second');
      await registry.replace(['authors']);
      // Longer than versions are remembered under eventual, and within the bound of the other.
      clock.advance(consistency === 'eventual' ? 5 : 20);
      if (serves) expect(await names()).toEqual(['First']);
      await settleCache(site.payload);
      clock.advance(consistency === 'eventual' ? 5 : 31);
      await settleCache(site.payload);
      expect(await names()).toEqual(['Second']);
    },
  );

  test('after a write made elsewhere, is bound by the age that the mode allows', async () => {
    const registry = { ...memoryRegistry(), local: false };
    await start({ swr: '1h', ttl: '1h', registry, consistency: { bounded: '30s' } });
    expect(await names()).toEqual(['First']);
    await behindTheBack('Second');
    await registry.replace(['authors']);
    clock.advance(31);
    expect(await names()).toEqual(['Second']);
  });

  test('counts that age from before the database was asked, however long it took', async () => {
    const registry = { ...memoryRegistry(), local: false };
    await start({ swr: '1h', ttl: '1h', registry, consistency: { bounded: '30s' } });
    clock.advance(60);
    let release = (): void => undefined;
    held = new Promise((resolve) => {
      release = resolve;
    });
    answered = 0;
    const slow = names();
    while (answered === 0) await sleep(1);
    await behindTheBack('Second');
    await registry.replace(['authors']);
    clock.advance(20);
    release();
    held = undefined;
    expect(await slow).toEqual(['First']);
    await settleCache(site.payload);
    clock.advance(15);
    expect(await names()).toEqual(['Second']);
  });

  test('never serves to the process that wrote what it made stale itself', async () => {
    await start({
      swr: '1h',
      ttl: '1h',
      registry: { ...memoryRegistry(), local: false },
      consistency: 'eventual',
    });
    const { id } = (await site.payload.find({ collection: 'authors', sort: 'id', depth: 0 })).docs[0] as {
      id: number;
    };
    expect(await names()).toEqual(['First']);
    await site.payload.update({ collection: 'authors', id, data: { name: 'Second' } });
    expect(await names()).toEqual(['Second']);
  });
});

describe('stale if error', () => {
  test('serves the last answer when the database throws, and a new one when it is back', async () => {
    await start({ staleIfError: '1h' });
    await names();
    clock.advance(600);
    failure = new Error('too many connections');
    expect(await names()).toEqual(['First']);
    expect(counts()).toMatchObject({ servedStale: 1 });
    failure = undefined;
    await behindTheBack('Second');
    expect(await names()).toEqual(['Second']);
  });

  test('ends after its time, and then the error is the caller’s', async () => {
    await start({ staleIfError: '1h' });
    await names();
    clock.advance(3_661);
    failure = new Error('too many connections');
    await expect(names()).rejects.toThrow('too many connections');
  });

  test('is off unless it is asked for', async () => {
    await start({});
    await names();
    clock.advance(61);
    failure = new Error('too many connections');
    await expect(names()).rejects.toThrow('too many connections');
  });

  test('never serves under strong what a write made stale', async () => {
    await start({ staleIfError: '1h', ttl: '1h' });
    await names();
    await site.payload.create({ collection: 'authors', data: { name: 'Second' } });
    failure = new Error('too many connections');
    await expect(names()).rejects.toThrow('too many connections');
  });

  test('versions outlive the entries that grace keeps', async () => {
    // A registry that forgets a version too early would make an old entry look current.
    const lifetimes: (number | undefined)[] = [];
    const registry = memoryRegistry();
    await start({
      staleIfError: '7d',
      ttl: '2d',
      registry: {
        ...registry,
        replace: (tags, context) => {
          lifetimes.push(context?.lifetime);
          return registry.replace(tags, context);
        },
      },
    });
    expect(Math.min(...(lifetimes as number[]))).toBeGreaterThan(9 * 86_400);
  });
});

describe('answers that hold nothing', () => {
  const nothing = () => site.payload.find({ collection: 'authors', where: { name: { equals: 'Nobody' } } });

  test('live for a minute where the options say nothing', async () => {
    await start({ ttl: '1h' });
    for (const read of [
      nothing,
      () => site.payload.count({ collection: 'authors', where: { name: { equals: 'Nobody' } } }),
      () => site.payload.findByID({ collection: 'authors', id: 4711, disableErrors: true }),
      () =>
        site.payload.findDistinct({ collection: 'authors', field: 'name', where: { name: { equals: '-' } } }),
    ]) {
      await read();
      calls.reset();
      clock.advance(59);
      await read();
      expect(calls.total(), `${read}`).toBe(0);
      clock.advance(2);
      await read();
      expect(calls.total(), `${read}`).toBeGreaterThan(0);
      calls.reset();
    }
    await names();
    calls.reset();
    clock.advance(3_500);
    await names();
    expect(calls.total()).toBe(0);
  });

  test('live no longer than others', async () => {
    await start({ ttl: '10s', negativeTtl: '1h' });
    await nothing();
    clock.advance(11);
    calls.reset();
    await nothing();
    expect(calls.total()).toBe(1);
  });

  test('are not stored where that is asked for', async () => {
    await start({ negativeTtl: false });
    await nothing();
    calls.reset();
    await nothing();
    expect(calls.total()).toBe(1);
  });
});

test('entries that were stored together do not expire together, and none lives longer than its TTL', async () => {
  await start({ ttl: '1000s', ttlJitter: 0.5 });
  const read = (limit: number) => site.payload.find({ collection: 'authors', limit, depth: 0 });
  const limits = Array.from({ length: 40 }, (_, index) => index + 1);
  for (const limit of limits) await read(limit);
  const expired: number[] = [];
  for (const at of [490, 250, 261]) {
    clock.advance(at);
    calls.reset();
    for (const limit of limits)
      await site.payload
        .find({ collection: 'authors', limit, depth: 0, context: { cache: 'only' } })
        .catch(() => expired.push(at));
    expect(calls.total()).toBe(0);
  }
  const [first, second, third] = [490, 250, 261].map((at) => expired.filter((each) => each === at).length);
  expect(first).toBe(0);
  expect(second).toBeGreaterThan(0);
  expect(second).toBeLessThan(40);
  expect(third).toBe(40);
});

test.each([
  ['its store', memory],
  ['the tier in the process either', () => tiered(memory(), memory())],
])('an entry larger than the site wants is not stored in %s, and is counted', async (_where, store) => {
  await start({ maxEntryBytes: 300, store: store() });
  const find = () => site.payload.find({ collection: 'authors', depth: 0 });
  await find();
  calls.reset();
  await find();
  expect(calls.total()).toBe(1);
  expect(counts()?.uncacheable).toBe(2);
});

describe('writing entries', () => {
  const slow = () => {
    const kept = memory();
    const open: (() => void)[] = [];
    let most = 0;
    return {
      open,
      most: () => most,
      store: {
        ...kept,
        name: 'slow',
        getMany: async (keys: readonly string[]) => kept.getMany(keys),
        set: (key: string, value: string, ttl: number | undefined) =>
          new Promise<void>((resolve) => {
            open.push(() => {
              open.splice(open.indexOf(open[0] as () => void), 1);
              kept.set(key, value, ttl);
              resolve();
            });
            most = Math.max(most, open.length);
          }),
      },
    };
  };

  test('is done so many at a time, delays no answer, and loses none that memory can hold', async () => {
    const { store, open, most } = slow();
    await start({ store, registry: memoryRegistry(), maxConcurrentWrites: 3, writeTimeout: 60_000 });
    const limits = Array.from({ length: 20 }, (_, index) => index + 1);
    for (const limit of limits) await site.payload.find({ collection: 'authors', limit, depth: 0 });
    expect(open).toHaveLength(3);
    const settled = settleCache(site.payload, 60_000);
    while (getCacheStats(site.payload)?.pending) {
      open[0]?.();
      await sleep(1);
    }
    await settled;
    expect(most()).toBe(3);
    expect(counts()).toMatchObject({ writes: 20, droppedWrites: 0 });
  });

  test('is tried again when it fails', async () => {
    const kept = memory();
    let refusals = 2;
    await start({
      store: {
        ...kept,
        set: async (key, value, ttl) => {
          if (refusals-- > 0) throw new Error('429 Too Many Requests');
          kept.set(key, value, ttl);
        },
      },
      registry: memoryRegistry(),
    });
    await names();
    await settleCache(site.payload);
    calls.reset();
    expect(await names()).toEqual(['First']);
    expect(calls.total()).toBe(0);
    expect(counts()).toMatchObject({ writes: 1, errors: 2 });
  });
});
