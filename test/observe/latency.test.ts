import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addLatencies, bucketOf, createLatency } from '../../src/runtime/observe/latency.js';
import { BUCKET_BOUNDS } from '../../src/runtime/observe/snapshot.js';

const durations = fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 });

describe('durations in buckets', () => {
  test('each lies in the first bucket whose bound it does not exceed', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100_000, noNaN: true }), (duration) => {
        const bucket = bucketOf(duration);
        const above = BUCKET_BOUNDS[bucket];
        const below = BUCKET_BOUNDS[bucket - 1];
        // A bound itself may come out on either side, by the last digit.
        if (above !== undefined) expect(duration).toBeLessThanOrEqual(above * (1 + 1e-9));
        if (below !== undefined) expect(duration).toBeGreaterThanOrEqual(below * (1 - 1e-9));
      }),
    );
  });

  test('a percentile is the real one or above it, by no more than a bucket is wide', () => {
    fc.assert(
      fc.property(durations, (all) => {
        const latency = createLatency();
        for (const duration of all) latency.add(duration);
        const read = latency.read();
        const sorted = [...all].sort((one, other) => one - other);
        for (const [share, found] of [
          [0.5, read.p50],
          [0.95, read.p95],
          [0.99, read.p99],
        ] as const) {
          const real = sorted[Math.ceil(share * all.length) - 1] as number;
          const longest = BUCKET_BOUNDS.at(-1) as number;
          expect(found).toBeGreaterThanOrEqual(Math.min(real, longest) * (1 - 1e-9));
          expect(found).toBeLessThanOrEqual(
            Math.max(real * Math.SQRT2 * (1 + 1e-9), BUCKET_BOUNDS[0] as number),
          );
        }
        expect(read.count).toBe(all.length);
        expect(read.buckets.reduce((sum, size) => sum + size, 0)).toBe(all.length);
      }),
    );
  });

  test('those of two processes added up are those of one that had both', () => {
    fc.assert(
      fc.property(durations, durations, (one, other) => {
        const [first, second, both] = [createLatency(), createLatency(), createLatency()];
        for (const each of one) first.add(each);
        for (const each of other) second.add(each);
        for (const each of [...one, ...other]) both.add(each);
        const added = addLatencies([first.read(), second.read()]);
        expect({ ...added, sum: 0 }).toEqual({ ...both.read(), sum: 0 });
        expect(added.sum).toBeCloseTo(both.read().sum, 3);
      }),
    );
  });

  test('without any there are no percentiles, and a clock that is set back counts as nothing', () => {
    const latency = createLatency();
    expect(latency.read()).toMatchObject({ count: 0, p50: 0, p99: 0 });
    latency.add(-5);
    expect(latency.read()).toMatchObject({ count: 1, sum: 0, p50: BUCKET_BOUNDS[0] });
  });
});
