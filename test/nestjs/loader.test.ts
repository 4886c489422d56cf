import DataLoader from 'dataloader';
import type { PayloadRequest } from 'payload';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { cached, memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { cacheOfPayload } from '../../src/runtime/nestjs/payload-cache.js';
import { cachedLoader } from '../../src/runtime/nestjs.js';
import { type Started, startBlog } from '../support/payload.js';

let cache: StandaloneCache;
beforeEach(() => {
  cache = createCache({ store: memory() });
});
afterEach(() => cache.close());

/** What a batch function was asked for, one list for each call. */
let asked: (readonly unknown[])[] = [];
beforeEach(() => {
  asked = [];
});

const names = (options: Partial<Parameters<typeof cachedLoader<number, string>>[1]> = {}) =>
  new DataLoader(
    cachedLoader<number, string | null>(
      async (keys) => {
        asked.push(keys);
        return keys.map((key) => (key < 0 ? new Error(`no ${key}`) : key === 0 ? null : `name ${key}`));
      },
      { namespace: 'names', cache, ...options },
    ),
  );

describe('a DataLoader', () => {
  test('asks once for what is missing, and keeps the order', async () => {
    expect(await names().loadMany([3, 1])).toEqual(['name 3', 'name 1']);
    expect(await names().loadMany([1, 2, 3, 4])).toEqual(['name 1', 'name 2', 'name 3', 'name 4']);
    expect(asked).toEqual([
      [3, 1],
      [2, 4],
    ]);
    expect(await names().loadMany([4, 3, 2, 1])).toEqual(['name 4', 'name 3', 'name 2', 'name 1']);
    expect(asked.length).toBe(2);
  });

  test('keeps that there is nothing', async () => {
    expect(await names().load(0)).toBe(null);
    expect(await names().load(0)).toBe(null);
    expect(asked).toEqual([[0]]);
  });

  test('does not keep an error, which is that of its key alone', async () => {
    const first = await names().loadMany([1, -1]);
    expect(first).toEqual(['name 1', expect.objectContaining({ message: 'no -1' })]);
    await names().loadMany([1, -1]);
    expect(asked).toEqual([[1, -1], [-1]]);
  });

  test('answers what is kept although the others cannot be asked for', async () => {
    await names().load(1);
    const failing = new DataLoader(
      cachedLoader<number, string>(
        () => {
          throw new Error('away');
        },
        { namespace: 'names', cache },
      ),
    );
    const message = expect.objectContaining({ message: 'away' });
    expect(await failing.loadMany([1, 2])).toEqual(['name 1', message]);
    await expect(failing.load(3)).rejects.toEqual(message);
  });

  test('is told when it is given too few', async () => {
    const short = new DataLoader(cachedLoader<number, string>(async () => [], { namespace: 'names', cache }));
    await expect(short.load(1)).rejects.toThrow(expect.objectContaining({ code: 'INVALID_BATCH' }));
  });

  test("finds by a key of one's own, and lets go by namespace and by ttl", async () => {
    const byObject = () =>
      new DataLoader<{ id: number }, string, number>(
        cachedLoader(
          async (keys: readonly { id: number }[]) => {
            asked.push(keys);
            return keys.map(({ id }) => `name ${id}`);
          },
          { namespace: 'objects', cache, key: ({ id }) => [id], ttl: '1h' },
        ),
        { cacheKeyFn: ({ id }) => id },
      );
    await byObject().load({ id: 1 });
    await byObject().load({ id: 1 });
    expect(asked.length).toBe(1);
    await cache.deleteNamespace('objects');
    await byObject().load({ id: 1 });
    expect(asked.length).toBe(2);
  });

  test('needs a namespace', () => {
    expect(() => cachedLoader(async () => [], { namespace: '', cache })).toThrow(
      expect.objectContaining({ code: 'INVALID_FUNCTION_KEY' }),
    );
  });

  test('has no request without Payload', async () => {
    const load = cachedLoader<number, unknown>((keys, { req }) => keys.map(() => req), {
      namespace: 'requests',
      cache,
    });
    await expect(load([1])).rejects.toThrow(expect.objectContaining({ code: 'NO_PAYLOAD' }));
  });

  test('gives what is not storable, and does not keep it', async () => {
    const load = cachedLoader<number, Map<number, number>>(
      async (keys) => {
        asked.push(keys);
        return keys.map((key) => new Map([[key, key]]));
      },
      { namespace: 'maps', cache },
    );
    expect(await load([1])).toEqual([new Map([[1, 1]])]);
    await load([1]);
    expect(asked.length).toBe(2);
  });
});

describe('with Payload', () => {
  let site: Started;
  beforeEach(async () => {
    site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 3 });
  });
  afterEach(() => site.stop());

  const titles = () =>
    new DataLoader(
      cachedLoader<number, string>(
        async (keys, { req }) => {
          asked.push(keys);
          const { docs } = await site.payload.find({
            collection: 'posts',
            where: { id: { in: [...keys] } },
            depth: 0,
            pagination: false,
            req,
          });
          return keys.map((key) => docs.find(({ id }) => id === key)?.title ?? new Error(`no post ${key}`));
        },
        { namespace: 'titles', payload: site.payload },
      ),
    );

  test('a write makes stale what was read for the key, for whoever was asked with it', async () => {
    const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
    const [one, two, three] = docs.map(({ id }) => id) as [number, number, number];
    const [first, second] = await titles().loadMany([one, two]);
    await titles().load(three);
    await settleCache(site.payload);
    expect(await titles().loadMany([two, one])).toEqual([second, first]);
    expect(asked).toEqual([[one, two], [three]]);
    await site.payload.update({ collection: 'posts', id: one, data: { title: 'Renamed' } });
    expect(await titles().loadMany([one, three])).toEqual(['Renamed', docs[2]?.title]);
    expect(asked).toEqual([[one, two], [three], [one]]);
  });

  test('has a request where the cache is turned off as well', async () => {
    const off = await startBlog({ plugins: [payloadKV({ store: memory(), enabled: false })], seed: 1 });
    try {
      const count = async ({ req }: { req: PayloadRequest }) =>
        (await off.payload.count({ collection: 'posts', req })).totalDocs;
      const load = cachedLoader<number, number>(
        async (keys, context) => [await count(context), ...keys.slice(1)],
        {
          namespace: 'counts',
          payload: off.payload,
        },
      );
      expect(await load([7])).toEqual([1]);
      expect(await cached(count, { key: ['count'], payload: off.payload })).toBe(1);
      const none = cacheOfPayload(off.payload);
      expect(await cached(count, { key: ['count'], cache: none })).toBe(1);
      await none.set('a', 1);
      expect(await none.get('a')).toBeUndefined();
      expect(await none.getStats()).toMatchObject({ provider: 'none', connected: false, hits: 0 });
      expect(await none.isConnected()).toBe(false);
    } finally {
      await off.stop();
    }
  });

  test('a function that it is asked in depends on it', async () => {
    const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
    const one = docs[0]?.id as number;
    const page = () =>
      cached(async () => ({ title: await titles().load(one) }), { key: ['page'], payload: site.payload });
    for (let time = 0; time < 2; time++) {
      await page();
      await settleCache(site.payload);
    }
    await site.payload.update({ collection: 'posts', id: one, data: { title: 'Renamed' } });
    expect(await page()).toEqual({ title: 'Renamed' });
  });

  test('it depends on what it was given of the cache as well', async () => {
    const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
    const one = docs[0]?.id as number;
    const page = () =>
      cached(async () => ({ title: await titles().load(one) }), { key: ['page'], payload: site.payload });
    await titles().load(one);
    await settleCache(site.payload);
    await page();
    await settleCache(site.payload);
    expect(asked).toEqual([[one]]);
    await site.payload.update({ collection: 'posts', id: one, data: { title: 'Renamed' } });
    expect(await page()).toEqual({ title: 'Renamed' });
  });
});
