import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRIC_LABELS, METRICS } from '../../src/runtime/observe/metrics.js';
import { prometheusText } from '../../src/runtime/observe/prometheus.js';
import { observationOf } from '../../src/runtime/observe.js';
import { hasPromtool, promtool } from '../support/promtool.js';
import { type BusySite, ODD, startBusySite } from './busy-site.js';
import { parsedText, type ShownSample } from './prometheus-text.js';

let site: BusySite;

beforeAll(async () => {
  site = await startBusySite({});
  await site.happenings();
});

afterAll(() => site?.stop());

const shown = (): ShownSample[] => parsedText(prometheusText(statistics())).samples;
const statistics = () => observationOf(site.payload)!.ownStatistics();
const sum = (samples: readonly ShownSample[]): number => samples.reduce((all, { value }) => all + value, 0);

describe('Prometheus text', () => {
  test('all metrics of the list are there with their kind and help, and no other', () => {
    const { kinds, helps } = parsedText(prometheusText(statistics()));
    expect([...kinds]).toEqual(METRICS.map(({ name, type }) => [name, type]));
    expect([...helps]).toEqual(METRICS.map(({ name, help }) => [name, help]));
  });

  test.each(METRICS.map(({ name }) => name))('%s has a value on a site that all happens to', (name) => {
    const { labels, type } = METRICS.find((metric) => metric.name === name)!;
    const own = shown().filter((sample) => sample.metric === name);
    expect(own.length).toBeGreaterThan(0);
    // Nothing was dropped, and the least evicts nothing: all else did happen.
    const isNever = /entries_dropped|uncacheable|evictions|pending|in_flight/.test(name);
    if (!isNever) expect(sum(own)).toBeGreaterThan(0);
    const allowed = [...labels, ...(type === 'histogram' ? ['le'] : [])];
    const used = new Set(own.flatMap((sample) => Object.keys(sample.labels)));
    expect([...used].filter((label) => !allowed.includes(label))).toEqual([]);
    // Each label of the list is used by some value.
    expect(labels.filter((label) => !used.has(label))).toEqual([]);
  });

  test('numbers are those of the statistics', () => {
    const { counts, latency } = statistics();
    const samples = shown();
    const reads = (outcome: string, collection?: string) =>
      sum(
        samples.filter(
          ({ metric, labels }) =>
            metric === 'payload_kv_reads_total' &&
            labels.outcome === outcome &&
            (collection ? labels.collection === collection : !labels.collection?.startsWith('/')),
        ),
      );
    expect(reads('hit')).toBe(counts.total.hits);
    expect(reads('hit')).toBeGreaterThan(0);
    expect(reads('miss')).toBe(counts.total.misses);
    expect(reads('stale')).toBe(counts.total.stale);
    expect(reads('bypass', 'authors')).toBe(counts.collections.authors?.bypasses.policy);
    expect(reads('miss', '@header')).toBe(counts.globals.header?.misses);
    const database = samples.filter(({ metric }) => metric === 'payload_kv_database_duration_seconds');
    const buckets = database.filter(({ name }) => name.endsWith('_bucket')).map(({ value }) => value);
    expect(buckets).toEqual([...buckets].sort((one, other) => one - other));
    expect(buckets.at(-1)).toBe(latency.database.count);
    const seconds = database.find(({ name }) => name.endsWith('_sum'))?.value as number;
    expect(seconds).toBeCloseTo(latency.database.sum / 1000, 9);
  });

  test('names with quotes, backslashes and line breaks are whole again when they are read', () => {
    const names = shown().flatMap(({ labels }) => labels.collection ?? []);
    expect(new Set(names)).toContain(`/${ODD}`);
  });

  test('no value of a query, no key and no document is in it', () => {
    const text = prometheusText(statistics());
    expect(text).not.toMatch(/Another|one reader/);
    for (const { labels } of parsedText(text).samples)
      expect(Object.keys(labels).filter((label) => ![...METRIC_LABELS, 'le'].includes(label))).toEqual([]);
  });

  test.runIf(hasPromtool)('promtool has nothing to say against it', () => {
    expect(promtool(['check', 'metrics'], prometheusText(statistics()))).toEqual({ status: 0, said: '' });
  });

  test.runIf(hasPromtool)('promtool does find what is wrong', () => {
    const wrong = prometheusText(statistics()).replaceAll('payload_kv_reads_total', 'payload_kv_reads');
    expect(promtool(['check', 'metrics'], wrong).status).not.toBe(0);
  });
});
