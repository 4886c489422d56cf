/** Asks the store for an entry and the registry for the versions of its tags. */
import type { DecodedEntry } from '../entry/entry.js';
import type { Opened } from '../entry/entry-form.js';
import { memoryOf } from '../versions/subscription.js';
import { type Absent, completed, counted, type Fresh, type ReadContext, type Wanted } from './context.js';
import { absent, judge, judgeText } from './judge.js';
import { readRegistry } from './known-versions.js';

/**
 * Entry and versions in one call of the store, where they live together. Synchronous where both are in this process.
 *
 * @param read the text of the entry, where it was read a moment ago
 */
export function lookup(
  context: ReadContext,
  wanted: Wanted,
  read?: string,
): Fresh | Absent | Promise<Fresh | Absent> {
  const { key, tags } = wanted;
  if (!context.registry.local) return lookupRemote(context, wanted, read);
  const current = context.registry.get(tags) as (string | undefined)[];
  if (wanted.refresh) return absent(false, current);
  const nearby = lookupNear(context, wanted, current);
  // Where there is but one store, what is kept decoded is what it holds.
  if (nearby && (nearby.found || !context.near)) return nearby;
  if (read !== undefined) return judgeFar(context, wanted, read, current);
  const values = readStore(context, wanted, [key]);
  if (values instanceof Promise) return values.then((read) => judgeFar(context, wanted, read?.[0], current));
  return judgeFar(context, wanted, values?.[0], current);
}

async function lookupRemote(context: ReadContext, wanted: Wanted, read?: string): Promise<Fresh | Absent> {
  const { key, tags, refresh } = wanted;
  const current = context.versions.recall(tags, memoryOf(wanted.rule, context.versions.isTold()));
  const unknown = tags.filter((_tag, index) => current[index] === undefined);
  if (unknown.length === 0 && !refresh) {
    const nearby = lookupNear(context, wanted, current);
    if (nearby?.found) return nearby;
  }
  const moment = context.versions.moment();
  const { storeKey, readStored } = context.registry;
  const areInStore = unknown.length > 0 && storeKey && readStored;
  const isRead = refresh || read !== undefined;
  const keys = [...(isRead ? [] : [key]), ...(areInStore ? unknown.map(storeKey) : [])];
  const [values, answer] = await Promise.all([
    keys.length > 0 ? readStore(context, wanted, keys) : undefined,
    unknown.length > 0 && !areInStore ? readRegistry(context, wanted, unknown) : [],
  ]);
  const text = isRead ? read : values?.[0];
  const answered = areInStore ? values?.slice(isRead ? 0 : 1).map(readStored) : answer;
  const isStoreAway = keys.length > 0 && !values;
  if (context.lookupAlone && (!answered || isStoreAway))
    return context.lookupAlone(context, wanted, { current, unknown, answered, moment });
  const learnt = context.versions.learn(unknown, answered, moment);
  if (!learnt) return absent(false, undefined);
  return judgeFar(context, wanted, text, completed(current, learnt));
}

type Texts = (string | undefined)[] | undefined;

function readStore(context: ReadContext, { count }: Wanted, keys: readonly string[]): Texts | Promise<Texts> {
  context.operations.storeReads += 1;
  return counted(context.storeGuard, count, () => context.far.getMany(keys));
}

/** What this process holds, which costs no round trip: the entry as it is kept decoded, or its text in the near tier. */
export function lookupNear(
  context: ReadContext,
  wanted: Wanted,
  current: (string | undefined)[],
): Fresh | Absent | undefined {
  const { near, decoded } = context;
  const entry = decoded?.get(wanted.nearKey) as DecodedEntry | undefined;
  if (entry) {
    if (!near) context.operations.storeReads += 1;
    return judge(context, wanted, entry, current);
  }
  const text = near?.get(wanted.nearKey) as string | undefined;
  if (text === undefined) return undefined;
  const judged = judgeText(context, wanted, text, context.envelope.unwrap(text), current);
  return keepDecoded(context, wanted, text, judged);
}

/** Asynchronous where the entry is compressed or encrypted. */
function judgeFar(
  context: ReadContext,
  wanted: Wanted,
  text: string | undefined,
  current: (string | undefined)[],
): Fresh | Absent | Promise<Fresh | Absent> {
  if (text === undefined) return absent(false, current);
  const judgeOpened = (opened: Opened): Fresh | Absent => {
    const judged = judgeText(context, wanted, text, opened, current);
    if (!context.near) return keepDecoded(context, wanted, text, judged);
    if (judged.found && opened)
      context.near.set(
        wanted.nearKey,
        context.envelope.wrap(opened, text),
        judged.mayBeCopied,
        judged.entry.cost,
      );
    return judged;
  };
  // Whatever a store answers.
  const opened = typeof text === 'string' ? context.envelope.open(wanted.key, text) : null;
  return opened instanceof Promise ? opened.then(judgeOpened) : judgeOpened(opened);
}

/** Offers what was just decoded to the store that its text is in: it then gives copies. */
function keepDecoded(
  context: ReadContext,
  wanted: Wanted,
  text: string,
  judged: Fresh | Absent,
): Fresh | Absent {
  if (!judged.found) return judged;
  let entry: DecodedEntry | undefined;
  const isKept = context.decoded?.offer(wanted.nearKey, text, () => {
    // Whose it is nobody asks of what this process holds itself.
    const own = { ...judged.entry, tags: wanted.tags, site: undefined };
    const made = context.decoded?.copyable?.(judged.result)?.entry(own);
    entry = made?.form;
    return made;
  });
  return isKept && entry ? { ...judged, result: entry.result() } : judged;
}
