import { createClient, createCluster } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isEntryKey, lockKey } from '../../src/interfaces/kinds-of-keys.js';
import type { Locks } from '../../src/interfaces/locks.js';
import { durableObjectRegistry } from '../../src/registries/durable-object.js';
import { memoryRegistry } from '../../src/registries/memory.js';
import { redisRegistry } from '../../src/registries/redis.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { startRedisCluster } from '../support/redis-nodes.js';
import { workerBundle } from '../support/worker-bundle.js';

/** Milliseconds that no test takes. */
const LONG = 600_000;

interface Engine {
  locks: Locks;
  /** The same as another process has it. */
  others: Locks;
  stop(): unknown;
}

const of = (registry: { locks?: Locks }): Locks => registry.locks as Locks;

async function onRedis(prefix?: string): Promise<Engine> {
  const server = await startRedis();
  const [one, other] = [1, 2].map(() =>
    redisRegistry({ url: `redis://127.0.0.1:${server.port}`, ...(prefix ? { prefix } : {}) }),
  );
  return {
    locks: of(one!),
    others: of(other!),
    async stop() {
      await Promise.all([one?.close?.(), other?.close?.()]);
      await server.stop();
    },
  };
}

async function onDurableObject(): Promise<Engine> {
  const miniflare = new Miniflare({
    modules: true,
    script: await workerBundle({ entryPoints: ['test/registries/durable-object/worker.ts'] }),
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    durableObjects: { CACHE_TAGS: { className: 'CacheTagRegistry', useSQLite: true } },
  });
  async function ask(asked: object): Promise<unknown> {
    const response = await miniflare.dispatchFetch('http://worker.test/', {
      method: 'POST',
      body: JSON.stringify(asked),
    });
    if (!response.ok) throw new Error(await response.text());
    return response.json();
  }
  const locks: Locks = {
    name: 'durableObject',
    async acquire(lock, time) {
      const token = (await ask({ operation: 'acquire', lock, time })) as number | null;
      if (token === null) return undefined;
      const tags = [`${token}`];
      return {
        token,
        extend: async (longer) => (await ask({ operation: 'extend', lock, tags, time: longer })) as boolean,
        release: async (openFor = 0) => void (await ask({ operation: 'release', lock, tags, time: openFor })),
      };
    },
  };
  return { locks, others: locks, stop: () => miniflare.dispose() };
}

const ENGINES: [name: string, start: () => Promise<Engine>][] = [
  [
    'memory',
    async () => {
      const locks = of(memoryRegistry());
      return { locks, others: locks, stop: () => undefined };
    },
  ],
  ['a Redis', () => onRedis()],
  ['a Redis, with a prefix in braces', () => onRedis('{site}:')],
  [
    'a Redis by clients of ioredis and node-redis',
    async () => {
      const server = await startRedis();
      const client = createClient({ url: `redis://127.0.0.1:${server.port}` });
      await client.connect();
      return {
        locks: of(redisRegistry({ client: server.connect() })),
        others: of(redisRegistry({ client })),
        stop() {
          client.destroy();
          return server.stop();
        },
      };
    },
  ],
  [
    'a cluster of Redis by clients of ioredis and node-redis',
    async () => {
      const { nodes, stop } = await startRedisCluster();
      const cluster = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
      const client = createCluster({
        rootNodes: nodes.map(({ port }) => ({ url: `redis://127.0.0.1:${port}` })),
      });
      await client.connect();
      return {
        locks: of(redisRegistry({ client: cluster })),
        others: of(redisRegistry({ client })),
        stop() {
          cluster.disconnect();
          client.destroy();
          return stop();
        },
      };
    },
  ],
  ['a Durable Object', onDurableObject],
];

describe.each(ENGINES)('locks in %s', (_name, start) => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await start();
  });
  afterAll(() => engine?.stop());

  const taken = async (locks: Locks, name: string, lifetime = LONG) => {
    const held = await locks.acquire(name, lifetime);
    if (!held) throw new Error(`another has ${name}`);
    return held;
  };

  test('one of many that ask at once gets it, and the next when it is given back', async () => {
    const { locks, others } = engine;
    for (const name of ['one', 'another', 'with {braces} and\nmore'.repeat(30)]) {
      const asked = Array.from({ length: 12 }, (_, index) =>
        (index % 2 ? locks : others).acquire(name, LONG),
      );
      const held = (await Promise.all(asked)).filter((each) => each !== undefined);
      expect(held).toHaveLength(1);
      expect(await others.acquire(name, LONG)).toBeUndefined();
      await held[0]?.release();
      const next = await taken(others, name);
      expect(next.token).toBeGreaterThan(held[0]!.token);
      await next.release();
    }
  });

  test('tokens grow, whoever holds it', async () => {
    const tokens: number[] = [];
    for (let index = 0; index < 20; index++) {
      const held = await taken(index % 3 ? engine.locks : engine.others, 'tokens');
      tokens.push(held.token);
      await held.release();
    }
    expect(tokens).toEqual([...new Set(tokens)].sort((one, other) => one - other));
    expect(tokens.every(Number.isSafeInteger)).toBe(true);
  });

  test('it is free after its time, and what its holder then does is of no effect', async () => {
    const dead = await taken(engine.locks, 'dies', 20);
    await expect.poll(() => engine.others.acquire('dies', LONG)).toBeDefined();
    expect(await dead.extend(LONG)).toBe(false);
    await dead.release();
    expect(await engine.locks.acquire('dies', LONG)).toBeUndefined();
  });

  test('it lasts as long as it is extended, and is its holder’s still where nobody else has had it', async () => {
    const slow = await taken(engine.locks, 'slow', 1);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await slow.extend(LONG)).toBe(true);
    expect(await engine.others.acquire('slow', LONG)).toBeUndefined();
    await slow.release();
    expect(await slow.extend(LONG)).toBe(false);
  });

  test('released as of no use, it is everybody’s for a while', async () => {
    const first = await taken(engine.locks, 'open');
    await first.release(LONG);
    const [one, other] = await Promise.all([taken(engine.others, 'open'), taken(engine.locks, 'open')]);
    expect(Math.min(one.token, other.token)).toBeGreaterThan(first.token);
    expect(one.token).not.toBe(other.token);
    expect(await one.extend(1)).toBe(true);
    await one.release();
    expect(await engine.locks.acquire('open', LONG)).toBeDefined();
  });

  test('open for a moment only, it is one’s again', async () => {
    await (await taken(engine.locks, 'short')).release(20);
    // Who gets it meanwhile does not hold it.
    await expect
      .poll(async () => {
        await engine.locks.acquire('short', LONG);
        return engine.others.acquire('short', LONG);
      })
      .toBeUndefined();
  });
});

describe('locks in Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  test('tokens grow although Redis has lost all that it held', async () => {
    const client = server.connect();
    const locks = of(redisRegistry({ client }));
    const before = await locks.acquire('lost', LONG);
    await client.flushall();
    const after = await locks.acquire('lost', LONG);
    expect(after?.token).toBeGreaterThan(before!.token);
    expect(await before?.extend(LONG)).toBe(false);
  });

  test('reject where Redis is not there', async () => {
    const client = new Redis({ port: server.port, host: '127.0.0.1' });
    client.on('error', () => undefined);
    const locks = of(redisRegistry({ client }));
    const held = await locks.acquire('gone', LONG);
    await server.kill();
    await expect(locks.acquire('gone', LONG)).rejects.toThrow();
    await expect(held?.extend(LONG)).rejects.toThrow();
    client.disconnect();
    await server.start();
  });

  test('are no entries, whatever entries are called', () => {
    const hash = 'h'.repeat(43);
    expect(isEntryKey(lockKey('any'))).toBe(false);
    expect(isEntryKey(`${lockKey('any')}:token`)).toBe(false);
    for (const readable of ['lock:find', `lock:{${hash}}`, `lock:{${hash}}:token`])
      expect(isEntryKey(`payload-cache:${readable}:${hash}`)).toBe(true);
  });
});

test('An object of a release without locks is told from one that has them', async () => {
  // As it answers what it does not know: with the versions of no tags.
  const object = { fetch: async () => Response.json([]) };
  const registry = durableObjectRegistry({ binding: { idFromName: () => 'id', get: () => object } });
  await expect(of(registry).acquire('any', LONG)).rejects.toMatchObject({ code: 'LOCKS_NOT_DEPLOYED' });
});
