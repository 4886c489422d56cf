import type { Payload } from 'payload';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isDueEarly } from '../../src/runtime/functions/early-refresh.js';
import {
  type CachedOptions,
  cached,
  getCacheStats,
  memory,
  namespace,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { seededRandom } from '../support/chaos.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type Started, startBlog } from '../support/payload.js';

/** Seconds, in milliseconds. */
const SECOND = 1_000;

/**
 * A fleet that reads one entry, with a clock of its own: what becomes of one life of it.
 *
 * @returns runs under way at the same time when the entry was replaced, and how long before its expiry the first began
 */
function life(
  random: () => number,
  { cost, ttl, rate, beta }: { cost: number; ttl: number; rate: number; beta: number | undefined },
): { runs: number; lead: number | undefined; waited: number } {
  const entry = { askedAt: 0, ttl, cost };
  const expiry = ttl * SECOND;
  // Long before, nothing is drawn that is early enough: the chance is e⁻⁴⁰ a read.
  let now = Math.max(0, expiry - 40 * cost);
  let runs = 0;
  let waited = 0;
  let doneAt = Number.POSITIVE_INFINITY;
  let first: number | undefined;
  // Each read comes from another process, none of which knows what the others do.
  for (;;) {
    now += (-Math.log(1 - random()) / rate) * SECOND;
    if (now >= doneAt) break;
    const isLate = now >= expiry;
    if (isLate) waited += 1;
    if (isLate || isDueEarly(entry, { beta, ttl }, now, random)) {
      runs += 1;
      first ??= now;
      doneAt = Math.min(doneAt, now + cost);
    }
  }
  return { runs, lead: first === undefined ? undefined : expiry - first, waited };
}

describe('of a fleet that reads one entry', () => {
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  /** 200 lives; the numbers are of seeded randomness, the same in each run. */
  function lives(how: Parameters<typeof life>[1], seed = 17) {
    const random = seededRandom(seed);
    return Array.from({ length: 200 }, () => life(random, how));
  }

  test.each([
    [1, 10],
    [1, 100],
    [5, 100],
  ])('it takes %d s and is read %d times a second: few run it, and nobody waits', (seconds, rate) => {
    const cost = seconds * SECOND;
    const without = lives({ cost, ttl: 600, rate, beta: undefined });
    // All that read meanwhile: rate × cost.
    expect(mean(without.map(({ runs }) => runs))).toBeGreaterThan(0.9 * rate * seconds);
    const early = lives({ cost, ttl: 600, rate, beta: 1 });
    // One run, and those that begin before it has ended: e in all, and more than 20 once in ten thousand lives.
    const average = mean(early.map(({ runs }) => runs));
    expect(Math.abs(average - Math.E)).toBeLessThan(0.5);
    expect(early.filter(({ runs }) => runs === 1).length).toBeGreaterThan(50);
    expect(early.filter(({ runs }) => runs > 20)).toHaveLength(0);
    // A few lives end before a run does.
    expect(early.filter(({ waited }) => waited > 0).length).toBeLessThan(80);
    // It is as early as the function is slow, and as often as it is read: ln(rate × Δ) times that.
    const lead = mean(early.map((each) => each.lead ?? 0));
    expect(lead).toBeGreaterThan(cost);
    expect(lead).toBeLessThan(cost * (Math.log(rate * seconds) + 3));
  });

  test('who reads it seldom has it expire: no run is in vain', () => {
    const seldom = lives({ cost: 100, ttl: 60, rate: 1 / 60, beta: 1 });
    expect(seldom.filter(({ lead = 0 }) => lead > 0).length).toBeLessThan(20);
  });

  test('beta makes it earlier or later', () => {
    const how = { cost: SECOND, ttl: 600, rate: 50 };
    const leads = [0.5, 1, 3].map((beta) => mean(lives({ ...how, beta }).map(({ lead = 0 }) => lead)));
    expect(leads).toEqual([...leads].sort((one, other) => one - other));
  });

  test('never of what costs nothing, whatever is drawn', () => {
    for (const cost of [undefined, 0, -5, Number.NaN]) {
      for (const drawn of [0, 0.5, 1 - Number.EPSILON]) {
        expect(isDueEarly({ askedAt: 0, ttl: 60, cost }, { beta: 1, ttl: 60 }, 59_999, () => drawn)).toBe(
          false,
        );
      }
    }
    expect(isDueEarly({ askedAt: 0, ttl: 60, cost: 10 }, { beta: 1, ttl: 60 }, 0, () => 1 - 1e-16)).toBe(
      false,
    );
  });
});

describe('in a site', () => {
  let clock: Clock;
  let site: Started;
  let payload: Payload;
  let runs: number;
  beforeEach(async () => {
    clock = takeClock();
    site = await startBlog({
      plugins: [payloadKV({ store: memory(), ttlJitter: 0, namespaces: { early: { earlyRefresh: true } } })],
    });
    ({ payload } = site);
    runs = 0;
  });
  afterEach(async () => {
    clock.stop();
    await site.stop();
  });

  /** How long a run takes by the clock of the site, in seconds: so long that a test's own seconds are nothing to it. */
  const COST = 7_200;
  /** How long an entry lives, in seconds. */
  const TTL = 2 * COST;
  /** Seconds before its end at which nearly all are due, and a busy machine has the time to ask. */
  const BEFORE = 10;
  const slow = async (): Promise<number> => {
    clock.advance(COST);
    return ++runs;
  };
  const call = async (options: Partial<CachedOptions> = {}): Promise<number> => {
    const result = await cached(slow, { key: ['early'], ttl: TTL, payload, ...options });
    await settleCache(payload);
    return result;
  };

  test.each([
    ['an option', { earlyRefresh: true }],
    ['its beta', { earlyRefresh: { beta: 2 } }],
    ['the namespace', { namespace: 'early' }],
    ['a lock as well', { earlyRefresh: true, lock: true }],
  ] as const)(
    'a hit shortly before its end is served at once, and has it made anew: %s',
    async (_what, options) => {
      expect(await call(options)).toBe(1);
      // Ten seconds before its end all but one of 700 are due.
      clock.advance(TTL - COST - BEFORE);
      expect(await call(options)).toBe(1);
      expect(runs).toBe(2);
      expect(await call(options)).toBe(2);
      expect(getCacheStats(payload)?.functions[(options as CachedOptions).namespace ?? '']).toMatchObject({
        hits: 2,
        servedStale: 0,
      });
    },
  );

  test('a young entry is not made anew, nor any without the option', async () => {
    expect(await call({ earlyRefresh: { beta: 1e-6 } })).toBe(1);
    expect(await call({ earlyRefresh: { beta: 1e-6 } })).toBe(1);
    clock.advance(TTL - COST - BEFORE);
    expect(await call()).toBe(1);
    expect(runs).toBe(1);
    await expect(call({ earlyRefresh: { beta: 0 } })).rejects.toMatchObject({ code: 'INVALID_FUNCTION_KEY' });
  });

  test('one that fails then is served until its end', async () => {
    let fails = false;
    const failing = async () => {
      clock.advance(60);
      if (fails) throw new Error('no answer');
      return ++runs;
    };
    const space = namespace('fails', { earlyRefresh: true, ttl: '10m', payload });
    expect(await space.cached(failing, { key: [1] })).toBe(1);
    await settleCache(payload);
    fails = true;
    clock.advance(600 - 120 - BEFORE);
    expect(await space.cached(failing, { key: [1], earlyRefresh: { beta: 1e6 } })).toBe(1);
    await settleCache(payload);
    fails = false;
    clock.advance(60 + BEFORE);
    expect(await space.cached(failing, { key: [1] })).toBe(2);
  });
});
