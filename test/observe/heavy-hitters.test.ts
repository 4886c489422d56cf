import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHeavyHitters } from '../../src/runtime/observe/heavy-hitters.js';

/** Streams in which some are far more frequent than others, as queries of a site are. */
const streams = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 200 }) },
  ),
  { maxLength: 600 },
);

function counted(stream: readonly number[], size: number) {
  const sketch = createHeavyHitters(size, (key) => ({ key, seen: 0 }));
  const truth = new Map<string, number>();
  for (const each of stream) {
    const key = `${each}`;
    sketch.add(key).item.seen += 1;
    truth.set(key, (truth.get(key) ?? 0) + 1);
  }
  return { sketch, truth };
}

describe('the sketch of what is most frequent', () => {
  test('keeps no more than its size, and no count is off by more than its error', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 40 }), (stream, size) => {
        const { sketch, truth } = counted(stream, size);
        const kept = sketch.read();
        expect(kept.length).toBeLessThanOrEqual(size);
        for (const { item, count, error } of kept) {
          const real = truth.get(item.key) ?? 0;
          expect(count - error).toBeLessThanOrEqual(real);
          expect(count).toBeGreaterThanOrEqual(real);
          expect(error).toBeLessThanOrEqual(stream.length / size);
          // What is kept beside it was counted since it came in.
          expect(item.seen).toBe(count - error);
        }
      }),
    );
  });

  test('keeps each that is more frequent than one in its size', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 40 }), (stream, size) => {
        const { sketch, truth } = counted(stream, size);
        const kept = new Set(sketch.read().map(({ item }) => item.key));
        for (const [key, real] of truth) if (real > stream.length / size) expect(kept).toContain(key);
      }),
    );
  });

  test('says how often at most what it does not keep was seen', () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 40 }), (stream, size) => {
        const { sketch, truth } = counted(stream, size);
        for (const [key, real] of truth) {
          if (sketch.peek(key) === undefined) expect(real).toBeLessThanOrEqual(sketch.floor());
        }
        if (truth.size < size) expect(sketch.floor()).toBe(0);
      }),
    );
  });

  test('is exact while there is room, in the order of the counts', () => {
    const { sketch } = counted([1, 2, 2, 3, 3, 3], 10);
    expect(sketch.read().map(({ item, count, error }) => [item.key, count, error])).toEqual([
      ['3', 3, 0],
      ['2', 2, 0],
      ['1', 1, 0],
    ]);
  });
});
