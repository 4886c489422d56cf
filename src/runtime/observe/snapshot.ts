/** What a site knows of its cache at one moment, as JSON: what endpoints, metrics, the admin view and the terminal show. */
import type { EventType, GuardedPart } from '../../interfaces/events.js';
import type { StoreUsage } from '../../interfaces/store.js';
import type { CacheStats } from '../stats/stats.js';

/** What is timed: lookups that hit, calls of store and registry over a network, queries of the database. */
export const TIMED = ['hit', 'store', 'registry', 'replacement', 'database'] as const;
/** What takes time, and is measured. */
export type Timed = (typeof TIMED)[number];

/**
 * Durations, counted in buckets. The upper bounds of all buckets are {@link BUCKET_BOUNDS}; the last bucket has none.
 */
export interface Latency {
  /** How many durations. */
  count: number;
  /** Of all durations, in milliseconds. */
  sum: number;
  /** How many lie in each bucket, from the shortest; as many as bounds and one more. */
  buckets: number[];
  /** Upper bounds of the buckets that 50, 95 and 99 of 100 durations lie in or below, in milliseconds; 0 without any. */
  p50: number;
  /** See `p50`. */
  p95: number;
  /** See `p50`. */
  p99: number;
}

/** How often events were told that are about the same. */
export interface CountedEvent {
  /** What happened. */
  type: EventType;
  /** Collection, global (`@slug`) or functions (`/namespace`); `/(others)` and the like for those beyond the first 2,000 series. */
  name?: string;
  /** Of the database adapter, or `cached` of functions; of a call to store or registry what it was for. */
  operation?: string;
  /** The part of the cache that it is about; absent where it is about none. */
  part?: GuardedPart;
  /** How it ended, as in the event; absent where the type says it all. */
  outcome?: string;
  /** Why, as in the event; absent where there is none. */
  reason?: string;
  /** How often. */
  count: number;
}

/** What the cache has spared the database, by the measured time of misses of the same shape. */
export interface Saved {
  /** Queries of the database. */
  calls: number;
  /** Milliseconds: an estimate, which leaves out hits of shapes that no miss was measured of. */
  time: number;
}

/** A shape of query that is asked often. */
export interface HotQuery {
  /** Collection or global (`@slug`). */
  name: string;
  /** Of the database adapter, e.g. `find`. */
  operation: string;
  /** Fields, operators, order and limit: no value. */
  shape: string;
  /** How often it was asked, at most: `error` is how much of that it may be too high. */
  count: number;
  /** By how much `count` may be too high; 0 where it is exact. */
  error: number;
  /** Of those counted: answered from the cache. */
  hits: number;
  /** Not in the cache. */
  misses: number;
  /** In the cache, but expired or made stale by a write. */
  stale: number;
  /** Of those that were asked anew because of a write: how often the answer was what it had been. */
  unchanged: number;
  /** Answered by the database without a lookup. */
  bypasses: number;
  /** Fields that are compared with one value each time, and how many values were seen, up to 16. */
  equals: Record<string, number>;
  /** Queries of the database that were measured, and how long one took in the mean, in milliseconds. */
  measured: number;
  /** Milliseconds that one took in the mean; 0 where none was measured. */
  databaseTime: number;
  /** Bytes of the result as text, in the mean of those that were seen. */
  bytes: number;
  /** What hits have spared the database. */
  saved: Saved;
}

/** TTLs that are tried beside the one that holds, in seconds: a minute to a week. */
export const TRIED_TTLS = [60, 300, 900, 3600, 21_600, 86_400, 604_800] as const;

/**
 * What becomes of what is stored of a collection or global, and what would under other TTLs. It is of the questions that
 * a process remembers: those asked last, some thousands. One that is not cached counts as if it were, and as if each
 * write made stale all of it.
 */
export interface Reuse {
  /** Reads that were looked up, or left to the database by the policy. */
  reads: number;
  /** Of those: answered by what was stored. */
  hits: number;
  /** The others: not asked before, too old, made stale by a write, or gone before their time, as what is evicted. */
  first: number;
  /** See `first`: too old. */
  expired: number;
  /** See `first`: made stale by a write. */
  written: number;
  /** See `first`: gone before its time. */
  lost: number;
  /** Of those made stale by a write: how often the new answer was the old one. */
  unchanged: number;
  /** Answers stored, and those of them that were asked for again at least once. */
  filled: number;
  /** See `filled`. */
  reused: number;
  /** Hits that there would be under each of {@link TRIED_TTLS}, by its seconds, with room for everything. */
  hitsWith: Record<string, number>;
  /** Writes of documents, or of the global. */
  writes: number;
  /** Queries of the database that were measured, and their milliseconds in all. */
  measured: number;
  /** Milliseconds of all queries that were measured. */
  databaseTime: number;
}

/** A shape that was asked again and again for one request, as code does that asks for each document by itself. */
export interface RepeatedQuery {
  /** Collection or global (`@slug`). */
  name: string;
  /** Of the database adapter, e.g. `findOne`. */
  operation: string;
  /** Fields, operators, order and limit: no value. */
  shape: string;
  /** Requests in which it was. */
  requests: number;
  /** Most queries in one request. */
  most: number;
  /** All queries in those requests, and the milliseconds the database took for them. */
  queries: number;
  /** Milliseconds of the database for all of them. */
  databaseTime: number;
  /** Where the site's own code asks, where the stack tells: `src/hooks/author.ts:12`. */
  place?: string;
}

/** What happened within one interval. */
export interface HistoryPoint {
  /** When it began, in milliseconds since 1970. */
  at: number;
  /** Reads that were answered from the cache. */
  hits: number;
  /** Reads of what was not in the cache. */
  misses: number;
  /** Reads of what had expired, or was made stale by a write. */
  stale: number;
  /** Reads that the database answered without a lookup. */
  bypasses: number;
  /** Faults of store or registry. */
  errors: number;
  /** Writes to the database whose tags were replaced. */
  invalidations: number;
  /** Milliseconds of the database that were saved. */
  savedTime: number;
}

/** What holds for a collection or global. */
export interface ShownPolicy {
  /** Whether its reads may be answered from the cache. */
  cached: boolean;
  /** Why it is not. */
  reason?: string;
  /** In seconds. */
  ttl?: number;
  /** How long an entry that is too old may be served while it is made anew, in seconds. Absent for never. */
  swr?: number;
  /** How long one may be served where the database fails, in seconds. Absent for never. */
  staleIfError?: number;
  /** How soon a write is seen everywhere: `strong`, `eventual`, or `bounded(30)` for within 30 seconds. */
  consistency?: string;
  /** Paths of the fields whose values have tags of their own. Absent for none. */
  slices?: string[];
}

/** State of a part that is asked for entries or versions. */
export interface PartState {
  /** Name of the store or registry, e.g. `redis`. */
  name: string;
  /** Whether other processes reach it too. */
  shared: boolean;
  /** Whether it is given up for the moment after repeated faults. */
  breaker: 'closed' | 'open';
}

/** What a site knows of its cache. */
export interface Statistics {
  /** The form of this object: a later one of another form has another number. */
  format: 1;
  /** When counting began, in milliseconds since 1970: in the process that is up the longest, where several are added up. */
  since: number;
  /** When this was known, in milliseconds since 1970. */
  at: number;
  /** Whether the numbers are those of one process, or of all that wrote down theirs. */
  scope: 'process' | 'all';
  /** How many processes are added up. */
  processes: number;
  /** Counts as `getCacheStats` has them. */
  counts: Pick<CacheStats, 'total' | 'collections' | 'globals' | 'functions' | 'operations'>;
  /** What was told, by what it is about. */
  events: CountedEvent[];
  /** Entries being written or tags being replaced right now. */
  pending: number;
  /** Database queries under way that reads of other requests may share. */
  inFlight: number;
  /** Durations, by what took them. */
  latency: Record<Timed, Latency>;
  /** What hits have spared the database, in all. */
  saved: Saved;
  /** By name: collections, globals (`@slug`). */
  savedBy: Record<string, Saved>;
  /** The most frequent shapes, of the last 200 or so that can be. */
  hotQueries: HotQuery[];
  /** What is not among them was asked at most so often. */
  hotFloor: number;
  /** Shapes that single requests asked again and again, the worst first. */
  repeatedQueries: RepeatedQuery[];
  /** By name: collections, globals (`@slug`). */
  reuse: Record<string, Reuse>;
  /** Replacements of versions that went on in the background, and how often a breaker opened. */
  lateReplacements: number;
  /** See `lateReplacements`. */
  breakersOpened: number;
  /** Faults of store and registry, by their reason. */
  errors: Record<string, number>;
  /** The tier in this process; added up over processes where several are. `null` without one. */
  near: StoreUsage | null;
  /** The store. */
  store: PartState;
  /** The registry. */
  registry: PartState;
  /** By name: collections, globals (`@slug`). */
  policies: Record<string, ShownPolicy>;
  /** What happened in the last hour. */
  history: {
    /** Seconds of one point. */
    interval: number;
    /** The last hour, the oldest first; intervals in which nothing happened are there too. */
    points: HistoryPoint[];
  };
}

/** Upper bounds of the buckets of durations, in milliseconds: two for each doubling, from 4 µs to 16 s. */
export const BUCKET_BOUNDS: readonly number[] = Array.from(
  { length: 45 },
  (_, index) => 2 ** (index / 2 - 8),
);
