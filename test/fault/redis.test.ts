import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/interfaces/store.js';
import { memory, payloadKV, settleCache, tiered } from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import { seededRandom } from '../support/chaos.js';
import { type Clock, takeClock } from '../support/clock.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { workload } from './workload.js';

/** For what happens soon, on a machine that has other things to do. */
const PATIENT = { timeout: 60_000 };

// The timeout is part of what is tested here.
vi.stubEnv('PAYLOAD_KV_TIMEOUT', undefined);

/** Longer than the pause after several faults, in seconds. */
const PAUSE = 11;

const url = ({ port }: RedisServer): string => `redis://127.0.0.1:${port}`;

interface Opened {
  store: Store;
  close(): void | Promise<void>;
}

const kinds: { name: string; failsInFlight: boolean; open(server: RedisServer): Promise<Opened> }[] = [
  {
    name: 'a connection of its own',
    failsInFlight: true,
    async open(server) {
      const store = redis({ url: url(server) });
      return { store, close: () => store.close() };
    },
  },
  {
    name: 'ioredis',
    // It sends them again, unless it is told not to.
    failsInFlight: false,
    open: async (server) => ({ store: redis({ client: server.connect() }), close: () => undefined }),
  },
  {
    name: 'node-redis',
    failsInFlight: true,
    async open(server) {
      const client = createClient({ url: url(server) });
      await client.connect();
      return { store: redis({ client }), close: () => client.destroy() };
    },
  },
];

describe.runIf(hasRedis).each(kinds)('Redis reached through $name', ({ open, failsInFlight }) => {
  let server: RedisServer;
  let admin: Redis;
  let opened: Opened;
  let store: Store;
  beforeAll(async () => {
    server = await startRedis();
    admin = server.connect();
    opened = await open(server);
    store = opened.store;
  });
  afterAll(async () => {
    await opened?.close();
    await server?.stop();
  });

  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.message);
  beforeAll(() => void process.on('warning', note));
  afterAll(() => void process.off('warning', note));

  const fails = (call: unknown) =>
    Promise.resolve(call).then(
      () => undefined,
      (error: unknown) => error,
    );

  test('is killed: what is under way fails, what comes later fails at once and is not kept, and its restart is enough', async () => {
    await store.set('a', 'A', 60);
    await admin.call('CLIENT', 'PAUSE', '60000', 'ALL');
    const underWay = Array.from({ length: 10 }, () => fails(store.get('a')));
    await server.kill();
    if (failsInFlight) {
      for (const error of await Promise.all(underWay)) expect(error).toBeInstanceOf(Error);
    }
    await expect.poll(() => fails(store.get('a')), PATIENT).toMatchObject({ code: 'REDIS_UNREACHABLE' });
    // Through several attempts to connect again.
    for (let round = 0; round < 8; round++) {
      const later = Array.from({ length: 100 }, (_, index) =>
        Promise.race([
          fails(store.set(`queued-${round}-${index}`, 'x', undefined)),
          new Promise((resolve) => setImmediate(resolve, 'it waits')),
        ]),
      );
      for (const error of await Promise.all(later)) {
        expect(error).toMatchObject({
          code: 'REDIS_UNREACHABLE',
          nextStep: expect.stringContaining('connects again by itself'),
        });
      }
      await sleep(50);
    }
    expect(await store.health()).toMatchObject({ ok: false });

    await server.start();
    await expect.poll(() => store.health(), PATIENT).toEqual({ ok: true });
    await store.set('b', 'B', 60);
    expect(await store.getMany(['a', 'b'])).toEqual([undefined, 'B']);
    for await (const keys of store.list('queued-')) expect(keys).toEqual([]);
    expect(warnings).toEqual([]);
  });
});

describe.runIf(hasRedis)('a connection of its own', () => {
  test('to where nobody is tells so, and works as soon as somebody is there', async () => {
    const server = await startRedis();
    await server.kill();
    const store = redis({ url: url(server) });
    try {
      for (let count = 0; count < 3; count++) {
        await expect(store.get('a')).rejects.toMatchObject({
          code: 'REDIS_UNREACHABLE',
          message: expect.stringContaining(`ECONNREFUSED 127.0.0.1:${server.port}`),
        });
      }
      await server.start();
      await expect.poll(() => store.health(), PATIENT).toEqual({ ok: true });
    } finally {
      await store.close();
      await server.stop();
    }
  });

  test('gives a server up that is there and says nothing, and comes back to it', async () => {
    const server = await startRedis();
    const store = redis({ url: url(server) });
    try {
      await store.set('a', 'A', 60);
      await server.connect().call('CLIENT', 'PAUSE', '7000', 'ALL');
      await expect(store.get('a')).rejects.toThrow();
      await expect.poll(() => store.health(), PATIENT).toEqual({ ok: true });
      expect(await store.get('a')).toBe('A');
    } finally {
      await store.close();
      await server.stop();
    }
  });
});

describe.runIf(hasRedis)('a site with Redis', () => {
  const calls = countDatabaseCalls();
  const random = seededRandom(1);
  let server: RedisServer;
  let clock: Clock;
  let blog: Started;
  beforeAll(async () => {
    clock = takeClock();
    server = await startRedis(['--maxmemory-policy', 'noeviction']);
    blog = await startBlog({
      seed: 8,
      wrapAdapter: calls.wrapAdapter,
      plugins: [
        payloadKV({
          store: tiered(memory(), redis({ url: url(server) })),
          collections: { posts: { slices: ['slug'] }, categories: {}, authors: {}, tags: {}, media: {} },
          timeout: 50,
          writeTimeout: 250,
        }),
      ],
    });
  });
  afterAll(async () => {
    await blog?.stop();
    await server?.stop();
    clock.stop();
  });

  /** Every read equals the database's and none fails, before, during and after; then the cache is back. */
  async function survives(
    steps: number,
    trouble: () => Promise<void>,
    end: () => Promise<void>,
  ): Promise<void> {
    await Promise.all([workload(blog.payload, steps, random), trouble()]);
    await workload(blog.payload, steps, random);
    await end();
    await workload(blog.payload, steps, random);
    const find = () => blog.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
    await expect
      .poll(
        async () => {
          clock.advance(PAUSE);
          await settleCache(blog.payload, 20_000);
          const first = await find();
          await settleCache(blog.payload);
          calls.reset();
          expect(await find()).toEqual(first);
          return calls.total();
        },
        { timeout: 60_000, interval: 300 },
      )
      .toBe(0);
  }

  test('answers as its database does while Redis is killed and until it is back, empty', () =>
    survives(
      10,
      async () => {
        await sleep(100);
        await server.kill();
      },
      () => server.start(),
    ));

  test('answers as its database does while Redis is killed and started again under it', () =>
    survives(
      10,
      async () => {
        for (let count = 0; count < 3; count++) {
          await sleep(150);
          await server.kill();
          await server.start();
        }
      },
      async () => undefined,
    ));

  test('answers as its database does while Redis pauses', () =>
    survives(
      4,
      async () => {
        await server.connect().call('CLIENT', 'PAUSE', '2000', 'ALL');
      },
      async () => undefined,
    ));

  test('answers as its database does while Redis is full and evicts nothing', () => {
    const admin = server.connect();
    return survives(
      10,
      async () => {
        await admin.config('SET', 'maxmemory', '1');
      },
      async () => {
        await admin.config('SET', 'maxmemory', '0');
      },
    );
  });

  test('answers as its database does while Redis has room for a few entries only', async () => {
    const admin = server.connect();
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);
    const before = Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1]);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-random');
    await survives(
      10,
      async () => {
        await admin.config('SET', 'maxmemory', `${used - 8_000}`);
      },
      async () => {
        expect(Number(/evicted_keys:(\d+)/.exec(await admin.info('stats'))?.[1])).toBeGreaterThan(before);
        await admin.config('SET', 'maxmemory', '0');
      },
    );
  });
});
