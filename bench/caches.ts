/** The caches that `bench peers` compares, each set up as its own documentation recommends for what it is asked here. */
import { createHash } from 'node:crypto';
import { createKeyv as createRedisKeyv } from '@keyv/redis';
import { BentoCache, bentostore } from 'bentocache';
import { memoryDriver } from 'bentocache/drivers/memory';
import { redisBusDriver, redisDriver } from 'bentocache/drivers/redis';
import { createCache } from 'cache-manager';
import { Cacheable, createKeyv } from 'cacheable';
import { Redis } from 'ioredis';
import { Keyv } from 'keyv';
import { invalidateCache, memory, payloadKV, settleCache, tiered } from 'payload-kv';
import { redis } from 'payload-kv/redis';
import { startBlog } from '../test/support/payload.js';

/** Where entries are: in this process, in Redis, or in this process over Redis. */
export type Tier = 'memory' | 'Redis' | 'memory over Redis';

/** One result to be cached. */
export interface Page {
  /** What a site calls it. This package finds a key of its own. */
  key: string;
  /** What a site says that it depends on. This package finds that out as well. */
  tags: string[];
  /** The query. */
  args: Record<string, unknown>;
}

/** A cache in use. */
export interface Cache {
  /** The result of a page: from the cache, or else from the source, and then stored. */
  read(page: Page): Promise<unknown>;
  /** Makes stale what depends on these tags, named by the site. A cache that has no tags cannot. */
  invalidate?(tags: string[]): Promise<unknown>;
  /** Deletes the entry of one page: what is left to a cache that has no tags. */
  forget?(page: Page): Promise<unknown>;
  /** A write of the post with this slug, and what the cache makes of it. Only this package sees writes. */
  write?(slug: string, data: Record<string, unknown>): Promise<unknown>;
  /** What names of entries begin with, where an invalidation looks for them and deletes them. */
  deletesBelow?: string;
  /** Waits for writes that nobody waits for. */
  settle?(): Promise<void>;
  close(): Promise<unknown>;
}

/** What a cache is set up with. */
export interface Setup {
  tier: Tier;
  /** Asked on a miss. */
  source(args: Record<string, unknown>): Promise<unknown>;
  /** Port of the Redis on this machine. */
  port: number;
  /** The blog's database, for writes through this package; else they write nothing, and take no time. */
  databaseURL?: string;
  /** Gives every reader the very object that was stored. */
  sameObject?: boolean;
}

/** Entries outlive the bench. */
const HOUR = 3_600_000;
/** More than any step stores. */
const MOST_ENTRIES = 250_000;

/** What sets each cache up, this package first. `undefined` where a cache does not do what is asked. */
export const CACHES = {
  'payload-kv': payloadCache,
  bentocache: bentoCache,
  cacheable: cacheableCache,
  'cache-manager': cacheManagerCache,
  keyv: keyvCache,
  'by pattern': patternCache,
} satisfies Record<string, (setup: Setup) => Promise<Cache | undefined>>;

/** A cache that is compared. */
export type CacheName = keyof typeof CACHES;

async function payloadCache(setup: Setup): Promise<Cache | undefined> {
  const { tier, source, port, databaseURL, sameObject } = setup;
  // Payload changes documents in place.
  if (sameObject) return undefined;
  const near = () => memory({ maxEntries: MOST_ENTRIES, maxBytes: 2 ** 30 });
  const far = () => redis({ url: `redis://127.0.0.1:${port}` });
  const store = tier === 'memory' ? near() : tier === 'Redis' ? far() : tiered(near(), far());
  const blog = await startBlog({
    url: databaseURL,
    wrapAdapter: (adapter) => Object.assign(adapter, { find: source }, databaseURL ? {} : WRITES_NOTHING),
    plugins: [
      payloadKV({
        store,
        ttl: '1h',
        collections: { posts: { slices: ['slug'] } },
        globals: {},
        ...(tier === 'memory over Redis' ? { consistency: { bounded: '1m' } } : {}),
        timeout: 30_000,
      }),
    ],
  });
  const { db } = blog.payload;
  const write = (slug: string, data: Record<string, unknown>) =>
    db.updateOne({ collection: 'posts', where: { slug: { equals: slug } }, data, req: {} } as never);
  return {
    read: (page) => db.find(page.args as never),
    invalidate: () => invalidateCache(blog.payload, { collection: 'posts' }),
    write,
    settle: () => settleCache(blog.payload),
    async close() {
      await blog.stop();
      await store.close();
    },
  };
}

/** Writes that take no time of a database. */
const POST = { id: 1, slug: 'post-1' };
const WRITES_NOTHING = { findOne: async () => POST, updateOne: async () => POST };

async function bentoCache({ tier, source, port, sameObject }: Setup): Promise<Cache> {
  const connection = { host: '127.0.0.1', port };
  const near = memoryDriver({ maxItems: MOST_ENTRIES, serialize: !sameObject });
  const far = redisDriver({ connection });
  const store =
    tier === 'memory'
      ? bentostore().useL1Layer(near)
      : tier === 'Redis'
        ? bentostore().useL2Layer(far)
        : bentostore().useL1Layer(near).useL2Layer(far).useBus(redisBusDriver({ connection }));
  const bento = new BentoCache({ default: 'pages', ttl: HOUR, stores: { pages: store } });
  return {
    read: ({ key, tags, args }) => bento.getOrSet({ key, tags, factory: () => source(args) }),
    invalidate: (tags) => bento.deleteByTag({ tags }),
    close: () => bento.disconnectAll(),
  };
}

/** Three of the caches are made of Keyv; each has names of its own in the Redis that they share. */
const keyvOverRedis = (port: number, namespace: string): Keyv =>
  createRedisKeyv(`redis://127.0.0.1:${port}`, { namespace });

async function cacheableCache({ tier, source, port, sameObject }: Setup): Promise<Cache> {
  const far = () => keyvOverRedis(port, 'cacheable');
  const cache = new Cacheable({
    tags: true,
    ttl: HOUR,
    primary: tier === 'Redis' ? far() : createKeyv({ useClone: !sameObject }),
    ...(tier === 'memory over Redis' ? { secondary: far() } : {}),
  });
  return {
    // Its `getOrSet` shares one call of the source and takes no tags: what it stores cannot be invalidated.
    async read({ key, tags, args }) {
      if (tags.length === 0) return cache.getOrSet(key, () => source(args));
      const kept = await cache.get(key);
      if (kept !== undefined) return kept;
      const found = await source(args);
      await cache.set(key, found, { tags });
      return found;
    },
    invalidate: (tags) => cache.tags.invalidateTags(tags),
    close: () => cache.disconnect(),
  };
}

async function cacheManagerCache({ tier, source, port, sameObject }: Setup): Promise<Cache> {
  const near = createKeyv({ useClone: !sameObject });
  const far = () => keyvOverRedis(port, 'cache-manager');
  const stores = tier === 'memory' ? [near] : tier === 'Redis' ? [far()] : [near, far()];
  const cache = createCache({ stores, ttl: HOUR });
  return {
    read: ({ key, args }) => cache.wrap(key, () => source(args)),
    forget: ({ key }) => cache.del(key),
    close: () => cache.disconnect(),
  };
}

async function keyvCache({ tier, source, port, sameObject }: Setup): Promise<Cache | undefined> {
  if (tier === 'memory over Redis') return undefined;
  const keyv = tier === 'Redis' ? keyvOverRedis(port, 'keyv') : new Keyv();
  if (sameObject) {
    keyv.serialize = undefined;
    keyv.deserialize = undefined;
  }
  return {
    async read({ key, args }) {
      const kept = await keyv.get(key);
      if (kept !== undefined) return kept;
      const found = await source(args);
      await keyv.set(key, found, HOUR);
      return found;
    },
    forget: ({ key }) => keyv.delete(key),
    close: () => keyv.disconnect(),
  };
}

/**
 * What plugins for Payload do that are published with Redis: the collection and a hash of the query are the key, the
 * result is its JSON, and a write deletes every key of its collection, which it finds by a pattern.
 */
async function patternCache({ tier, source, port, sameObject }: Setup): Promise<Cache | undefined> {
  if (sameObject || tier === 'memory over Redis') return undefined;
  const below = 'cache:posts:';
  const keyOf = (args: unknown): string =>
    below + createHash('md5').update(JSON.stringify(args)).digest('hex');
  if (tier === 'memory') {
    const entries = new Map<string, string>();
    return {
      async read({ args }) {
        const key = keyOf(args);
        const kept = entries.get(key);
        if (kept !== undefined) return JSON.parse(kept);
        const found = await source(args);
        entries.set(key, JSON.stringify(found));
        return found;
      },
      async invalidate() {
        for (const key of entries.keys()) if (key.startsWith(below)) entries.delete(key);
      },
      deletesBelow: below,
      close: async () => undefined,
    };
  }
  const client = new Redis({ host: '127.0.0.1', port });
  return {
    async read({ args }) {
      const key = keyOf(args);
      const kept = await client.get(key);
      if (kept !== null) return JSON.parse(kept);
      const found = await source(args);
      await client.set(key, JSON.stringify(found), 'PX', HOUR);
      return found;
    },
    async invalidate() {
      let cursor = '0';
      do {
        const [next, keys] = await client.scan(cursor, 'MATCH', `${below}*`, 'COUNT', 1_000);
        if (keys.length > 0) await client.del(...keys);
        cursor = next;
      } while (cursor !== '0');
    },
    deletesBelow: below,
    close: () => client.quit(),
  };
}
