/** The runtime of payload-kv: the plugin, the stores that run everywhere, and what a site asks of its cache. */

// The plugin comes first: its modules then stand beside one another in a site's bundle, which is smaller for it.

export { payloadKV } from './plugin.js';

// The rest is taken along by those that name it.

export type { Duration } from '../duration.js';
export { type ErrorLocation, PayloadKVError } from '../errors.js';
export type {
  CacheEvent,
  EventListener,
  Events,
  EventType,
  GuardedPart,
  Observer,
} from '../interfaces/events.js';
export type { HeldLock, Locks } from '../interfaces/locks.js';
export type { Pages, Recorder, Refusal } from '../interfaces/recorder.js';
export type { ConnectContext, Consistency, Registry, ReplaceContext } from '../interfaces/registry.js';
export type { Store, StoreHealth, StoreUsage, StoreWrite } from '../interfaces/store.js';
export type { WaitUntil } from '../platform/background.js';
export type { Rate } from '../platform/token-bucket.js';
export { databaseRegistry } from '../registries/database.js';
export { type KVRegistryOptions, kvRegistry } from '../registries/kv.js';
export { type MemoryRegistryOptions, memoryRegistry } from '../registries/memory.js';
export { byCost } from '../stores/eviction/by-cost.js';
export type { Bounds, Eviction, Kept } from '../stores/eviction/eviction.js';
export { tinyLFU } from '../stores/eviction/tiny-lfu.js';
export { type MemoryOptions, memory } from '../stores/memory.js';
export { tiered } from '../stores/tiered.js';
export { type GzipOptions, gzip } from './entry/compression.js';
export { type AesGCMOptions, aesGCM } from './entry/encryption.js';
export type { Compression, Encryption, Serializer } from './entry/entry-form.js';
export { cached, type Memoized, type MemoizeOptions, memoize } from './functions/cached.js';
export type { CachedOptions, DependencyTarget, FunctionContext } from './functions/context.js';
export { type KeepWarmOptions, keepWarm, type WarmCall } from './functions/keep-warm.js';
export { type Namespace, type NamespaceOptions, namespace } from './functions/namespace.js';
export {
  type CacheHealth,
  getCacheHealth,
  getCacheStats,
  type InvalidationTarget,
  invalidateCache,
  settleCache,
} from './instance.js';
export { type CacheDirective, CacheMissError } from './operation/directive.js';
export type { AccessOptions, AccessScope } from './policy/access.js';
export type { PurgedBy, PurgedTarget, PurgeRecord } from './policy/audit.js';
export type {
  CollectionPolicy,
  EarlyRefreshOptions,
  GeneratedSchema,
  GeneratedTypes,
  GlobalPolicy,
  InvalidationEvent,
  InvalidationHook,
  KeyContext,
  LockOptions,
  NamespacePolicy,
  OperationPolicy,
  PayloadKVOptions,
  ReplacementEvent,
  SingleFlightScope,
} from './policy/options.js';
export type { NamespaceLimits, RateLimitOptions } from './policy/rate-limits.js';
export type { CachedOperation } from './query/operations.js';
export type { BypassReason, CacheCounts, CacheStats, FunctionCounts } from './stats/stats.js';
