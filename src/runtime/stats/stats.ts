/** Comes in: what happens in `read/` and `write/`. Goes out: its counts, for the site and for each collection and global. */
import type { Refusal } from '../../interfaces/recorder.js';
import { valueAt } from '../../platform/value-at.js';

/** Why a read was answered by the database without asking the cache. */
export type BypassReason =
  | 'transaction'
  | 'write-operation'
  | 'auth-collection'
  | 'request'
  | 'policy'
  | 'access'
  | 'error'
  | 'unknown-argument';

/** Counts since the process started. */
export interface CacheCounts {
  /** Answered from the cache. */
  hits: number;
  /** Not in the cache. */
  misses: number;
  /** In the cache, but expired or made stale by a write. */
  stale: number;
  /** Of the misses and the stale: answered with an entry that was not fresh, by `swr` or `staleIfError`. */
  servedStale: number;
  /** Answered by the database without a lookup, by reason. */
  bypasses: { [reason in BypassReason]?: number };
  /** Misses that were answered by another read's database query. */
  shared: number;
  /** Entries written. */
  writes: number;
  /** Entries not written because too many others were waiting to be. */
  droppedWrites: number;
  /** Bytes of text written to the store, in UTF-16 units: exact for ASCII. */
  bytesWritten: number;
  /** Bytes of text read from the store by hits. */
  bytesRead: number;
  /** Results that were not cached because they exceed the store's largest value or have no lossless text form. */
  uncacheable: number;
  /** Writes to the database whose tags were replaced. */
  invalidations: number;
  /** Faults of store or registry. */
  errors: number;
}

/** Counts of the functions of one namespace. `bypasses` are runs without a lookup. */
export interface FunctionCounts extends CacheCounts {
  /** Results that were not stored, by reason. */
  notStored?: { [reason in Refusal]?: number };
  /** Values that were set. */
  sets?: number;
  /** Keys that were deleted. */
  deletes?: number;
  /** What was not done because a rate limit was reached: runs, writes of entries, purges. */
  limited?: { run?: number; write?: number; purge?: number };
}

/** Counts of the whole site and of each collection and global (`@slug`). */
export interface CacheStats {
  /** Of all collections and globals. */
  total: CacheCounts;
  /** By slug; absent for those that nobody has asked for. */
  collections: Record<string, CacheCounts>;
  /** By slug; absent for those that nobody has asked for. */
  globals: Record<string, CacheCounts>;
  /** By namespace, `''` for functions of none. They are no part of `total`. */
  functions: Record<string, FunctionCounts>;
  /** What the store and registry were asked to do. One call may carry several keys. */
  operations: {
    storeReads: number;
    storeWrites: number;
    registryReads: number;
    registryReplacements: number;
  };
  /** Entries being written or tags being replaced right now. */
  pending: number;
  /** Database queries under way that reads of other requests may share. */
  inFlight: number;
  /** Whether the store is given up for the moment after repeated faults. */
  suspended: boolean;
}

/** Fresh counts, all zero. */
function emptyCounts(): CacheCounts {
  return {
    hits: 0,
    misses: 0,
    stale: 0,
    servedStale: 0,
    bypasses: {},
    shared: 0,
    writes: 0,
    droppedWrites: 0,
    bytesWritten: 0,
    bytesRead: 0,
    uncacheable: 0,
    invalidations: 0,
    errors: 0,
  };
}

/** The counts of a namespace, copied for whoever asks. */
export function copyOfFunctionCounts(count: FunctionCounts): FunctionCounts {
  return {
    ...count,
    bypasses: { ...count.bypasses },
    notStored: { ...count.notStored },
    limited: { ...count.limited },
  };
}

/** Adds the counts of `more` to `sum`. */
function addCounts(sum: CacheCounts, more: CacheCounts): void {
  for (const name of Object.keys(more) as (keyof CacheCounts)[]) {
    if (name === 'bypasses') {
      for (const [reason, count] of Object.entries(more.bypasses) as [BypassReason, number][]) {
        sum.bypasses[reason] = (sum.bypasses[reason] ?? 0) + count;
      }
    } else sum[name] += more[name];
  }
}

/** What is counted by its name. */
export type CountedType = 'collection' | 'global' | 'function';
const SIGNS: Record<CountedType, string> = { collection: '', global: '@', function: '/' };

/** Names that have counts: a site may make as many namespaces as it likes, and later ones count as functions of none. */
const MOST_COUNTED = 1_000;

/** The counts of one site. */
export interface Counters {
  /** Those of a collection or global, to be added to. */
  countsOf(type: CountedType, name: string): FunctionCounts;
  /** All of those, by slug, of globals with `@` before it, of namespaces with `/`. */
  counts: ReadonlyMap<string, FunctionCounts>;
  /** What the store and registry were asked to do, to be added to. */
  operations: CacheStats['operations'];
}

/** Creates the counts of one site, all zero. */
export function createCounters(): Counters {
  const counts = new Map<string, FunctionCounts>();
  return {
    counts,
    operations: { storeReads: 0, storeWrites: 0, registryReads: 0, registryReplacements: 0 },
    countsOf(type, name) {
      const full = SIGNS[type] + name;
      const isOneMore = type === 'function' && counts.size >= MOST_COUNTED && !counts.has(full);
      return valueAt(counts, isOneMore ? SIGNS[type] : full, emptyCounts);
    },
  };
}

/** The counts of one site, copied and added up. Apart from them: only a site that asks takes this along. */
export function summarised({
  counts,
  operations,
}: Counters): Pick<CacheStats, 'total' | 'collections' | 'globals' | 'functions' | 'operations'> {
  const total = emptyCounts();
  // Without a prototype: a collection may have any name.
  const collections: CacheStats['collections'] = Object.create(null);
  const globals: CacheStats['globals'] = Object.create(null);
  const functions: CacheStats['functions'] = Object.create(null);
  for (const [name, count] of counts) {
    if (name.startsWith('/')) {
      functions[name.slice(1)] = copyOfFunctionCounts(count);
      continue;
    }
    const copy = { ...count, bypasses: { ...count.bypasses } };
    addCounts(total, count);
    if (name.startsWith('@')) globals[name.slice(1)] = copy;
    else collections[name] = copy;
  }
  return { total, collections, globals, functions, operations: { ...operations } };
}
