import { hash } from '../platform/hash.js';

/** Prefix of everything this package puts into a store. `payload-kv:` belongs to Payload's own Redis adapter. */
export const KEY_PREFIX = 'payload-cache:';

/** Prefix of the versions of tags among them. */
export const VERSION_PREFIX = `${KEY_PREFIX}tag:`;

/** Prefix of the statistics that processes write down. */
export const RECORD_PREFIX = `${KEY_PREFIX}statistics:`;
/** A record's own part of its key, which no entry has: a collection may be called `statistics`. */
const RECORD = /^[\w-]{43}:[\w-]{16}$/;

/** Prefix of locks. */
export const LOCK_PREFIX = `${KEY_PREFIX}lock:`;
/** A lock's own part of its key, in the braces that keep it and its counter on one node of a cluster. */
const LOCK = /^\{[\w-]{43}\}(:token)?$/;

/** Longest tag that a key shows as it is: with the prefix it stays below KV's 512 bytes. */
const LONGEST_READABLE_TAG = 300;

/** A tag as it is named where its version is kept: as it is while short, else its hash. */
export function tagName(tag: string): string {
  return tag.length <= LONGEST_READABLE_TAG ? tag : hash(tag);
}

/** The key of a lock of that name. */
export function lockKey(name: string): string {
  return `${LOCK_PREFIX}{${hash(name)}}`;
}

/** The key of a tag's version in a store. */
export function versionKey(tag: string): string {
  return VERSION_PREFIX + tagName(tag);
}

/** Whether a key of a store, below {@link KEY_PREFIX}, is that of an entry. */
export function isEntryKey(key: string): boolean {
  if (!key.startsWith(KEY_PREFIX) || key.startsWith(VERSION_PREFIX)) return false;
  if (key.startsWith(LOCK_PREFIX)) return !LOCK.test(key.slice(LOCK_PREFIX.length));
  return !(key.startsWith(RECORD_PREFIX) && RECORD.test(key.slice(RECORD_PREFIX.length)));
}
