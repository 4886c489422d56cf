/**
 * Asks the store that the processes of a site share, without the site: what lies there, what the processes wrote down of
 * themselves, and the versions of tags where they lie beside the entries.
 */
import path from 'node:path';
import { PayloadKVError } from '../../errors.js';
import { KEY_PREFIX, VERSION_PREFIX } from '../../interfaces/keys.js';
import { isEntryKey, RECORD_PREFIX } from '../../interfaces/kinds-of-keys.js';
import type { Registry } from '../../interfaces/registry.js';
import type { Store } from '../../interfaces/store.js';
import { type DecodedEntry, decodeEntry } from '../../runtime/entry/entry.js';
import { deletePrefix, type InvalidationTarget, namedTags } from '../../runtime/instance.js';
import { addStatistics } from '../../runtime/observe/added-up.js';
import { readRecord } from '../../runtime/observe/read-record.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';
import { isWhole } from '../../runtime/observe/stored-entries.js';
import { collectionTag, documentTag, namespaceTag } from '../../runtime/query/tags.js';
import { variableIn } from '../environment-files.js';
import type { Terminal } from '../terminal/terminal.js';
import type { SharedStoreName } from './choices.js';
import type { SourceFlags } from './site-address.js';
import type { EntriesPage, EntriesQuery, ShownEntry, Source } from './source.js';
import { openStored } from './stored-text.js';

/** Keys of one request. */
const AT_ONCE = 100;
/** Keys that are listed, entries that are looked at to count, and records of processes: of more only a part is seen. */
const [MOST_KEYS, MOST_COUNTED, MOST_RECORDS] = [200_000, 5_000, 200];

/**
 * The store that the flags name.
 * @throws PayloadKVError `STORE_NOT_NAMED` where the environment does not say where it is, and what its calls throw
 */
export async function openSharedStore(
  name: SharedStoreName,
  flags: SourceFlags,
  terminal: Terminal,
): Promise<Source> {
  if (name === 'cloudflare-kv') {
    const { openWranglerStore } = await import('./wrangler-store.js');
    const { store, place } = await openWranglerStore(flags, terminal);
    return storeSource(store, place);
  }
  const cwd = path.resolve(flags.cwd);
  const url = variableIn(cwd, 'REDIS_URL');
  if (url === undefined) {
    throw new PayloadKVError({
      code: 'STORE_NOT_NAMED',
      message: 'It is not said where Redis is.',
      nextStep: 'Set REDIS_URL as for the site, e.g. REDIS_URL=redis://127.0.0.1:6379.',
    });
  }
  const prefix = variableIn(cwd, 'PAYLOAD_KV_PREFIX');
  const { redis } = await import('../../stores/redis.js');
  const store = redis({ url, ...(prefix === undefined ? {} : { prefix }) });
  return storeSource(store, `redis at ${URL.canParse(url) ? new URL(url).host : 'REDIS_URL'}`);
}

/** A store as a source. */
export function storeSource(store: Store, place: string): Source {
  const registry = store.defaultRegistry?.();
  return {
    kind: 'store',
    isSigned: false,
    place,
    async statistics() {
      const { records, unread } = await recordsIn(store);
      const [first, ...others] = records;
      if (first) return addStatistics(first, others);
      throw new PayloadKVError({
        code: 'STORE_NO_RECORDS',
        message:
          unread > 0
            ? `The statistics in the store, of ${unread} processes, cannot be read here: they are encrypted, or of another version.`
            : 'No process has written down its statistics in this store within the last minutes.',
        nextStep:
          unread > 0
            ? 'Ask the site: --url http://localhost:3000.'
            : 'Give payloadKV() the option `observe: observe()`; where writes cost, as on Cloudflare KV, with `shareEvery`. Or ask the site: --url http://localhost:3000.',
      });
    },
    entries: (query) => entriesIn(store, registry, query),
    // A store has no list of collections.
    resolve: async ({ name, id, isGlobal }) =>
      isGlobal ? { global: name } : { collection: name, ...(id === undefined ? {} : { id }) },
    async why() {
      throw cannotTell('What answers a query', 'payload-kv why … --url http://localhost:3000');
    },
    async purge(target, dryRun) {
      if (dryRun) return { ok: true, dryRun, entries: await countIn(store, registry, target) };
      await purgeIn(store, registry, target);
      return { ok: true, dryRun, entries: null };
    },
    close: async () => store.close(),
  };
}

function cannotTell(what: string, instead: string): PayloadKVError {
  return new PayloadKVError({
    code: 'STORE_CANNOT_TELL',
    message: `${what} only the site knows: it has the schema and the slices.`,
    nextStep: `Ask it: ${instead}.`,
  });
}

// ---- what the processes wrote down --------------------------------------------------------------------------------

async function recordsIn(store: Store): Promise<{ records: Statistics[]; unread: number }> {
  const records: Statistics[] = [];
  const sites = new Set<string>();
  let unread = 0;
  for (const key of await keysBelow(store, RECORD_PREFIX, MOST_RECORDS)) {
    const stored = await store.get(key);
    if (stored === undefined) continue;
    const opened = await openStored(key, stored);
    const statistics = typeof opened === 'object' ? readRecord(opened.text) : undefined;
    if (!statistics) {
      unread += 1;
      continue;
    }
    records.push(statistics);
    sites.add(key.slice(RECORD_PREFIX.length).split(':')[0]!);
  }
  if (sites.size > 1) {
    throw new PayloadKVError({
      code: 'STORE_SEVERAL_SITES',
      message: `${sites.size} sites, or releases of one with other schemas, have written down statistics in this store.`,
      nextStep: 'Ask the one that is meant: --url http://localhost:3000 --all.',
    });
  }
  return { records, unread };
}

// ---- entries --------------------------------------------------------------------------------------------------------

async function keysBelow(store: Store, prefix: string, most: number): Promise<string[]> {
  const found = new Set<string>();
  for await (const keys of store.list(prefix)) {
    for (const key of keys) found.add(key);
    if (found.size >= most) break;
  }
  return [...found].sort().slice(0, most);
}

interface Found extends ShownEntry {
  entry?: DecodedEntry;
}

async function* entriesUnder(
  store: Store,
  registry: Registry | undefined,
  keys: readonly string[],
): AsyncGenerator<Found[]> {
  const versions = new Map<string, string | undefined>();
  for (let start = 0; start < keys.length; start += AT_ONCE) {
    const some = keys.slice(start, start + AT_ONCE);
    const texts = await store.getMany(some);
    const found = await Promise.all(
      some.flatMap((key, index) => (texts[index] === undefined ? [] : [shownEntry(key, texts[index])])),
    );
    const unknown = [...new Set(found.flatMap(({ tags }) => tags))].filter((tag) => !versions.has(tag));
    if (registry && unknown.length > 0) {
      const held = await registry.get(unknown);
      for (const [index, tag] of unknown.entries()) versions.set(tag, held[index]);
    }
    for (const each of found)
      if (each.entry) each.fresh = isFresh(each.entry, each.left ?? 0, versions, registry);
    yield found;
  }
}

async function shownEntry(key: string, stored: string): Promise<Found> {
  const [, name = '', operation = ''] = /^(.*):([\w-]+):[^:]+$/s.exec(key.slice(KEY_PREFIX.length)) ?? [];
  const bytes = Buffer.byteLength(stored);
  const unknown = { age: null, ttl: null, left: null, fresh: null };
  const shown: Found = { key, name, operation, tags: [], bytes, tier: 'store', ...unknown };
  const opened = await openStored(key, stored);
  const entry = typeof opened === 'object' ? decodeEntry(opened.text, opened.serializer) : undefined;
  if (!entry || !isWhole(entry)) return shown;
  const age = Math.max(0, (Date.now() - entry.askedAt) / 1_000);
  return { ...shown, tags: entry.tags, age, ttl: entry.ttl, left: Math.max(0, entry.ttl - age), entry };
}

/** `null` where the registry is another than the store's own, which has none of the versions then. */
function isFresh(
  { tags, versions }: DecodedEntry,
  left: number,
  current: ReadonlyMap<string, string | undefined>,
  registry: Registry | undefined,
): boolean | null {
  if (left <= 0) return false;
  const held = tags.map((tag) => current.get(tag));
  if (!registry || held.every((version) => version === undefined)) return null;
  return versions.every((version, index) => version === held[index]);
}

async function entriesIn(
  store: Store,
  registry: Registry | undefined,
  { collection, global, namespace, key, id, cursor, limit = 20 }: EntriesQuery,
): Promise<EntriesPage> {
  const name = collection ?? (global === undefined ? undefined : `@${global}`);
  const wanted =
    id !== undefined && collection !== undefined
      ? documentTag(collectionTag(collection), id)
      : namespace === undefined
        ? undefined
        : namespaceTag(namespace);
  // What depends on a document, or what a function returned, may lie under any name.
  const prefix =
    key ?? (wanted === undefined && name !== undefined ? `${KEY_PREFIX}${nameInKey(name)}:` : KEY_PREFIX);
  const keys = (await keysBelow(store, prefix, MOST_KEYS)).filter(
    (each) =>
      isEntryKey(each) && (key === undefined || each === key) && (cursor === undefined || each > cursor),
  );
  const entries: ShownEntry[] = [];
  for await (const page of entriesUnder(store, registry, keys)) {
    for (const { entry: _entry, ...shown } of page) {
      if (wanted !== undefined && !shown.tags.includes(wanted)) continue;
      entries.push(shown);
      if (entries.length > limit) {
        entries.pop();
        return { entries, cursor: entries.at(-1)!.key, scope: 'store' };
      }
    }
  }
  return { entries, cursor: null, scope: 'store' };
}

/** A name as it stands in keys. */
const nameInKey = (name: string): string =>
  encodeURIComponent(name).replaceAll('%40', '@').replaceAll('%3A', ':');

// ---- purge ----------------------------------------------------------------------------------------------------------

function tagsOf(target: Exclude<InvalidationTarget, 'everything' | { prefix: string }>): readonly string[] {
  if (!('collection' in target) || target.id === undefined) return namedTags(target);
  throw cannotTell(
    'What depends on one document',
    `payload-kv purge '${target.collection}#${target.id}' --url http://localhost:3000`,
  );
}

async function countIn(
  store: Store,
  registry: Registry | undefined,
  target: InvalidationTarget,
): Promise<number | null> {
  const isPrefix = target !== 'everything' && 'prefix' in target;
  const tags = isPrefix || target === 'everything' ? undefined : new Set(tagsOf(target));
  const prefix = KEY_PREFIX + (isPrefix ? target.prefix : '');
  const keys = (await keysBelow(store, prefix, MOST_KEYS)).filter(isEntryKey);
  if (!tags) return keys.length < MOST_KEYS ? keys.length : null;
  if (keys.length > MOST_COUNTED) return null;
  let count = 0;
  for await (const page of entriesUnder(store, registry, keys))
    for (const entry of page)
      if (entry.fresh !== false && entry.tags.some((tag) => tags.has(tag))) count += 1;
  return count;
}

async function purgeIn(
  store: Store,
  registry: Registry | undefined,
  target: InvalidationTarget,
): Promise<void> {
  if (target !== 'everything' && 'prefix' in target) {
    await deletePrefix(store, target.prefix);
    return;
  }
  const held = await keysBelow(store, VERSION_PREFIX, MOST_KEYS);
  const isOfStore = registry !== undefined && (held.length > 0 || registry.name === 'kv');
  if (target === 'everything') {
    // First their versions, so that nothing in the memory of a process is fresh any more, then the entries themselves.
    const entities = held.map((key) => key.slice(VERSION_PREFIX.length)).filter((tag) => !/[#?]/.test(tag));
    if (isOfStore && entities.length > 0) await replaceAll(registry, entities);
    await deletePrefix(store, '');
    return;
  }
  if (!isOfStore) {
    throw new PayloadKVError({
      code: 'STORE_NO_VERSIONS',
      message:
        'There are no versions of tags in this store: the site keeps them elsewhere, or has stored nothing yet.',
      nextStep: 'Ask the site itself: --url http://localhost:3000. Or delete all entries here: --all.',
    });
  }
  await replaceAll(registry, tagsOf(target));
}

async function replaceAll(registry: Registry, tags: readonly string[]): Promise<void> {
  for (let start = 0; start < tags.length; start += AT_ONCE)
    await registry.replace(tags.slice(start, start + AT_ONCE));
}
