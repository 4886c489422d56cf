import { context, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { settleCache } from '../../src/runtime/index.js';
import { dottedName } from '../../src/runtime/metrics/names.js';
import { type OpenTelemetryOptions, openTelemetry } from '../../src/runtime/metrics.js';
import { METRIC_LABELS, METRICS } from '../../src/runtime/observe/metrics.js';
import { shownBounds } from '../../src/runtime/observe/prometheus.js';
import { observationOf } from '../../src/runtime/observe.js';
import { collectLog } from '../runtime/logged.js';
import { type BusySite, startBusySite } from './busy-site.js';

const logged = collectLog();
let exported: InMemoryMetricExporter;
let reader: PeriodicExportingMetricReader;
let meters: MeterProvider;
let spans: InMemorySpanExporter;
let tracers: BasicTracerProvider;
const sites: BusySite[] = [];

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

beforeEach(() => {
  exported = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  reader = new PeriodicExportingMetricReader({ exporter: exported, exportIntervalMillis: 3_600_000 });
  meters = new MeterProvider({ readers: [reader] });
  spans = new InMemorySpanExporter();
  tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
});
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
  await Promise.all([meters.shutdown(), tracers.shutdown()]);
  metrics.disable();
  trace.disable();
  logged.clear();
});

async function start(options?: OpenTelemetryOptions): Promise<BusySite> {
  const site = await startBusySite({ readers: [openTelemetry(options)] }, { configure: logged.configure });
  sites.push(site);
  // Of the seed.
  spans.reset();
  return site;
}

const meter = () => meters.getMeter('test');
const tracer = () => tracers.getTracer('test');
const read = ({ payload }: BusySite) => payload.find({ collection: 'posts', depth: 0 });

/** What the SDK has collected of each metric, by name. */
async function collected(): Promise<Map<string, DataPoint<number | Histogram>[]>> {
  exported.reset();
  await reader.forceFlush();
  const found = exported
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  return new Map(
    found.map((metric) => [metric.descriptor.name, metric.dataPoints as DataPoint<number | Histogram>[]]),
  );
}

const hits = async (more: object = {}) =>
  (await collected())
    .get('payload_kv.reads')
    ?.find(
      ({ attributes }) =>
        attributes.outcome === 'hit' &&
        attributes.collection === 'posts' &&
        Object.entries(more).every(([name, value]) => attributes[name] === value),
    )?.value;

const momentOf = ([seconds, nanoseconds]: ReadableSpan['startTime']): number =>
  seconds * 1000 + nanoseconds / 1e6;

describe('metrics', () => {
  test('are all there, as the statistics have them', async () => {
    const site = await start({ meter: meter() });
    await site.happenings();
    const points = await collected();
    expect([...points.keys()].sort()).toEqual(METRICS.map(dottedName).sort());
    const statistics = observationOf(site.payload)!.ownStatistics();
    for (const metric of METRICS) {
      const own = points.get(dottedName(metric)) as DataPoint<number | Histogram>[];
      const told = metric
        .read(statistics)
        .filter(({ value }) => typeof value === 'number' || value.count > 0);
      expect(own.length, metric.name).toBe(told.length);
      for (const { labels, value } of told) {
        const wanted = Object.entries(labels).filter(([, text]) => text);
        const point = own.find(
          ({ attributes }) =>
            Object.keys(attributes).length === wanted.length &&
            wanted.every(([label, text]) => attributes[label] === text),
        );
        if (typeof value === 'number') expect(point?.value, metric.name).toBe(value);
        else {
          expect(point?.value, metric.name).toMatchObject({
            count: value.count,
            sum: expect.closeTo(value.sum / 1000, 9),
            // Views may choose others; these are those of the text for Prometheus.
            buckets: { boundaries: shownBounds() },
          });
        }
      }
    }
  });

  test('have no labels but those of the list', async () => {
    const site = await start({ meter: meter() });
    await site.happenings();
    const used = [...(await collected()).values()]
      .flat()
      .flatMap(({ attributes }) => Object.keys(attributes));
    expect(new Set(used)).toEqual(new Set(METRIC_LABELS));
  });

  test('of two Payload instances are added up, or told apart by labels of their own', async () => {
    const given = meter();
    const [first, second] = [await start({ meter: given }), await start({ meter: given })];
    for (const site of [first, first, first, second, second]) await read(site);
    expect(await hits()).toBe(3);
    const apart = await start({ meter: given, labels: { site: 'three' } });
    await read(apart);
    await read(apart);
    expect(await hits({ site: 'three' })).toBe(1);
  });

  test('go on after a hot reload, and not after the end', async () => {
    const given = meter();
    const removed = vi.spyOn(given, 'removeBatchObservableCallback');
    const site = await start({ meter: given });
    const { db } = site.payload;
    await db.destroy?.();
    await db.init?.();
    await db.connect?.();
    await read(site);
    await read(site);
    expect(await hits()).toBe(1);
    const [durations] = (await collected()).get('payload_kv.hit_duration') ?? [];
    expect(durations?.value).toMatchObject({ count: 1 });
    await sites.pop()?.stop();
    expect(removed).toHaveBeenCalledTimes(2);
  });
});

describe('spans', () => {
  test('of calls and queries are children of the span that is active, and lie within it', async () => {
    const site = await start({ tracer: tracer() });
    await tracer().startActiveSpan('request', async (request) => {
      await read(site);
      await settleCache(site.payload);
      request.end();
    });
    const [request] = spans.getFinishedSpans().filter(({ name }) => name === 'request');
    const children = spans.getFinishedSpans().filter(({ name }) => name !== 'request');
    const parents = new Set(children.map(({ parentSpanContext }) => parentSpanContext?.spanId));
    expect(parents).toEqual(new Set([request?.spanContext().spanId]));
    expect(new Set(children.map(({ name }) => name))).toEqual(
      new Set(['database find', 'registry read', 'store read', 'store write']),
    );
    const query = children.find(
      ({ name, attributes }) => name === 'database find' && attributes['payload_kv.collection'] === 'posts',
    ) as ReadableSpan;
    expect(query.kind).toBe(SpanKind.CLIENT);
    expect(query.attributes).toMatchObject({
      'payload_kv.operation': 'find',
      'payload_kv.outcome': 'kept',
    });
    const lookup = children.find(({ name }) => name === 'store read') as ReadableSpan;
    for (const child of [query, lookup]) {
      // The SDK's own clock tells whole milliseconds where a span begins.
      expect(momentOf(child.startTime)).toBeGreaterThanOrEqual(momentOf(request!.startTime) - 1);
      expect(momentOf(child.endTime)).toBeLessThanOrEqual(momentOf(request!.endTime) + 1);
      expect(momentOf(child.startTime)).toBeLessThan(momentOf(child.endTime));
    }
    // The database is asked when the store has answered.
    expect(momentOf(query.startTime)).toBeGreaterThanOrEqual(momentOf(lookup.startTime));
  });

  test('have no value of a query, and say what failed', async () => {
    const site = await start({ tracer: tracer() });
    site.breakParts('reject');
    await site.payload.find({ collection: 'posts', depth: 0, where: { slug: { equals: 'whose-secret' } } });
    site.breakParts(undefined);
    const all = spans.getFinishedSpans();
    expect(
      all.filter(({ status }) => status.code === SpanStatusCode.ERROR).map(({ name }) => name),
    ).toContain('store read');
    expect(all.length).toBeGreaterThan(1);
    for (const { name, attributes } of all) {
      expect(`${name} ${JSON.stringify(attributes)}`).not.toContain('whose-secret');
      expect(attributes).not.toHaveProperty('payload_kv.key');
    }
  });

  test('are none of the database for a hit', async () => {
    const site = await start({ tracer: tracer() });
    await read(site);
    spans.reset();
    const { docs } = await read(site);
    expect(docs.length).toBeGreaterThan(0);
    const asked = spans.getFinishedSpans().map(({ attributes }) => attributes['payload_kv.collection']);
    expect(asked).not.toContain('posts');
  });
});

describe('without a meter and a tracer', () => {
  test('those of the API are taken', async () => {
    metrics.setGlobalMeterProvider(meters);
    trace.setGlobalTracerProvider(tracers);
    const site = await start();
    await read(site);
    await read(site);
    expect(await hits()).toBe(1);
    expect(spans.getFinishedSpans().map(({ name }) => name)).toContain('database find');
  });

  test('an API without an SDK costs a site nothing but its calls', async () => {
    const site = await start();
    await read(site);
    await read(site);
    expect(logged.lines()).toEqual([]);
  });
});
