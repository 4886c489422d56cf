import { Cluster, type Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { redisRegistry } from '../../src/registries/redis.js';
import { getCacheStats, payloadKV, settleCache } from '../../src/runtime/index.js';
import { redis } from '../../src/stores/redis.js';
import { type Started, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { type RedisNodes, startRedisCluster } from '../support/redis-nodes.js';
import { describeRegistry } from './conformance.js';

describe.runIf(hasRedis)('with a redis-server', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  describeRegistry(
    'redis beside its entries',
    () => {
      const store = redis({ client: server.connect() });
      return {
        registry: store.defaultRegistry(),
        another: redis({ client: server.connect() }).defaultRegistry(),
        stored: async (key) => (await store.getMany([key]))[0],
      };
    },
    { createsVersions: true, stored: true },
  );
  describeRegistry(
    'redis for entries elsewhere, with a prefix',
    () => ({
      registry: redisRegistry({ client: server.connect(), prefix: 'site:' }),
      another: redisRegistry({ client: server.connect(), prefix: 'site:' }),
    }),
    { createsVersions: true },
  );

  describeRegistry(
    'redis by url',
    () => {
      const url = `redis://127.0.0.1:${server.port}`;
      const [registry, another] = [
        redisRegistry({ url, prefix: 'url:' }),
        redisRegistry({ url, prefix: 'url:' }),
      ];
      return {
        registry,
        another,
        async stop() {
          await registry.close?.();
          await another.close?.();
        },
      };
    },
    { createsVersions: true },
  );

  test('a version outlives the longest entry, and then expires', async () => {
    const client = server.connect();
    const registry = redis({ client }).defaultRegistry();
    await registry.replace(['expiry'], { lifetime: 1_000_000 });
    expect(await client.ttl('payload-cache:tag:expiry')).toBeGreaterThan(999_000);
    await registry.create?.(['expiry-created']);
    expect(await client.ttl('payload-cache:tag:expiry-created')).toBeGreaterThan(999_000);
  });

  describe('a site', () => {
    let client: Redis;
    let blog: Started;
    let other: Started;
    beforeAll(async () => {
      client = server.connect();
      const url = `file:${await temporaryFile()}`;
      blog = await startBlog({ url, seed: 5, plugins: [payloadKV({ store: redis({ client }) })] });
      other = await startBlog({ url, plugins: [payloadKV({ store: redis({ client: server.connect() }) })] });
    });
    afterAll(async () => {
      await blog?.stop();
      await other?.stop();
    });
    beforeEach(async () => {
      await settleCache(blog.payload);
      await settleCache(other.payload);
      await client.flushall();
    });

    const titles = async (site: Started): Promise<string[]> => {
      const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
      await settleCache(site.payload);
      return docs.map((post) => String(post.title));
    };
    const write = async (site: Started, title: string): Promise<void> => {
      const { docs } = await site.payload.find({ collection: 'posts', sort: 'id', limit: 1, depth: 0 });
      await site.payload.update({ collection: 'posts', id: docs[0]?.id as number, data: { title } });
    };
    const hits = (site: Started): number => getCacheStats(site.payload)?.total.hits ?? 0;

    test('a warm hit is one command that brings the entry and its versions', async () => {
      const read = async (): Promise<void> => {
        await blog.payload.find({ collection: 'tags', depth: 0 });
        await settleCache(blog.payload);
      };
      await read();
      await client.config('RESETSTAT');
      const before = hits(blog);
      await read();
      expect(hits(blog)).toBe(before + 1);
      const stats = await client.info('commandstats');
      const used = [...stats.matchAll(/cmdstat_(\w+):calls=(\d+)/g)].map(([, name, calls]) => [name, calls]);
      expect(used.filter(([name]) => name !== 'config' && name !== 'info')).toEqual([['mget', '1']]);
    });

    test('a write of one process is seen by the next read of the other', async () => {
      for (let count = 0; count < 5; count++) {
        await titles(blog);
        await titles(other);
        await write(count % 2 ? blog : other, `Change ${count}`);
        expect((await titles(blog))[0]).toBe(`Change ${count}`);
        expect((await titles(other))[0]).toBe(`Change ${count}`);
      }
    });

    test('losing the versions makes entries stale, and never an old one fresh', async () => {
      await write(blog, 'Old');
      expect((await titles(blog))[0]).toBe('Old');
      const entries = await copyOf(client, 'payload-cache:*');
      expect(Object.keys(entries).some((key) => key.startsWith('payload-cache:posts'))).toBe(true);
      await write(other, 'New');

      // Versions evicted: the entry of before the write is still there, and nothing says that it is old.
      const versions = await client.keys('payload-cache:tag:*');
      expect(versions.length).toBeGreaterThan(0);
      await client.del(...versions);
      expect((await titles(blog))[0]).toBe('New');
      expect((await titles(other))[0]).toBe('New');

      // Everything gone, and the old entry back without the versions, as a snapshot of half the keys would bring it.
      await client.flushall();
      for (const [key, value] of Object.entries(entries))
        if (!key.startsWith('payload-cache:tag:')) await client.set(key, value);
      expect((await titles(blog))[0]).toBe('New');
    });

    test('emptying Redis between reading and storing leaves nothing stale', async () => {
      for (let count = 0; count < 5; count++) {
        const reading = blog.payload.find({ collection: 'posts', sort: 'id', depth: 0 });
        const flushing = client.flushall();
        const writing = write(other, `Flushed ${count}`);
        await Promise.all([reading, flushing, writing]);
        await settleCache(blog.payload);
        expect((await titles(blog))[0]).toBe(`Flushed ${count}`);
        expect((await titles(other))[0]).toBe(`Flushed ${count}`);
      }
    });
  });
});

describe.runIf(hasRedis)('with a Redis cluster', () => {
  let cluster: RedisNodes;
  const clients: Cluster[] = [];
  const connect = (): Cluster => {
    const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
    clients.push(client);
    return client;
  };
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await cluster?.stop();
  });

  describeRegistry(
    'redis on the nodes of a cluster, beside its entries',
    () => {
      const store = redis({ client: connect() });
      return {
        registry: store.defaultRegistry(),
        another: redis({ client: connect() }).defaultRegistry(),
        stored: async (key) => (await store.getMany([key]))[0],
      };
    },
    { createsVersions: true, stored: true },
  );
});

describe.runIf(hasRedis)('with a redis-server of little memory', () => {
  test('that evicts: versions are lost, and no version comes back', async () => {
    const server = await startRedis(['--maxmemory', '3mb', '--maxmemory-policy', 'allkeys-lru']);
    try {
      const client = server.connect();
      const registry = redis({ client }).defaultRegistry();
      const seen = new Map<string, string>();
      for (let round = 0; round < 30; round++) {
        const [version] = await registry.replace([`tag-${round % 3}`]);
        seen.set(`tag-${round % 3}`, version as string);
        await Promise.all(
          Array.from({ length: 200 }, (_, index) => client.set(`fill-${round}-${index}`, 'x'.repeat(1_000))),
        );
        for (const [tag, last] of seen) {
          const [held] = await registry.get([tag]);
          if (held !== undefined) expect(held).toBe(last);
        }
      }
      expect(await client.info('stats')).toMatch(/evicted_keys:[1-9]/);
      await client.flushall();
      expect(await registry.get(['tag-0', 'tag-1'])).toEqual([undefined, undefined]);
      const created = await registry.create?.(['tag-0', 'tag-1']);
      for (const version of created ?? []) expect([...seen.values()]).not.toContain(version);
    } finally {
      await server.stop();
    }
  });

  test('that is full and evicts nothing: a replacement still makes entries stale', async () => {
    const server = await startRedis(['--maxmemory-policy', 'noeviction']);
    try {
      const client = server.connect();
      const registry = redis({ client }).defaultRegistry();
      const [before] = await registry.replace(['posts']);
      await client.config('SET', 'maxmemory', '1');
      await expect(client.set('anything', 'x')).rejects.toThrow('OOM');
      await registry.replace(['posts']);
      const [after] = await registry.get(['posts']);
      expect(after).not.toBe(before);
      expect(after).toBeUndefined();
    } finally {
      await server.stop();
    }
  });
});

async function temporaryFile(): Promise<string> {
  const { mkdtemp } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  return `${await mkdtemp(`${tmpdir()}/payload-kv-redis-blog-`)}/blog.db`;
}

async function copyOf(client: Redis, pattern: string): Promise<Record<string, string>> {
  const keys = await client.keys(pattern);
  const values = await client.mget(...keys);
  return Object.fromEntries(keys.map((key, index) => [key, values[index] as string]));
}
