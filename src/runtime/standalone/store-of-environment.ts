/** The store of a cache that was given none. */
import type { Store } from '../../interfaces/store.js';
import { isWorkerd } from '../../platform/background.js';
import { type Environment, processEnvironment } from '../../platform/environment.js';
import { type MemoryOptions, memory } from '../../stores/memory.js';
import { redis } from '../../stores/redis.js';
import { tiered } from '../../stores/tiered.js';
import { wholeNumber } from '../policy/environment.js';
import { redisAddress } from './redis-address.js';

/** The variables that win over a limit in code. */
const LIMITS = [
  ['PAYLOAD_KV_MEMORY_MAX_ENTRIES', 'maxEntries'],
  ['PAYLOAD_KV_MEMORY_MAX_BYTES', 'maxBytes'],
] as const;

/**
 * Memory over Redis where the environment says where that is, else memory. Nothing is connected before it is used.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT`, or `INVALID_STORE` for a limit that can be none
 */
export function storeOfEnvironment(
  options: MemoryOptions = {},
  environment: Environment = processEnvironment(),
): Store {
  const limits: MemoryOptions = { ...options };
  for (const [name, option] of LIMITS) {
    const value = environment[name]?.trim();
    if (value) limits[option] = wholeNumber(value, name);
  }
  // A connection there belongs to one request.
  const url = isWorkerd() ? undefined : redisAddress(environment);
  return url === undefined ? memory(limits) : tiered(memory(limits), redis({ url }));
}
