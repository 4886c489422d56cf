import type { Store } from './store.js';

/** Options of {@link tiered}. */
export interface TieredOptions {
  /** Looked at first, in this process: `memory()`. */
  near: Store;
  /** Shared by all processes: `cloudflareKV()`, `redis()`. */
  far: Store;
}

/**
 * One store over another. Entries are written to both; a lookup asks the far one only where the near one has no fresh
 * entry, or where versions must be asked for anyway. Versions live with the far store, so that both tiers become stale
 * together.
 */
export function tiered(options: TieredOptions): Store {
  const { near, far } = options;
  return {
    name: `${near.name} over ${far.name}`,
    near,
    minimumTtl: far.minimumTtl,
    maximumBytes: far.maximumBytes,
    getMany: (keys) => far.getMany(keys),
    set(key, value, ttl) {
      near.set(key, value, ttl);
      return far.set(key, value, ttl);
    },
    delete(keys) {
      near.delete(keys);
      return far.delete(keys);
    },
    list: (prefix) => far.list(prefix),
    defaultRegistry: () => far.defaultRegistry(),
  };
}
