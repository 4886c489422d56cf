import { LRUCache } from 'lru-cache';
import { memoryRegistry } from '../registries/memory.js';
import type { Store } from './store.js';

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** Most entries kept; the least recently used go first. Default 10,000. */
  maxEntries?: number;
  /** Most bytes of text kept, counted as two per character. Default 128 MiB. */
  maxBytes?: number;
}

const DEFAULT_MAX_ENTRIES = 10_000;
const DEFAULT_MAX_BYTES = 128 * 1024 * 1024;

/** What an entry costs beside its text: key, list links and bookkeeping of the LRU, estimated. */
const OVERHEAD = 200;

/** Entries in this process's memory, bounded in number and bytes. The fastest store, for a site in one process. */
export function memory(options: MemoryOptions = {}): Store {
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const entries = new LRUCache<string, string>({
    max: options.maxEntries ?? DEFAULT_MAX_ENTRIES,
    maxSize: maxBytes,
    // Otherwise the time is kept until a timer fires, which in workerd goes with its request: time would stand still.
    ttlResolution: 0,
    sizeCalculation: (value, key) => 2 * (value.length + key.length) + OVERHEAD,
  });
  function set(key: string, value: string, ttl: number | undefined): void {
    entries.set(key, value, ttl === undefined ? {} : { ttl: ttl * 1000 });
  }

  return {
    name: 'memory',
    maximumBytes: Math.floor(maxBytes / 4),
    get: (key) => entries.get(key),
    getMany: (keys) => keys.map((key) => entries.get(key)),
    set,
    setMany(writes) {
      for (const { key, value, ttl } of writes) set(key, value, ttl);
    },
    delete(key) {
      entries.delete(key);
    },
    deleteMany(keys) {
      for (const key of keys) entries.delete(key);
    },
    async *list(prefix) {
      const keys = [...entries.keys()].filter((key) => key.startsWith(prefix));
      if (keys.length > 0) yield keys;
    },
    health: () => ({ ok: true }),
    close() {},
    defaultRegistry: () => memoryRegistry(),
  };
}
