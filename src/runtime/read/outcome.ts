/** Counts what becomes of reads and functions, and tells those who listen. */
import type { CacheEvent, Events, EventType } from '../../interfaces/events.js';
import type { BypassReason, CountedType, FunctionCounts } from '../stats/stats.js';

/** What a lookup is for: a read of the adapter, or a function. */
export interface Subject {
  type: CountedType;
  /** The collection or global, or the namespace. */
  slug: string;
  operation: string;
  args?: Readonly<Record<string, unknown>>;
}

/** The moment, if anybody wants to know how long things take. */
export const momentIn = (events: Events): number | undefined =>
  events.isHeard() ? performance.now() : undefined;

/** Tells of something that happened to a subject. `since` is from {@link momentIn}: nothing is told without it. */
export function tell(
  events: Events,
  type: EventType,
  { type: subject, slug: name, operation, args }: Subject,
  since: number | undefined,
  more?: Partial<CacheEvent>,
): void {
  if (since === undefined) return;
  events.tell({ type, subject, name, operation, duration: performance.now() - since, ...more }, args);
}

/** Counts what a lookup came to, and tells of it. */
export function noteLookup(
  events: Events,
  outcome: 'hit' | 'miss' | 'stale',
  subject: Subject,
  { key, count }: { key: string; count: FunctionCounts },
  since: number | undefined,
  bytes?: number,
): void {
  if (outcome === 'hit') count.hits += 1;
  else if (outcome === 'stale') count.stale += 1;
  else count.misses += 1;
  if (since !== undefined) tell(events, outcome, subject, since, { key: hashIn(key), bytes });
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
  more: Partial<CacheEvent>,
): Promise<Result> {
  const since = momentIn(events);
  try {
    return await ask();
  } finally {
    tell(events, type, subject, since, more);
  }
}

/** The hash at the end of a key: what stands before it may have been made by the site, of anything. */
export function hashIn(key: string): string {
  return key.slice(key.lastIndexOf(':') + 1).replace(/~.*$/s, '');
}
