/** Counts what becomes of reads and functions, and tells those who listen. */
import type { Events, EventType, Filled, Told } from '../../interfaces/events.js';
import { momentIn } from '../events/moment.js';
import type { BypassReason, FunctionCounts } from '../stats/stats.js';
import type { Subject, Wanted } from './context.js';

/** Tells of something that happened to a subject. `since` is from {@link momentIn}: nothing is told without it. */
export function tell(
  events: Events,
  type: EventType,
  { type: subject, slug: name, operation, args }: Subject,
  since: number | undefined,
  more: Pick<Told, 'outcome' | 'reason' | 'duration' | 'bytes' | 'key'>,
  question?: object,
  filled?: Filled,
): void {
  if (since === undefined) return;
  const { outcome, reason, duration = performance.now() - since, bytes, key } = more;
  // Each hit comes by here: to spread one object into another would take as long as all else.
  events.tell(
    { type, subject, name, operation, outcome, reason, duration, bytes, key },
    args,
    question,
    filled,
  );
}

/** Counts what a lookup came to, and tells of it. */
export function noteLookup(
  events: Events,
  outcome: 'hit' | 'miss' | 'stale',
  subject: Subject,
  {
    key,
    shown,
    question,
    count,
  }: Pick<Wanted, 'key' | 'shown' | 'count'> & Partial<Pick<Wanted, 'question'>>,
  since: number | undefined,
  bytes?: number,
  reason?: string,
): void {
  if (outcome === 'hit') count.hits += 1;
  else if (outcome === 'stale') count.stale += 1;
  else count.misses += 1;
  if (since === undefined) return;
  tell(events, outcome, subject, since, { key: shown ?? hashIn(key), bytes, reason }, question);
}

/** Counts what is not looked up. */
export function countBypass({ bypasses }: FunctionCounts, reason: BypassReason): void {
  bypasses[reason] = (bypasses[reason] ?? 0) + 1;
}

/** Asks the database, or runs a function, and tells of it when it has answered. */
export async function telling<Result>(
  events: Events,
  type: 'bypass' | 'fill',
  subject: Subject,
  ask: () => Result | Promise<Result>,
  more: Pick<Told, 'reason' | 'outcome' | 'key'>,
  question?: object,
): Promise<Result> {
  const since = momentIn(events);
  try {
    return await ask();
  } finally {
    tell(events, type, subject, since, more, question);
  }
}

/** The hash at the end of a key: what stands before it may have been made by the site, of anything. */
export function hashIn(key: string): string {
  const end = key.lastIndexOf('~');
  return key.slice(key.lastIndexOf(':') + 1, end < 0 ? undefined : end);
}
