import { prefixOf, type RedisConnectionOptions, redisConnection } from '../connections/redis-connection.js';
import { versionKey } from '../interfaces/keys.js';
import type { Registry } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';
import { versionsInRedis } from '../registries/redis.js';
import { healthOf } from './health.js';

/** Options of {@link redis}. */
export interface RedisOptions extends RedisConnectionOptions {}

/** Keys that one SCAN looks at. */
const PAGE = 1_000;

/** Largest value of Redis: 512 MiB. https://redis.io/docs/latest/develop/data-types/strings/ */
const LARGEST_VALUE = 512 * 1024 * 1024;

/**
 * Entries in Redis, with the tag versions beside them: one MGET brings both, or on a cluster one GET for each, sent
 * together. The versions may be evicted like any other key; that makes entries stale, never wrong.
 *
 * Without a client it opens one of ioredis's with the first command, waits for that first connection, and connects
 * again by itself. While a connection is lost commands fail at once, those of a client of yours as well.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Redis client or no address. Commands reject with
 * `REDIS_UNREACHABLE`, `REDIS_NOT_CONNECTED`, `REDIS_URL_MISSING`, `REDIS_CLIENT_MISSING`, `REDIS_CLUSTER_SLOTS` or
 * `REDIS_CLUSTER_CLIENT`, which say what to do.
 */
export function redis(options: RedisOptions = {}): Store {
  const connection = redisConnection(options);
  const { send } = connection;
  const prefix = prefixOf(options);
  let registry: Registry | undefined;
  const store: Store = {
    name: 'redis',
    maximumBytes: LARGEST_VALUE,
    async get(key) {
      return (await connection.read([prefix + key]))[0];
    },
    getMany: (keys) => connection.read(keys.map((key) => prefix + key)),
    async set(key, value, ttl) {
      const expiry = ttl === undefined ? [] : ['PX', `${Math.max(1, Math.ceil(ttl * 1000))}`];
      await send('SET', prefix + key, value, ...expiry);
    },
    async setMany(writes) {
      await Promise.all(writes.map(({ key, value, ttl }) => store.set(key, value, ttl)));
    },
    delete: (key) => connection.remove([prefix + key]),
    deleteMany: (keys) => connection.remove(keys.map((key) => prefix + key)),
    async *list(beginning) {
      // ioredis puts a prefix of its own before the keys of commands, but not into SCAN's pattern or answers.
      const before = await connection.wholePrefix();
      const pattern = `${(before + beginning).replace(/[*?[\]\\^-]/g, '\\$&')}*`;
      for (const node of await connection.nodes()) {
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
    health: () => healthOf(() => send('PING')),
    close: () => connection.close(),
    defaultRegistry() {
      registry ??= {
        ...versionsInRedis(connection, prefix),
        storeKey: versionKey,
        readStored: (value) => value,
        // The store's, and closed with it.
        close: undefined,
      };
      return registry;
    },
  };
  return store;
}
