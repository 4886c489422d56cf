import { versionKey } from '../runtime/key.js';
import { newVersion, type Registry } from '../runtime/registry.js';
import { commandsOf, type RedisClient, type Send } from '../stores/redis-client.js';

/** Options of {@link redisRegistry}. */
export interface RedisRegistryOptions {
  /** A connected client of ioredis or node-redis. */
  client: RedisClient;
  /** Comes before every key. Default none. On Redis Cluster it must be in braces: `'{payload}:'`. */
  prefix?: string;
}

/** How long a version is kept where no replacement has said it yet, in seconds. Losing one makes entries stale early. */
const LIFETIME = 2 * 86_400 + 3_600;

/**
 * Tag versions in Redis, for entries in another store; `redis()` brings one of its own that reads entry and versions
 * in one call. Strongly consistent, as long as the client reads from the primary.
 */
export function redisRegistry(options: RedisRegistryOptions): Registry {
  return versionsInRedis(commandsOf(options.client), options.prefix ?? '');
}

/**
 * Redis may evict a version, expire it or lose all of them. So an absent version means nothing: it is unknown, and who
 * needs one creates one that never was before. No entry becomes fresh by it.
 */
export function versionsInRedis(send: Send, prefix: string): Registry {
  let lifetime = LIFETIME;
  const keyOf = (tag: string): string => prefix + versionKey(tag);

  async function held(tags: readonly string[]): Promise<(string | undefined)[]> {
    if (tags.length === 0) return [];
    const values = (await send('MGET', ...tags.map(keyOf))) as unknown[];
    return values.map((value) => (typeof value === 'string' ? value : undefined));
  }

  return {
    name: 'redis',
    defaultConsistency: 'strong',
    canBeStrong: true,
    get: held,
    async create(tags) {
      const own = tags.map(() => newVersion());
      const setting = tags.map((tag, index) =>
        send('SET', keyOf(tag), own[index] as string, 'EX', `${lifetime}`, 'NX'),
      );
      const [versions, ...answers] = await Promise.all([held(tags), ...setting]);
      // Evicted in between: a version that nobody else has makes the entry stale at once, never wrong.
      return versions.map(
        (version, index) => version ?? (answers[index] === 'OK' ? (own[index] as string) : newVersion()),
      );
    },
    async replace(tags, context) {
      if (context?.lifetime !== undefined) lifetime = Math.ceil(context.lifetime);
      const versions = tags.map(() => newVersion());
      try {
        await Promise.all(
          tags.map((tag, index) => send('SET', keyOf(tag), versions[index] as string, 'EX', `${lifetime}`)),
        );
      } catch (error) {
        if (!isFull(error)) throw error;
        // A full Redis that evicts nothing still deletes, and a version that is gone is as good as a new one.
        await send('DEL', ...tags.map(keyOf));
      }
      return versions;
    },
  };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && /^OOM /.test(error.message);
}
