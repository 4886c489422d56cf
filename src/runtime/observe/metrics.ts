/** All metrics, from which everything is made that shows some: texts, registries, dashboards, documentation. */
import type { CacheEvent, GuardedPart } from '../../interfaces/events.js';
import { valueAt } from '../../platform/value-at.js';
import type { CacheCounts } from '../stats/stats.js';
import { type Latency, type Saved, type Statistics, TIMED, type Timed } from './snapshot.js';

/**
 * Labels, each of few values:
 *
 * - `collection`: a slug, `@slug` of a global, `/namespace` of functions
 * - `operation`: of the adapter, `cached` for functions; of a call what it is for
 * - `outcome`, `reason`: as in events
 * - `part`: `store`, `registry` or `replacement`
 */
export const METRIC_LABELS = ['collection', 'operation', 'outcome', 'reason', 'part'] as const;
/** What a series of a metric may be told apart by. */
export type MetricLabel = (typeof METRIC_LABELS)[number];

/** Labels of one value. An empty one is left away. */
export type Labels = { [label in MetricLabel]?: string };

/** One value of a metric: durations of a histogram, in milliseconds; else a number. */
export interface Sample {
  labels: Labels;
  value: number | Latency;
}

/** A metric, named as Prometheus has it. */
export interface Metric {
  /** Name, e.g. `payload_cache_requests_total`. */
  name: string;
  /** What it is to Prometheus. */
  type: 'counter' | 'gauge' | 'histogram';
  /** Unit of its values, as Prometheus shows them. Default none: a count. */
  unit?: 'seconds' | 'bytes';
  /** What it counts, in one sentence. */
  help: string;
  /** By what its series are told apart. */
  labels: readonly MetricLabel[];
  /** What values of the same labels come to where several Payload instances or processes have one each. */
  merged: 'sum' | 'min' | 'max';
  /** Its values by what is known now, one for each series. */
  read(statistics: Statistics): Sample[];
}

/** A histogram, which can be recorded as well as read. */
export interface Histogram extends Metric {
  type: 'histogram';
  timed: readonly Timed[];
}

/** What metrics of one kind have in common. */
type Kind = Pick<Metric, 'type' | 'labels' | 'merged' | 'read'>;
type Counted = Statistics['events'][number];

/** Those of some events, by the labels. */
function counted(isOne: (event: Counted) => boolean, ...labels: readonly MetricLabel[]): Kind {
  const textOf = (event: Counted, label: MetricLabel): string | undefined => {
    if (label === 'collection') return event.name;
    if (label === 'outcome' && isLookup(event)) return event.type;
    return event[label];
  };
  return {
    type: 'counter',
    labels,
    merged: 'sum',
    read({ events }) {
      // Events that differ in what is no label, as those of another release may, are one value: who reads metrics refuses
      // all of them where two have the same labels.
      const values = new Map<string, { labels: Labels; value: number }>();
      for (const event of events) {
        if (!isOne(event)) continue;
        const texts = labels.map((label) => [label, textOf(event, label)]).filter(([, value]) => value);
        const known = valueAt(values, JSON.stringify(texts), () => ({
          labels: Object.fromEntries(texts) as Labels,
          value: 0,
        }));
        known.value += event.count;
      }
      return [...values.values()];
    },
  };
}

const isLookup = ({ type }: Pick<CacheEvent, 'type'>): boolean =>
  type === 'hit' || type === 'miss' || type === 'stale' || type === 'bypass';

/** A number of each collection, global and namespace. */
function ofEach(numberIn: (counts: CacheCounts) => number): Kind {
  return {
    type: 'counter',
    labels: ['collection'],
    merged: 'sum',
    read: ({ counts }) =>
      [
        ['', counts.collections],
        ['@', counts.globals],
        ['/', counts.functions],
      ].flatMap(([sign, of]) =>
        Object.entries(of as Record<string, CacheCounts>).map(([name, each]) => ({
          labels: { collection: `${sign}${name}` },
          value: numberIn(each),
        })),
      ),
  };
}

function saved(numberIn: (saved: Saved) => number): Kind {
  return {
    type: 'counter',
    labels: ['collection'],
    merged: 'sum',
    read: ({ savedBy }) =>
      Object.entries(savedBy).map(([collection, each]) => ({
        labels: { collection },
        value: numberIn(each),
      })),
  };
}

/** One number, where there is one. */
function one(
  type: 'counter' | 'gauge',
  numberIn: (statistics: Statistics) => number | null | undefined,
  merged: Metric['merged'] = 'sum',
): Kind {
  return {
    type,
    labels: [],
    merged,
    read(statistics) {
      const value = numberIn(statistics);
      return typeof value === 'number' ? [{ labels: {}, value }] : [];
    },
  };
}

const PARTS: readonly GuardedPart[] = ['store', 'registry', 'replacement'];
const partOf = (timed: Timed): Labels => (PARTS.some((part) => part === timed) ? { part: timed } : {});

/** Durations. One of a kind is there at once, so that the first of it is seen as one more. */
function durations<Name extends string>(name: Name, help: string, ...timed: readonly Timed[]) {
  return {
    name,
    type: 'histogram',
    unit: 'seconds',
    help,
    labels: timed.length > 1 ? ['part'] : [],
    merged: 'sum',
    timed,
    read: ({ latency }) => timed.map((each) => ({ labels: partOf(each), value: latency[each] })),
  } as const satisfies Histogram;
}

const OF_DURATIONS = [
  durations('payload_kv_hit_duration_seconds', 'Lookups that were answered from the cache.', 'hit'),
  durations(
    'payload_kv_call_duration_seconds',
    'Calls of store and registry over a network.',
    'store',
    'registry',
    'replacement',
  ),
  durations('payload_kv_database_duration_seconds', 'Queries of the database for reads.', 'database'),
] as const;

/** What took how long. */
export const HISTOGRAMS: readonly Histogram[] = OF_DURATIONS;

const ALL = [
  {
    name: 'payload_kv_reads_total',
    help: 'Reads and calls of cached functions, by what became of them.',
    ...counted(isLookup, 'collection', 'operation', 'outcome', 'reason'),
  },
  {
    name: 'payload_kv_served_stale_total',
    help: 'Of the misses and the stale, those answered with an entry that was not fresh.',
    ...counted(({ type }) => type === 'served-stale', 'collection', 'operation', 'reason'),
  },
  {
    name: 'payload_kv_fills_total',
    help: 'Queries of the database and runs of functions after a miss, by whether the result may be stored.',
    ...counted(({ type }) => type === 'fill', 'collection', 'operation', 'outcome', 'reason'),
  },
  {
    name: 'payload_kv_shared_answers_total',
    help: "Misses that another read's query of the database answered.",
    ...ofEach((counts) => counts.shared),
  },
  {
    name: 'payload_kv_entries_written_total',
    help: 'Entries written to the store.',
    ...ofEach((counts) => counts.writes),
  },
  {
    name: 'payload_kv_entries_dropped_total',
    help: 'Entries not written because too many others were waiting to be.',
    ...ofEach((counts) => counts.droppedWrites),
  },
  {
    name: 'payload_kv_entries_uncacheable_total',
    help: 'Results that are too large or have no lossless text form.',
    ...ofEach((counts) => counts.uncacheable),
  },
  {
    name: 'payload_kv_written_bytes_total',
    unit: 'bytes',
    help: 'Text written to the store.',
    ...ofEach((counts) => counts.bytesWritten),
  },
  {
    name: 'payload_kv_read_bytes_total',
    unit: 'bytes',
    help: 'Text of the entries that were hits.',
    ...ofEach((counts) => counts.bytesRead),
  },
  {
    name: 'payload_kv_invalidations_total',
    help: 'Writes that made entries stale, by whether that was done when they ended.',
    ...counted(({ type }) => type === 'invalidate', 'collection', 'operation', 'outcome'),
  },
  {
    name: 'payload_kv_late_replacements_total',
    help: 'Replacements of versions that went on in the background after the write had ended.',
    ...one('counter', ({ lateReplacements }) => lateReplacements),
  },
  {
    name: 'payload_kv_saved_queries_total',
    help: 'Queries that the cache has spared the database.',
    ...saved(({ calls }) => calls),
  },
  {
    name: 'payload_kv_saved_seconds_total',
    unit: 'seconds',
    help: 'Time of the database that these would have taken, as estimated from misses of the same shape.',
    ...saved(({ time }) => time / 1000),
  },
  {
    name: 'payload_kv_operations_total',
    help: 'What store and registry were asked to do, in the process too.',
    type: 'counter',
    labels: ['part', 'operation'],
    merged: 'sum',
    read: ({ counts: { operations } }) => [
      { labels: { part: 'store', operation: 'read' }, value: operations.storeReads },
      { labels: { part: 'store', operation: 'write' }, value: operations.storeWrites },
      { labels: { part: 'registry', operation: 'read' }, value: operations.registryReads },
      { labels: { part: 'registry', operation: 'replace' }, value: operations.registryReplacements },
    ],
  },
  {
    name: 'payload_kv_calls_total',
    help: 'Calls of store and registry over a network, by how they ended.',
    ...counted(({ type }) => type === 'call', 'part', 'operation', 'outcome'),
  },
  {
    name: 'payload_kv_errors_total',
    help: 'Faults, in spite of which the site went on.',
    ...counted(({ type }) => type === 'error', 'part', 'reason'),
  },
  {
    name: 'payload_kv_breaker_opened_total',
    help: 'How often a part was given up for a while after repeated faults.',
    type: 'counter',
    labels: ['part'],
    merged: 'sum',
    read: ({ events }) =>
      PARTS.map((part) => ({
        labels: { part },
        value:
          events.find((event) => event.type === 'breaker' && event.part === part && event.outcome === 'open')
            ?.count ?? 0,
      })),
  },
  {
    name: 'payload_kv_breaker_open',
    help: 'Whether a part is given up at this moment: 1 if so.',
    type: 'gauge',
    labels: ['part'],
    merged: 'max',
    read: ({ store, registry }) => [
      { labels: { part: 'store' }, value: store.breaker === 'open' ? 1 : 0 },
      { labels: { part: 'registry' }, value: registry.breaker === 'open' ? 1 : 0 },
    ],
  },
  {
    name: 'payload_kv_near_entries',
    help: 'Entries in the memory of the process.',
    ...one('gauge', ({ near }) => near?.entries),
  },
  {
    name: 'payload_kv_near_entries_limit',
    help: 'Most entries that this memory holds.',
    ...one('gauge', ({ near }) => near?.maxEntries),
  },
  {
    name: 'payload_kv_near_bytes',
    unit: 'bytes',
    help: 'Memory that these entries take.',
    ...one('gauge', ({ near }) => near?.bytes),
  },
  {
    name: 'payload_kv_near_limit_bytes',
    unit: 'bytes',
    help: 'Most memory that they take.',
    ...one('gauge', ({ near }) => near?.maxBytes),
  },
  {
    name: 'payload_kv_near_evictions_total',
    help: 'Entries that gave way to others there.',
    ...one('counter', ({ near }) => near?.evictions),
  },
  {
    name: 'payload_kv_pending',
    help: 'Entries being written and versions being replaced.',
    ...one('gauge', ({ pending }) => pending),
  },
  {
    name: 'payload_kv_in_flight',
    help: 'Queries of the database under way that other reads may share.',
    ...one('gauge', ({ inFlight }) => inFlight),
  },
  {
    name: 'payload_kv_processes',
    help: 'Processes that are added up here.',
    ...one('gauge', ({ processes }) => processes),
  },
  {
    name: 'payload_kv_start_time_seconds',
    unit: 'seconds',
    help: 'When counting began, in seconds since 1970.',
    ...one('gauge', ({ since }) => since / 1000, 'min'),
  },
  ...OF_DURATIONS,
] as const satisfies readonly Metric[];

/** All metrics. */
export const METRICS: readonly Metric[] = ALL;
export type MetricName = (typeof ALL)[number]['name'];

/** What an event is timed as, in the statistics too; `undefined` where it is not. */
export function timedAs({ type, subject, part, duration }: CacheEvent): Timed | undefined {
  if (duration === undefined) return undefined;
  if (type === 'hit') return 'hit';
  if (type === 'call') return part;
  return (type === 'fill' || type === 'bypass') && subject !== 'function' ? 'database' : undefined;
}

/** Something for each thing that is timed. */
export function forEachTimed<Made>(make: (timed: Timed) => Made): Record<Timed, Made> {
  return Object.fromEntries(TIMED.map((timed) => [timed, make(timed)])) as Record<Timed, Made>;
}

/** The histogram that a duration belongs to, with its labels. */
export function histogramOf(timed: Timed): { histogram: Histogram; labels: Labels } {
  const histogram = HISTOGRAMS.find((each) => each.timed.includes(timed)) as Histogram;
  return { histogram, labels: partOf(timed) };
}
