/** Counts events by what they are about, in a bounded number of series. */
import type { CacheEvent } from '../../interfaces/events.js';
import { valueAt } from '../../platform/value-at.js';
import type { CountedEvent } from './snapshot.js';

/** Series that are told apart; later ones are counted together. */
const MOST_SERIES = 2_000;
/** Codes of errors that are told apart: a store of the site's own may have any. */
const MOST_CODES = 50;
/** Stands for all names that are not told apart. */
export const OTHERS = '(others)';

/** Counts events. */
export interface EventCounter {
  add(event: CacheEvent): void;
  read(): CountedEvent[];
}

/** Creates a counter of events. */
export function createEventCounter(): EventCounter {
  const series = new Map<string, CountedEvent>();
  const codes = new Set<string>();
  /** What lookups come to, by type, subject, name and operation: to put these together as text takes longer than to count. */
  const lookups = new Map<unknown, Map<unknown, Map<unknown, Map<unknown, CountedEvent>>>>();

  function codeOf(reason: string | undefined): string | undefined {
    if (reason === undefined || codes.has(reason)) return reason;
    if (codes.size >= MOST_CODES) return OTHERS;
    codes.add(reason);
    return reason;
  }

  function remember({ type, subject, name, operation }: CacheEvent, counted: CountedEvent): void {
    const bySubject = valueAt(lookups, type, () => new Map());
    const byName = valueAt(bySubject, subject, () => new Map());
    valueAt(byName, name, () => new Map()).set(operation, counted);
  }

  return {
    add(event) {
      const { type, subject, part, outcome } = event;
      const isLookup = type === 'hit' || type === 'miss' || (type === 'stale' && event.reason === undefined);
      const found = isLookup && lookups.get(type)?.get(subject)?.get(event.name)?.get(event.operation);
      if (found) {
        found.count += 1;
        return;
      }
      const reason = type === 'error' ? codeOf(event.reason) : event.reason;
      const known = series.get(keyOf(event, event.subject, event.name, event.operation, reason));
      if (known) {
        known.count += 1;
        if (isLookup) remember(event, known);
        return;
      }
      const isOneMore = series.size >= MOST_SERIES && event.name !== undefined;
      const name = isOneMore ? OTHERS : event.name;
      const operation = isOneMore ? OTHERS : event.operation;
      const key = keyOf(event, event.subject, name, operation, reason);
      const others = isOneMore ? series.get(key) : undefined;
      if (others) others.count += 1;
      else {
        const full = name === undefined ? undefined : named(event.subject, name);
        series.set(key, { type, name: full, operation: ordered(operation), part, outcome, reason, count: 1 });
      }
    },
    read: () => addCountedEvents([[...series.values()]]),
  };
}

/** Those of several processes. */
export function addCountedEvents(all: readonly (readonly CountedEvent[])[]): CountedEvent[] {
  const sums = new Map<string, CountedEvent>();
  for (const event of all.flat()) {
    const key = JSON.stringify({ ...event, count: 0 });
    const sum = sums.get(key);
    if (sum) sum.count += event.count;
    else sums.set(key, { ...event });
  }
  return [...sums.values()];
}

const keyOf = (
  { type, part, outcome }: CacheEvent,
  subject: string | undefined,
  name: string | undefined,
  operation: string | undefined,
  reason: string | undefined,
): string => `${type}\0${subject}\0${name}\0${operation}\0${part}\0${outcome}\0${reason}`;

const SIGNS = { collection: '', global: '@', function: '/' };

const named = (subject: CacheEvent['subject'], name: string): string => SIGNS[subject ?? 'collection'] + name;

/** What is about several operations names them in the order in which they came. */
const ordered = (operation: string | undefined): string | undefined =>
  operation?.includes('+') ? operation.split('+').sort().join('+') : operation;
