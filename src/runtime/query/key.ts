import { KEY_PREFIX } from '../../interfaces/keys.js';
import { hash } from '../../platform/hash.js';

/** Longest readable part of a key, in characters: with prefix and hash a key stays far below KV's 512 bytes. */
const READABLE_LENGTH = 120;
/** What `encodeURIComponent` would leave as it is, with `:` and `@`. */
const PLAIN_READABLE = /^[\w:@.-]{0,120}$/;

/**
 * The key of an entry: prefix, readable part, hash. The hash covers everything that can change the result, so the
 * readable part can be anything.
 */
export function entryKey(parts: {
  readable: string;
  scope: string;
  slug: string;
  operation: string;
  canonical: string;
}): string {
  const { readable, scope, slug, operation, canonical: text } = parts;
  const name = PLAIN_READABLE.test(readable)
    ? readable
    : encodeURIComponent(readable.slice(0, READABLE_LENGTH).toWellFormed())
        .replaceAll('%3A', ':')
        .replaceAll('%40', '@')
        .slice(0, 2 * READABLE_LENGTH);
  return `${KEY_PREFIX}${name}:${hash(`${scope}\n${JSON.stringify(slug)}\n${operation}\n${text}`)}`;
}
