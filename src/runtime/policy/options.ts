import type { Payload } from 'payload';
import type { Duration } from '../../duration.js';
import type { CacheEvent, Observer } from '../../interfaces/events.js';
import type { Pages } from '../../interfaces/recorder.js';
import type { Consistency, Registry } from '../../interfaces/registry.js';
import type { Store } from '../../interfaces/store.js';
import type { WaitUntil } from '../../platform/background.js';
import type { Compression, Encryption, Serializer } from '../entry/entry-form.js';
import type { CachedOperation } from '../query/operations.js';
import type { AccessOptions } from './access.js';
import type { PurgeRecord } from './audit.js';
import type { RateLimitOptions } from './rate-limits.js';

/** TTL per read operation; `false` does not cache the operation. */
export type OperationPolicy = { [operation in CachedOperation]?: Duration | false };

/** What is cached of one global, and for how long. */
export interface GlobalPolicy {
  /** How long an entry may be served. Default: the plugin's `ttl`. */
  ttl?: Duration;
  /** TTL per read operation, over `ttl`. */
  operations?: OperationPolicy;
  /** `false` turns caching off for it, and keeps the entry in the file. Default `true`. */
  enabled?: boolean;
  /** Overrides the plugin's `consistency`. */
  consistency?: Consistency;
  /** Overrides the plugin's `swr`. */
  swr?: Duration | false;
  /** Overrides the plugin's `staleIfError`. */
  staleIfError?: Duration | false;
  /** Overrides the plugin's `negativeTtl`. */
  negativeTtl?: Duration | false;
}

/** What is cached of one collection, and for how long. */
export interface CollectionPolicy extends GlobalPolicy {
  /**
   * Fields whose equality in a `where` makes a query depend on that value only, e.g. `['slug']`: a write then makes
   * stale just the pages with the old and the new value. Default none.
   */
  slices?: readonly string[];
  /**
   * Must be set to cache a collection with `auth`. Default `false`.
   *
   * - `'without-secrets'`: entries hold no hidden field (hashes and salts of passwords, reset and verification tokens,
   *   login attempts and locks, hidden fields of your own) and no sessions. They answer what reads users as documents:
   *   `find`, `findByID`, `count` and the population of relations, where `sessions` is then an empty list. Whatever may
   *   need more asks the database: everything that signs in, `showHiddenFields`, users who read themselves, a query or
   *   `select` that names such a field, `payload.db`. A collection with API keys, or whose hooks could tell the
   *   difference, is not cached, and a warning says why. Code of your own that looks at `sessions`, or calls
   *   `JWTAuthentication` itself, outside of a strategy asks with `context: { payloadCache: 'bypass' }`.
   * - `true`: entries hold all that the documents do in the database. So it is refused for a store outside of this
   *   process, unless `encryption` is set.
   */
  allowAuth?: boolean | 'without-secrets';
}

/**
 * Where concurrent identical misses share one database query.
 *
 * - `'process'`: all of this process. Default on Node. Who has waited for ten seconds asks the database itself: the
 *   connection of the first one may hang.
 * - `'request'`: those of one request. Default in workerd, where a promise of another request may never settle once
 *   that request is gone.
 * - `'isolate'`: all of a Worker's isolate. The first one is kept alive by `waitUntil`; each other waits on a timer of
 *   its own and then asks the database itself.
 * - `false`: none.
 */
export type SingleFlightScope = 'process' | 'request' | 'isolate' | false;

/** Called after a write was committed and its invalidation is done. */
export interface InvalidationEvent {
  /** The collection or global written to. */
  slug: string;
  /** Which of the two it is. */
  type: 'collection' | 'global';
  /** Database operations of the write, e.g. `updateOne`. */
  operations: string[];
  /** Ids of the documents written, or `undefined` where the write does not tell (bulk by `where`). */
  ids: (string | number)[] | undefined;
  /** The tags whose versions were replaced. */
  tags: string[];
  /** The Payload instance that wrote. */
  payload: Payload;
}

/** Tags whose versions were replaced, whatever was written: with each write, and by `invalidateCache`. */
export interface ReplacementEvent {
  /** Names of the tags. */
  tags: string[];
  /** The Payload instance that replaced them. */
  payload: Payload;
}

/** A hook on invalidation. Errors are logged, never thrown into the write. */
export type InvalidationHook = (event: InvalidationEvent) => void | Promise<void>;

/** Shape of `payload-types.ts`' `Config`, as far as slugs go. */
export interface GeneratedTypes {
  /** The collections by slug, with their types. */
  collections: object;
  /** The globals by slug, with their types. */
  globals: object;
}

/** What the tool's `schema.generated.ts` hands to the plugin. */
export interface GeneratedSchema {
  /** Hash of the schema; part of every key. */
  fingerprint: string;
}

/** Arguments of a custom key function. */
export interface KeyContext {
  /** Collection or global. */
  slug: string;
  /** Which of the two it is. */
  type: 'collection' | 'global';
  /** Of the database adapter, e.g. `find`. */
  operation: CachedOperation;
  /** The database arguments without `req`. Not to be changed. */
  args: Readonly<Record<string, unknown>>;
}

/** How the lock of a function is taken: see `lock` of `cached`. */
export interface LockOptions {
  /** How long a call waits for another process to run the function, before it runs it itself. Default 15 seconds. */
  wait?: Duration;
  /**
   * How long after a process has died its lock is free again; while it runs the function it keeps it. A function that
   * blocks its thread for longer loses it. Default 10 seconds.
   */
  lifetime?: Duration;
}

/** How early a function is run again: see `earlyRefresh` of `cached`. */
export interface EarlyRefreshOptions {
  /** Above 1 it is earlier, below later. Default 1. */
  beta?: number;
}

/** What holds for functions in one namespace. */
export interface NamespacePolicy {
  /** How long what a function returned may be served. Default: the plugin's `ttl`. */
  ttl?: Duration;
  /** Overrides the plugin's `swr`. */
  swr?: Duration | false;
  /** Overrides the plugin's `staleIfError`. */
  staleIfError?: Duration | false;
  /** Overrides the plugin's `maxEntryBytes`, downwards. */
  maxEntryBytes?: number;
  /** Runs each function in one of all processes that share the registry: see `cached`. Default `false`. */
  lock?: boolean | LockOptions;
  /** Runs functions again shortly before their entries expire: see `cached`. Default `false`. */
  earlyRefresh?: boolean | EarlyRefreshOptions;
}

/** Options of {@link payloadKV}. */
export interface PayloadKVOptions<Types extends GeneratedTypes = GeneratedTypes> {
  /**
   * `false` answers no read from the cache and stores nothing. Where the registry is shared with other processes, writes
   * go on to make stale what those have; with versions in this process the site is exactly as it is without the plugin.
   * Default `true`.
   */
  enabled?: boolean;
  /** Where entries live. */
  store: Store;
  /** Where tag versions live. Default: the store's own (`memory()` → memory, `cloudflareKV()` → kv). */
  registry?: Registry;
  /** Default: `strong` with the memory registry, `eventual` with the kv registry. */
  consistency?: Consistency;
  /** Default TTL of every entry, 180 days at most. Default 300 seconds. */
  ttl?: Duration;
  /** How entries are written: JSON, or `messagePack()` from `payload-kv/msgpack`. Default JSON. */
  serializer?: Serializer;
  /** `gzip()` compresses entries from a size on, before they are stored. Default none. */
  compression?: Compression;
  /** `aesGCM()` encrypts entries before they are stored; one that is not encrypted is then not read. Default none. */
  encryption?: Encryption;
  /** TTL per read operation, for all collections and globals. */
  operations?: OperationPolicy;
  /**
   * Stale while revalidate: for how long after its TTL an entry is still served at once, while one query in the
   * background replaces it. A result that a write made stale is never served under `strong`; otherwise only while it is
   * no older than this, nor than the bound, and never in the process that wrote. Default `false`.
   */
  swr?: Duration | false;
  /** Grace: for how long after its TTL the last answer is served when the database throws. Like `swr`. Default `false`. */
  staleIfError?: Duration | false;
  /**
   * TTL of an answer that holds nothing: no document, an empty list, a count of zero. `false` does not cache them.
   * Default 60 seconds, or `ttl` where that is shorter.
   */
  negativeTtl?: Duration | false;
  /**
   * How much shorter than its TTL an entry may live, as a share of it, at random: so that what was stored together
   * does not expire together. From 0 to 0.5. Default 0.1.
   */
  ttlJitter?: number;
  /** Largest entry, in bytes as it is stored; a larger one is not cached, and counted. Default the store's limit. */
  maxEntryBytes?: number;
  /**
   * Entries written at the same time; others wait for their turn, up to 32 MiB of them, and more are dropped, and
   * counted. In workerd each request has its own limit by the platform. Default 20.
   */
  maxConcurrentWrites?: number;
  /**
   * The collections to cache. Those not named are not cached. Without this option all are, but for collections with
   * `auth` and Payload's internal ones.
   */
  collections?: { readonly [slug in keyof Types['collections']]?: CollectionPolicy };
  /** The globals to cache. Those not named are not cached. Without this option all are. */
  globals?: { readonly [slug in keyof Types['globals']]?: GlobalPolicy };
  /** Called after invalidation, per collection or global. */
  hooks?: {
    collections?: { readonly [slug in keyof Types['collections']]?: InvalidationHook };
    globals?: { readonly [slug in keyof Types['globals']]?: InvalidationHook };
    /**
     * Called with all tags that were replaced, whatever was written: for what keeps things by tag, such as a CDN. See
     * `purgeCloudflare`, `purgeFastly` and `purgeVercel` of `payload-kv/responses`.
     */
    all?: (event: ReplacementEvent) => void | Promise<void>;
  };
  /** The tool's generated schema; its fingerprint is part of every key. */
  schema?: GeneratedSchema;
  /**
   * Replaces the readable part of a key. The hash of the arguments and the fingerprint stay in the key, so a bad
   * function can make keys ugly, not wrong. Default: `collection:operation`.
   */
  key?: (context: KeyContext) => string;
  /**
   * Sets entries apart that share a store: those of different namespaces never meet. Different databases are apart by
   * themselves, as far as their adapters tell; see `database`. Default `''`.
   */
  namespace?: string;
  /**
   * Names the site's database, in place of what its adapter tells of it: processes share entries where they name the
   * same. For those that reach one database under an address of their own, such as a proxy at `localhost`; for files on
   * a disk of several machines; and for adapters that tell nothing. Default: kind, host, port, name, schema and user of
   * the database, or its file and machine; on D1 the name of the binding.
   */
  database?: string;
  /**
   * Longest wait for one read of the store or registry, in milliseconds; after it the database is asked. Default 100, or
   * what the store names: 1,000 over HTTP.
   */
  timeout?: number;
  /**
   * Longest time for one write of an entry, which nobody waits for, and for one replacement of versions, which the
   * write that caused it waits for, in milliseconds. Default 2,000.
   */
  writeTimeout?: number;
  /** Where concurrent identical misses share one query. Default `'process'` on Node, `'request'` in workerd. */
  singleFlight?: SingleFlightScope;
  /**
   * Finds what keeps a promise alive beyond the current response; asked anew each time. Default: OpenNext's request
   * context, where there is one.
   */
  waitUntil?: () => WaitUntil | undefined;
  /**
   * How long after a write a read replica may still answer with older data: results that depend on it are not stored
   * meanwhile. `0` for none. Default 5 seconds where the adapter has replicas, else 0.
   */
  replicaLag?: Duration;
  /**
   * The pages of the site's framework, e.g. `nextPages()` of `payload-kv/next`: they learn of what is read while they are
   * rendered, and of each write. Default none.
   */
  pages?: Pages;
  /**
   * Called with each event, synchronously: `hit`, `miss`, `stale`, `bypass`, `fill` and so on. The same are told to the
   * channels `payload-kv:<type>` of `node:diagnostics_channel`. Default none: then no event is built.
   */
  onEvent?: (event: CacheEvent) => void;
  /** What watches the cache: `observe()` of `payload-kv/observe`. Default none. */
  observe?: Observer;
  /** What holds for functions, by namespace: see `cached`. */
  namespaces?: { readonly [name: string]: NamespacePolicy };
  /**
   * What this process may do with the cache: answer from it, store in it, make stale by hand. What it may not read is
   * asked of the database, or run. A write to the database always makes stale what depends on it. Default everything.
   */
  access?: AccessOptions;
  /** How often functions of a namespace may run, store and be made stale by hand, in this process. Default no limit. */
  rateLimit?: RateLimitOptions;
  /**
   * Called with each purge by hand, also one that was refused: who, what, when, and what came of it. `true` logs each
   * through Payload's logger. Default: those that the endpoint is asked for are logged.
   */
  audit?: true | ((purge: PurgeRecord) => void | Promise<void>);
  /**
   * The build of the site, e.g. a commit: part of the key of what functions return, so that a deploy never reads what
   * other code has made. Default `''`: whoever changes what a function returns gives it another key.
   */
  build?: string;
  /** Logs every lookup and invalidation at level `debug` through Payload's logger. Default `false`. */
  debug?: boolean;
}
