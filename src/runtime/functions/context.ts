/** What the functions of one site share, and what is said of one function. */
import type { Payload, PayloadRequest } from 'payload';
import type { Duration } from '../../duration.js';
import type { Recorder, Refusal } from '../../interfaces/recorder.js';
import type { CacheWithoutPayload, Instance } from '../carried-instance.js';
import type { EncodedResult } from '../entry/entry.js';
import type { EarlyRefreshOptions, LockOptions } from '../policy/options.js';
import type { FunctionTags } from '../query/tags.js';
import type { Subject, Wanted } from '../read/context.js';
import type { FillContext } from '../read/fill.js';
import type { Revalidation } from '../read/revalidation.js';
import type { SingleFlight } from '../read/single-flight.js';
import type { Asker } from './asker.js';
import type { FlightWaits } from './flight-waits.js';

/** The namespace of what is in none, in a cache without Payload. */
export const DEFAULT_NAMESPACE = 'default';

/** How a function is cached. */
export interface CachedOptions {
  /**
   * What the result is found by, with the namespace: all that the function uses and that may differ. Any values that have
   * a canonical form: texts, numbers, dates, lists, plain objects.
   */
  key: readonly unknown[];
  /** Sets keys apart, and can be cleared as a whole. Default none. */
  namespace?: string;
  /** How long the result may be served. Default: the namespace's, or the plugin's `ttl`. */
  ttl?: Duration;
  /** Overrides that of the namespace and of the plugin. */
  swr?: Duration | false;
  /** Overrides that of the namespace and of the plugin. */
  staleIfError?: Duration | false;
  /**
   * The request that it is called for. Its user, with all that the site knows of them, and its locale are then part of
   * the key. Without it the result is everybody's: a function that reads as somebody, or under access control, is run
   * each time.
   */
  req?: Partial<PayloadRequest>;
  /** Says that the result is everybody's, whoever reads in the function. Default `false`. */
  shared?: boolean;
  /**
   * Runs it in one of all processes that share the registry, by a lock there, while the others wait for what it stores.
   * Default: the namespace's, or `false`.
   */
  lock?: boolean | LockOptions;
  /**
   * Runs it again in the background of a hit shortly before its entry expires: the sooner the longer it ran the last time,
   * by chance, so that of many processes hardly two do. Default: the namespace's, or `false`.
   */
  earlyRefresh?: boolean | EarlyRefreshOptions;
  /** Runs it now, whatever is stored, and has that replaced. Default `false`. */
  refresh?: boolean;
  /** The Payload instance. Default: that of `req`, or the only one of this process. */
  payload?: Payload;
  /** A cache without Payload, made by `createCache()` of `payload-kv/cache`, in place of `payload`. */
  cache?: CacheWithoutPayload;
}

/** What a function may depend on beside what it reads. */
export type DependencyTarget = string | { collection: string; id?: string | number } | { global: string };

/** What a cached function is given. */
export interface FunctionContext {
  /**
   * The request for what it reads, with a data loader of its own: of the user and the locale that `req` of the options has,
   * or of nobody.
   *
   * @throws PayloadKVError `NO_PAYLOAD` in a cache without Payload
   */
  readonly req: PayloadRequest;
  /**
   * Says that the result depends on more: a collection, a document, a global, or a name of the site's own, which
   * `invalidateCache(payload, { tags })` makes stale. To be called before what it stands for is read.
   */
  tag(...targets: DependencyTarget[]): void;
  /** Says that the result may be served for no longer than this. */
  ttl(duration: Duration): void;
  /** Says that the result is not stored: whoever has called it gets it, and what runs around it may be stored all the same. */
  discard(): void;
  /**
   * The token of the lock that it runs under, which grows with each run: what it writes to can refuse whoever comes with a
   * smaller one. `undefined` where it runs under none.
   */
  readonly fencingToken: number | undefined;
}

/** What a run made, for whoever waits for it. */
export interface Made {
  result: unknown;
  /** Of a result that is everybody's who has the key. */
  kept: { encoded: EncodedResult; recorded: Recorded } | undefined;
  /** Why it is not. */
  refusal?: Refusal;
  /** Whether it is stored, once that is known; `undefined` where it is not going to be. */
  stored?: Promise<boolean> | boolean | undefined;
}

/** What a function was found to depend on. */
export interface Recorded {
  tags: string[];
  versions: string[];
  /** When the oldest of what it read was asked of the database, in milliseconds since 1970. */
  askedAt: number;
  /** Until when it may be served, in milliseconds since 1970. */
  until: number;
  /** Collections of which it depends on more documents than have a tag each. */
  wide: string[];
}

/** What is known of the entry under a key. */
export interface KnownFunction {
  /** Its tags, as they were found or made last. */
  tags?: readonly string[];
  /** Collections of which it depends on so many documents that it takes the collection's tag. */
  wide?: readonly string[];
  /** Whether what it returned last was not stored: nobody then waits for another's run. */
  isRefused?: boolean;
}

/** What the functions of one site share. */
export interface FunctionSite {
  payload: Payload;
  instance: Instance;
  reads: FillContext;
  tags: FunctionTags;
  known: { get(key: string): KnownFunction | undefined; set(key: string, known: KnownFunction): void };
  singleFlight: SingleFlight<Made>;
  waits: FlightWaits;
  revalidation: Revalidation;
}

/** What a function returned, as it is looked for. */
export interface WantedFunction extends Wanted {
  subject: Subject;
  /** Tags that are known before it runs. */
  ownTags: readonly string[];
  /** Whether its key is still what it was at the call: what it is made of may be changed meanwhile. */
  isAsked(): boolean;
  /** That of them which changes with its key alone; none without a namespace. */
  keyTag: string | undefined;
  /** What the key says of the request; of a result that is everybody's, all but the user, who is shown all the same. */
  asker: Asker | undefined;
  /** Hears what what it returns depends on, where it runs for something that is recorded as well. */
  parent: Recorder | undefined;
  /** Largest result in bytes, or no limit. */
  maximumBytes: number | undefined;
  /** Whether the registry is asked for the versions, whatever is remembered of them. */
  mustAsk?: boolean;
  /** How its lock is taken, in milliseconds; `undefined` where it has none. */
  lock: { wait: number; lifetime: number } | undefined;
  /** How early it is run again; `undefined` where it is not. */
  beta: number | undefined;
}

/** One call of a function whose entry does not answer. */
export interface FunctionCall {
  site: FunctionSite;
  wanted: WantedFunction;
  fn: (context: FunctionContext) => unknown;
  options: CachedOptions;
  /** The versions of its own tags, or nothing where they are not known. */
  before: string[] | undefined;
  /** What is no reason not to store what it returns. */
  ignored?: ReadonlySet<Refusal>;
  /** Whether pages may be made in it: see {@link Recorder}. */
  holdsPages?: boolean;
  /** Whether what has read nothing through Payload is not stored: it was made of what is kept elsewhere. */
  mustRead?: boolean;
  /** Runs it in one process of all that share the registry, while the others wait for its entry. Default: in each. */
  alone?: (call: FunctionCall, run: (call: FunctionCall) => Promise<Made>) => Promise<Made>;
  /** The lock that it runs under. */
  tenure?: Tenure;
  /** Whether nobody is told why what it returns is not stored, beside the counts. */
  isQuiet?: boolean;
}

/** A lock while a function runs under it. */
export interface Tenure {
  token: number;
  /** Whether nobody else has had it meanwhile. */
  isHeld(): Promise<boolean>;
}
