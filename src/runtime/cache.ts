/** A cache for any process, with Payload or without. */
export type { CacheWithoutPayload } from './carried-instance.js';
export { createCache } from './standalone/create-cache.js';
export type { CacheLogger } from './standalone/stand-in.js';
export type { CacheKey, CreateCacheOptions, StandaloneCache } from './standalone/standalone-cache.js';
export type { StandaloneCounts, StandaloneStats } from './standalone/statistics.js';
