/** Durations, counted in buckets of fixed bounds, so that those of several processes can be added up. */
import { BUCKET_BOUNDS, type Latency } from './snapshot.js';

/** Counts durations. */
export interface LatencyCounter {
  /** @param milliseconds how long something took */
  add(milliseconds: number): void;
  read(): Latency;
}

/** Creates a counter of durations. */
export function createLatency(): LatencyCounter {
  const buckets = new Array<number>(BUCKET_BOUNDS.length + 1).fill(0);
  let count = 0;
  let sum = 0;
  return {
    add(milliseconds) {
      // A clock may be set back, and workerd's stands still while code runs.
      const duration = Math.max(milliseconds, 0);
      buckets[bucketOf(duration)]! += 1;
      count += 1;
      sum += duration;
    },
    read: () => latencyOf([...buckets], count, sum),
  };
}

/** The bucket of a duration in milliseconds. */
export function bucketOf(milliseconds: number): number {
  if (milliseconds <= 0) return 0;
  const bucket = Math.ceil((Math.log2(milliseconds) + 8) * 2);
  return Math.max(0, Math.min(bucket, BUCKET_BOUNDS.length));
}

/** Buckets with what follows from them. */
export function latencyOf(buckets: number[], count: number, sum: number): Latency {
  const at = (share: number): number => {
    if (count === 0) return 0;
    let seen = 0;
    for (const [index, size] of buckets.entries()) {
      seen += size;
      if (seen >= share * count) return BUCKET_BOUNDS[Math.min(index, BUCKET_BOUNDS.length - 1)] ?? 0;
    }
    return 0;
  };
  return { count, sum, buckets, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The durations of several processes. */
export function addLatencies(all: readonly Latency[]): Latency {
  const buckets = Array.from({ length: BUCKET_BOUNDS.length + 1 }, (_, index) =>
    sumOf(all, (each) => each.buckets[index] ?? 0),
  );
  return latencyOf(
    buckets,
    sumOf(all, ({ count }) => count),
    sumOf(all, ({ sum }) => sum),
  );
}

/** The sum of a number of each. */
export function sumOf<Item>(all: readonly Item[], numberOf: (item: Item) => number): number {
  return all.reduce((sum, item) => sum + numberOf(item), 0);
}
