import { hash } from '../platform/hash.js';

/** Prefix of everything this package puts into a store. `payload-kv:` belongs to Payload's own Redis adapter. */
export const KEY_PREFIX = 'payload-cache:';

/** Prefix of the versions of tags among them. */
export const VERSION_PREFIX = `${KEY_PREFIX}tag:`;

/** Prefix of the statistics that processes write down. */
export const RECORD_PREFIX = `${KEY_PREFIX}statistics:`;
/** A record's own part of its key, which no entry has: a collection may be called `statistics`. */
const RECORD = /^[\w-]{43}:[\w-]{16}$/;

/** Longest tag that a key shows as it is: with the prefix it stays below KV's 512 bytes. */
const LONGEST_READABLE_TAG = 300;

/** A tag as it is named where its version is kept: as it is while short, else its hash. */
export function tagName(tag: string): string {
  return tag.length <= LONGEST_READABLE_TAG ? tag : hash(tag);
}

/** The key of a tag's version in a store. */
export function versionKey(tag: string): string {
  return VERSION_PREFIX + tagName(tag);
}

/** Whether a key of a store, below {@link KEY_PREFIX}, is that of an entry. */
export function isEntryKey(key: string): boolean {
  if (!key.startsWith(KEY_PREFIX) || key.startsWith(VERSION_PREFIX)) return false;
  return !(key.startsWith(RECORD_PREFIX) && RECORD.test(key.slice(RECORD_PREFIX.length)));
}
