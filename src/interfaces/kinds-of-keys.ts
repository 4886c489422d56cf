/** Keys of what is no entry and no version, and how an entry's is told from them. Apart: few sites ask. */
import { hash } from '../platform/hash.js';
import { KEY_PREFIX, VERSION_PREFIX } from './keys.js';

/** Prefix of the statistics that processes write down. */
export const RECORD_PREFIX = `${KEY_PREFIX}statistics:`;
/** A record's own part of its key, which no entry has: a collection may be called `statistics`. */
const RECORD = /^[\w-]{43}:[\w-]{16}$/;

/** Prefix of locks. */
export const LOCK_PREFIX = `${KEY_PREFIX}lock:`;
/** A lock's own part of its key, in the braces that keep it and its counter on one node of a cluster. */
const LOCK = /^\{[\w-]{43}\}(:token)?$/;

/** The key of a lock of that name. */
export function lockKey(name: string): string {
  return `${LOCK_PREFIX}{${hash(name)}}`;
}

/** Whether a key of a store, below {@link KEY_PREFIX}, is that of an entry. */
export function isEntryKey(key: string): boolean {
  if (!key.startsWith(KEY_PREFIX) || key.startsWith(VERSION_PREFIX)) return false;
  if (key.startsWith(LOCK_PREFIX)) return !LOCK.test(key.slice(LOCK_PREFIX.length));
  return !(key.startsWith(RECORD_PREFIX) && RECORD.test(key.slice(RECORD_PREFIX.length)));
}
