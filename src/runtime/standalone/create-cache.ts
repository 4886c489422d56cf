/** A cache for any process, with the store that its environment names. */
import { createCacheOver } from './create-cache-over.js';
import type { CreateCacheOptions, StandaloneCache } from './standalone-cache.js';
import { storeOfEnvironment } from './store-of-environment.js';

/**
 * Makes a cache for a process without Payload: single flight, timeouts, circuit breaker, `swr`, tags and statistics are
 * those of a site. Nothing is connected before it is used. Call it once for each prefix, and close it at the end.
 *
 * Environment variables win over options; see docs/environment.md.
 *
 * @throws PayloadKVError `INVALID_STORE`, `INVALID_POLICY`, `INVALID_DURATION`, `INVALID_ENVIRONMENT`,
 *   `CONSISTENCY_NOT_AVAILABLE` or `REGISTRY_NEEDS_PAYLOAD`, naming the option or variable
 */
export function createCache(options: CreateCacheOptions = {}): StandaloneCache {
  return createCacheOver(storeOfEnvironment, options);
}
