/** Metrics and spans by the API of OpenTelemetry. */
import type { Payload } from 'payload';
import type { CacheEvent } from '../../interfaces/events.js';
import { forEachTimed, HISTOGRAMS, histogramOf, METRICS, timedAs } from '../observe/metrics.js';
import type { Observation, Reader } from '../observe/observation.js';
import { shownBounds } from '../observe/prometheus.js';
import type { Timed } from '../observe/snapshot.js';
import { dottedName } from './names.js';
import { warnOnce } from './reader-faults.js';
import { type OwnLabels, showIn, whole } from './shown.js';

/** What is used of a meter of `@opentelemetry/api`. */
export interface OpenTelemetryMeter {
  /** Makes a histogram, which is told each duration; in seconds. */
  createHistogram(
    name: string,
    options: object,
  ): { record(value: number, attributes: Record<string, string>): void };
  /** Makes a counter that is read when metrics are collected. */
  createObservableCounter(name: string, options: object): object;
  /** Makes a gauge that is read when metrics are collected. */
  createObservableGauge(name: string, options: object): object;
  /** Has several counters and gauges read by one function. */
  addBatchObservableCallback(callback: (result: any) => void, observables: any[]): void;
  /** Ends that. */
  removeBatchObservableCallback(callback: (result: any) => void, observables: any[]): void;
}

/** What is used of a tracer of `@opentelemetry/api`. */
export interface OpenTelemetryTracer {
  /**
   * Makes a span, of something that is over already: it is ended at once, with its time. Times are in milliseconds.
   */
  startSpan(
    name: string,
    options: { kind: number; startTime: number; attributes: Record<string, string | number> },
  ): { setStatus(status: { code: number }): unknown; end(time: number): void };
}

/** Options of {@link openTelemetry}. */
export interface OpenTelemetryOptions {
  /** For metrics. Default, where no tracer is given either, the one of `@opentelemetry/api` by the name `payload-kv`. */
  meter?: OpenTelemetryMeter;
  /** For spans. Default, where no meter is given either, the one of `@opentelemetry/api` by the name `payload-kv`. */
  tracer?: OpenTelemetryTracer;
  /** Attributes of each series, to tell apart several sites of one process. Without them they are added up. Default none. */
  labels?: OwnLabels;
}

/** Numbers of the API's kinds of spans and states, which it may not change. */
const CLIENT = 2;
const ERROR = 2;

/**
 * Hands on metrics and spans to OpenTelemetry. Counters and gauges are read when the SDK collects; durations are recorded
 * one by one, so that views decide on their buckets. Spans are those of calls of store and registry over a network and of
 * queries of the database for reads, below the span that is active then.
 *
 * Give `meter`, `tracer` or both, and only what is given is used. Without either both are taken from `@opentelemetry/api`,
 * a peer dependency that is imported when Payload starts: the SDK has to be set up before.
 */
export function openTelemetry({ meter, tracer, labels = {} }: OpenTelemetryOptions = {}): Reader {
  return {
    name: 'openTelemetry',
    attach(payload, observation) {
      const ends: (() => void)[] = [];
      let isEnded = false;
      const begin = (given: Pick<OpenTelemetryOptions, 'meter' | 'tracer'>): void => {
        if (isEnded) return;
        if (given.meter) ends.push(meterInto(given.meter, observation, labels));
        if (given.tracer) ends.push(traceInto(given.tracer, observation, labels));
      };
      if (meter || tracer) begin({ meter, tracer });
      else {
        const beginning = importInstruments(payload).then((found) => found && begin(found));
        beginning.catch((error) => warnOnce(payload, `attaching openTelemetry() failed: ${String(error)}.`));
      }
      return () => {
        isEnded = true;
        for (const end of ends) end();
      };
    },
  };
}

async function importInstruments(
  payload: Payload,
): Promise<Required<Pick<OpenTelemetryOptions, 'meter' | 'tracer'>> | undefined> {
  try {
    // Inside `try`, so that a bundler of a site without it does not fail.
    const { metrics, trace } = await import('@opentelemetry/api');
    return { meter: metrics.getMeter('payload-kv'), tracer: trace.getTracer('payload-kv') };
  } catch {
    warnOnce(
      payload,
      'openTelemetry() without a meter and a tracer needs the package @opentelemetry/api, which is not installed. Install it: npm install @opentelemetry/api.',
    );
    return undefined;
  }
}

function meterInto(meter: OpenTelemetryMeter, observation: Observation, labels: OwnLabels): () => void {
  const hidden = showIn(meter, { observation, labels }, (read) => {
    const instruments = METRICS.filter(({ type }) => type !== 'histogram').map((metric) => {
      const create = metric.type === 'counter' ? 'createObservableCounter' : 'createObservableGauge';
      return { metric, instrument: meter[create](dottedName(metric), optionsOf(metric)) };
    });
    const observables = instruments.map(({ instrument }) => instrument);
    const callback = (result: { observe(instrument: object, value: number, labels: object): void }): void => {
      for (const { metric, instrument } of instruments)
        for (const shown of read(metric)) result.observe(instrument, shown.value as number, shown.labels);
    };
    meter.addBatchObservableCallback(callback, observables);
    return () => meter.removeBatchObservableCallback(callback, observables);
  });
  // Made once: durations are told with each read.
  const recorders = recordersOf(meter, labels);
  const end = observation.events.listen((event) => {
    const timed = timedAs(event);
    if (timed) recorders[timed](Math.max(event.duration ?? 0, 0) / 1000);
  });
  return () => {
    end();
    hidden();
  };
}

function recordersOf(meter: OpenTelemetryMeter, labels: OwnLabels): Record<Timed, (seconds: number) => void> {
  const advice = { explicitBucketBoundaries: shownBounds() };
  const histograms = new Map(
    HISTOGRAMS.map((metric) => [
      metric,
      meter.createHistogram(dottedName(metric), { ...optionsOf(metric), advice }),
    ]),
  );
  return forEachTimed((timed) => {
    const { histogram, labels: own } = histogramOf(timed);
    const attributes = whole(own, labels);
    const instrument = histograms.get(histogram);
    return (seconds: number) => instrument?.record(seconds, attributes);
  });
}

const UNITS = { seconds: 's', bytes: 'By' };

const optionsOf = ({ help, unit }: (typeof METRICS)[number]): { description: string; unit?: string } => ({
  description: help,
  ...(unit && { unit: UNITS[unit] }),
});

function traceInto(tracer: OpenTelemetryTracer, observation: Observation, labels: OwnLabels): () => void {
  return observation.events.listen((event) => {
    const timed = timedAs(event);
    if (!timed || timed === 'hit') return;
    const end = endOf(event);
    const name = timed === 'database' ? `database ${event.operation}` : `${timed} ${event.operation}`;
    const span = tracer.startSpan(name, {
      kind: CLIENT,
      startTime: end - Math.max(event.duration ?? 0, 0),
      attributes: { ...labels, ...attributesOf(event) },
    });
    if (event.outcome === 'failed') span.setStatus({ code: ERROR });
    span.end(end);
  });
}

function attributesOf({ subject, name, operation, outcome, reason, bytes }: CacheEvent) {
  const collection = subject === 'global' ? `@${name}` : name;
  const given = Object.entries({ collection, operation, outcome, reason, bytes }).filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(given.map(([label, value]) => [`payload_kv.${label}`, value as string | number]));
}

/** When it had happened: to a part of a millisecond, unless the clock was set since the process began. */
function endOf({ time }: CacheEvent): number {
  const exact = performance.timeOrigin + performance.now();
  return exact >= time && exact < time + 1 ? exact : time;
}
