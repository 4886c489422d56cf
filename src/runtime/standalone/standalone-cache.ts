/** What a cache without Payload is made of, and what it can do. */
import type { Duration } from '../../duration.js';
import type { Store } from '../../interfaces/store.js';
import type { MemoryOptions } from '../../stores/memory.js';
import type { CacheWithoutPayload } from '../carried-instance.js';
import type { Memoized, MemoizeOptions } from '../functions/cached.js';
import type { CachedOptions, FunctionContext } from '../functions/context.js';
import type { Namespace, NamespaceOptions } from '../functions/namespace.js';
import type { InvalidationTarget } from '../instance.js';
import type { PayloadKVOptions } from '../policy/options.js';
import type { CacheLogger } from './stand-in.js';
import type { StandaloneStats } from './statistics.js';

/** What a value is found by. A text is a key of one text: `'tea'` is `['tea']`. */
export type CacheKey = string | readonly unknown[];

/** Options that are those of a site, and mean the same. */
type Shared =
  | 'access'
  | 'audit'
  | 'build'
  | 'compression'
  | 'consistency'
  | 'debug'
  | 'enabled'
  | 'encryption'
  | 'maxConcurrentWrites'
  | 'maxEntryBytes'
  | 'namespaces'
  | 'observe'
  | 'onEvent'
  | 'rateLimit'
  | 'registry'
  | 'serializer'
  | 'singleFlight'
  | 'staleIfError'
  | 'swr'
  | 'timeout'
  | 'ttl'
  | 'ttlJitter'
  | 'waitUntil'
  | 'writeTimeout';

/** Options of `createCache`. */
export interface CreateCacheOptions extends Pick<PayloadKVOptions, Shared> {
  /**
   * Where entries live. Default: `tiered(memory(), redis())` where `REDIS_URL` or `REDIS_HOST` is set, else `memory()`,
   * and always that in workerd.
   */
  store?: Store;
  /**
   * Sets it apart from other caches in the same store: keys, namespaces and `clear` are those of one prefix. Caches with
   * the same one share them. At most 100 characters. Default `''`, whose namespaces are those of Payload sites as well.
   */
  prefix?: string;
  /**
   * Limits of the memory that it makes itself. PAYLOAD_KV_MEMORY_MAX_ENTRIES and PAYLOAD_KV_MEMORY_MAX_BYTES win.
   * Default those of `memory()`.
   */
  memory?: MemoryOptions;
  /**
   * How long it goes on by itself while its registry, such as Redis, is away: what the registry confirmed, and what was
   * made since, serves no longer than this. Own writes are seen at once, those of others when the registry is back, and
   * nothing that was made meanwhile is served then without its consent. `false`: functions are run each time meanwhile.
   * Default 60 seconds.
   */
  whileAway?: Duration | false;
  /** Where it says what its owner ought to know. Default `console`. */
  logger?: CacheLogger;
}

/** A cache without Payload. */
export interface StandaloneCache extends CacheWithoutPayload {
  /** The value under a key, in an object of its own, so that a value of `undefined` is told from none. */
  get<Value = unknown>(
    key: CacheKey,
    options?: { namespace?: string },
  ): Promise<{ value: Value } | undefined>;
  /**
   * Puts a value under a key.
   *
   * @param options `ttl` as that of functions; `tags` are names that make it stale
   * @throws PayloadKVError `VALUE_NOT_STORABLE` for a value without a lossless text form, `CACHE_CLOSED`
   */
  set(
    key: CacheKey,
    value: unknown,
    options?: { namespace?: string; ttl?: Duration; tags?: readonly string[] },
  ): Promise<void>;
  /** Makes what is under a key stale, in every process. Throws `CACHE_CLOSED`. */
  delete(key: CacheKey, options?: { namespace?: string }): Promise<void>;
  /** Makes all of a namespace stale, in every process, at the cost of one replacement. Throws `CACHE_CLOSED`. */
  deleteNamespace(name: string): Promise<void>;
  /** Makes all that is in this cache stale, in every process, and nothing else. Throws `CACHE_CLOSED`. */
  clear(): Promise<void>;
  /**
   * Makes stale what depends on something, here and in the Payload sites that share the registry:
   *
   * - `{ tags }`: names that were given with `tag`, whatever the prefix
   * - `{ collection }`, `{ collection, id }`, `{ global }`: what depends on it in any of those. Without their schema
   *   nobody knows which slices a document is in, so that `id` makes stale all that depends on the collection
   * - `{ namespace }`: a namespace of this prefix; without one, that of the sites as well
   * - `{ prefix }`: deletes entries by the beginning of their keys, whosesoever they are: see `invalidateCache`
   * - `'everything'`: what {@link clear} does
   *
   * @param options `by` says who does it, for the option `audit`
   * @throws PayloadKVError `CACHE_CLOSED`, `ACCESS_DENIED` where `access.purge` forbids it, `RATE_LIMITED`,
   *   `INVALID_TARGET` for what names nothing
   */
  invalidate(target: InvalidationTarget, options?: { by?: string }): Promise<void>;
  /** `cached` of `payload-kv`, in this cache. After {@link close} the function is run each time. */
  cached<Result>(
    fn: (context: FunctionContext) => Result | Promise<Result>,
    options: Omit<CachedOptions, 'cache' | 'payload' | 'req'>,
  ): Promise<Result>;
  /** `memoize` of `payload-kv`, in this cache. */
  memoize<Arguments extends readonly unknown[], Result>(
    fn: (...args: Arguments) => Result | Promise<Result>,
    options: Omit<MemoizeOptions<Arguments>, 'cache' | 'payload' | 'req'>,
  ): Memoized<Arguments, Result>;
  /** `namespace` of `payload-kv`, in this cache. */
  namespace(name: string, options?: Omit<NamespaceOptions, 'cache' | 'payload'>): Namespace;
  /** Counts since it was made, and what the store says. Never rejects, and takes two seconds at most. */
  getStats(): Promise<StandaloneStats>;
  /** Whether the store answers, and neither it nor the registry is given up for the moment. Never rejects. */
  isConnected(): Promise<boolean>;
  /** Waits until what is being written is written, e.g. before a script ends. At most `timeout` milliseconds, default 5,000. */
  settle(timeout?: number): Promise<void>;
  /**
   * Waits as {@link settle}, and ends what the store has opened. Then functions are run, nothing is found, and whatever
   * would change something rejects with `CACHE_CLOSED`. Once more it does nothing.
   */
  close(): Promise<void>;
}
