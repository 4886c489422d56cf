/** Adds up the statistics of several processes. */
import type { StoreUsage } from '../../interfaces/store.js';
import { addCountedEvents } from './counted-events.js';
import { emptyPoint, POINTS } from './history.js';
import { addLatencies, sumOf } from './latency.js';
import {
  type HistoryPoint,
  type HotQuery,
  type RepeatedQuery,
  type Saved,
  type Statistics,
  TIMED,
} from './snapshot.js';

/** Shapes that are shown. */
const SHOWN = 50;

/** The statistics of all: what is one process's own, such as its policies and the state of its parts, is that of the first. */
export function addStatistics(own: Statistics, others: readonly Statistics[]): Statistics {
  const all = [own, ...others];
  const usages = all.flatMap(({ near }) => near ?? []);
  return {
    ...own,
    scope: 'all',
    processes: all.length,
    since: Math.min(...all.map(({ since }) => since)),
    counts: addNumbers(all.map(({ counts }) => counts)),
    events: addCountedEvents(all.map(({ events }) => events)),
    pending: sumOf(all, ({ pending }) => pending),
    inFlight: sumOf(all, ({ inFlight }) => inFlight),
    latency: Object.fromEntries(
      TIMED.map((name) => [name, addLatencies(all.map(({ latency }) => latency[name]))]),
    ) as Statistics['latency'],
    saved: addSaved(all.map(({ saved }) => saved)),
    savedBy: addNumbers(all.map(({ savedBy }) => savedBy)),
    hotQueries: addHotQueries(all),
    hotFloor: sumOf(all, ({ hotFloor }) => hotFloor),
    reuse: addNumbers(all.map(({ reuse }) => reuse ?? {})),
    repeatedQueries: addRepeated(all.flatMap(({ repeatedQueries }) => repeatedQueries)),
    lateReplacements: sumOf(all, ({ lateReplacements }) => lateReplacements),
    breakersOpened: sumOf(all, ({ breakersOpened }) => breakersOpened),
    errors: addNumbers(all.map(({ errors }) => errors)),
    near: usages.length > 0 ? addUsages(usages) : null,
    history: { ...own.history, points: addPoints(own, all) },
  };
}

/** What several stores hold. */
export function addUsages(all: readonly StoreUsage[]): StoreUsage {
  return {
    entries: sumOf(all, ({ entries }) => entries),
    maxEntries: sumOf(all, ({ maxEntries }) => maxEntries),
    bytes: sumOf(all, ({ bytes }) => bytes),
    maxBytes: sumOf(all, ({ maxBytes }) => maxBytes),
    evictions: sumOf(all, ({ evictions }) => evictions),
  };
}

const addSaved = (all: readonly Saved[]): Saved => ({
  calls: sumOf(all, ({ calls }) => calls),
  time: sumOf(all, ({ time }) => time),
});

/** Objects of numbers, and of such objects, added name by name. */
function addNumbers<Tree extends object>(all: readonly Tree[]): Tree {
  const sum: Record<string, unknown> = Object.create(null);
  for (const each of all) {
    for (const [name, value] of Object.entries(each)) {
      if (typeof value === 'number') sum[name] = ((sum[name] as number | undefined) ?? 0) + value;
      else if (typeof value === 'object' && value !== null)
        sum[name] = addNumbers([(sum[name] as object | undefined) ?? {}, value]);
    }
  }
  return { ...sum } as Tree;
}

const keyOf = ({ name, operation, shape }: Pick<HotQuery, 'name' | 'operation' | 'shape'>): string =>
  JSON.stringify([name, operation, shape]);

/** A shape that a process does not show was seen there as often as its floor, at most. */
function addHotQueries(all: readonly Statistics[]): HotQuery[] {
  const byKey = new Map<string, { queries: HotQuery[]; floor: number }>();
  const floors = sumOf(all, ({ hotFloor }) => hotFloor);
  for (const { hotQueries, hotFloor } of all) {
    for (const query of hotQueries) {
      const known = byKey.get(keyOf(query)) ?? { queries: [], floor: floors };
      known.queries.push(query);
      known.floor -= hotFloor;
      byKey.set(keyOf(query), known);
    }
  }
  return [...byKey.values()]
    .map(({ queries, floor }) => {
      const [first] = queries as [HotQuery];
      const sum = (numberOf: (query: HotQuery) => number): number => sumOf(queries, numberOf);
      const measured = sum((each) => each.measured);
      const seen = sum(({ count }) => count);
      return {
        ...first,
        count: seen + floor,
        error: sum(({ error }) => error) + floor,
        hits: sum(({ hits }) => hits),
        misses: sum(({ misses }) => misses),
        stale: sum(({ stale }) => stale),
        // A process of an earlier release has none.
        unchanged: sum(({ unchanged }) => unchanged ?? 0),
        equals: mostOf(queries.map(({ equals }) => equals ?? {})),
        bypasses: sum(({ bypasses }) => bypasses),
        measured,
        databaseTime: measured > 0 ? sum((each) => each.measured * each.databaseTime) / measured : 0,
        bytes: seen > 0 ? Math.round(sum((each) => each.count * each.bytes) / seen) : 0,
        saved: addSaved(queries.map(({ saved }) => saved)),
      };
    })
    .sort((one, other) => other.count - one.count)
    .slice(0, SHOWN);
}

/** The greatest number under each name. */
function mostOf(all: readonly Record<string, number>[]): Record<string, number> {
  const most = new Map<string, number>();
  for (const each of all)
    for (const [name, count] of Object.entries(each)) most.set(name, Math.max(most.get(name) ?? 0, count));
  return Object.fromEntries(most);
}

function addRepeated(all: readonly RepeatedQuery[]): RepeatedQuery[] {
  const byKey = new Map<string, RepeatedQuery>();
  for (const query of all) {
    const known = byKey.get(keyOf(query));
    if (!known) {
      byKey.set(keyOf(query), { ...query });
      continue;
    }
    known.requests += query.requests;
    known.queries += query.queries;
    known.databaseTime += query.databaseTime;
    known.most = Math.max(known.most, query.most);
    known.place ??= query.place;
  }
  return [...byKey.values()].sort((one, other) => other.queries - one.queries);
}

/** Points of the same moment: all processes begin theirs at the same times, as far as their clocks agree. */
function addPoints(
  { history: { points, interval } }: Statistics,
  all: readonly Statistics[],
): HistoryPoint[] {
  const sums = new Map(points.map(({ at }) => [at, emptyPoint(at)]));
  for (const { history } of all) {
    if (history.interval !== interval) continue;
    for (const point of history.points.slice(-POINTS)) {
      const sum = sums.get(point.at);
      if (!sum) continue;
      for (const name of [
        'hits',
        'misses',
        'stale',
        'bypasses',
        'errors',
        'invalidations',
        'savedTime',
      ] as const)
        sum[name] += point[name];
    }
  }
  return [...sums.values()];
}
