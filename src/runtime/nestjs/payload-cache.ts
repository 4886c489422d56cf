/** The cache of a Payload instance, as applications use those without Payload. */
import type { Payload } from 'payload';
import { carryStandIn, instanceOf } from '../carried-instance.js';
import { cached, memoize } from '../functions/cached.js';
import { DEFAULT_NAMESPACE } from '../functions/context.js';
import { namespace } from '../functions/namespace.js';
import { getCacheHealth, invalidateCache, settleCache } from '../instance.js';
import type { CacheKey, StandaloneCache } from '../standalone/standalone-cache.js';
import { type StandaloneStats, statisticsOf } from '../standalone/statistics.js';
import { createCounters, summarised } from '../stats/stats.js';

/** What is counted where there is no cache. */
const NOTHING: StandaloneStats = {
  hits: 0,
  misses: 0,
  sets: 0,
  deletes: 0,
  hitRate: 0,
  provider: 'none',
  connected: false,
  keys: undefined,
  namespaces: {},
  operations: summarised(createCounters()).operations,
  pending: 0,
  suspended: false,
};

/**
 * What is kept in it depends on all that it was made of through Payload, so that a write of Payload's makes it stale. Where
 * that has no cache, or it is turned off, functions are run and nothing is found.
 */
export function cacheOfPayload(payload: Payload): StandaloneCache {
  const named = (name = DEFAULT_NAMESPACE) => namespace(name, { payload });
  const listed = (key: CacheKey): readonly unknown[] => (typeof key === 'string' ? [key] : key);
  const isConnected = async (): Promise<boolean> => (await getCacheHealth(payload))?.ok === true;
  const settle = (timeout?: number): Promise<void> => settleCache(payload, timeout);
  return carryStandIn(
    {
      get: async (key, { namespace: name } = {}) => named(name).get(listed(key)),
      async set(key, value, { namespace: name, ...options } = {}) {
        await named(name).set(listed(key), value, options);
      },
      async delete(key, { namespace: name } = {}) {
        await named(name).delete(listed(key));
      },
      deleteNamespace: (name) => invalidateCache(payload, { namespace: name }),
      clear: () => invalidateCache(payload, 'everything'),
      invalidate: (target) => invalidateCache(payload, target),
      cached: (fn, options) => cached(fn, { ...options, payload }),
      memoize: (fn, options) => memoize(fn, { ...options, payload }),
      namespace: (name, options) => namespace(name, { ...options, payload }),
      async getStats() {
        const instance = instanceOf(payload);
        return instance ? statisticsOf(instance, instance.options().store, await isConnected()) : NOTHING;
      },
      isConnected,
      settle,
      // It is Payload's, and ends with that.
      close: () => settle(),
    } satisfies StandaloneCache,
    payload,
  );
}
