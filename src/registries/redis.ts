import {
  prefixOf,
  type RedisConnection,
  type RedisConnectionOptions,
  redisConnection,
} from '../connections/redis-connection.js';
import { versionKey } from '../interfaces/keys.js';
import { newVersion, type Registry, VERSION_LIFETIME } from '../interfaces/registry.js';
import { sleep } from '../platform/sleep.js';
import { locksInRedis } from './redis-locks.js';

/** Options of {@link redisRegistry}. */
export interface RedisRegistryOptions extends RedisConnectionOptions {}

/** How long a site waits for the connection when it starts, in milliseconds. */
const LONGEST_START = 1_000;
/** Tags that one message names. */
const TAGS_OF_A_MESSAGE = 1_000;

/**
 * Tag versions in Redis, for entries in another store; `redis()` brings one of its own that reads entry and versions
 * in one call. Strongly consistent, as long as the client reads from the primary.
 *
 * @throws PayloadKVError as `redis()` does
 */
export function redisRegistry(options: RedisRegistryOptions = {}): Registry {
  return versionsInRedis(redisConnection(options), prefixOf(options));
}

/**
 * Redis may evict a version, expire it or lose all of them. So an absent version means nothing: it is unknown, and who
 * needs one creates one that never was before. No entry becomes fresh by it.
 */
export function versionsInRedis(connection: RedisConnection, prefix: string): Registry {
  const { send } = connection;
  const channel = `${prefix}payload-cache:replaced`;
  let lifetime = VERSION_LIFETIME;
  const keyOf = (tag: string): string => prefix + versionKey(tag);
  const held = (tags: readonly string[]): Promise<(string | undefined)[]> => connection.read(tags.map(keyOf));

  /** Messages are told after the fact, and no more than a help: a version is only ever read from its key. */
  async function tell(tags: readonly string[], origin: string): Promise<void> {
    const messages: Promise<unknown>[] = [];
    for (let start = 0; start < tags.length; start += TAGS_OF_A_MESSAGE) {
      const message = { by: origin, tags: tags.slice(start, start + TAGS_OF_A_MESSAGE) };
      messages.push(send('PUBLISH', channel, JSON.stringify(message)));
    }
    await Promise.allSettled(messages);
  }

  return {
    name: 'redis',
    defaultConsistency: 'strong',
    canBeStrong: true,
    async connect() {
      // The first lookups of a site come together, and would wait for the connection longer than they may. Whether there
      // is one they find out themselves.
      await Promise.race([send('PING').catch(() => undefined), sleep(LONGEST_START, false)]);
    },
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
      const versions = tags.map(() => context?.version ?? newVersion());
      try {
        await Promise.all(
          tags.map((tag, index) => send('SET', keyOf(tag), versions[index] as string, 'EX', `${lifetime}`)),
        );
      } catch (error) {
        if (!isFull(error)) throw error;
        // A full Redis that evicts nothing still deletes, and a version that is gone is as good as a new one.
        await connection.remove(tags.map(keyOf));
      }
      const telling = tell(tags, context?.origin ?? '');
      if (context?.background) context.background(telling);
      else await telling;
      return versions;
    },
    subscribe(listener) {
      const forgetAll = (): void => {
        listener.lost();
        listener.live();
      };
      return connection.listen(channel, {
        live: () => listener.live(),
        lost: () => listener.lost(),
        message(text) {
          const message = readMessage(text);
          // Another version of this package may write what this one does not read.
          if (!message) forgetAll();
          else if (message.by === '' || message.by !== listener.origin) listener.replaced(message.tags);
        },
      });
    },
    locks: locksInRedis(connection, prefix),
    close: () => connection.close(),
  };
}

function readMessage(text: string): { by: string; tags: string[] } | undefined {
  try {
    const { by, tags } = JSON.parse(text) as { by?: unknown; tags?: unknown };
    const isList = Array.isArray(tags) && tags.every((tag) => typeof tag === 'string');
    return isList && typeof by === 'string' ? { by, tags: tags as string[] } : undefined;
  } catch {
    return undefined;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && /^OOM /.test(error.message);
}
