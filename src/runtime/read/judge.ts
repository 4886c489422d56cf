/** Whether an entry that was found answers a read. */
import { type DecodedEntry, decodeEntry } from '../entry/entry.js';
import type { Opened } from '../entry/entry-form.js';
import {
  type Absent,
  COPIED,
  type Fresh,
  graceOf,
  keptFor,
  type ReadContext,
  type Wanted,
} from './context.js';

/** An entry dated later than this from now, in seconds, is of an unknown age: another machine's clock goes wrong. */
const CLOCK_DIFFERENCE = 10;

/** Whether something of such an age, in seconds, is dated so far in the future that nobody knows how old it is. */
export const isOfFuture = (age: number): boolean => age < -CLOCK_DIFFERENCE;

/** What a text that was found is to a read whose tags have these versions now. */
export function judgeText(
  context: ReadContext,
  wanted: Wanted,
  text: string,
  opened: Opened,
  current: (string | undefined)[],
): Fresh | Absent {
  // Of another release, or another site's: nothing is wrong with it.
  if (opened === undefined) return absent(false, current);
  const entry = opened === null ? undefined : decodeEntry(opened, context.envelope.serializer, text.length);
  if (entry?.key !== wanted.key) {
    wanted.count.errors += 1;
    if (context.events.isHeard())
      context.events.tell({ type: 'error', part: 'store', reason: 'corrupt-entry' });
    return absent(false, current);
  }
  return judge(context, wanted, entry, current);
}

/** No entry that answers. */
export const absent = (
  stale: boolean,
  versions: (string | undefined)[] | undefined,
  reason?: Absent['reason'],
): Absent => ({
  found: false,
  stale,
  versions,
  ...(reason ? { reason } : {}),
});

/** What an entry is to a read whose tags have these versions now. */
export function judge(
  context: ReadContext,
  wanted: Wanted,
  entry: DecodedEntry,
  current: (string | undefined)[],
): Fresh | Absent {
  const { key, tags, count } = wanted;
  const dated = (context.now() - entry.askedAt) / 1000;
  if (isOfFuture(dated)) return absent(true, current);
  const age = Math.max(dated, 0);
  const left = Math.min(entry.ttl, wanted.ttl) - age;
  const hasTags = sameTexts(entry.tags, tags);
  if (!hasTags && wanted.ofFunction) return { ...absent(true, current), otherTags: entry.tags };
  const isCurrent = hasTags && sameTexts(entry.versions, current);
  const isFresh = isCurrent && left > 0;
  /** Whether it may be served for so many seconds although it is not fresh. */
  const mayServe = (grace: number): boolean => {
    if (grace === 0) return false;
    if (isCurrent) return left + grace > 0;
    // A write made it stale at some moment since the database was asked: by this clock, or within what stores keep.
    const { maximumAge, eventual } = wanted.rule;
    const isOwn = context.own.get(key) === entry.askedAt;
    const bound = eventual ? grace : isOwn ? Math.min(grace, maximumAge) : 0;
    const since = isOwn
      ? entry.askedAt
      : context.now() - 1000 * keptFor(context, entry.ttl + graceOf(wanted.rule));
    return age < bound && !context.versions.replacedSince(tags, since);
  };
  const whileRevalidating = !isFresh && mayServe(wanted.swr);
  const ifError = !isFresh && mayServe(wanted.staleIfError);
  const reason = isCurrent ? 'expired' : 'written';
  if (!isFresh && !whileRevalidating && !ifError) return absent(true, current, reason);
  let result: unknown;
  try {
    result = entry.result();
    count.bytesRead += entry.length;
  } catch (error) {
    count.errors += 1;
    context.onFault(error, 'reading an entry');
    return absent(false, current);
  }
  if (isFresh) {
    const grace = graceOf(wanted.rule);
    return { found: true, result, entry, mayBeCopied: Math.min(left + grace, COPIED * (entry.ttl + grace)) };
  }
  return {
    ...absent(true, current, reason),
    old: { result, askedAt: entry.askedAt, whileRevalidating, ifError },
  };
}

function sameTexts(one: readonly string[], other: readonly (string | undefined)[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}
