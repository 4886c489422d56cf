/** What a site asks of its cache. What answers is here, so that only a site that asks takes it along. */
import type { Payload } from 'payload';
import type { StoreHealth } from '../interfaces/store.js';
import { withTimeout } from '../platform/timeout.js';
import { notHealthy } from '../stores/health.js';
import { instanceOf } from './carried-instance.js';
import { collectionTag, globalTag } from './query/tags.js';
import { type CacheStats, summarised } from './stats/stats.js';
import { entityAndVersionsTags } from './write/touched-by.js';

/** Counts of the cache since this process started; `undefined` if the site has no cache. */
export function getCacheStats(payload: Payload): CacheStats | undefined {
  const instance = instanceOf(payload);
  return (
    instance && {
      ...summarised(instance.counters),
      pending: instance.background.pending(),
      inFlight: instance.inFlight(),
      suspended: instance.isSuspended(),
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
  const store = instance.store();
  const asked = (async () => store.health())();
  const said = await withTimeout(asked, LONGEST_CHECK).catch(notHealthy);
  const suspended = instance.isSuspended();
  return { ok: said.ok && !suspended, store: { name: store.name, ...said }, suspended };
}

/** What {@link invalidateCache} makes stale: one collection, one global, or everything. */
export type InvalidationTarget = { collection: string } | { global: string } | 'everything';

/**
 * Makes entries stale by hand, after a change that the adapter did not see: raw SQL, another program, an import.
 * Does nothing if the site has no cache.
 */
export async function invalidateCache(payload: Payload, target: InvalidationTarget): Promise<void> {
  const instance = instanceOf(payload);
  const invalidation = instance?.invalidation();
  if (!invalidation) return;
  let replacing: Promise<void>;
  if (target === 'everything') replacing = invalidation.everything('invalidateCache');
  else {
    const entity = 'collection' in target ? collectionTag(target.collection) : globalTag(target.global);
    replacing = invalidation.replace(entityAndVersionsTags(entity));
  }
  instance?.background.keepAlive(replacing);
  await replacing;
}

/** Waits until entries that are being written are written, e.g. before a script ends. At most `timeout` milliseconds. */
export async function settleCache(payload: Payload, timeout = 5_000): Promise<void> {
  await instanceOf(payload)?.background.settled(timeout);
}
