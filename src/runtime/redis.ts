/** What a site with Redis adds to the runtime. */
export { type RedisRegistryOptions, redisRegistry } from '../registries/redis.js';
export { type RedisOptions, redis } from '../stores/redis.js';
export type { RedisClient } from '../stores/redis-client.js';
export type { RedisConnectionOptions } from '../stores/redis-connection.js';
