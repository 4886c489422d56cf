import { createServer } from 'node:net';
import { createClient, createCluster } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Registry, RegistryListener } from '../../src/interfaces/registry.js';
import { redisRegistry } from '../../src/registries/redis.js';
import { redis } from '../../src/stores/redis.js';
import { freePort } from '../support/free-port.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { PRIMARY, startRedisCluster, startRedisSentinel } from '../support/redis-nodes.js';

/** Writes down what a listener hears. */
function listen(origin: string) {
  const heard: string[] = [];
  const listener: RegistryListener = {
    origin,
    live: () => heard.push('live'),
    lost: () => heard.push('lost'),
    replaced: (tags) => heard.push(...tags),
  };
  return { heard, listener };
}

const hears = (heard: readonly string[]) => expect.poll(() => heard, { timeout: 60_000 });

/** Ends what tests opened. */
const ends: (() => void | Promise<void>)[] = [];
const later = (end: () => void | Promise<void>): void => void ends.push(end);
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

type Server = { stop(): Promise<void> };

interface Kind<Started extends Server> {
  name: string;
  start(): Promise<Started>;
  /** A client that is closed after the test. */
  client(started: Started): Promise<Parameters<typeof redisRegistry>[0]>;
  kill(started: Started): Promise<unknown>;
}

const killSubscribers = (server: RedisServer) => server.connect().call('CLIENT', 'KILL', 'TYPE', 'pubsub');

const url = ({ port }: RedisServer): string => `redis://127.0.0.1:${port}`;

const kinds = [
  {
    name: 'a connection of its own',
    start: () => startRedis(),
    client: async (server: RedisServer) => ({ url: url(server) }),
    kill: killSubscribers,
  },
  {
    name: 'ioredis',
    start: () => startRedis(),
    client: async (server: RedisServer) => ({ client: server.connect() }),
    kill: killSubscribers,
  },
  {
    name: 'ioredis with sentinels',
    start: startRedisSentinel,
    async client({ port }: Awaited<ReturnType<typeof startRedisSentinel>>) {
      const client = new Redis({ sentinels: [{ host: '127.0.0.1', port }], name: PRIMARY });
      later(() => client.disconnect());
      return { client };
    },
    kill: ({ nodes }: Awaited<ReturnType<typeof startRedisSentinel>>) =>
      killSubscribers(nodes[0] as RedisServer),
  },
  {
    name: 'node-redis',
    start: () => startRedis(),
    async client(server: RedisServer) {
      const client = createClient({ url: url(server) });
      await client.connect();
      later(() => client.destroy());
      return { client };
    },
    kill: killSubscribers,
  },
  {
    name: 'a cluster of ioredis',
    start: startRedisCluster,
    async client({ nodes }: Awaited<ReturnType<typeof startRedisCluster>>) {
      const client = new Cluster(nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
      later(() => client.disconnect());
      return { client };
    },
    kill: ({ nodes }: Awaited<ReturnType<typeof startRedisCluster>>) =>
      Promise.all(nodes.map(killSubscribers)),
  },
  {
    name: 'a cluster of node-redis',
    start: startRedisCluster,
    async client({ nodes }: Awaited<ReturnType<typeof startRedisCluster>>) {
      const client = createCluster({ rootNodes: nodes.map((node) => ({ url: url(node) })) });
      await client.connect();
      later(() => client.destroy());
      return { client };
    },
    kill: ({ nodes }: Awaited<ReturnType<typeof startRedisCluster>>) =>
      Promise.all(nodes.map(killSubscribers)),
  },
] as Kind<Server>[];

describe.runIf(hasRedis).each(kinds)('replacements told through $name', ({ start, client, kill }) => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  const registry = async (prefix = '') => {
    const made = redisRegistry({ ...(await client(server)), prefix });
    later(() => made.close?.());
    return made;
  };

  test('are heard by the others and not by who made them', async () => {
    const [one, other] = [listen('one'), listen('other')];
    const registries = [await registry(), await registry()] as const;
    later(registries[0].subscribe!(one.listener));
    later(registries[1].subscribe!(other.listener));
    await hears(one.heard).toEqual(['live']);
    await hears(other.heard).toEqual(['live']);
    await registries[0].replace(['posts', 'posts#1'], { origin: 'one' });
    await hears(other.heard).toEqual(['live', 'posts', 'posts#1']);
    await registries[1].replace(['pages'], { origin: 'other' });
    await hears(one.heard).toEqual(['live', 'pages']);
    // By whom is not known: then it is everybody's.
    await registries[0].replace(['tags']);
    await hears(one.heard).toEqual(['live', 'pages', 'tags']);
    await hears(other.heard).toEqual(['live', 'posts', 'posts#1', 'tags']);
  });

  test('are heard again after the connection was lost, which is said', async () => {
    const { heard, listener } = listen('one');
    const made = await registry();
    later(made.subscribe!(listener));
    await hears(heard).toEqual(['live']);
    await kill(server);
    await hears(heard).toEqual(['live', 'lost', 'live']);
    await made.replace(['posts']);
    await hears(heard).toEqual(['live', 'lost', 'live', 'posts']);
  });

  test('are no longer heard once that is over', async () => {
    const [one, other] = [listen('one'), listen('other')];
    const made = await registry();
    const end = made.subscribe!(one.listener);
    later(made.subscribe!(other.listener));
    await hears(one.heard).toEqual(['live']);
    await hears(other.heard).toEqual(['live']);
    end();
    await made.replace(['posts']);
    await hears(other.heard).toEqual(['live', 'posts']);
    expect(one.heard).toEqual(['live']);
  });
});

describe.runIf(hasRedis)('a site that starts', () => {
  const context = {} as Parameters<NonNullable<Registry['connect']>>[0];

  test('is connected before its first lookup', async () => {
    const server = await startRedis();
    later(() => server.stop());
    const store = redis({ url: url(server) });
    later(() => store.close());
    await store.defaultRegistry().connect?.(context);
    expect(await server.connect().client('LIST')).toContain('name=payload-kv');
  });

  test('does not fail where there is no Redis, nor wait for one that says nothing', async () => {
    const nobody = redisRegistry({ url: `redis://127.0.0.1:${await freePort()}` });
    later(() => nobody.close?.());
    await nobody.connect?.(context);
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    later(() => void silent.close());
    const { port } = silent.address() as { port: number };
    const waiting = redisRegistry({ url: `redis://127.0.0.1:${port}` });
    later(() => waiting.close?.());
    await waiting.connect?.(context);
  });
});

describe.runIf(hasRedis)('messages on a redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  test('of one prefix do not meet those of another', async () => {
    const [one, other] = [listen('one'), listen('other')];
    const registries = ['one:', 'other:'].map((prefix) => redis({ url: url(server), prefix }));
    for (const [index, { listener }] of [one, other].entries())
      later(registries[index]!.defaultRegistry().subscribe!(listener));
    for (const store of registries) later(() => store.close());
    await hears(one.heard).toEqual(['live']);
    await hears(other.heard).toEqual(['live']);
    await registries[0]!.defaultRegistry().replace(['posts']);
    await registries[1]!.defaultRegistry().replace(['pages']);
    await hears(other.heard).toEqual(['live', 'pages']);
    await hears(one.heard).toEqual(['live', 'posts']);
  });

  test('name very many tags in several', async () => {
    const { heard, listener } = listen('one');
    const registry = redisRegistry({ client: server.connect() });
    later(registry.subscribe!(listener));
    await hears(heard).toEqual(['live']);
    const tags = Array.from({ length: 2_500 }, (_, index) => `posts#${index}`);
    await registry.replace(tags);
    await hears(heard).toEqual(['live', ...tags]);
    const stats = await server.connect().info('commandstats');
    expect(Number(/cmdstat_publish:calls=(\d+)/.exec(stats)?.[1])).toBeGreaterThanOrEqual(3);
  });

  test('that cannot be read make everything be forgotten', async () => {
    const { heard, listener } = listen('one');
    const registry = redisRegistry({ client: server.connect(), prefix: 'odd:' });
    later(registry.subscribe!(listener));
    await hears(heard).toEqual(['live']);
    const client = server.connect();
    for (const text of ['{', 'null', '{"by":1,"tags":[]}', '{"by":"","tags":[1]}', '{"by":""}'])
      await client.publish('odd:payload-cache:replaced', text);
    const all = Array.from({ length: 5 }, () => ['lost', 'live']).flat();
    await hears(heard).toEqual(['live', ...all]);
  });

  test('that cannot be sent are no failure of the write', async () => {
    const admin = server.connect();
    await admin.call('ACL', 'SETUSER', 'silent', 'on', '>secret', '~*', '+@all', '-publish');
    const registry = redisRegistry({ url: `redis://silent:secret@127.0.0.1:${server.port}` });
    later(() => registry.close?.());
    const [version] = await registry.replace(['posts']);
    expect(await registry.get(['posts'])).toEqual([version]);
  });

  test('are told by a full Redis too, which deletes the version', async () => {
    const full = await startRedis(['--maxmemory-policy', 'noeviction']);
    later(() => full.stop());
    const { heard, listener } = listen('one');
    const registry = redisRegistry({ client: full.connect() });
    later(registry.subscribe!(listener));
    await hears(heard).toEqual(['live']);
    await full.connect().config('SET', 'maxmemory', '1');
    await registry.replace(['posts']);
    await hears(heard).toEqual(['live', 'posts']);
  });

  test('are waited for by nobody, where there is a background', async () => {
    const registry = redisRegistry({ client: server.connect() });
    const work: Promise<unknown>[] = [];
    await registry.replace(['posts'], { background: (promise) => work.push(promise) });
    expect(work).toHaveLength(1);
    await Promise.all(work);
  });

  test('are not listened to through a client that cannot be duplicated', async () => {
    const client = server.connect();
    const registry = redisRegistry({
      client: {
        sendCommand: ([command, ...args]: string[]) => client.call(command as string, ...args),
      },
    });
    const { heard, listener } = listen('one');
    later(registry.subscribe!(listener));
    const [version] = await registry.replace(['posts']);
    expect(await registry.get(['posts'])).toEqual([version]);
    expect(heard).toEqual([]);
  });
});
