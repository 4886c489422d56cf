import { PayloadKVError } from '../errors.js';
import type { Registry } from '../interfaces/registry.js';
import type { DecodedForms, Store } from '../interfaces/store.js';
import { isWorkerd } from '../platform/background.js';
import { isLatin1 } from '../platform/latin1.js';
import { leastRecentlyUsed } from '../platform/least-recently-used.js';
import { memoryRegistry } from '../registries/memory.js';
import { copyable } from './copyable.js';
import type { Eviction, Kept } from './eviction/eviction.js';

/** Options of {@link memory}. */
export interface MemoryOptions {
  /** Most entries kept; which go first, `eviction` says. Default 50,000. */
  maxEntries?: number;
  /**
   * Most bytes of memory taken: the text as V8 holds it, the keys and the lists around them, and the decoded forms of
   * entries that are read again and again, which give way before any entry does. V8 needs one byte per character for a
   * text in Latin-1 and two for any other. Default 128 MiB, in workerd 32 MiB: an isolate there has
   * 128 MB for everything.
   */
  maxBytes?: number;
  /**
   * Which entries give way to others: `tinyLFU()`, those that are asked for seldom; `byCost()`, those that are made fast
   * and take much room. Default: the least recently used.
   */
  eviction?: Eviction;
}

const MEBIBYTE = 1024 * 1024;
const DEFAULT_MAX_ENTRIES = 50_000;
const DEFAULT_MAX_BYTES = 128 * MEBIBYTE;
/** https://developers.cloudflare.com/workers/platform/limits/#memory */
const DEFAULT_MAX_BYTES_IN_WORKERD = 32 * MEBIBYTE;

/**
 * What an entry takes beside its texts, in bytes: its share of a Map that has just doubled (56), the header and padding of
 * two texts (48), an object of six properties and a time in it (88), its place among those used before and after it (56).
 */
const OVERHEAD = 248;
/** What keeping a decoded form takes beside the form, in bytes: its share of a Map that has just doubled, and its place. */
const FORM_OVERHEAD = 112;
/** Share of the bytes that is left for what the engine takes beside all that is counted here. */
const RESERVE = 0.05;
/** No store is of use that has no room for one entry. */
const SMALLEST_ENTRY = 384;
/**
 * By how many reads a value is kept decoded: at once by the first, for it is likely to be read again; later where it gave
 * way to others once; and much later where there was no room at all, for to find that out is half the work.
 */
const READS = 1;
const READS_AGAIN = 3;
const READS_WITHOUT_ROOM = 20;

interface Entry {
  value: string;
  /** What it takes without its decoded form. */
  bytes: number;
  /** When it expires, in milliseconds of a clock that nobody sets. */
  until: number;
  /** What it was decoded to; where it is not kept, by how many reads it is to be, or `NaN` where it cannot be. */
  form: object | undefined;
  formBytes: number;
  readsLeft: number;
}

/**
 * Entries in this process's memory, bounded in number and bytes. The fastest store, for a site in one process. Payload
 * instances that are given the same one share its room and the versions of its tags, but no entries.
 *
 * One function: its methods share entries, forms and the room that both take.
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
  let taken = 0;
  let takenByForms = 0;
  let evictions = 0;
  const forms = leastRecentlyUsed<string, Entry>(maxEntries, (_key, entry) => {
    takenByForms -= entry.formBytes;
    entry.form = undefined;
    entry.formBytes = 0;
    entry.readsLeft = READS_AGAIN;
  });
  const onRemoval = (key: string, entry: Entry): void => {
    forms.delete(key);
    taken -= entry.bytes;
  };
  const entries: Kept<Entry> =
    options.eviction?.keep({ maxEntries, maxBytes }, onRemoval) ??
    leastRecentlyUsed<string, Entry>(maxEntries, onRemoval);
  const { bytes: ownBytes = 0, bytesEach = 0 } = entries;
  const room = maxBytes * (1 - RESERVE) - ownBytes;
  let registry: Registry | undefined;

  function find(key: string, isUse = true): Entry | undefined {
    const entry = isUse ? entries.get(key) : entries.peek(key);
    if (entry === undefined || entry.until > performance.now()) return entry;
    // A timer would go with its request in workerd.
    entries.delete(key);
    return undefined;
  }

  function evict(): void {
    evictions += 1;
    entries.evict();
  }

  function set(key: string, value: string, ttl: number | undefined, cost = 0): void {
    const keyEncoding = encodingOf(key);
    const encoding = encodingOf(value);
    const bytes = bytesOf(key, keyEncoding) + bytesOf(value, encoding) + OVERHEAD + bytesEach;
    entries.delete(key);
    // What is too large evicts no other.
    if (bytes > room) return;
    while (taken + takenByForms + bytes > room) {
      if (forms.size > 0) forms.evict();
      else evict();
    }
    if (entries.size >= maxEntries) evict();
    const entry: Entry = {
      value: ownText(value, encoding),
      bytes,
      until: ttl === undefined ? Number.POSITIVE_INFINITY : performance.now() + ttl * 1000,
      form: undefined,
      formBytes: 0,
      readsLeft: READS,
    };
    entries.set(ownText(key, keyEncoding), entry, bytes, cost);
    taken += bytes;
  }

  const decoded: DecodedForms = {
    get(key) {
      const form = find(key)?.form;
      if (form) forms.get(key);
      return form;
    },
    offer(key, value, make) {
      // It was read a moment ago.
      const entry = find(key, false);
      if (!entry || entry.form || entry.value !== value) return false;
      entry.readsLeft -= 1;
      if (!(entry.readsLeft <= 0)) return false;
      entry.readsLeft = READS_WITHOUT_ROOM;
      // No entry gives way to a form, and no form takes less than its text.
      const free = room - taken;
      if (entry.bytes > free) return false;
      const made = make();
      if (!made) {
        entry.readsLeft = Number.NaN;
        return false;
      }
      const formBytes = made.bytes + FORM_OVERHEAD;
      if (formBytes > free) return false;
      while (takenByForms + formBytes > free) forms.evict();
      entry.form = made.form;
      entry.formBytes = formBytes;
      forms.set(key, entry);
      takenByForms += formBytes;
      return true;
    },
    copyable,
  };

  return {
    name: 'memory',
    local: true,
    // A byte of UTF-8 takes two at most in memory, so that the largest value takes half of it.
    maximumBytes: Math.floor(room / 4),
    get: (key) => find(key)?.value,
    getMany: (keys) => keys.map((key) => find(key)?.value),
    peekMany(keys) {
      const now = performance.now();
      return keys.map((key) => {
        const entry = entries.peek(key);
        return entry && entry.until > now ? entry.value : undefined;
      });
    },
    set,
    setMany(writes) {
      for (const { key, value, ttl, cost } of writes) set(key, value, ttl, cost);
    },
    delete(key) {
      entries.delete(key);
    },
    deleteMany(keys) {
      for (const key of keys) entries.delete(key);
    },
    async *list(prefix) {
      const now = performance.now();
      const keys = entries
        .entries()
        .flatMap(([key, { until }]) => (until > now && key.startsWith(prefix) ? [key] : []));
      if (keys.length > 0) yield keys;
    },
    usage: () => ({
      entries: entries.size,
      maxEntries,
      bytes: ownBytes + taken + takenByForms,
      maxBytes,
      evictions,
    }),
    decoded,
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
const encodingOf = (text: string): Encoding => (isLatin1(text) ? 'latin1' : 'utf16le');

const bytesOf = (text: string, encoding: Encoding): number =>
  encoding === 'latin1' ? text.length : 2 * text.length;

/**
 * The same text in one piece of its own. What was joined or cut is otherwise kept as references to its parts or to the
 * whole it was cut from, and what was cut from a text of two bytes per character keeps them.
 */
const ownText = (text: string, encoding: Encoding): string => Buffer.from(text, encoding).toString(encoding);
