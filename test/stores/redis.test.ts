import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient, createCluster, createSentinel } from '@redis/client';
import { execa } from 'execa';
import { Cluster, Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { redis } from '../../src/stores/redis.js';
import { freePort } from '../support/free-port.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { PRIMARY, type RedisNodes, startRedisCluster, startRedisSentinel } from '../support/redis-nodes.js';
import { repository } from '../support/repository.js';
import { describeStore } from './conformance.js';

/** For what happens soon, on a machine that has other things to do. */
const PATIENT = { timeout: 60_000 };

/** The least that a client is. */
function commandsOnly(client: Redis) {
  return {
    sendCommand: ([command, ...args]: string[]) =>
      client.call(command as string, ...args) as Promise<unknown>,
  };
}

/** How often the server ran which command since its statistics were reset. */
async function commandsOf(client: Redis): Promise<Record<string, number>> {
  const stats = await client.info('commandstats');
  const used = [...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)];
  return Object.fromEntries(used.map(([, name, calls]) => [name, Number(calls)]));
}

describe.runIf(hasRedis)('with a redis-server', () => {
  let server: RedisServer;
  let url: string;
  beforeAll(async () => {
    server = await startRedis();
    url = `redis://127.0.0.1:${server.port}`;
  });
  afterAll(() => server?.stop());
  afterEach(() => vi.unstubAllEnvs());

  describeStore('redis by url', () => {
    const store = redis({ url, prefix: 'by-url:' });
    return { store, stop: () => store.close() };
  });
  describeStore('redis with ioredis', () => ({ store: redis({ client: server.connect() }) }));
  describeStore('redis with node-redis', async () => {
    const client = createClient({ url });
    await client.connect();
    return { store: redis({ client, prefix: 'node-redis:' }), stop: () => client.destroy() };
  });
  describeStore('redis with a client of sendCommand', () => ({
    store: redis({ client: commandsOnly(server.connect()), prefix: 'site-[1]*:' }),
  }));
  describeStore('redis with a keyPrefix of ioredis', () => {
    const client = server.connect();
    client.options.keyPrefix = 'own?:';
    return { store: redis({ client, prefix: 'site:' }) };
  });

  test('one key is a GET, several are one MGET', async () => {
    const client = server.connect();
    const store = redis({ client });
    await store.set('payload-cache:a', 'A', 60);
    await client.config('RESETSTAT');
    expect(await store.get('payload-cache:a')).toBe('A');
    expect(await store.getMany(['payload-cache:a', 'payload-cache:b', 'payload-cache:c'])).toEqual([
      'A',
      undefined,
      undefined,
    ]);
    expect(await commandsOf(client)).toMatchObject({ get: 1, mget: 1 });
  });

  test('listing scans, and never asks for all keys at once', async () => {
    const client = server.connect();
    const store = redis({ client });
    await store.set('payload-cache:listed', 'A', 60);
    await client.config('RESETSTAT');
    for await (const page of store.list('payload-cache:')) expect(page.length).toBeGreaterThan(0);
    const used = await commandsOf(client);
    expect(used.scan).toBeGreaterThan(0);
    expect(used.keys).toBeUndefined();
  });

  test('the TTL is kept by Redis, to the millisecond', async () => {
    const client = server.connect();
    const store = redis({ client });
    await store.set('payload-cache:ttl', 'A', 90.5);
    await store.setMany([
      { key: 'payload-cache:ttl-many', value: 'B', ttl: 300 },
      { key: 'payload-cache:ttl-none', value: 'C', ttl: undefined },
    ]);
    const left = await client.pttl('payload-cache:ttl');
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(90_500);
    expect(await client.pttl('payload-cache:ttl-many')).toBeGreaterThan(270_000);
    expect(await client.pttl('payload-cache:ttl-none')).toBe(-1);
  });

  test('stores with different prefixes do not meet', async () => {
    const client = server.connect();
    const one = redis({ client, prefix: 'one:' });
    const other = redis({ client, prefix: 'other:' });
    await one.set('payload-cache:x', '1', 60);
    expect(await other.getMany(['payload-cache:x'])).toEqual([undefined]);
    for await (const page of other.list('payload-cache:')) expect(page).not.toContain('payload-cache:x');
  });

  test('without a client REDIS_URL says where, when the first command needs it', async () => {
    vi.stubEnv('REDIS_URL', '');
    const store = redis({ prefix: 'environment:' });
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'REDIS_URL_MISSING',
      nextStep: expect.stringContaining('Set REDIS_URL'),
    });
    vi.stubEnv('REDIS_URL', url);
    await store.set('a', 'A', 60);
    expect(await server.connect().get('environment:a')).toBe('A');
    await store.close();
  });

  test('it connects with the first command, once for all, and closing ends that connection until the next', async () => {
    const client = server.connect();
    const connections = async () => Number(/connected_clients:(\d+)/.exec(await client.info('clients'))?.[1]);
    const before = await connections();
    const store = redis({ url, prefix: 'lazy:' });
    store.defaultRegistry();
    expect(await connections()).toBe(before);
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.set(`${index}`, 'x', 60)));
    expect(await store.health()).toEqual({ ok: true });
    expect(await connections()).toBe(before + 1);
    const writing = store.set('last', 'written', 60);
    await store.close();
    await writing;
    await expect.poll(connections, PATIENT).toBe(before);
    expect(await store.get('last')).toBe('written');
    expect(await connections()).toBe(before + 1);
    await store.close();
    await store.close();
  });

  test('nor does a server that repeats what it does not understand', async () => {
    const none = ['--rename-command', 'HELLO', '', '--rename-command', 'AUTH', ''];
    const odd = await startRedis(none);
    const store = redis({ url: `redis://site:s3cret%21word@127.0.0.1:${odd.port}` });
    try {
      await expect(store.get('a')).rejects.toMatchObject({
        message: expect.stringMatching(/unknown command 'auth'.*'\*\*\*'/),
      });
    } finally {
      await store.close();
      await odd.stop();
    }
  });

  test('an idle connection, or none, keeps no process from its end', async () => {
    const nowhere = `redis://127.0.0.1:${await freePort()}`;
    const script = `
      import { redis } from ${JSON.stringify(pathToFileURL(path.join(repository, 'dist/runtime/redis.js')).href)};
      const store = redis({ url: ${JSON.stringify(url)}, prefix: 'idle:' });
      await store.set('a', 'A', 60);
      store.defaultRegistry().subscribe({ origin: '', live: () => console.log('live'), lost() {}, replaced() {} });
      while (!(await store.getMany(['a', 'b']))[1]) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log(await store.get('b'));
      console.log(await redis({ url: ${JSON.stringify(nowhere)} }).get('a').catch((error) => error.code));`;
    const running = execa(process.execPath, ['--input-type=module', '-'], { input: script, timeout: 60_000 });
    const client = server.connect();
    await expect.poll(() => client.pubsub('NUMSUB', 'idle:payload-cache:replaced'), PATIENT).toContain(1);
    await client.set('idle:b', 'B');
    const { stdout } = await running;
    expect(stdout.split('\n')).toEqual(['live', 'B', 'REDIS_UNREACHABLE']);
  });

  test("what was under way when a client's connection was lost has failed, though the client sends it again", async () => {
    const client = server.connect();
    const other = server.connect();
    const id = await client.client('ID');
    await other.call('CLIENT', 'PAUSE', '60000', 'WRITE');
    const replacing = redis({ client }).defaultRegistry().replace(['posts']);
    const outcome = expect(replacing).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
    await vi.waitFor(
      async () => expect(await other.call('CLIENT', 'LIST', 'ID', `${id}`)).toMatch(/cmd=set /),
      PATIENT,
    );
    await other.call('CLIENT', 'KILL', 'ID', `${id}`);
    await other.call('CLIENT', 'UNPAUSE');
    await outcome;
  });

  test("a client of the user's stays open", async () => {
    const client = server.connect();
    const store = redis({ client });
    await store.get('a');
    await store.close();
    expect(await client.ping()).toBe('PONG');
  });

  test('no error holds the command, with its values and passwords', async () => {
    const store = redis({ client: server.connect() });
    await server.connect().call('LPUSH', 'payload-cache:list', 'x');
    const error = await Promise.resolve(store.get('payload-cache:list')).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ message: expect.stringContaining('WRONGTYPE') });
    expect(JSON.stringify({ ...(error as object) })).not.toContain('payload-cache:list');
  });

  test('what a password is, no error tells', async () => {
    await server.connect().call('ACL', 'SETUSER', 'site', 'on', '>right', '~*', '+@all');
    const wrong = `redis://site:s3cret%21word@127.0.0.1:${server.port}`;
    const store = redis({ url: wrong });
    for (let count = 0; count < 3; count++) {
      const error = (await Promise.resolve(store.get('a')).catch((caught: unknown) => caught)) as Error;
      expect(error).toMatchObject({
        code: 'REDIS_UNREACHABLE',
        message: expect.stringContaining('WRONGPASS'),
      });
      const told = `${error.message} ${error.stack} ${JSON.stringify({ ...error, cause: error.cause })}`;
      expect(told).not.toContain('s3cret');
      expect(told).not.toContain(wrong);
    }
    const health = await store.health();
    expect(health.ok).toBe(false);
    expect(health.message).not.toContain('s3cret');
    await store.close();
    const right = redis({ url: `redis://site:right@127.0.0.1:${server.port}` });
    expect(await right.health()).toEqual({ ok: true });
    await right.close();
  });
});

describe.runIf(hasRedis)('with a Redis cluster', () => {
  let cluster: RedisNodes;
  let ioredis: Cluster;
  const addresses = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));
  beforeAll(async () => {
    cluster = await startRedisCluster();
    ioredis = new Cluster(addresses());
  });
  afterAll(async () => {
    ioredis?.disconnect();
    await cluster?.stop();
  });

  describeStore('redis with a cluster client', () => ({ store: redis({ client: ioredis }) }));
  describeStore('redis with a cluster client and a prefix in braces', () => ({
    store: redis({ client: ioredis, prefix: '{payload}:' }),
  }));
  describeStore('redis with a cluster client of node-redis', async () => {
    const client = createCluster({ rootNodes: addresses().map((socket) => ({ socket })) });
    await client.connect();
    return { store: redis({ client, prefix: 'node-redis:' }), stop: () => client.destroy() };
  });

  test('keys of several nodes are one command each, those that a prefix in braces keeps together are one', async () => {
    const admins = cluster.nodes.map((node) => node.connect());
    const reset = () => Promise.all(admins.map((admin) => admin.config('RESETSTAT')));
    const sum = async (name: string) => {
      const all = await Promise.all(admins.map(commandsOf));
      return all.reduce((total, used) => total + (used[name] ?? 0), 0);
    };
    const keys = Array.from({ length: 10 }, (_, index) => `payload-cache:${index}`);
    await reset();
    await redis({ client: ioredis }).getMany(keys);
    expect([await sum('get'), await sum('mget')]).toEqual([10, 0]);
    await reset();
    await redis({ client: ioredis, prefix: 'site:{payload}:' }).getMany(keys);
    expect([await sum('get'), await sum('mget')]).toEqual([0, 1]);
    await reset();
    // No hash tag: nothing is between the braces.
    await redis({ client: ioredis, prefix: '{}:' }).getMany(keys);
    expect([await sum('get'), await sum('mget')]).toEqual([10, 0]);
  });

  test('a client of one node is told what helps', async () => {
    const keys = ['payload-cache:a', 'payload-cache:b'];
    const store = redis({ client: cluster.nodes[0]!.connect() });
    await expect(store.getMany(keys)).rejects.toMatchObject({
      code: 'REDIS_CLUSTER_SLOTS',
      nextStep: expect.stringContaining('{ prefix: "{payload}:" }'),
    });
    const answers = await Promise.allSettled(
      cluster.nodes.map((node) => redis({ client: node.connect() }).get(keys[0] as string)),
    );
    expect(answers.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'REDIS_CLUSTER_CLIENT', nextStep: expect.stringContaining('new Cluster') } },
    ]);
  });
});

describe.runIf(hasRedis)('with Redis behind a sentinel', () => {
  let started: Awaited<ReturnType<typeof startRedisSentinel>>;
  beforeAll(async () => {
    started = await startRedisSentinel();
  });
  afterAll(() => started?.stop());

  describeStore('redis with sentinels of ioredis', () => {
    const client = new Redis({ sentinels: [{ host: '127.0.0.1', port: started.port }], name: PRIMARY });
    return { store: redis({ client }), stop: () => client.disconnect() };
  });
  describeStore('redis with sentinels of node-redis', async () => {
    const client = createSentinel({
      name: PRIMARY,
      sentinelRootNodes: [{ host: '127.0.0.1', port: started.port }],
    });
    client.on('error', () => undefined);
    await client.connect();
    return { store: redis({ client, prefix: 'node-redis:' }), stop: () => client.destroy() };
  });
});

test('what is no client is refused at once', () => {
  expect(() => redis({ client: undefined as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_STORE', message: expect.stringContaining('ioredis') }),
  );
  expect(() => redis({ client: { get: () => undefined } as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_STORE' }),
  );
});

test.each(['localhost:6379', 'http://localhost', '/var/run/redis.sock', 'redis//:s3cret@host', 7 as never])(
  'what is no address is refused at once, and not repeated: %s',
  (url) => {
    expect(() => redis({ url })).toThrow(
      expect.objectContaining({
        code: 'INVALID_STORE',
        message: 'The url of redis is not the address of a Redis.',
      }),
    );
  },
);

test('a prefix that is no text is refused at once', () => {
  expect(() => redis({ url: 'redis://localhost', prefix: 1 as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_STORE' }),
  );
});
