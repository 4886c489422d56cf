/**
 * Tags as Next knows them. Comes in: a tag of the cache, with its version or without. Goes out: text that Next can put
 * into a header beside others, separated by commas.
 *
 * - `pkv:posts#5` for those that are told of writes (push),
 * - `pkv@<version>:posts#5` for those that compare versions themselves (pull).
 */
import { hash } from '../../platform/hash.js';

const PUSHED = 'pkv:';
const VERSIONED = 'pkv@';

/** On what was made of something that no tag tells. */
export const UNKNOWN = `${PUSHED}?`;
/** On what must not be kept. */
export const REFUSED = `${VERSIONED}!`;

/** Next allows 256 characters. */
const LONGEST_PUSHED_TAG = 200;

/** Whatever is no plain sign of ASCII, and what separates. */
const escaped = (text: string): string => text.toWellFormed().replace(/[^!-~]|[%,]/gu, encodeURIComponent);

/** A tag that Next is told of. */
export function pushedTag(tag: string): string {
  const text = escaped(tag);
  return PUSHED + (text.length <= LONGEST_PUSHED_TAG ? text : hash(tag));
}

/** A tag with its version. */
export function versionedTag(tag: string, version: string): string {
  return `${VERSIONED}${encodeURIComponent(version)}:${escaped(tag)}`;
}

/** What the tags of a page say. */
export interface ReadTags {
  /** Tags of the cache, with the version of each. */
  versions: Map<string, string>;
  /** Next's own tags, and the site's. */
  others: string[];
  /** Whether the page may be kept: nothing was refused, and no tag has two versions. */
  mayKeep: boolean;
}

/** Reads the tags of a page. */
export function readTags(tags: readonly string[]): ReadTags {
  const read: ReadTags = { versions: new Map(), others: [], mayKeep: true };
  for (const text of tags) {
    if (!text.startsWith(VERSIONED)) {
      if (text) read.others.push(text);
      continue;
    }
    const end = text.indexOf(':');
    if (end < 0) {
      read.mayKeep = false;
      continue;
    }
    const version = decodeURIComponent(text.slice(VERSIONED.length, end));
    const tag = decodeURIComponent(text.slice(end + 1));
    if ((read.versions.get(tag) ?? version) !== version) read.mayKeep = false;
    read.versions.set(tag, version);
  }
  return read;
}
