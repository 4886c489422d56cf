/** Locks in Redis: a key that expires, with the random value of its holder, and a counter of tokens beside it. */
import type { RedisConnection } from '../connections/redis-connection.js';
import { lockKey } from '../interfaces/kinds-of-keys.js';
import type { Locks } from '../interfaces/locks.js';
import { newVersion } from '../interfaces/registry.js';

/** What stands in the place of a holder where everybody gets the lock. No holder's value is as short. */
const OPEN = 'open';
/** How long the counter is kept after its lock was taken last, in milliseconds. */
const COUNTER_LIFETIME = 86_400_000;

/**
 * Takes the lock, or finds it open. A token is one more than the last, and never less than the server's time in
 * microseconds: so it grows too where the counter was evicted, has expired or went with its server.
 */
const ACQUIRE = `local holder = redis.call('GET', KEYS[1])
if holder and holder ~= '${OPEN}' then return false end
local time = redis.call('TIME')
local last = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
local token = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
redis.call('SET', KEYS[2], token, 'PX', ${COUNTER_LIFETIME})
if holder then return {token, '${OPEN}'} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {token, ARGV[1]}`;

/** One that has expired is its holder's still, unless another has had it since, which the counter tells. */
const EXTEND = `local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if not holder and redis.call('GET', KEYS[2]) ~= ARGV[3] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

const RELEASE = `if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], '${OPEN}', 'PX', ARGV[2])
return 1`;

/** The locks beside the tag versions of a Redis. Each call is one script on one key, or on two of one node. */
export function locksInRedis({ send }: RedisConnection, prefix: string): Locks {
  return {
    name: 'redis',
    async acquire(name, lifetime) {
      const key = prefix + lockKey(name);
      const holder = newVersion();
      const answer = await send('EVAL', ACQUIRE, '2', key, `${key}:token`, holder, whole(lifetime));
      if (!Array.isArray(answer)) return undefined;
      const [token, value] = answer.map(String) as [string, string];
      const isOpen = value === OPEN;
      let isReleased = false;
      return {
        token: Number(token),
        async extend(longer) {
          if (isOpen || isReleased) return isOpen;
          const answered = await send('EVAL', EXTEND, '2', key, `${key}:token`, holder, whole(longer), token);
          return Number(answered) === 1;
        },
        async release(openFor = 0) {
          isReleased = true;
          if (!isOpen) await send('EVAL', RELEASE, '1', key, holder, openFor > 0 ? whole(openFor) : '0');
        },
      };
    },
  };
}

/** A time as Redis takes it. */
function whole(milliseconds: number): string {
  return `${Math.max(1, Math.ceil(milliseconds))}`;
}
