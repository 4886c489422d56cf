/** The memory of a cache that was given no store. */

import type { Store } from '../../interfaces/store.js';
import { type Environment, processEnvironment } from '../../platform/environment.js';
import { type MemoryOptions, memory } from '../../stores/memory.js';
import { wholeNumber } from '../policy/environment.js';

/** The variables that win over a limit in code. */
const LIMITS = [
  ['PAYLOAD_KV_MEMORY_MAX_ENTRIES', 'maxEntries'],
  ['PAYLOAD_KV_MEMORY_MAX_BYTES', 'maxBytes'],
] as const;

/**
 * Memory, with the limits of the environment.
 *
 * @throws PayloadKVError `INVALID_ENVIRONMENT`, or `INVALID_STORE` for a limit that can be none
 */
export function memoryOfEnvironment(
  options: MemoryOptions = {},
  environment: Environment = processEnvironment(),
): Store {
  const limits: MemoryOptions = { ...options };
  for (const [name, option] of LIMITS) {
    const value = environment[name]?.trim();
    if (value) limits[option] = wholeNumber(value, name);
  }
  return memory(limits);
}
