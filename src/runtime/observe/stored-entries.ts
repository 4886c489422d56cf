/**
 * What lies in the store and in the tier in this process, without its results. Entries of other sites, databases and
 * schemas in the same store are left out: each says whose it is.
 */
import { KEY_PREFIX } from '../../interfaces/keys.js';
import { isEntryKey } from '../../interfaces/kinds-of-keys.js';
import { leavesProcess, type Store } from '../../interfaces/store.js';
import { listedWithin } from '../../platform/listed-within.js';
import { type DecodedEntry, decodeEntry } from '../entry/entry.js';
import type { Opened } from '../entry/entry-form.js';
import type { FillContext } from '../read/fill.js';

/** Keys that are asked for at once. */
const AT_ONCE = 100;
/** How long the store may take for each of these, in milliseconds: nobody's page waits. */
const TIMEOUT = 5_000;
/** How long listing keys may take in all, in milliseconds. */
const LONGEST_LISTING = 10_000;

/** Where an entry lies. */
export type Tier = 'near' | 'store';

/** An entry that was found. */
export interface FoundEntry {
  key: string;
  tier: Tier;
  entry: DecodedEntry;
  fresh: boolean;
}

/** The keys of a tier that may be entries of this site, sorted: of so many keys that are looked at, or of all. */
export async function keysIn(
  reads: FillContext,
  tier: Tier,
  { prefix, most }: { prefix: string; most: number },
): Promise<{ keys: string[]; areAll: boolean }> {
  const store = storeOf(reads, tier);
  if (!store) return { keys: [], areAll: true };
  // In this process they end with the instance that they are of.
  const ending = leavesProcess(store) ? '' : reads.attachment;
  const found = new Set<string>();
  let seen = 0;
  for await (const keys of listedWithin(store.list(KEY_PREFIX + prefix), LONGEST_LISTING)) {
    for (const key of keys) if (isEntryKey(key) && key.endsWith(ending)) found.add(key);
    seen += keys.length;
    if (seen > most) return { keys: [...found].sort(), areAll: false };
  }
  return { keys: [...found].sort(), areAll: true };
}

const storeOf = ({ near, far }: FillContext, tier: Tier): Store | undefined => (tier === 'near' ? near : far);

/** The entries of this site under the keys, a few at a time. Rejects where the store does not answer. */
export async function* entriesUnder(
  reads: FillContext,
  tier: Tier,
  keys: readonly string[],
): AsyncGenerator<{ asked: readonly string[]; found: FoundEntry[] }> {
  const versions = new Map<string, string | undefined>();
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    const some = keys.slice(start, start + AT_ONCE);
    const texts = await textsOf(reads, tier, some);
    const entries: { key: string; entry: DecodedEntry }[] = [];
    for (const [index, text] of texts.entries()) {
      const entry = typeof text === 'string' ? await entryIn(reads, tier, some[index]!, text) : undefined;
      if (entry) entries.push({ key: some[index]!, entry });
    }
    await learn(
      reads,
      entries.flatMap(({ entry }) => entry.tags),
      versions,
    );
    yield {
      asked: some,
      found: entries.map(({ key, entry }) => ({ key, tier, entry, fresh: isFresh(reads, entry, versions) })),
    };
  }
}

async function textsOf(
  reads: FillContext,
  tier: Tier,
  keys: readonly string[],
): Promise<(string | undefined)[]> {
  const store = storeOf(reads, tier);
  if (!store) return [];
  if (store.peekMany) return store.peekMany(keys);
  const texts = await reads.storeGuard.run(async () => store.getMany(keys), {
    timeout: TIMEOUT,
    operation: 'list',
  });
  if (!texts) throw new Error(`the ${store.name} store does not answer`);
  return texts;
}

async function entryIn(
  reads: FillContext,
  tier: Tier,
  key: string,
  text: string,
): Promise<DecodedEntry | undefined> {
  const { envelope } = reads;
  const opened: Opened = tier === 'near' ? envelope.unwrap(text) : await envelope.open(key, text);
  if (typeof opened !== 'string') return undefined;
  const entry = decodeEntry(opened, envelope.serializer, text.length);
  if (!entry || entry.site !== reads.site || !isWhole(entry)) return undefined;
  return key === entry.key || key === entry.key + reads.attachment ? entry : undefined;
}

/** Whether tags and versions are texts. A read that asks for an entry compares them with its own; here nobody does. */
export const isWhole = ({ tags, versions }: DecodedEntry): boolean =>
  [...tags, ...versions].every((each: unknown) => typeof each === 'string');

/** Asks for the versions that hold, of tags whose versions are not known yet. */
async function learn(
  reads: FillContext,
  tags: readonly string[],
  versions: Map<string, string | undefined>,
): Promise<void> {
  const unknown = [...new Set(tags)].filter((tag) => !versions.has(tag));
  for (let start = 0; start < unknown.length; start += AT_ONCE) {
    const some = unknown.slice(start, start + AT_ONCE);
    const found = await reads.registryGuard.run(async () => reads.registry.get(some), {
      timeout: TIMEOUT,
      operation: 'list',
    });
    for (const [index, tag] of some.entries()) versions.set(tag, found?.[index]);
  }
}

function isFresh(
  reads: FillContext,
  { tags, versions, askedAt, ttl }: DecodedEntry,
  current: ReadonlyMap<string, string | undefined>,
): boolean {
  if (reads.now() - askedAt > 1000 * ttl || reads.pendingFor(tags)) return false;
  return versions.every((version, index) => version === current.get(tags[index]!));
}
