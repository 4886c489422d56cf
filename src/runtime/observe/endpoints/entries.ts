import type { Payload } from 'payload';
import { KEY_PREFIX } from '../../../interfaces/keys.js';
import { leavesProcess } from '../../../interfaces/store.js';
import { CACHED_OPERATIONS } from '../../query/operations.js';
import {
  collectionTag,
  documentTag,
  FUNCTIONS_TAG,
  globalTag,
  namespaceTag,
  ownerOf,
  versionsTag,
} from '../../query/tags.js';
import type { FillContext } from '../../read/fill.js';
import { entriesUnder, type FoundEntry, keysIn, type Tier } from '../stored-entries.js';
import { json, type ObserveEndpoint, refusal } from './asked.js';
import { collectionIn, globalIn, textIn } from './target.js';
import { tagsWithoutValues } from './without-values.js';

/** Entries on one page. */
const DEFAULT_LIMIT = 50;
const MOST_ON_PAGE = 200;
/** Keys that are looked at, and entries that are read for one page. */
const MOST_KEYS = 20_000;
const MOST_READ = 1_000;

/** An entry, without its result. */
export interface ShownEntry {
  /** As it stands in the store. */
  key: string;
  /** Collection, global (`@slug`) or namespace; what a `key` of the site's own has made of it. */
  name: string;
  /** Operation of the adapter, `cached` for functions; empty where the key does not tell. */
  operation: string;
  /** What it depends on; for who has not the secret without the values of slices, as `posts?slug=…`. */
  tags: readonly string[];
  /** Since the database was asked, its TTL, and what is left of that, in seconds. */
  age: number;
  ttl: number;
  left: number;
  /** Characters of its text in the store. */
  bytes: number;
  /** Whether it would answer now. */
  fresh: boolean;
  /** Whether it is in this process, above the store. */
  tier: Tier;
}

/** What the store holds for this site, a page at a time. */
export const entries: ObserveEndpoint = {
  name: 'entries',
  method: 'get',
  limit: 'read',
  async answer({ payload, instance, person, query }) {
    const reads = instance.reads();
    const isWanted = wantedBy(payload, query);
    const limit = limitIn(query.get('limit'));
    const cursor = cursorIn(query.get('cursor'));
    const scope = reads && leavesProcess(reads.far) ? 'store' : 'process';
    if (!reads) return json({ entries: [], cursor: null, scope, complete: true });
    const key = query.get('key') ?? '';
    const prefix = key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : '';
    try {
      const page = await pageOf(reads, cursor, { isWanted, limit, prefix });
      // Who has the secret may read all that there is.
      const shown = person.isSigned
        ? page.entries
        : page.entries.map((each) => ({ ...each, tags: tagsWithoutValues(each.tags) }));
      return json({ ...page, entries: shown, scope });
    } catch (error) {
      reads.onFault(error, 'listing entries');
      throw refusal(
        'NOT_AVAILABLE',
        'The store does not answer.',
        "Ask for its health, and see the site's log.",
      );
    }
  },
};

/** Where the next page begins: behind a key of a tier. */
interface Cursor {
  tier: Tier;
  after: string;
}

async function pageOf(
  reads: FillContext,
  cursor: Cursor,
  { isWanted, limit, prefix }: { isWanted(found: FoundEntry): boolean; limit: number; prefix: string },
): Promise<{ entries: ShownEntry[]; cursor: string | null; complete: boolean }> {
  const shown: ShownEntry[] = [];
  let complete = true;
  let left = MOST_READ;
  const next = (tier: Tier, after: string): string =>
    Buffer.from(JSON.stringify([tier, after])).toString('base64url');
  for (const tier of ['near', 'store'] as const) {
    if (tier === 'near' && cursor.tier === 'store') continue;
    const listed = await keysIn(reads, tier, { prefix, most: MOST_KEYS });
    complete &&= listed.areAll;
    const keys = listed.keys.filter((key) => tier !== cursor.tier || key > cursor.after);
    for await (const { asked, found } of entriesUnder(reads, tier, keys)) {
      left -= asked.length;
      for (const each of found) {
        if (!isWanted(each)) continue;
        shown.push(shownEntry(reads, each));
        if (shown.length === limit) return { entries: shown, cursor: next(tier, each.key), complete };
      }
      const last = asked.at(-1) as string;
      if (left <= 0 && last !== keys.at(-1)) return { entries: shown, cursor: next(tier, last), complete };
    }
  }
  return { entries: shown, cursor: null, complete };
}

function shownEntry(reads: FillContext, { key, tier, entry, fresh }: FoundEntry): ShownEntry {
  const age = Math.max(0, Math.round((reads.now() - entry.askedAt) / 1000));
  const { tags, ttl, length } = entry;
  return {
    key,
    ...namesIn(key, tags),
    tags,
    age,
    ttl,
    left: Math.max(0, ttl - age),
    bytes: length,
    fresh,
    tier,
  };
}

/** What the readable part of a key says. */
function namesIn(key: string, tags: readonly string[]): { name: string; operation: string } {
  const readable = decoded(key.slice(KEY_PREFIX.length, key.lastIndexOf(':')));
  if (tags.includes(FUNCTIONS_TAG))
    return { name: readable.replace(/^(?:[\w-]{10}\.)?fn:/, ''), operation: 'cached' };
  const end = readable.lastIndexOf(':');
  const operation = readable.slice(end + 1);
  const isOperation = end > 0 && (CACHED_OPERATIONS as readonly string[]).includes(operation);
  return isOperation ? { name: readable.slice(0, end), operation } : { name: readable, operation: '' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Which entries are asked for. */
function wantedBy(payload: Payload, query: URLSearchParams): (found: FoundEntry) => boolean {
  const of = (name: string): string | undefined => query.get(name) ?? undefined;
  const [collection, id, global, namespace, key] = ['collection', 'id', 'global', 'namespace', 'key'].map(of);
  const named = [collection, global, namespace, key].filter((each) => each !== undefined).length;
  if (named > 1 || (id !== undefined && collection === undefined)) {
    throw refusal(
      'BAD_REQUEST',
      'One thing can be asked for at a time.',
      'Name a collection, perhaps with an id, a global, a namespace or a key.',
    );
  }
  if (collection !== undefined) {
    const owner = collectionTag(collectionIn(payload, collection));
    if (id === undefined) return dependsOnAny((tag) => ownerOf(tag) === owner);
    const ofDocument = [owner, versionsTag(owner)].flatMap((entity) => [
      entity,
      documentTag(entity, textIn('id', id)),
    ]);
    return dependsOnAny((tag) => ofDocument.includes(tag));
  }
  if (global !== undefined) {
    const owner = globalTag(globalIn(payload, global));
    return dependsOnAny((tag) => ownerOf(tag) === owner);
  }
  if (namespace !== undefined) {
    const own = namespaceTag(textIn('namespace', namespace));
    return dependsOnAny((tag) => tag === own);
  }
  if (key === undefined) return () => true;
  const whole = textIn('key', key);
  // Events tell the hash at the end alone.
  return (found) =>
    whole.startsWith(KEY_PREFIX)
      ? found.key.startsWith(whole)
      : found.entry.key.replace(/~\d+$/, '').endsWith(`:${whole}`);
}

const dependsOnAny =
  (is: (tag: string) => boolean) =>
  ({ entry }: FoundEntry): boolean =>
    entry.tags.some(is);

function limitIn(asked: string | null): number {
  if (asked === null) return DEFAULT_LIMIT;
  const limit = Number(asked);
  if (/^\d{1,3}$/.test(asked) && limit >= 1 && limit <= MOST_ON_PAGE) return limit;
  throw refusal('BAD_REQUEST', 'limit must be a number.', `Ask for 1 to ${MOST_ON_PAGE} entries.`);
}

function cursorIn(asked: string | null): Cursor {
  if (asked === null || asked === '') return { tier: 'near', after: '' };
  try {
    const [tier, after] = JSON.parse(Buffer.from(asked, 'base64url').toString()) as unknown[];
    if ((tier === 'near' || tier === 'store') && typeof after === 'string') return { tier, after };
  } catch {
    // Said below.
  }
  throw refusal('BAD_REQUEST', 'That is no cursor.', 'Send the one of the page before, or none.');
}
