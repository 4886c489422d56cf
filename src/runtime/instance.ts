/** What a site asks of its cache. What answers is here, so that only a site that asks takes it along. */

import type { Payload } from 'payload';
import { PayloadKVError } from '../errors.js';
import { KEY_PREFIX } from '../interfaces/keys.js';
import { isEntryKey } from '../interfaces/kinds-of-keys.js';
import type { Store, StoreHealth } from '../interfaces/store.js';
import { withTimeout } from '../platform/timeout.js';
import { notHealthy } from '../stores/health.js';
import { inFlight, instanceOf, isSuspended } from './carried-instance.js';
import type { PurgedBy } from './policy/audit.js';
import { purgeByHand } from './purge/by-hand.js';
import { collectionTag, globalTag, namespaceTag, ownTag } from './query/tags.js';
import { replaceByHand } from './replace-by-hand.js';
import { type CacheStats, summarised } from './stats/stats.js';
import { documentChangedTags, entityAndVersionsTags, everyTag } from './write/touched-by.js';

/** Counts of the cache since this process started; `undefined` if the site has no cache. */
export function getCacheStats(payload: Payload): CacheStats | undefined {
  const instance = instanceOf(payload);
  return (
    instance && {
      ...summarised(instance.counters),
      pending: instance.background.pending(),
      inFlight: inFlight(instance),
      suspended: isSuspended(instance),
    }
  );
}

/** Longest wait for what a store says of itself, in milliseconds. */
const LONGEST_CHECK = 2_000;

/** How the cache of a site is. */
export interface CacheHealth {
  /** Whether the store answers and neither it nor the registry is given up for the moment. */
  ok: boolean;
  /** What the store says of itself. */
  store: StoreHealth & { name: string };
  /** Whether store or registry are given up for the moment after repeated faults. */
  suspended: boolean;
}

/**
 * Asks the store whether it is there: for a health endpoint. Never rejects, and takes two seconds at most; `undefined`
 * if the site has no cache. A site whose cache is not well is: its database answers.
 */
export async function getCacheHealth(payload: Payload): Promise<CacheHealth | undefined> {
  const instance = instanceOf(payload);
  if (!instance) return undefined;
  const { store } = instance.options();
  const asked = (async () => store.health())();
  const said = await withTimeout(asked, LONGEST_CHECK).catch(notHealthy);
  const suspended = isSuspended(instance);
  return { ok: said.ok && !suspended, store: { name: store.name, ...said }, suspended };
}

/**
 * What {@link invalidateCache} makes stale:
 *
 * - `{ collection }`, `{ collection, id }`, `{ global }`: what depends on it
 * - `{ tags }`: what depends on names of the site's own, as functions are given with `tag`
 * - `{ namespace }`: what the functions of a namespace returned, and its values
 * - `{ prefix }`: the entries whose keys begin with it, after `payload-cache:`. They are listed and deleted, one page of
 *   the store after the other; copies in other processes live on. For what a custom `key` has named
 * - `'everything'`
 */
export type InvalidationTarget =
  | { collection: string; id?: string | number }
  | { global: string }
  | { tags: readonly string[] }
  | { namespace: string }
  | { prefix: string }
  | 'everything';

/**
 * Makes entries stale by hand, after a change that the adapter did not see: raw SQL, another program, an import.
 * Does nothing if the site has no cache. In a write of Payload's that has a transaction it counts at once, and once more
 * with the commit.
 *
 * @param options `by` says who does it, for the option `audit`
 * @throws PayloadKVError `ACCESS_DENIED` where `access.purge` forbids it, `RATE_LIMITED` where `rateLimit` does, with
 *   `retryAfter` in seconds, `INVALID_TARGET` for what names nothing
 */
export async function invalidateCache(
  payload: Payload,
  target: InvalidationTarget,
  { by }: { by?: string } = {},
): Promise<void> {
  await invalidateFor(payload, target, { kind: 'code', ...(by !== undefined && { name: by }) });
}

/** {@link invalidateCache} for somebody. */
export async function invalidateFor(
  payload: Payload,
  target: InvalidationTarget,
  by: PurgedBy,
): Promise<void> {
  checkTarget(target);
  const instance = instanceOf(payload);
  if (!instance?.invalidation()) return;
  const tags = (): readonly string[] => tagsOfTarget(payload, target) ?? [];
  await purgeByHand({ payload, instance, target, by, tags }, async () => {
    if (target === 'everything') await replaceByHand(instance);
    else if ('prefix' in target) await deletePrefix(instance.options().store, target.prefix);
    else await replaceByHand(instance, tags());
  });
}

/**
 * Refuses what would make nothing stale, or more than it says.
 *
 * @throws PayloadKVError `INVALID_TARGET`
 */
export function checkTarget(target: unknown): void {
  if (target === 'everything') return;
  const { collection, global, tags, namespace, prefix } = (target ?? {}) as Record<string, unknown>;
  const isName = (value: unknown): boolean => typeof value === 'string' && value !== '';
  if ([collection, global, namespace].some(isName) || typeof prefix === 'string') return;
  if (Array.isArray(tags) && tags.every(isName)) return;
  throw new PayloadKVError({
    code: 'INVALID_TARGET',
    message: 'What is to be made stale names no collection, global, tags, namespace or prefix.',
    nextStep: "Write for example { collection: 'posts' }, { tags: ['shop'] }, or 'everything'.",
  });
}

/** The tags that {@link invalidateCache} replaces; `undefined` for a prefix, and where the site has no cache. */
export function tagsOfTarget(payload: Payload, target: InvalidationTarget): readonly string[] | undefined {
  const invalidation = instanceOf(payload)?.invalidation();
  if (!invalidation) return undefined;
  if (target === 'everything') return everyTag(invalidation.context);
  if ('prefix' in target) return undefined;
  if ('collection' in target && target.id !== undefined)
    return documentChangedTags(invalidation.context, target.collection, target.id);
  return namedTags(target);
}

/** The tags of what a target names by itself: of a document it names all of its collection's. */
export function namedTags(
  target: Exclude<InvalidationTarget, 'everything' | { prefix: string }>,
): readonly string[] {
  if ('tags' in target) return target.tags.map(ownTag);
  if ('namespace' in target) return [namespaceTag(target.namespace)];
  return entityAndVersionsTags(
    'collection' in target ? collectionTag(target.collection) : globalTag(target.global),
  );
}

/** Deletes the entries whose keys begin with a prefix. */
export async function deletePrefix(store: Store, prefix: string): Promise<void> {
  // Versions are no entries: without them everything that depends on their tags would be stale, or worse.
  for await (const keys of store.list(KEY_PREFIX + prefix)) await store.deleteMany(keys.filter(isEntryKey));
}

/** Waits until entries that are being written are written, e.g. before a script ends. At most `timeout` milliseconds. */
export async function settleCache(payload: Payload, timeout = 5_000): Promise<void> {
  await instanceOf(payload)?.background.settled(timeout);
}
