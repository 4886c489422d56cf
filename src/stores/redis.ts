import { versionsInRedis } from '../registries/redis.js';
import { versionKey } from '../runtime/key.js';
import { commandsOf, type RedisClient, type Send } from './redis-client.js';
import type { Store } from './store.js';

/** Options of {@link redis}. */
export interface RedisOptions {
  /** A connected client of ioredis or node-redis. It stays yours: close it when the site shuts down. */
  client: RedisClient;
  /** Comes before every key. Default none. On Redis Cluster it must be in braces: `'{payload}:'`. */
  prefix?: string;
}

/** Keys that one SCAN looks at, and that one DEL names. */
const PAGE = 1_000;

/** Largest value of Redis: 512 MiB. https://redis.io/docs/latest/develop/data-types/strings/ */
const LARGEST_VALUE = 512 * 1024 * 1024;

/**
 * Entries in Redis, with the tag versions beside them: one MGET brings both. The versions may be evicted like any
 * other key; that makes entries stale, never wrong.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Redis client
 */
export function redis(options: RedisOptions): Store {
  const { client, prefix = '' } = options;
  const send = commandsOf(client);
  const store: Store = {
    name: 'redis',
    maximumBytes: LARGEST_VALUE,
    async get(key) {
      return (await store.getMany([key]))[0];
    },
    async getMany(keys) {
      if (keys.length === 0) return [];
      const values = (await send('MGET', ...keys.map((key) => prefix + key))) as unknown[];
      return values.map((value) => (typeof value === 'string' ? value : undefined));
    },
    async set(key, value, ttl) {
      const expiry = ttl === undefined ? [] : ['PX', `${Math.max(1, Math.ceil(ttl * 1000))}`];
      await send('SET', prefix + key, value, ...expiry);
    },
    async setMany(writes) {
      await Promise.all(writes.map(({ key, value, ttl }) => store.set(key, value, ttl)));
    },
    async delete(key) {
      await send('DEL', prefix + key);
    },
    async deleteMany(keys) {
      for (let start = 0; start < keys.length; start += PAGE) {
        await send('DEL', ...keys.slice(start, start + PAGE).map((key) => prefix + key));
      }
    },
    async *list(beginning) {
      // ioredis puts a prefix of its own before the keys of commands, but not into SCAN's pattern or answers.
      const { options: clientOptions } = client as { options?: { keyPrefix?: string } };
      const before = (clientOptions?.keyPrefix ?? '') + prefix;
      const pattern = `${(before + beginning).replace(/[*?[\]\\^-]/g, '\\$&')}*`;
      for (const node of nodesOf(client, send)) {
        let cursor = '0';
        do {
          const answer = (await node('SCAN', cursor, 'MATCH', pattern, 'COUNT', `${PAGE}`)) as [
            string,
            string[],
          ];
          const [next, found] = answer;
          if (found.length > 0) yield found.map((key) => key.slice(before.length));
          cursor = String(next);
        } while (cursor !== '0');
      }
    },
    async health() {
      try {
        await send('PING');
        return { ok: true };
      } catch (error) {
        return { ok: false, message: error instanceof Error ? error.message : String(error) };
      }
    },
    close() {},
    defaultRegistry: () => ({
      ...versionsInRedis(send, prefix),
      storeKey: versionKey,
      readStored: (value) => value,
    }),
  };
  return store;
}

/** The nodes that hold keys: a cluster client of ioredis would ask any one of them. */
function nodesOf(client: RedisClient, send: Send): Send[] {
  const { nodes } = client as { nodes?: (role: 'master') => RedisClient[] };
  return typeof nodes === 'function' ? nodes.call(client, 'master').map(commandsOf) : [send];
}
