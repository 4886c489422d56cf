import { hash } from '../platform/hash.js';

/** Prefix of everything this package puts into a store. `payload-kv:` belongs to Payload's own Redis adapter. */
export const KEY_PREFIX = 'payload-cache:';

/** Prefix of the versions of tags among them. */
export const VERSION_PREFIX = `${KEY_PREFIX}tag:`;

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
