/** What a site asks of its cache. */
import type { Payload } from 'payload';
import type { StoreHealth } from '../interfaces/store.js';
import type { Background } from '../platform/background.js';
import type { CacheStats } from './stats/stats.js';
import type { Invalidation } from './write/invalidation.js';

/** Where a Payload instance carries its cache. Shared by all copies of this module in a bundle. */
const INSTANCE = Symbol.for('payload-kv.instance');

/** The cache of one Payload instance, as it is carried. */
export interface Instance {
  stats(): CacheStats;
  health(): Promise<CacheHealth>;
  invalidation(): Invalidation | undefined;
  background: Background;
}

/** Has a Payload instance carry its cache. */
export function carryInstance(payload: Payload, instance: Instance): void {
  (payload as unknown as Record<symbol, Instance>)[INSTANCE] = instance;
}

function instanceOf(payload: Payload): Instance | undefined {
  return (payload as unknown as Record<symbol, Instance | undefined>)[INSTANCE];
}

/** Counts of the cache since this process started; `undefined` if the site has no cache. */
export function getCacheStats(payload: Payload): CacheStats | undefined {
  return instanceOf(payload)?.stats();
}

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
  return instanceOf(payload)?.health();
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
  else if ('collection' in target) replacing = invalidation.entity('collection', target.collection);
  else replacing = invalidation.entity('global', target.global);
  instance?.background.keepAlive(replacing);
  await replacing;
}

/** Waits until entries that are being written are written, e.g. before a script ends. At most `timeout` milliseconds. */
export async function settleCache(payload: Payload, timeout = 5_000): Promise<void> {
  await instanceOf(payload)?.background.settled(timeout);
}
