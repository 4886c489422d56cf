/** Caches in an application of NestJS: a module, an interceptor, a health indicator, caches of a request, DataLoaders. */

export type { BatchContext, BatchFunction, BatchOptions } from './functions/batch.js';
export { CacheInterceptor } from './nestjs/cache-interceptor.js';
export { CacheRoute } from './nestjs/cache-route.js';
export { cachedLoader } from './nestjs/cached-loader.js';
export { CacheHealthIndicator, type CacheHealthOptions, type CacheHealthResult } from './nestjs/health.js';
export { PayloadKVModule } from './nestjs/module.js';
export type {
  CacheSource,
  CacheSourceFactory,
  FeatureOptions,
  PayloadKVModuleAsyncOptions,
  PayloadKVModuleOptions,
} from './nestjs/options.js';
export { RequestCache } from './nestjs/request-cache.js';
export type { CacheRouteOptions } from './nestjs/route-options.js';
export { getCacheToken, getNamespaceToken, InjectCache, InjectNamespace } from './nestjs/tokens.js';
