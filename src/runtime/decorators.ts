/** Decorators for methods: of the language, and TypeScript's legacy ones. */
export { CacheEvict, type CacheEvictOptions } from './decorators/cache-evict.js';
export { CacheKey } from './decorators/cache-key.js';
export { CachePut, type CachePutOptions } from './decorators/cache-put.js';
export { Cached, type CachedMethodOptions } from './decorators/cached.js';
export type { CacheOfCall, CallKey, KeyOption, TagsOption } from './decorators/call.js';
export type { DecoratesGetters, DecoratesMethods } from './decorators/types.js';
