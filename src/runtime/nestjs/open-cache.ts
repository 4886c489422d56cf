/** Makes a cache of what an application says of it. */
import { createCache } from '../standalone/create-cache.js';
import type { StandaloneCache } from '../standalone/standalone-cache.js';
import type { CacheSource } from './options.js';
import { cacheOfPayload } from './payload-cache.js';

/** A cache, and what is to be done when the application ends. */
export interface OpenedCache {
  name: string;
  cache: StandaloneCache;
  close(): Promise<void>;
}

/** Opens one. What was there before stays open. */
export async function openCache(name: string, source: CacheSource): Promise<OpenedCache> {
  if (source.payload) {
    const { payload } = source;
    const cache = cacheOfPayload(await (typeof payload === 'function' ? payload() : payload));
    return { name, cache, close: () => cache.settle() };
  }
  if (source.cache) return { name, cache: source.cache, close: () => source.cache.settle() };
  const cache = createCache(withoutNames(source));
  return { name, cache, close: () => cache.close() };
}

function withoutNames(source: object): object {
  const { name, isGlobal, payload, cache, ...options } = source as Record<string, unknown>;
  return options;
}
