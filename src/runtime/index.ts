/** The runtime of payload-kv: the plugin, the stores that run everywhere, and what a site asks of its cache. */
export { type ErrorLocation, PayloadKVError } from '../errors.js';
export { databaseRegistry } from '../registries/database.js';
export { type KVRegistryOptions, kvRegistry } from '../registries/kv.js';
export { type MemoryRegistryOptions, memoryRegistry } from '../registries/memory.js';
export { type MemoryOptions, memory } from '../stores/memory.js';
export type { Store, StoreHealth, StoreWrite } from '../stores/store.js';
export { tiered } from '../stores/tiered.js';
export type { WaitUntil } from './background.js';
export { type Compression, type GzipOptions, gzip } from './compression.js';
export { type CacheDirective, CacheMissError } from './directive.js';
export { type AesGCMOptions, aesGCM, type Encryption } from './encryption.js';
export type {
  CachedOperation,
  CollectionPolicy,
  Consistency,
  Duration,
  GeneratedSchema,
  GeneratedTypes,
  GlobalPolicy,
  InvalidationEvent,
  InvalidationHook,
  KeyContext,
  OperationPolicy,
  PayloadKVOptions,
} from './options.js';
export {
  type CacheHealth,
  getCacheHealth,
  getCacheStats,
  type InvalidationTarget,
  invalidateCache,
  payloadKV,
  settleCache,
} from './plugin.js';
export type { ConnectContext, Registry, ReplaceContext } from './registry.js';
export type { Serializer } from './serializer.js';
export type { SingleFlightScope } from './single-flight.js';
export type { BypassReason, CacheCounts, CacheStats } from './stats.js';
