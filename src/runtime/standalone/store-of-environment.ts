/** The store of a cache that was given none. */
import type { Store } from '../../interfaces/store.js';
import { isWorkerd } from '../../platform/background.js';
import { type Environment, processEnvironment } from '../../platform/environment.js';
import type { MemoryOptions } from '../../stores/memory.js';
import { redis } from '../../stores/redis.js';
import { tiered } from '../../stores/tiered.js';
import { memoryOfEnvironment } from './memory-of-environment.js';
import { redisAddress } from './redis-address.js';

/**
 * Memory over Redis where the environment says where that is, else memory. Nothing is connected before it is used.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT`, or `INVALID_STORE` for a limit that can be none
 */
export function storeOfEnvironment(
  options: MemoryOptions = {},
  environment: Environment = processEnvironment(),
): Store {
  const near = memoryOfEnvironment(options, environment);
  // A connection there belongs to one request.
  const url = isWorkerd() ? undefined : redisAddress(environment);
  return url === undefined ? near : tiered(near, redis({ url }));
}
