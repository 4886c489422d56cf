import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Consistency } from '../../interfaces/registry.js';
import { isObject } from '../../platform/is-object.js';

/** How long versions may be remembered in `eventual` mode, in seconds. */
const EVENTUAL_MEMORY = 2;

/** How long a version may be remembered in a process without asking the registry, in seconds. */
export function versionMemory(consistency: Consistency, name: string): number {
  if (consistency === 'strong') return 0;
  if (consistency === 'eventual') return EVENTUAL_MEMORY;
  if (isObject(consistency) && 'bounded' in consistency) {
    return parseDuration(consistency.bounded, `${name}.bounded`);
  }
  throw invalid(name, '"strong", "eventual" or { bounded: duration }', consistency);
}

/** The error of an option that cannot be. */
export function invalid(name: string, expected: string, value: unknown): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_POLICY',
    message: `${name} must be ${expected}, not ${JSON.stringify(value)}.`,
    nextStep: `Correct ${name} in the options of payloadKV().`,
  });
}
