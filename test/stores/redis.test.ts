import { Cluster, type Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { redis } from '../../src/stores/redis.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { describeStore } from './conformance.js';

/** The server's part of a client as node-redis has it: one method that takes a command as a list. */
function commandsOnly(client: Redis) {
  return {
    sendCommand: ([command, ...args]: string[]) =>
      client.call(command as string, ...args) as Promise<unknown>,
  };
}

describe.runIf(hasRedis)('with a redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  describeStore('redis with ioredis', () => ({ store: redis({ client: server.connect() }) }));
  describeStore('redis with a client of sendCommand', () => ({
    store: redis({ client: commandsOnly(server.connect()), prefix: 'site-[1]*:' }),
  }));
  describeStore('redis with a keyPrefix of ioredis', () => {
    const client = server.connect();
    client.options.keyPrefix = 'own?:';
    return { store: redis({ client, prefix: 'site:' }) };
  });

  test('several keys are one command', async () => {
    const client = server.connect();
    const store = redis({ client });
    await store.set('payload-cache:a', 'A', 60);
    await client.config('RESETSTAT');
    expect(await store.getMany(['payload-cache:a', 'payload-cache:b', 'payload-cache:c'])).toEqual([
      'A',
      undefined,
      undefined,
    ]);
    const stats = await client.info('commandstats');
    expect(stats).toContain('cmdstat_mget:calls=1');
    expect(stats).not.toContain('cmdstat_get:');
  });

  test('stores with different prefixes do not meet', async () => {
    const client = server.connect();
    const one = redis({ client, prefix: 'one:' });
    const other = redis({ client, prefix: 'other:' });
    await one.set('payload-cache:x', '1', 60);
    expect(await other.getMany(['payload-cache:x'])).toEqual([undefined]);
    for await (const page of other.list('payload-cache:')) expect(page).not.toContain('payload-cache:x');
  });
});

describe.runIf(hasRedis)('with a redis-server as a cluster', () => {
  let server: RedisServer;
  let cluster: Cluster;
  beforeAll(async () => {
    // A node alone does not know its own address, and a client of a cluster asks it for that.
    server = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']);
    await server.connect().call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    const node = server.connect();
    await vi.waitFor(
      async () => expect(await node.call('CLUSTER', 'INFO')).toContain('cluster_state:ok'),
      20_000,
    );
    cluster = new Cluster([{ host: '127.0.0.1', port: server.port }]);
  });
  afterAll(async () => {
    cluster?.disconnect();
    await server?.stop();
  });

  test('keys on several slots are refused with the prefix that helps', async () => {
    const store = redis({ client: server.connect() });
    await expect(store.getMany(['payload-cache:a', 'payload-cache:b'])).rejects.toMatchObject({
      code: 'REDIS_CLUSTER_SLOTS',
      nextStep: expect.stringContaining('{ prefix: "{payload}:" }'),
    });
  });

  describeStore('redis with a cluster client and a prefix in braces', () => ({
    store: redis({ client: cluster, prefix: '{payload}:' }),
  }));
});

test('what is no client is refused at once', () => {
  expect(() => redis({ client: undefined as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_STORE', message: expect.stringContaining('ioredis') }),
  );
  expect(() => redis({ client: { get: () => undefined } as never })).toThrow(
    expect.objectContaining({ code: 'INVALID_STORE' }),
  );
});
