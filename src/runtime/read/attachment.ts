import { KEY_PREFIX } from '../../interfaces/keys.js';
import { leavesProcess, type Store, storesInProcess } from '../../interfaces/store.js';
import type { ReadContext } from './context.js';

/**
 * Entries in this process belong to the Payload instance that stored them: what it is attached under ends each of their
 * keys, so that no other instance finds them, whatever its database, and they go with it.
 */

/** Where the number of the last attachment is kept: of all copies of this module in the process. */
const COUNT = Symbol.for('payload-kv.attachments');

/** What ends the keys of one more Payload instance. A counter, for there is no randomness while a Worker starts. */
export function nextAttachment(): string {
  const shared = globalThis as unknown as Record<symbol, number | undefined>;
  const count = (shared[COUNT] ?? 0) + 1;
  shared[COUNT] = count;
  return `~${count}`;
}

/** A key as entries have it in the store, and in the tier in this process where there is one. */
export function attachedKeys(
  { near, far, attachment }: Pick<ReadContext, 'near' | 'far' | 'attachment'>,
  key: string,
): { key: string; nearKey: string } {
  const ending = leavesProcess(far) ? '' : attachment;
  return { key: key + ending, nearKey: key + (near ? attachment : ending) };
}

/** Deletes what an instance has kept in this process. */
export async function forgetEntries(store: Store, attachment: string): Promise<void> {
  for (const each of storesInProcess(store)) {
    for await (const keys of each.list(KEY_PREFIX)) {
      await each.deleteMany(keys.filter((key) => key.endsWith(attachment)));
    }
  }
}
