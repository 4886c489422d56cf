/** What a site with Redis adds to the runtime. */

export type { RedisClient } from '../connections/redis-commands.js';
export type { RedisConnectionOptions } from '../connections/redis-connection.js';
export { type RedisRegistryOptions, redisRegistry } from '../registries/redis.js';
export { type RedisOptions, redis } from '../stores/redis.js';
