/** What a site with Redis adds to the runtime. The client is the site's own: ioredis or node-redis. */
export { type RedisRegistryOptions, redisRegistry } from '../registries/redis.js';
export { type RedisOptions, redis } from '../stores/redis.js';
export type { RedisClient } from '../stores/redis-client.js';
