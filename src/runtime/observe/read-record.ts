/**
 * Reads the statistics that a process wrote down. They come from a store, which other releases and other programs write to
 * as well: whatever is not what it should be is left out, so that nobody who adds up or shows them has to look.
 */
import { EVENT_TYPES } from '../../interfaces/events.js';
import type { CacheCounts, CacheStats, FunctionCounts } from '../stats/stats.js';
import { POINTS } from './history.js';
import { latencyOf } from './latency.js';
import { BUCKET_BOUNDS, type CountedEvent, type Statistics, TIMED } from './snapshot.js';

/** Names under one thing, and items of one list. */
const MOST = 3_000;
const LONGEST_TEXT = 500;

/** Reads one thing; `undefined` where it is none. */
type Read<Value> = (found: unknown) => Value | undefined;

type Found = Readonly<Record<string, unknown>>;
const foundIn = (found: unknown): Found =>
  typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as Found) : {};

/** Counts and durations: none is negative, and what is no number is none. */
const number = (found: unknown): number =>
  typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : 0;
const optionalNumber = (found: unknown): number | undefined =>
  found === undefined ? undefined : number(found);
const text = (found: unknown): string => (typeof found === 'string' ? found.slice(0, LONGEST_TEXT) : '');
const optionalText = (found: unknown): string | undefined => text(found) || undefined;

const list =
  <Value>(read: Read<Value>, most = MOST): ((found: unknown) => Value[]) =>
  (found) =>
    (Array.isArray(found) ? found.slice(0, most) : []).flatMap((each) => read(each) ?? []);

/** What stands under names that may be any. */
const byName =
  <Value>(read: Read<Value>): ((found: unknown) => Record<string, Value>) =>
  (found) => {
    const all = Object.entries(foundIn(found)).slice(0, MOST);
    // Own properties each, whatever they are called.
    return Object.fromEntries(
      all.flatMap(([name, each]) => {
        const value = read(each);
        return value === undefined ? [] : [[text(name), value]];
      }),
    );
  };

/** What has these properties and no others; those that are not there are left out. */
const whole =
  <Value extends object>(properties: { [Name in keyof Value]-?: (found: unknown) => Value[Name] }) =>
  (found: unknown): Value => {
    const from = foundIn(found);
    const all = Object.entries(properties as Record<string, (found: unknown) => unknown>);
    return Object.fromEntries(
      all.flatMap(([name, read]) => {
        const value = read(Object.hasOwn(from, name) ? from[name] : undefined);
        return value === undefined ? [] : [[name, value]];
      }),
    ) as Value;
  };

const numbers = <Name extends string>(...names: readonly Name[]): Record<Name, typeof number> =>
  Object.fromEntries(names.map((name) => [name, number])) as Record<Name, typeof number>;

const counts = {
  ...numbers('hits', 'misses', 'stale', 'servedStale', 'shared', 'writes', 'droppedWrites'),
  ...numbers('bytesWritten', 'bytesRead', 'uncacheable', 'invalidations', 'errors'),
  bypasses: byName(number) as (found: unknown) => CacheCounts['bypasses'],
};
const cacheCounts = whole<CacheCounts>(counts);
const functionCounts = whole<FunctionCounts>({
  ...counts,
  notStored: byName(number) as (found: unknown) => FunctionCounts['notStored'],
  sets: optionalNumber,
  deletes: optionalNumber,
  limited: byName(number) as (found: unknown) => FunctionCounts['limited'],
});

const isOneOf = <Value extends string>(known: readonly Value[], found: unknown): found is Value =>
  (known as readonly unknown[]).includes(found);
const PARTS = ['store', 'registry', 'replacement'] as const;
const partOfEvent = (found: unknown) => (isOneOf(PARTS, found) ? found : undefined);

const countedEvent: Read<CountedEvent> = (found) => {
  const { type } = foundIn(found);
  if (!isOneOf(EVENT_TYPES, type)) return undefined;
  return whole<CountedEvent>({
    type: () => type,
    name: optionalText,
    operation: optionalText,
    part: partOfEvent,
    outcome: optionalText,
    reason: optionalText,
    count: number,
  } as never)(found);
};

const saved = whole<Statistics['saved']>(numbers('calls', 'time'));

const latency = (found: unknown) => {
  const { buckets, count, sum } = foundIn(found);
  const all = list(number, BUCKET_BOUNDS.length + 1)(buckets);
  while (all.length <= BUCKET_BOUNDS.length) all.push(0);
  return latencyOf(all, number(count), number(sum));
};

const part = whole<Statistics['store']>({
  name: text,
  shared: (found) => found === true,
  breaker: (found) => (found === 'open' ? 'open' : 'closed'),
});

const usage = whole<NonNullable<Statistics['near']>>(
  numbers('entries', 'maxEntries', 'bytes', 'maxBytes', 'evictions'),
);

const asked = { name: text, operation: text, shape: text };

const statistics = whole<Statistics>({
  format: () => 1,
  ...numbers('since', 'at', 'pending', 'inFlight', 'hotFloor', 'lateReplacements', 'breakersOpened'),
  scope: () => 'process',
  processes: () => 1,
  counts: whole<Statistics['counts']>({
    total: cacheCounts,
    collections: byName(cacheCounts),
    globals: byName(cacheCounts),
    functions: byName(functionCounts),
    operations: whole<CacheStats['operations']>(
      numbers('storeReads', 'storeWrites', 'registryReads', 'registryReplacements'),
    ),
  }),
  events: list(countedEvent),
  latency: whole<Statistics['latency']>(
    Object.fromEntries(TIMED.map((name) => [name, latency])) as Record<
      (typeof TIMED)[number],
      typeof latency
    >,
  ),
  saved,
  savedBy: byName(saved),
  hotQueries: list(
    whole<Statistics['hotQueries'][number]>({
      ...asked,
      ...numbers('count', 'error', 'hits', 'misses', 'stale', 'unchanged', 'bypasses'),
      ...numbers('measured', 'databaseTime', 'bytes'),
      equals: byName(number),
      saved,
    }),
  ),
  repeatedQueries: list(
    whole<Statistics['repeatedQueries'][number]>({
      ...asked,
      ...numbers('requests', 'most', 'queries', 'databaseTime'),
      place: optionalText,
    } as never),
  ),
  reuse: byName(
    whole<Statistics['reuse'][string]>({
      ...numbers('reads', 'hits', 'first', 'expired', 'written', 'lost', 'unchanged', 'filled', 'reused'),
      ...numbers('writes', 'measured', 'databaseTime'),
      hitsWith: byName(number),
    }),
  ),
  errors: byName(number),
  near: (found) => (typeof found === 'object' && found !== null ? usage(found) : null),
  store: part,
  registry: part,
  policies: byName(
    whole<Statistics['policies'][string]>({
      cached: (found: unknown) => found === true,
      reason: optionalText,
      ttl: optionalNumber,
      swr: optionalNumber,
      staleIfError: optionalNumber,
      consistency: optionalText,
      slices: (found: unknown) => (Array.isArray(found) ? list(optionalText)(found) : undefined),
    } as never),
  ),
  history: whole<Statistics['history']>({
    interval: number,
    points: list(
      whole<Statistics['history']['points'][number]>(
        numbers('at', 'hits', 'misses', 'stale', 'bypasses', 'errors', 'invalidations', 'savedTime'),
      ),
      POINTS,
    ),
  }),
});

/** The statistics that a text of a store holds; `undefined` where it holds none of this format. */
export function readRecord(stored: string): Statistics | undefined {
  let found: unknown;
  try {
    found = JSON.parse(stored);
  } catch {
    return undefined;
  }
  const { format, events, hotQueries, history } = foundIn(found);
  const isRecord = format === 1 && [events, hotQueries, foundIn(history).points].every(Array.isArray);
  return isRecord ? statistics(found) : undefined;
}
