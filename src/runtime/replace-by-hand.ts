/** Replaces versions for somebody who has written past the adapter. Only a site that does so takes it along. */
import type { Instance } from './carried-instance.js';
import type { TransactionID } from './operation/request.js';
import { transactionAround } from './operation/transaction-around.js';
import type { Invalidation } from './write/invalidation.js';
import { merge } from './write/touched.js';
import { everyTag } from './write/touched-by.js';

/** What tells of it in events and in the log. */
const BY_HAND = 'invalidateCache';

/**
 * Makes stale what depends on the tags, at once, and in a transaction once more with its commit. Does nothing where there
 * is no cache.
 *
 * @param tags default all that there are
 */
export async function replaceByHand(instance: Instance, tags?: readonly string[]): Promise<void> {
  const invalidation = instance.invalidation();
  if (!invalidation) return;
  const around = transactionAround();
  if (around) await replaceWithCommit(invalidation, await around, tags ?? everyTag(invalidation.context));
  await (tags ? invalidation.replace(tags, BY_HAND) : invalidation.everything(BY_HAND));
}

/** Has tags replaced once more when a transaction commits: until then others read what it changes as it was. */
async function replaceWithCommit(
  { context, transactions }: Invalidation,
  id: TransactionID | undefined,
  tags: readonly string[],
): Promise<void> {
  // Of another site's transaction nobody here hears the end.
  if (id === undefined || !context.adapter.beginTransaction || !transactions.isUnderway(id)) return;
  const end = transactions.commitOf(id);
  await end;
  if (!end) merge(transactions.touchedIn(id), { tags: new Set(tags), subjects: new Map() });
}
