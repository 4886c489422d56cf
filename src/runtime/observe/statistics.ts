/** Keeps the statistics of one Payload instance, from its events. */
import type { Payload } from 'payload';
import { parseDuration } from '../../duration.js';
import type { CacheEvent, Events } from '../../interfaces/events.js';
import { leavesProcess, type Store, storesInProcess } from '../../interfaces/store.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { type Instance, instanceOf } from '../carried-instance.js';
import { summarised } from '../stats/stats.js';
import { addStatistics, addUsages } from './added-up.js';
import { createEventCounter } from './counted-events.js';
import { createHeavyHitters } from './heavy-hitters.js';
import { createHistory, INTERVAL } from './history.js';
import { createLatency } from './latency.js';
import type { ObserveOptions } from './observation.js';
import { createRepeatedQueries } from './repeated-queries.js';
import { shapeOf } from './shape.js';
import { createSharedRecords, type SharedRecords } from './shared-records.js';
import { shownPolicies } from './shown-policies.js';
import { type HotQuery, type Saved, type Statistics, TIMED } from './snapshot.js';

/** Shapes that are counted, and those of them that are shown. */
const COUNTED_SHAPES = 200;
const SHOWN_SHAPES = 50;
/** Keys whose shape is remembered. */
const REMEMBERED_KEYS = 5_000;
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
type ShapeCounts = Omit<HotQuery, 'count' | 'error' | 'databaseTime' | 'bytes'> & {
  time: number;
  seen: number;
  bytes: number;
};

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
  const shapesByKey = leastRecentlyUsed<string, string>(REMEMBERED_KEYS);
  const shapes = createHeavyHitters<ShapeCounts>(COUNTED_SHAPES, (key) => {
    const [name = '', operation = '', shape = ''] = key.split('\n');
    const none = { hits: 0, misses: 0, stale: 0, bypasses: 0, measured: 0, time: 0, seen: 0, bytes: 0 };
    return { name, operation, shape, ...none, saved: { calls: 0, time: 0 } };
  });
  const saved: Saved = { calls: 0, time: 0 };
  const savedBy = new Map<string, Saved>();
  const errors = new Map<string, number>();
  let lateReplacements = 0;
  let breakersOpened = 0;

  function shapeOfRead({ key }: CacheEvent, args: Readonly<Record<string, unknown>>): string {
    const known = key === undefined ? undefined : shapesByKey.get(key);
    if (known !== undefined) return known;
    const shape = shapeOf(args);
    if (key !== undefined) shapesByKey.set(key, shape);
    return shape;
  }

  function save(name: string, own: Saved, time: number): void {
    let ofName = savedBy.get(name);
    if (!ofName) {
      ofName = { calls: 0, time: 0 };
      savedBy.set(name, ofName);
    }
    for (const each of [saved, ofName, own]) {
      each.calls += 1;
      each.time += time;
    }
    history.now().savedTime += time;
  }

  function noteRead(event: CacheEvent, args: Readonly<Record<string, unknown>>): void {
    const { type, operation = '', duration = 0, bytes } = event;
    const name = event.subject === 'global' ? `@${event.name}` : `${event.name}`;
    const shape = shapeOfRead(event, args);
    const key = `${name}\n${operation}\n${shape}`;
    // The answer to a miss belongs to a read that was counted.
    const own = type === 'fill' || type === 'served-stale' ? shapes.peek(key) : shapes.add(key);
    const isAnswered = type === 'fill' || type === 'bypass';
    if (isAnswered) latency.database.add(duration);
    if (type === 'hit' || isAnswered)
      repeated.note({ name, operation, shape }, args.req, isAnswered ? duration : 0);
    if (!own) return;
    if (bytes !== undefined) {
      own.seen += 1;
      own.bytes += bytes;
    }
    if (type === 'hit') own.hits += 1;
    else if (type === 'miss') own.misses += 1;
    else if (type === 'stale') own.stale += 1;
    else if (type === 'bypass') own.bypasses += 1;
    if (isAnswered) {
      own.measured += 1;
      own.time += duration;
    } else if (type === 'hit' || type === 'served-stale') {
      save(name, own.saved, own.measured > 0 ? own.time / own.measured : 0);
    }
  }

  function note(event: CacheEvent, args?: Readonly<Record<string, unknown>>): void {
    const { type, duration = 0 } = event;
    counted.add(event);
    switch (type) {
      case 'hit':
        latency.hit.add(duration);
        history.now().hits += 1;
        break;
      case 'miss':
        history.now().misses += 1;
        break;
      case 'stale':
        history.now().stale += 1;
        break;
      case 'bypass':
        history.now().bypasses += 1;
        break;
      case 'invalidate':
        history.now().invalidations += 1;
        if (event.outcome === 'late') lateReplacements += 1;
        break;
      case 'call':
        latency[event.part ?? 'store'].add(duration);
        break;
      case 'error': {
        history.now().errors += 1;
        const reason = `${event.part ?? 'other'}: ${event.reason ?? 'fault'}`;
        if (errors.has(reason) || errors.size < MOST_REASONS)
          errors.set(reason, (errors.get(reason) ?? 0) + 1);
        break;
      }
      case 'breaker':
        if (event.outcome === 'open') breakersOpened += 1;
        break;
    }
    if (args && event.subject !== 'function') noteRead(event, args);
    records?.tick();
  }

  function readOwn(): Statistics {
    const instance = instanceOf(payload) as Instance;
    const store = instance.store();
    const registry = instance.registry();
    const guards = instance.guards();
    const usages = storesInProcess(store).flatMap((each) => each.usage?.() ?? []);
    return {
      format: 1,
      since,
      at: Date.now(),
      scope: 'process',
      processes: 1,
      counts: summarised(instance.counters),
      events: counted.read(),
      pending: instance.background.pending(),
      inFlight: instance.inFlight(),
      latency: Object.fromEntries(TIMED.map((name) => [name, latency[name].read()])) as Statistics['latency'],
      saved: { ...saved },
      savedBy: Object.fromEntries([...savedBy].map(([name, each]) => [name, { ...each }])),
      hotQueries: shapes
        .read()
        .slice(0, SHOWN_SHAPES)
        .map(({ item: { time, seen, bytes, ...item }, count, error }) => ({
          ...item,
          saved: { ...item.saved },
          count,
          error,
          databaseTime: item.measured > 0 ? time / item.measured : 0,
          bytes: seen > 0 ? Math.round(bytes / seen) : 0,
        })),
      hotFloor: shapes.floor(),
      repeatedQueries: repeated.read(),
      lateReplacements,
      breakersOpened,
      errors: Object.fromEntries(errors),
      near: usages.length > 0 ? addUsages(usages) : null,
      store: {
        name: store.name,
        shared: leavesProcess(store),
        breaker: guards?.store.isOpen() ? 'open' : 'closed',
      },
      registry: {
        name: registry.name,
        shared: registry.local !== true,
        breaker: guards?.registry.isOpen() ? 'open' : 'closed',
      },
      policies: shownPolicies(payload, instance),
      history: { interval: INTERVAL, points: history.read() },
    };
  }

  let records: SharedRecords | undefined;
  const seconds = secondsBetweenRecords(options, instanceOf(payload)?.store());
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
