/** Has a DataLoader look its keys up in a cache before it asks for them. */
import { type BatchFunction, type BatchOptions, cachedBatch } from '../functions/batch.js';

/**
 * Makes the batch function of a DataLoader: `new DataLoader(cachedLoader(load, { namespace: 'authors' }))`. Keys are
 * looked up all at once, and `load` is asked once for those that are missing; order and errors are those of DataLoader.
 *
 * The values are everybody's who has the key, unless `req` says whose they are.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` without a namespace
 */
export function cachedLoader<Key, Value>(
  load: BatchFunction<Key, Value>,
  options: BatchOptions<Key>,
): (keys: readonly Key[]) => Promise<(Value | Error)[]> {
  return cachedBatch(load, options);
}
