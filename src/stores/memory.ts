import { LRUCache } from 'lru-cache';
import { PayloadKVError } from '../errors.js';
import type { Registry } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';
import { isWorkerd } from '../platform/background.js';
import { memoryRegistry } from '../registries/memory.js';

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** Most entries kept; the least recently used go first. Default 50,000. */
  maxEntries?: number;
  /**
   * Most bytes of memory taken: the text as V8 holds it, the keys and the lists around them. V8 needs one byte per
   * character for a text in Latin-1 and two for any other. Default 128 MiB, in workerd 32 MiB: an isolate there has
   * 128 MB for everything.
   */
  maxBytes?: number;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULT_MAX_ENTRIES = 50_000;
const DEFAULT_MAX_BYTES = 128 * MEBIBYTE;
/** https://developers.cloudflare.com/workers/platform/limits/#memory */
const DEFAULT_MAX_BYTES_IN_WORKERD = 32 * MEBIBYTE;

/**
 * What lru-cache sets aside for each entry it may ever hold, in bytes: places for key, value, size, TTL and start of 8
 * bytes, and for two links and a free place of 4.
 */
const PLACE = 52;
/**
 * What an entry takes beside its text, in bytes: its share of a Map that has just doubled (56), and the header and
 * padding of two texts (48).
 */
const OVERHEAD = 104;
/** More places than this many bytes could fill are not set aside. */
const SMALLEST_ENTRY = 256;

/**
 * Entries in this process's memory, bounded in number and bytes. The fastest store, for a site in one process. Payload
 * instances that are given the same one share its room and the versions of its tags, but no entries.
 *
 * @throws PayloadKVError `INVALID_STORE` for a bound that is no positive number
 */
export function memory(options: MemoryOptions = {}): Store {
  const maxEntries = bound('maxEntries', options.maxEntries, DEFAULT_MAX_ENTRIES, 1);
  const maxBytes = bound(
    'maxBytes',
    options.maxBytes,
    isWorkerd() ? DEFAULT_MAX_BYTES_IN_WORKERD : DEFAULT_MAX_BYTES,
    SMALLEST_ENTRY,
  );
  const max = Math.min(maxEntries, Math.floor(maxBytes / SMALLEST_ENTRY));
  const maxSize = maxBytes - max * PLACE;
  const entries = new LRUCache<string, string>({
    max,
    maxSize,
    // Otherwise the time is kept until a timer fires, which in workerd goes with its request: time would stand still.
    ttlResolution: 0,
  });
  let registry: Registry | undefined;

  function set(key: string, value: string, ttl: number | undefined): void {
    const keyEncoding = encodingOf(key);
    const encoding = encodingOf(value);
    const size = bytesOf(key, keyEncoding) + bytesOf(value, encoding) + OVERHEAD;
    // What is too large evicts no other, and its older value would be wrong.
    if (size > maxSize) entries.delete(key);
    else
      entries.set(ownText(key, keyEncoding), ownText(value, encoding), {
        size,
        ...(ttl !== undefined && { ttl: ttl * 1000 }),
      });
  }

  return {
    name: 'memory',
    local: true,
    // A byte of UTF-8 takes two at most in memory, so that the largest value takes half of it.
    maximumBytes: Math.floor(maxSize / 4),
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
    defaultRegistry() {
      registry ??= memoryRegistry();
      return registry;
    },
  };
}

function bound(name: string, value: number | undefined, whenUnset: number, least: number): number {
  if (value === undefined) return whenUnset;
  if (Number.isFinite(value) && value >= least) return Math.floor(value);
  throw new PayloadKVError({
    code: 'INVALID_STORE',
    message: `${name} of memory() must be a number of at least ${least}, not ${value}.`,
    nextStep: 'Correct it where memory() is called, or leave it out.',
  });
}

type Encoding = 'latin1' | 'utf16le';

/** How V8 holds a text that was made anew. */
const encodingOf = (text: string): Encoding => (/[^\0-\xff]/.test(text) ? 'utf16le' : 'latin1');

const bytesOf = (text: string, encoding: Encoding): number =>
  encoding === 'latin1' ? text.length : 2 * text.length;

/**
 * The same text in one piece of its own. What was joined or cut is otherwise kept as references to its parts or to the
 * whole it was cut from, and what was cut from a text of two bytes per character keeps them.
 */
const ownText = (text: string, encoding: Encoding): string => Buffer.from(text, encoding).toString(encoding);
