import { hash } from '../../platform/hash.js';

/**
 * Tags: what a result depends on, and what a write makes stale.
 *
 * A tag belongs to an entity: a collection (`posts`), the versions of one (`posts~versions`), a global (`@header`) or
 * the versions of one. Of an entity `posts`:
 *
 * - `posts` changes with every write to it,
 * - `posts#5` changes with every write to document 5,
 * - `posts?slug=hello` changes with every write to a document whose slug was or becomes `hello`,
 * - `posts*` changes with a write that does not tell which documents it touched,
 * - `posts?` and `posts?` with the name of a set of slices change with writes of processes that have other slices, or
 *   none: see slice-sets.ts.
 *
 * Of what functions return:
 *
 * - `/` changes with everything,
 * - `/weather` changes with the namespace `weather`, and `/weather#…` with one key of it,
 * - `/~orders` changes when the cache without Payload that has the prefix `orders` is cleared, and `/~orders/weather` with
 *   a namespace of it,
 * - `+name` changes when the site says so.
 *
 * A query on `posts` depends either on `posts` alone or on documents or slices together with `posts*`.
 */
const PLAIN = /^[\w-]*$/;

/** Longest value that a tag shows as it is; a longer one is hashed, so that tags stay short. */
const LONGEST_READABLE_VALUE = 80;

function escapeName(text: string): string {
  if (PLAIN.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[*~'()!]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
}

/**
 * A value within a tag: readable while short, else its hash. An unpaired surrogate is hashed as well, never merged.
 * In lower case, because databases may take two spellings for one: UUIDs, MongoDB's ids, columns whose collation says so.
 */
function escapeValue(value: string): string {
  const folded = value.toLowerCase();
  return folded.length <= LONGEST_READABLE_VALUE && folded.isWellFormed()
    ? escapeName(folded)
    : `:${hash(JSON.stringify(folded))}`;
}

/** The entity of a collection's documents, and its tag. */
export const collectionTag = (slug: string): string => escapeName(slug);
/** The entity of a global, and its tag. */
export const globalTag = (slug: string): string => `@${escapeName(slug)}`;
/** The entity of the versions (drafts, autosaves) of a collection or global, and its tag. */
export const versionsTag = (entity: string): string => `${entity}~versions`;
/** Changes with a write that does not tell its documents. */
export const starTag = (entity: string): string => `${entity}*`;
/** Changes with every write to one document. */
export const documentTag = (entity: string, id: string | number): string =>
  `${entity}#${escapeValue(String(id))}`;
/** Changes with every write to a document that has, or had, the value in the field. */
export const sliceTag = (entity: string, field: string, value: string): string =>
  `${entity}?${escapeName(field)}=${escapeValue(value)}`;
/** Tells under which sets of slices there are writes, and changes with each write of a process without slices. */
export const sliceSetsTag = (entity: string): string => `${entity}?`;
/** Changes with every write of a process that has this set of slices. */
export const sliceSetTag = (entity: string, set: string): string => `${entity}?${set}`;

/** Changes when everything is made stale: what a function returns may depend on nothing else. */
export const FUNCTIONS_TAG = '/';
/** Changes when a namespace is cleared. */
export const namespaceTag = (name: string): string => `/${escapeName(name)}`;
/** Changes when one key of a namespace is deleted or set. */
export const namespaceKeyTag = (name: string, key: string): string => `/${escapeName(name)}#${key}`;
/** The tags of the functions of one site, or of one cache without Payload. */
export interface FunctionTags {
  /** Those of each result. */
  all: readonly string[];
  namespace(name: string): string;
  key(name: string, key: string): string;
}

const TAGS_OF_SITE: FunctionTags = {
  all: [FUNCTIONS_TAG],
  namespace: namespaceTag,
  key: namespaceKeyTag,
};

/** Changes when the cache without Payload that has the prefix is cleared. */
export const cacheTag = (prefix: string): string => `/~${escapeName(prefix)}`;

/**
 * The tags of functions. Namespaces of a cache with a prefix are its own; without one they are those of sites.
 *
 * @param prefix that of a cache without Payload; `undefined` for a site
 */
export function functionTags(prefix: string | undefined): FunctionTags {
  if (prefix === undefined) return TAGS_OF_SITE;
  const own = cacheTag(prefix);
  const before = prefix === '' ? '' : own;
  return {
    all: [FUNCTIONS_TAG, own],
    namespace: (name) => before + namespaceTag(name),
    key: (name, key) => before + namespaceKeyTag(name, key),
  };
}

/** Changes when the site says so. */
export const ownTag = (name: string): string => `+${escapeName(name)}`;

/** The collection or global that a tag belongs to, as its own tag names it; for the versions of one that one. */
export const ownerOf = (tag: string): string => /^[^#?*~]*/.exec(tag)?.[0] ?? tag;

/**
 * The entity of a tag that belongs to one document or slice of it. No entity's own name holds these signs. A namespace is
 * none: its own tag does not change with one of its keys.
 */
export function entityOfSingle(tag: string): string | undefined {
  if (tag.startsWith(FUNCTIONS_TAG)) return undefined;
  const end = tag.search(/[#?]/);
  return end < 0 ? undefined : tag.slice(0, end);
}
