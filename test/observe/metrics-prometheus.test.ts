import { AggregatorRegistry, Counter, Registry } from 'prom-client';
import { afterEach, describe, expect, test } from 'vitest';
import { type PrometheusOptions, prometheus } from '../../src/runtime/metrics.js';
import { METRICS } from '../../src/runtime/observe/metrics.js';
import { prometheusText } from '../../src/runtime/observe/prometheus.js';
import { observationOf } from '../../src/runtime/observe.js';
import { collectLog } from '../runtime/logged.js';
import { hasPromtool, promtool } from '../support/promtool.js';
import { type BusySite, ODD, startBusySite } from './busy-site.js';
import { parsedText } from './prometheus-text.js';

const sites: BusySite[] = [];
const logged = collectLog();

afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
  logged.clear();
});

async function start(
  options: Omit<PrometheusOptions, 'register'> & { register: Registry },
): Promise<BusySite> {
  const site = await startBusySite({ readers: [prometheus(options)] }, { configure: logged.configure });
  sites.push(site);
  return site;
}

const read = ({ payload }: BusySite) => payload.find({ collection: 'posts', depth: 0 });
const statisticsOf = ({ payload }: BusySite) => observationOf(payload)!.ownStatistics();

/** A value of a metric in what the registry tells; `undefined` where it does not. */
async function shownValue(
  register: Registry,
  metric: string,
  wanted: Record<string, string>,
): Promise<number | undefined> {
  const found = parsedText(await register.metrics()).samples.filter(
    ({ name, labels }) =>
      name === metric && Object.entries(wanted).every(([label, value]) => labels[label] === value),
  );
  expect(found.length).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

const hits = (register: Registry, more = {}) =>
  shownValue(register, 'payload_kv_reads_total', {
    collection: 'posts',
    operation: 'find',
    outcome: 'hit',
    ...more,
  });

describe("a registry of prom-client, of the site's own", () => {
  test('tells the same as the text of the endpoint, beside its own metrics', async () => {
    const register = new Registry();
    const own = new Counter({ name: 'site_requests_total', help: 'Requests.', registers: [register] });
    own.inc();
    const site = await start({ register });
    await site.happenings();
    const told = parsedText(await register.metrics());
    const text = parsedText(prometheusText(statisticsOf(site)));
    expect(told.samples.filter(({ metric }) => metric !== 'site_requests_total')).toEqual(text.samples);
    expect(new Set(told.samples.map(({ metric }) => metric))).toEqual(
      new Set(['site_requests_total', ...METRICS.map(({ name }) => name)]),
    );
    expect(told.samples.map(({ labels }) => labels.collection)).toContain(`/${ODD}`);
  });

  test.runIf(hasPromtool)('promtool has nothing to say against it', async () => {
    const register = new Registry();
    const site = await start({ register });
    await site.happenings();
    expect(promtool(['check', 'metrics'], await register.metrics())).toEqual({ status: 0, said: '' });
  });

  test('tells it as OpenMetrics too', async () => {
    const register = new Registry();
    register.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    const site = await start({ register });
    await read(site);
    await read(site);
    const text = await register.metrics();
    expect(text).toContain('# TYPE payload_kv_reads counter');
    expect(await hits(register)).toBe(1);
    expect(text).not.toContain('_total_total');
    register.resetMetrics();
    expect(await hits(register)).toBe(1);
  });

  test('tells the parent of a cluster what it can add up', async () => {
    const register = new Registry();
    const site = await start({ register });
    await read(site);
    await read(site);
    const ofWorker = () => register.getMetricsAsJSON();
    expect(await ofWorker()).toHaveLength(METRICS.length);
    const told = [await ofWorker(), await ofWorker()];
    const both = AggregatorRegistry.aggregate(told as never) as Registry;
    expect(await hits(both)).toBe(2);
    expect(await shownValue(both, 'payload_kv_breaker_open', { part: 'store' })).toBe(0);
    expect(await shownValue(both, 'payload_kv_processes', {})).toBe(2);
    const { since, latency } = statisticsOf(site);
    expect(await shownValue(both, 'payload_kv_hit_duration_seconds_count', {})).toBe(2 * latency.hit.count);
    expect(await shownValue(both, 'payload_kv_start_time_seconds', {})).toBe(since / 1000);
  });

  test('keeps a metric of such a name that it has already, and says so', async () => {
    const register = new Registry();
    const own = new Counter({ name: 'payload_kv_reads_total', help: 'Of the site.', registers: [register] });
    own.inc(7);
    const site = await start({ register });
    await read(site);
    expect(await shownValue(register, 'payload_kv_reads_total', {})).toBe(7);
    expect(await shownValue(register, 'payload_kv_fills_total', { collection: 'posts' })).toBe(1);
    expect(logged.lines()).toEqual([expect.stringContaining('payload_kv_reads_total')]);
    await sites.pop()?.stop();
    expect(register.getSingleMetric('payload_kv_reads_total')).toBe(own);
    expect(register.getSingleMetric('payload_kv_fills_total')).toBeUndefined();
  });

  test('adds up two Payload instances of one process', async () => {
    const register = new Registry();
    const [first, second] = [await start({ register }), await start({ register })];
    for (const site of [first, first, first, second, second]) await read(site);
    expect(await hits(register)).toBe(3);
    expect(await shownValue(register, 'payload_kv_processes', {})).toBe(2);
    const began = await shownValue(register, 'payload_kv_start_time_seconds', {});
    expect(began).toBe(statisticsOf(first).since / 1000);
    expect(logged.lines()).toEqual([]);
    await sites.shift()?.stop();
    expect(await hits(register)).toBe(1);
  });

  test('tells two Payload instances apart by labels of their own', async () => {
    const register = new Registry();
    const first = await start({ register, labels: { site: 'one' } });
    const second = await start({ register, labels: { site: 'two' } });
    for (const site of [first, first, first, second, second]) await read(site);
    expect(await hits(register, { site: 'one' })).toBe(2);
    expect(await hits(register, { site: 'two' })).toBe(1);
  });

  test('goes on after a hot reload, and holds nothing when the last site has ended', async () => {
    const register = new Registry();
    const site = await start({ register });
    await read(site);
    await read(site);
    expect(await hits(register)).toBe(1);
    const { db } = site.payload;
    await db.destroy?.();
    expect(await register.metrics()).toBe('\n');
    await db.init?.();
    await db.connect?.();
    await read(site);
    await read(site);
    // Counted anew, which Prometheus knows of processes that begin again.
    expect(await hits(register)).toBe(1);
    expect(logged.lines()).toEqual([]);
    await sites.pop()?.stop();
    expect(await register.metrics()).toBe('\n');
  });

  test('is asked for where it was forgotten', () => {
    expect(() => prometheus({ register: undefined as never })).toThrow(
      expect.objectContaining({
        code: 'INVALID_READER',
        message: 'prometheus() needs a registry of prom-client.',
      }),
    );
  });
});
