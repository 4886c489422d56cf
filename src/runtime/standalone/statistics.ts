/** What is counted of a cache without Payload. */
import { KEY_PREFIX } from '../../interfaces/keys.js';
import { leavesProcess, type Store } from '../../interfaces/store.js';
import { listedWithin } from '../../platform/listed-within.js';
import { type Instance, isSuspended } from '../carried-instance.js';
import { type FunctionCounts, summarised } from '../stats/stats.js';

/** Counts of a cache, or of one namespace of it. */
export interface StandaloneCounts {
  /** Lookups that were answered from the cache. */
  hits: number;
  /** Nothing there, or something that was not fresh any more. */
  misses: number;
  /** Calls of `set`. */
  sets: number;
  /** Calls of `delete`. */
  deletes: number;
  /** Hits among all lookups, from 0 to 1; 0 before the first. */
  hitRate: number;
}

/** What is known of a cache without Payload. */
export interface StandaloneStats extends StandaloneCounts {
  /** Name of the store, e.g. `memory`. */
  provider: string;
  /** Whether the store answers, and neither it nor the registry is given up for the moment. */
  connected: boolean;
  /**
   * Keys of this cache in the store; of what was made stale some may still be there. `undefined` where there are more
   * than can be listed in a second, or the store does not answer.
   */
  keys: number | undefined;
  /** By namespace, `''` for what is in none; the whole of what is counted. */
  namespaces: Record<string, StandaloneCounts & FunctionCounts>;
  /** What the store and the registry were asked to do. */
  operations: ReturnType<typeof summarised>['operations'];
  /** Entries being written and tags being replaced right now. */
  pending: number;
  /** Whether store or registry are given up for the moment after repeated faults. */
  suspended: boolean;
}

/** Longest time for listing keys, in milliseconds. */
const LONGEST_LISTING = 1_000;

/** Adds up what is counted. */
export async function statisticsOf(
  instance: Instance,
  store: Store,
  connected: boolean,
): Promise<StandaloneStats> {
  const { functions, operations } = summarised(instance.counters);
  const namespaces: StandaloneStats['namespaces'] = Object.create(null);
  const sum = { hits: 0, misses: 0, sets: 0, deletes: 0 };
  for (const [name, count] of Object.entries(functions)) {
    const own = countsOf(count);
    namespaces[name] = { ...count, ...own };
    for (const each of ['hits', 'misses', 'sets', 'deletes'] as const) sum[each] += own[each];
  }
  return {
    ...sum,
    hitRate: rateOf(sum),
    provider: store.name,
    connected,
    keys: connected || !leavesProcess(store) ? await numberOfKeys(instance, store) : undefined,
    namespaces,
    operations,
    pending: instance.background.pending(),
    suspended: isSuspended(instance),
  };
}

function countsOf({ hits, misses, stale, sets = 0, deletes = 0 }: FunctionCounts): StandaloneCounts {
  const own = { hits, misses: misses + stale, sets, deletes };
  return { ...own, hitRate: rateOf(own) };
}

function rateOf({ hits, misses }: { hits: number; misses: number }): number {
  return hits === 0 ? 0 : hits / (hits + misses);
}

async function numberOfKeys(instance: Instance, store: Store): Promise<number | undefined> {
  const reads = instance.reads();
  if (!reads) return undefined;
  let number = 0;
  try {
    const pages = store.list(`${KEY_PREFIX}${reads.site}.fn:`);
    for await (const keys of listedWithin(pages, LONGEST_LISTING)) number += keys.length;
    return number;
  } catch {
    return undefined;
  }
}
