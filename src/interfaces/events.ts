/** What can be seen of a cache while it works: its events, and those who hear them. */
import type { Config, Payload } from 'payload';

/** The kinds of events. */
export const EVENT_TYPES = [
  'hit',
  'miss',
  'stale',
  'bypass',
  'served-stale',
  'fill',
  'invalidate',
  'call',
  'error',
  'breaker',
  'purge',
] as const;

/**
 * What has happened:
 *
 * - `hit`, `miss`, `stale`: what a lookup came to; `duration` is its own; what is stale has `expired`, or was `written`
 *   to since, by its `reason`
 * - `bypass`: a read that the database answered without a lookup, with its `reason`; `duration` is the database's
 * - `served-stale`: of the misses and the stale, answered with an entry that was not fresh; `reason` is `swr` or `error`
 * - `fill`: the database was asked after a miss, or a function was run; `duration` is theirs, `bytes` that of the result
 *   as text, `outcome` `kept` where it may be stored and `not-kept` where not
 * - `invalidate`: a write has made stale what depends on it; `duration` is that of the replacement, `count` the tags,
 *   `outcome` `late` where it goes on in the background. `operation` is that of the write, or `invalidateCache`
 * - `call`: the store or registry was asked over a network; `part` and `operation` say which and for what, `outcome`
 *   is `ok` or `failed`
 * - `error`: something failed, and the site went on without it; `reason` is `timeout`, `corrupt-entry`, the code of an
 *   error of this package, or `fault`
 * - `purge`: somebody made something stale by hand, or was refused; `target` says what and `by` who, `count` the tags,
 *   `outcome` is `done`, `late`, `refused` or `failed`, `reason` the code of the error
 * - `breaker`: a part that fails too often is given up for a while, or is back; `outcome` is `open` or `closed`
 */
export type EventType = (typeof EVENT_TYPES)[number];

/** What is asked over a network: entries, versions of tags, and their replacement. */
export type GuardedPart = 'store' | 'registry' | 'replacement';

/** What is told of one thing that happened. */
export interface Told {
  type: EventType;
  /** What it is about; absent where it is about none. */
  subject?: 'collection' | 'global' | 'function';
  /** Its slug, or the namespace of a function. */
  name?: string;
  /** The operation of the adapter, `cached` for functions. */
  operation?: string;
  part?: GuardedPart;
  outcome?: string;
  reason?: string;
  /** In milliseconds. */
  duration?: number;
  bytes?: number;
  count?: number;
  /** The hash at the end of the entry's key. */
  key?: string;
  /** What was purged, as JSON, and by whom. */
  target?: string;
  by?: string;
}

/** One thing that happened. It holds no value of a query, no document and no secret. */
export interface CacheEvent extends Told {
  /** When it had happened, in milliseconds since 1970. */
  time: number;
  /** The Payload instance, by its number in this process. */
  instance: string;
}

/** What a fill has stored. */
export interface Filled {
  /** The answer as text, and the versions of all that it depends on. */
  text: string;
  versions: readonly string[];
  /** How long it may serve at the least, in seconds. */
  ttl: number;
  /** Whether it holds nothing, so that `negativeTtl` bounds that. */
  isNegative: boolean;
}

/**
 * Hears of events, synchronously. What it throws is logged, as is what a promise of its rejects with.
 *
 * @param args what a read of the adapter was asked with, its request too: nothing of it may be kept or shown as it is
 * @param question an object that is the same for the same question, for as long as it is remembered
 * @param filled what a fill that is `kept` has stored: nothing of it may be kept or shown either
 */
export type EventListener = (
  event: CacheEvent,
  args?: Readonly<Record<string, unknown>>,
  question?: object,
  filled?: Filled,
) => void;

/** The events of one Payload instance. */
export interface Events {
  /** Whether anybody hears of them; else none is to be made. */
  isHeard(): boolean;
  /** Tells whoever listens. Never throws. What is told becomes the event: it belongs to nobody else. */
  tell(told: Told, args?: Readonly<Record<string, unknown>>, question?: object, filled?: Filled): void;
  /** Has a listener told of each from now on, until the returned function is called. */
  listen(listener: EventListener): () => void;
}

/** What watches a site, and shows what it has seen. */
export interface Observer {
  /** Name for messages. */
  readonly name: string;
  /** Changes the site's config before Payload sanitises it, e.g. adds endpoints. Called once per config. */
  configure?(config: Config): Config;
  /**
   * Called when a Payload instance has a cache, and anew after a hot reload.
   *
   * @returns what ends it
   */
  attach(payload: Payload, events: Events): () => void;
}
