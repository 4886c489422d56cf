/** A cache for a Worker: a connection there belongs to one request, so that nothing of Redis is bundled for it. */
import { createCacheOver } from './create-cache-over.js';
import { memoryOfEnvironment } from './memory-of-environment.js';
import type { CreateCacheOptions, StandaloneCache } from './standalone-cache.js';

/** `createCache` of Workers, over memory where the options name no store. */
export function createCache(options: CreateCacheOptions = {}): StandaloneCache {
  return createCacheOver(memoryOfEnvironment, options);
}
