import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTokenBucket } from '../../src/platform/token-bucket.js';

test('Whatever is asked for when, no span of time gives more than burst + rate × its length', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.1, max: 6_000, noNaN: true }),
      fc.integer({ min: 1, max: 100 }),
      fc.array(
        fc.record({ pause: fc.integer({ min: 0, max: 20_000 }), asks: fc.integer({ min: 1, max: 20 }) }),
        {
          maxLength: 25,
          size: 'max',
        },
      ),
      (perMinute, burst, steps) => {
        let moment = 5_000;
        const bucket = createTokenBucket({ perMinute, burst }, () => moment);
        const given: number[] = [];
        for (const { pause, asks } of steps) {
          moment += pause;
          for (let ask = 0; ask < asks; ask++) {
            const after = bucket.take();
            if (after === undefined) given.push(moment);
            // It is worth the wait, and less than a second less is not.
            else expect(after).toBeGreaterThan(0);
          }
        }
        for (let from = 0; from < given.length; from++) {
          for (let to = from; to < given.length; to++) {
            const minutes = (given[to]! - given[from]!) / 60_000;
            expect(to - from + 1).toBeLessThanOrEqual(burst + perMinute * minutes + 1e-6);
          }
        }
      },
    ),
  );
});

test('It gives again after the seconds that it says, and not before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 20 }), (perMinute, burst) => {
      let moment = 0;
      const bucket = createTokenBucket({ perMinute, burst }, () => moment);
      for (let taken = 0; taken < burst; taken++) expect(bucket.take()).toBeUndefined();
      const after = bucket.take()!;
      expect(after).toBe(Math.ceil(60 / perMinute));
      moment += 60_000 / perMinute - 1;
      expect(bucket.take()).toBeGreaterThan(0);
      moment = after * 1_000;
      expect(bucket.take()).toBeUndefined();
    }),
  );
});

test('A clock that is set back gives nothing and takes nothing; without a burst it is the minute’s', () => {
  let moment = 1_000_000;
  const bucket = createTokenBucket({ perMinute: 2 }, () => moment);
  expect([bucket.take(), bucket.take()]).toEqual([undefined, undefined]);
  moment = 0;
  expect(bucket.take()).toBe(30);
  moment = 30_000;
  expect(bucket.take()).toBeUndefined();
  const slow = createTokenBucket({ perMinute: 0.5 }, () => moment);
  expect([slow.take(), slow.take()]).toEqual([undefined, 120]);
});
