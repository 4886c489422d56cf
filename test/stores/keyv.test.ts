import { setTimeout as sleep } from 'node:timers/promises';
import KeyvPostgres from '@keyv/postgres';
import KeyvRedis, { createKeyv } from '@keyv/redis';
import KeyvValkey from '@keyv/valkey';
import Keyv from 'keyv';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getCacheStats, payloadKV, settleCache } from '../../src/runtime/index.js';
import { keyv } from '../../src/stores/keyv.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { describeStore } from './conformance.js';

/** As in docs/keyv.md. */
class LastingClient extends pg.Client {
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return event === 'error' ? false : super.emit(event as 'notice', ...(args as [never]));
  }
}

describeStore('keyv over a Map', () => ({ store: keyv({ keyv: new Keyv() }) }));

// Keyv takes such a namespace for a part of the keys, now and then.
describeStore('keyv with the namespace that the keys begin with', () => ({
  store: keyv({ keyv: new Keyv({ namespace: 'payload-cache' }) }),
}));

describeStore('keyv with a namespace of several parts, and without a text in between', () => ({
  store: keyv({
    keyv: new Keyv({ namespace: 'my:own:site', serialize: undefined, deserialize: undefined }),
  }),
}));

describe('with a PostgreSQL server', () => {
  let server: PostgresServer;
  let client: Keyv;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.createDatabase();
    const adapter = new KeyvPostgres({ uri: url, iterationLimit: 500, max: 5, Client: LastingClient });
    client = new Keyv(adapter, { namespace: 'site' });
  });
  afterAll(async () => {
    await client?.disconnect();
    await server?.stop();
  });

  describeStore('keyv over PostgreSQL', () => ({ store: keyv({ keyv: client }) }));

  test('connections that the server ends are faults of calls, and none of the process', async () => {
    const store = keyv({ keyv: client });
    await store.set('payload-cache:a', 'A', 60);
    const other = new pg.Client(url);
    await other.connect();
    const end = 'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()';
    await other.query(`${end} and pid <> pg_backend_pid()`);
    await other.end();
    // One for each connection that was lost, at most.
    const read = async () => store.get('payload-cache:a');
    await expect.poll(() => read().catch(() => 'fault'), { timeout: 20_000 }).toBe('A');
    expect(await store.health()).toEqual({ ok: true });
  });
});

describe.runIf(hasRedis)('with a redis-server', () => {
  let server: RedisServer;
  const clients: Keyv[] = [];
  const url = () => `redis://127.0.0.1:${server.port}`;
  const over = (client: Keyv) => {
    clients.push(client);
    return keyv({ keyv: client, strong: true });
  };
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(async () => {
    for (const client of clients) await (client.store as KeyvRedis<string>).disconnect(true);
    await server?.stop();
  });

  describeStore('keyv over Redis', () => ({ store: over(new Keyv(new KeyvRedis(url()))) }));
  describeStore('keyv over Redis, made in one call', () => ({
    store: over(createKeyv(url(), { namespace: 'site' })),
  }));

  describe("by Valkey's client", () => {
    let client: Keyv;
    beforeAll(() => {
      client = new Keyv(new KeyvValkey(url()), { namespace: 'valkey' });
    });
    afterAll(() => client?.disconnect());

    describeStore('keyv over Valkey', () => ({ store: keyv({ keyv: client, strong: true }) }));

    test('a server that is gone is a fault of each call, never an absent value, and none once it is back', async () => {
      const other = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
      const lasting = new Keyv(new KeyvValkey(`redis://127.0.0.1:${other.port}`), { namespace: 'valkey' });
      try {
        const store = keyv({ keyv: lasting, strong: true });
        await store.set('payload-cache:a', 'A', 60);
        await other.kill();
        const read = async () => (await store.getMany(['payload-cache:a']))[0];
        const outcome = read().catch(() => 'fault');
        await other.start();
        // What was sent into the gap fails, or is sent again.
        expect(['fault', 'A']).toContain(await outcome);
        await expect.poll(() => read().catch(() => 'fault'), { timeout: 20_000 }).toBe('A');
      } finally {
        await lasting.disconnect();
        await other.stop();
      }
    });
  });

  test('several keys are one command', async () => {
    const store = over(createKeyv(url()));
    await store.set('payload-cache:a', 'A', 60);
    const client = server.connect();
    await client.config('RESETSTAT');
    expect(await store.getMany(['payload-cache:a', 'payload-cache:b'])).toEqual(['A', undefined]);
    const stats = await client.info('commandstats');
    expect(stats).toContain('cmdstat_mget:calls=1');
    expect(stats).not.toContain('cmdstat_get:');
  });

  test('a server that is gone is a fault of each call, never an absent value, and none once it is back', async () => {
    const store = over(createKeyv(url()));
    await store.set('payload-cache:a', 'A', 60);
    // Full, and later gone.
    const client = server.connect();
    await client.config('SET', 'maxmemory', '1');
    await expect(store.set('payload-cache:b', 'B', 60)).rejects.toThrow(/OOM/);
    await expect(store.setMany([{ key: 'payload-cache:c', value: 'C', ttl: undefined }])).rejects.toThrow();
    await client.config('SET', 'maxmemory', '0');
    expect(await store.get('payload-cache:b')).toBeUndefined();

    await server.kill();
    // What is sent fails, or waits for a connection: the cache bounds that in time.
    const pending: Promise<unknown>[] = [];
    for (const call of [
      () => store.get('payload-cache:a'),
      () => store.getMany(['payload-cache:a', 'payload-cache:b']),
      () => store.set('payload-cache:a', 'new', 60),
      () => store.deleteMany(['payload-cache:a']),
    ]) {
      const outcome = Promise.resolve(call()).then(
        (value) => ({ value }),
        () => 'fault',
      );
      pending.push(outcome);
      expect(await Promise.race([outcome, sleep(200).then(() => 'waiting')])).toMatch(/^(fault|waiting)$/);
    }
    await server.start();
    await Promise.all(pending);
    await expect.poll(() => store.health(), { timeout: 20_000 }).toEqual({ ok: true });
    await store.set('payload-cache:after', 'after', 60);
    expect(await store.get('payload-cache:after')).toBe('after');
  });

  describe('behind Payload', () => {
    const calls = countDatabaseCalls();
    let blog: Started;
    beforeAll(async () => {
      blog = await startBlog({
        seed: 4,
        wrapAdapter: calls.wrapAdapter,
        plugins: [payloadKV({ store: over(createKeyv(url(), { namespace: 'blog' })) })],
      });
    });
    afterAll(() => blog?.stop());
    const find = () => blog.payload.find({ collection: 'posts', sort: 'id', depth: 0 });

    test('an answer comes out of the backend, until a write makes it stale', async () => {
      const [first] = (await find()).docs;
      await settleCache(blog.payload);
      calls.reset();
      expect((await find()).docs[0]).toEqual(first);
      expect(calls.total()).toBe(0);
      await blog.payload.update({ collection: 'posts', id: first?.id as number, data: { title: 'New' } });
      expect((await find()).docs[0]?.title).toBe('New');
      expect(getCacheStats(blog.payload)).toMatchObject({ collections: { posts: { hits: 1 } } });
    });
  });
});

describe('what a backend does wrong', () => {
  /** A backend whose calls fail, in one of the ways that adapters do. */
  function failing(how: 'reject' | 'emit only') {
    const listeners: ((error: Error) => void)[] = [];
    const fail = async () => {
      if (how === 'reject') throw new Error('backend down');
      for (const listener of listeners) listener(new Error('backend down'));
      return undefined;
    };
    return {
      on: (_event: string, listener: (error: Error) => void) => void listeners.push(listener),
      get: fail,
      set: fail,
      delete: fail,
      clear: fail,
    };
  }

  test.each([
    ['reject', false],
    ['reject', true],
    ['emit only', false],
    ['emit only', true],
  ] as const)('reaches the caller of every method where it does %s (many at once: %s)', async (how, many) => {
    const adapter = failing(how);
    const all = { ...adapter, getMany: adapter.get, setMany: adapter.get, deleteMany: adapter.get };
    const store = keyv({ keyv: new Keyv({ store: many ? all : adapter }) });
    const write = { key: 'a', value: 'A', ttl: 60 };
    for (const call of [
      () => store.get('a'),
      () => store.getMany(['a', 'b']),
      () => store.set('a', 'A', 60),
      () => store.setMany([write]),
      () => store.delete('a'),
      () => store.deleteMany(['a', 'b']),
    ]) {
      await expect(call(), `${call}`).rejects.toThrow('backend down');
    }
    expect(await store.health()).toEqual({ ok: false, message: 'backend down' });
  });

  test('one value that was cut off is a miss, and the others are found', async () => {
    const backend = new Map();
    const many = {
      get: async (key: string) => backend.get(key),
      getMany: async (keys: string[]) => keys.map((key) => backend.get(key)),
      set: async (key: string, value: string) => void backend.set(key, value),
      delete: async (key: string) => backend.delete(key),
      clear: async () => backend.clear(),
    };
    const store = keyv({ keyv: new Keyv({ store: many }) });
    await store.set('a', 'A', 60);
    await store.set('b', 'B', 60);
    backend.set('keyv:b', backend.get('keyv:b').slice(0, 8));
    expect(await store.getMany(['a', 'b'])).toEqual(['A', undefined]);
    expect(await store.get('b')).toBeUndefined();
  });

  test('a value that was not stored is a fault', async () => {
    const refusing = {
      get: async () => undefined,
      set: async () => false,
      delete: async () => true,
      clear: async () => undefined,
    };
    const store = keyv({ keyv: new Keyv({ store: refusing as never }) });
    await expect(store.set('a', 'A', 60)).rejects.toThrow('not stored');
    await expect(store.setMany([{ key: 'a', value: 'A', ttl: 60 }])).rejects.toThrow('not stored');
  });

  test('an adapter that cannot list says so, instead of listing nothing', async () => {
    const { on: _on, ...adapter } = failing('reject');
    for (const options of [{ store: adapter }, { namespace: undefined }]) {
      const store = keyv({ keyv: new Keyv(options as never) });
      await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
        code: 'STORE_CANNOT_LIST',
      });
    }
  });
});

test('a value without a TTL is kept for ever, whatever default the Keyv has', async () => {
  const backend = new Map();
  const store = keyv({ keyv: new Keyv({ store: backend, ttl: 1 }) });
  await store.set('one', '1', undefined);
  await store.setMany([{ key: 'many', value: '2', ttl: undefined }]);
  for (const text of backend.values()) expect(text).not.toContain('expires');
});

test('a listing clears away what has expired, for backends that do not', async () => {
  const backend = new Map();
  const store = keyv({ keyv: new Keyv({ store: backend }) });
  await store.set('short', 's', 0.001);
  await store.set('long', 'l', 60);
  await expect.poll(() => JSON.parse(backend.get('keyv:short')).expires < Date.now()).toBe(true);
  const pages: string[][] = [];
  for await (const page of store.list('')) pages.push(page);
  expect(pages).toEqual([['long']]);
  expect([...backend.keys()]).toEqual(['keyv:long']);
});

test('promises strong consistency only where it is told that the backend has it', () => {
  expect(keyv({ keyv: new Keyv() }).defaultRegistry()).toMatchObject({
    canBeStrong: false,
    defaultConsistency: 'eventual',
  });
  expect(keyv({ keyv: new Keyv(), strong: true }).defaultRegistry()).toMatchObject({
    canBeStrong: true,
    defaultConsistency: 'strong',
  });
});

test('what is no Keyv is refused at once', () => {
  for (const wrong of [undefined, new Map(), { get: () => undefined }]) {
    expect(() => keyv({ keyv: wrong as never })).toThrow(expect.objectContaining({ code: 'INVALID_STORE' }));
  }
});
