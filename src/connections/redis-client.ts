import { PayloadKVError } from '../errors.js';
import { commandsOfIoRedis, type IoRedis } from './ioredis.js';
import { commandsOfNodeRedis, type NodeRedis } from './node-redis.js';
import type { RedisClient, RedisCommands } from './redis-commands.js';

/**
 * How commands reach a client.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Redis client
 */
export function commandsOf(client: RedisClient): RedisCommands {
  const { call, sendCommand } = (client ?? {}) as Record<string, unknown>;
  // ioredis has both, and its `sendCommand` takes something else.
  if (typeof call === 'function') return commandsOfIoRedis(client as unknown as IoRedis);
  if (typeof sendCommand === 'function') return commandsOfNodeRedis(client as unknown as NodeRedis);
  throw new PayloadKVError({
    code: 'INVALID_STORE',
    message: 'redis needs a client of ioredis or node-redis: { client: new Redis(url) }.',
    nextStep: 'Create the client and give it to redis({ client }), or leave it away and set REDIS_URL.',
  });
}
