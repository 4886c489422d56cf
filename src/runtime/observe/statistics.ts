/** Keeps the statistics of one Payload instance, from its events. */
import type { Payload } from 'payload';
import { parseDuration } from '../../duration.js';
import type { CacheEvent, Events, EventType, Filled } from '../../interfaces/events.js';
import { leavesProcess, type Store, storesInProcess } from '../../interfaces/store.js';
import { valueAt } from '../../platform/value-at.js';
import { type Instance, inFlight, instanceOf } from '../carried-instance.js';
import { summarised } from '../stats/stats.js';
import { addStatistics, addUsages } from './added-up.js';
import { createEventCounter } from './counted-events.js';
import { noteValues } from './equalities.js';
import { createHeavyHitters, type HeavyHitter } from './heavy-hitters.js';
import { createHistory, INTERVAL } from './history.js';
import { createLatency, sumOf } from './latency.js';
import type { ObserveOptions } from './observation.js';
import { createRepeatedQueries } from './repeated-queries.js';
import { createReuse, type Life, nameOf } from './reuse.js';
import { shapeOf } from './shape.js';
import { createSharedRecords, type SharedRecords } from './shared-records.js';
import { shownPolicies } from './shown-policies.js';
import { type HotQuery, type Saved, type Statistics, TIMED } from './snapshot.js';

/** Shapes that are counted, and those of them that are shown. */
const COUNTED_SHAPES = 200;
const SHOWN_SHAPES = 50;
/** Reasons of errors that are told apart. */
const MOST_REASONS = 50;
/** How often each process writes down its numbers where the options do not say, in seconds. */
const SHARE_EVERY = 60;

/** The statistics of one Payload instance. */
export interface KeptStatistics {
  read(scope?: Statistics['scope']): Promise<Statistics>;
  readOwn(): Statistics;
  end(): void;
}

/** What is known of a shape beside how often it was asked. */
type ShapeCounts = Omit<HotQuery, 'count' | 'error' | 'databaseTime' | 'bytes' | 'equals'> & {
  /** Values by field, each as a number that stands for it. */
  values: Map<string, Set<number>>;
  time: number;
  seen: number;
  bytes: number;
  /** What was saved of its collection or global. */
  savedOfName: Saved;
};

/** What is remembered of a question. */
interface Known {
  /** The counts of its shape. */
  hitter: HeavyHitter<ShapeCounts> | undefined;
  readonly life: Life;
}

function addTo(saved: Saved, time: number): void {
  saved.calls += 1;
  saved.time += time;
}

/** Begins to keep statistics. One function: all in it is counted from the same events. */
export function createStatistics(payload: Payload, events: Events, options: ObserveOptions): KeptStatistics {
  const since = Date.now();
  const latency = Object.fromEntries(TIMED.map((name) => [name, createLatency()])) as Record<
    (typeof TIMED)[number],
    ReturnType<typeof createLatency>
  >;
  const counted = createEventCounter();
  const history = createHistory(Date.now);
  const repeated = createRepeatedQueries();
  const reuse = createReuse();
  const savedBy = new Map<string, Saved>();
  /** By question: most are asked again and again. */
  const known = new WeakMap<object, Known>();
  const shapes = createHeavyHitters<ShapeCounts>(COUNTED_SHAPES, (key) => {
    const [name = '', operation = '', shape = ''] = key.split('\n');
    const none = { hits: 0, misses: 0, stale: 0, unchanged: 0, bypasses: 0 };
    const unmeasured = { measured: 0, time: 0, seen: 0, bytes: 0, values: new Map() };
    const savedOfName = valueAt(savedBy, name, () => ({ calls: 0, time: 0 }));
    return { name, operation, shape, ...none, ...unmeasured, saved: { calls: 0, time: 0 }, savedOfName };
  });
  const saved: Saved = { calls: 0, time: 0 };
  const errors = new Map<string, number>();

  function knownOf(
    event: CacheEvent,
    args: Readonly<Record<string, unknown>>,
    asked: object | undefined,
  ): Known | undefined {
    const question = asked ?? reuse.questionOf(event, args);
    if (!question) return undefined;
    const remembered = known.get(question);
    if (remembered) return remembered;
    const first: Known = { hitter: undefined, life: reuse.lifeOf(event, args) };
    known.set(question, first);
    return first;
  }

  /** What is counted of the shape of a read; nothing for an answer to one that is not counted any more. */
  function shapeOfRead(
    event: CacheEvent,
    args: Readonly<Record<string, unknown>>,
    remembered: Known | undefined,
  ): HeavyHitter<ShapeCounts> | undefined {
    // The answer to a miss belongs to a read that was counted.
    const isCounted = event.type === 'fill' || event.type === 'served-stale';
    const hitterBefore = remembered?.hitter;
    if (hitterBefore && !hitterBefore.isGone) {
      if (!isCounted) hitterBefore.count += 1;
      return hitterBefore;
    }
    const key = `${nameOf(event)}\n${event.operation}\n${shapeOf(args)}`;
    const hitter = isCounted ? shapes.peek(key) : shapes.add(key);
    if (remembered) remembered.hitter = hitter;
    return hitter;
  }

  function noteRead(
    event: CacheEvent,
    args: Readonly<Record<string, unknown>>,
    question: object | undefined,
    filled: Filled | undefined,
  ): void {
    const { type, duration = 0, bytes, time } = event;
    const isAnswered = type === 'fill' || type === 'bypass';
    if (isAnswered) latency.database.add(duration);
    const remembered = knownOf(event, args, question);
    const hitter = shapeOfRead(event, args, remembered);
    const life = remembered?.life;
    let isUnchanged = false;
    if (type !== 'hit') isUnchanged = reuse.note(event, life, filled);
    else if (life) reuse.noteHit(life, time);
    if (!hitter) return;
    const { item } = hitter;
    if (isUnchanged) item.unchanged += 1;
    if (life && type !== 'hit') noteValues(item.values, life.equalities);
    if (type === 'hit' || isAnswered) repeated.note(hitter, args.req, isAnswered ? duration : 0);
    if (bytes !== undefined) {
      item.seen += 1;
      item.bytes += bytes;
    }
    if (type === 'hit') item.hits += 1;
    else if (type === 'miss') item.misses += 1;
    else if (type === 'stale') item.stale += 1;
    else if (type === 'bypass') item.bypasses += 1;
    if (isAnswered) {
      item.measured += 1;
      item.time += duration;
    } else if (type === 'hit' || type === 'served-stale') {
      const spared = item.measured > 0 ? item.time / item.measured : 0;
      addTo(saved, spared);
      addTo(item.savedOfName, spared);
      addTo(item.saved, spared);
      history.at(time).savedTime += spared;
    }
  }

  function note(
    event: CacheEvent,
    args?: Readonly<Record<string, unknown>>,
    question?: object,
    filled?: Filled,
  ): void {
    const { type, time, duration = 0 } = event;
    counted.add(event);
    switch (type) {
      case 'hit':
        latency.hit.add(duration);
        history.at(time).hits += 1;
        break;
      case 'miss':
        history.at(time).misses += 1;
        break;
      case 'stale':
        history.at(time).stale += 1;
        break;
      case 'bypass':
        history.at(time).bypasses += 1;
        break;
      case 'invalidate':
        history.at(time).invalidations += 1;
        reuse.noteWrite(event);
        break;
      case 'call':
        latency[event.part ?? 'store'].add(duration);
        break;
      case 'error': {
        history.at(time).errors += 1;
        const reason = `${event.part ?? 'other'}: ${event.reason ?? 'fault'}`;
        if (errors.has(reason) || errors.size < MOST_REASONS)
          errors.set(reason, (errors.get(reason) ?? 0) + 1);
        break;
      }
    }
    if (args && event.subject !== 'function') noteRead(event, args, question, filled);
    records?.tick(time);
  }

  function readOwn(): Statistics {
    const instance = instanceOf(payload) as Instance;
    const store = instance.options().store;
    const registry = instance.registry();
    const { storeGuard, registryGuard } = instance.context() ?? {};
    const told = counted.read();
    const countOf = (type: EventType, outcome: string): number =>
      sumOf(
        told.filter((each) => each.type === type && each.outcome === outcome),
        ({ count }) => count,
      );
    const usages = storesInProcess(store).flatMap((each) => each.usage?.() ?? []);
    return {
      format: 1,
      since,
      at: Date.now(),
      scope: 'process',
      processes: 1,
      counts: summarised(instance.counters),
      events: told,
      pending: instance.background.pending(),
      inFlight: inFlight(instance),
      latency: Object.fromEntries(TIMED.map((name) => [name, latency[name].read()])) as Statistics['latency'],
      saved: { ...saved },
      savedBy: Object.fromEntries([...savedBy].map(([name, each]) => [name, { ...each }])),
      hotQueries: shapes
        .read()
        .slice(0, SHOWN_SHAPES)
        .map(({ item: { time, seen, bytes, savedOfName: _ofName, values, ...item }, count, error }) => ({
          ...item,
          equals: Object.fromEntries([...values].map(([field, each]) => [field, each.size])),
          saved: { ...item.saved },
          count,
          error,
          databaseTime: item.measured > 0 ? time / item.measured : 0,
          bytes: seen > 0 ? Math.round(bytes / seen) : 0,
        })),
      hotFloor: shapes.floor(),
      repeatedQueries: repeated.read(),
      reuse: reuse.read(),
      lateReplacements: countOf('invalidate', 'late'),
      breakersOpened: countOf('breaker', 'open'),
      errors: Object.fromEntries(errors),
      near: usages.length > 0 ? addUsages(usages) : null,
      store: {
        name: store.name,
        shared: leavesProcess(store),
        breaker: storeGuard?.isOpen() ? 'open' : 'closed',
      },
      registry: {
        name: registry.name,
        shared: registry.local !== true,
        breaker: registryGuard?.isOpen() ? 'open' : 'closed',
      },
      policies: shownPolicies(payload, instance),
      history: { interval: INTERVAL, points: history.read() },
    };
  }

  let records: SharedRecords | undefined;
  const seconds = secondsBetweenRecords(options, instanceOf(payload)?.options().store);
  if (seconds !== undefined) records = createSharedRecords(payload, 1000 * seconds, readOwn);
  const end = events.listen(note);

  return {
    readOwn,
    async read(scope = 'process') {
      const own = readOwn();
      if (scope === 'process' || !records) return own;
      return addStatistics(own, await records.others());
    },
    end() {
      end();
      records?.end();
    },
  };
}

function secondsBetweenRecords({ shareEvery }: ObserveOptions, store: Store | undefined): number | undefined {
  if (shareEvery === false || !store || !leavesProcess(store)) return undefined;
  if (shareEvery !== undefined) return parseDuration(shareEvery, 'observe.shareEvery');
  return store.paidWrites || store.far?.paidWrites ? undefined : SHARE_EVERY;
}
