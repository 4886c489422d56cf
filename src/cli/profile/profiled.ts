/** What one request came to: each read of the database adapter, each function and each write, with its outcome and times. */
import type { ToldEvent } from '../site/event-stream.js';

/** One thing that was done for a request. Times in milliseconds since the request began. */
export interface Span {
  kind: 'read' | 'function' | 'write' | 'call';
  /** What was asked, e.g. `posts find slug equals`. */
  what: string;
  /** `hit`, `miss`, `stale (written)`, `bypass (policy)`, … */
  outcome: string;
  start: number;
  duration: number;
  /** Of the duration: what the database took, or the function; 0 where it was not asked. */
  database: number;
  bytes?: number;
  /** What it was done for: how far in it stands. */
  depth: number;
}

/** One request. */
export interface ProfiledRun {
  status: number;
  /** Milliseconds until the whole answer was here, measured where the command runs. */
  duration: number;
  spans: Span[];
  /** Faults and circuit breakers, in words. */
  notes: string[];
  /** Events that the site left out because the reader was too slow. */
  dropped: number;
  /** Whether the site has said that the request was over. */
  complete: boolean;
}

/** How often each outcome was, and what the database took. */
export interface RunTotals {
  reads: number;
  hits: number;
  /** Reads that the database answered. */
  queries: number;
  databaseTime: number;
}

/**
 * Makes spans of events.
 *
 * @param began when the request began, in milliseconds since 1970 by the clock of the site
 */
export function spansOf(events: readonly ToldEvent[], began: number): Pick<ProfiledRun, 'spans' | 'notes'> {
  const spans: Span[] = [];
  const notes: string[] = [];
  /** Reads that the database has not answered yet, by what they asked. */
  const open = new Map<string, Span[]>();
  for (const event of events) {
    const { type, duration = 0, reason, outcome, bytes } = event;
    const why = reason === undefined ? '' : ` (${reason})`;
    const end = event.time - began;
    const begin = (told: string, database: number, kind: Span['kind'] = kindOf(event)): Span => {
      const start = Math.max(0, end - duration);
      const size = bytes === undefined ? {} : { bytes };
      const span: Span = {
        kind,
        what: whatOf(event),
        outcome: told,
        start,
        duration,
        database,
        ...size,
        depth: 0,
      };
      spans.push(span);
      return span;
    };
    switch (type) {
      case 'hit':
        begin('hit', 0);
        break;
      case 'bypass':
        begin(`bypass${why}`, duration);
        break;
      case 'miss':
      case 'stale': {
        const span = begin(`${type}${why}`, 0);
        const waiting = open.get(keyOf(event)) ?? [];
        waiting.push(span);
        open.set(keyOf(event), waiting);
        break;
      }
      case 'served-stale': {
        const waiting = open.get(keyOf(event));
        const span = waiting?.shift();
        if (span) span.outcome = `served stale${why}`;
        break;
      }
      case 'fill': {
        const span = open.get(keyOf(event))?.shift();
        const told = outcome === 'not-kept' ? ', not kept' : '';
        if (!span) {
          begin(`fill${told}`, duration);
          break;
        }
        span.outcome += told;
        span.duration = Math.max(end - span.start, span.duration + duration);
        span.database = duration;
        if (bytes !== undefined) span.bytes = bytes;
        break;
      }
      case 'invalidate':
        begin(outcome === 'late' ? 'write, replaced late' : 'write', 0, 'write');
        break;
      case 'call':
        begin(outcome === 'failed' ? 'failed' : 'asked', 0, 'call');
        break;
      case 'error':
        notes.push(`${event.part ?? 'the cache'} failed${why}, and the site went on without it.`);
        break;
      case 'breaker':
        notes.push(`${event.part ?? 'A part'} is ${outcome === 'open' ? 'given up for a while' : 'back'}.`);
        break;
    }
  }
  return { spans: nested(spans), notes: [...new Set(notes)] };
}

/** In the order in which they began, each below what it was done for: functions hold reads, reads hold calls. */
function nested(spans: readonly Span[]): Span[] {
  // Moments are whole milliseconds.
  const SLACK = 1;
  const rank = { function: 0, write: 1, read: 1, call: 2 } as const;
  const ordered = [...spans].sort(
    (one, other) =>
      one.start - other.start || rank[one.kind] - rank[other.kind] || other.duration - one.duration,
  );
  const around: Span[] = [];
  for (const span of ordered) {
    const end = span.start + span.duration;
    while (around.length > 0) {
      const holder = around.at(-1)!;
      const isInside =
        (holder.kind === 'function' || (holder.kind === 'read' && span.kind === 'call')) &&
        end <= holder.start + holder.duration + SLACK;
      if (isInside) break;
      around.pop();
    }
    span.depth = around.length;
    around.push(span);
  }
  return ordered;
}

/** What a request came to in numbers. */
export function totalsOf({ spans }: Pick<ProfiledRun, 'spans'>): RunTotals {
  const reads = spans.filter(({ kind }) => kind === 'read');
  return {
    reads: reads.length,
    hits: reads.filter(({ outcome }) => outcome === 'hit' || outcome.startsWith('served stale')).length,
    queries: reads.filter(({ database }) => database > 0).length,
    databaseTime: reads.reduce((sum, { database }) => sum + database, 0),
  };
}

/** What a request asked again and again. */
export function repeatedIn(
  { spans }: Pick<ProfiledRun, 'spans'>,
  least = 5,
): { what: string; times: number }[] {
  const times = new Map<string, number>();
  for (const { kind, what } of spans) if (kind === 'read') times.set(what, (times.get(what) ?? 0) + 1);
  return [...times]
    .map(([what, times]) => ({ what, times }))
    .filter(({ times }) => times >= least)
    .sort((one, other) => other.times - one.times);
}

function kindOf({ subject }: ToldEvent): Span['kind'] {
  return subject === 'function' ? 'function' : 'read';
}

function keyOf({ subject, name, operation, key }: ToldEvent): string {
  return [subject, name, operation, key].join('\n');
}

function whatOf({ type, subject, name, operation, part, shape }: ToldEvent): string {
  if (type === 'call') return [part, operation].filter(Boolean).join(' ');
  const of =
    subject === 'global'
      ? `@${name}`
      : subject === 'function'
        ? `function ${name || '(no namespace)'}`
        : name;
  return [of, subject === 'function' ? undefined : operation, shape].filter(Boolean).join(' ');
}
