import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/interfaces/store.js';
import { byCost } from '../../src/stores/eviction/by-cost.js';
import type { Eviction } from '../../src/stores/eviction/eviction.js';
import { frequencySketch, hashOf } from '../../src/stores/eviction/frequency-sketch.js';
import { tinyLFU } from '../../src/stores/eviction/tiny-lfu.js';
import { memory } from '../../src/stores/memory.js';
import { repository } from '../support/repository.js';
import { describeStore } from './conformance.js';

const ORDERS: [name: string, make: () => Eviction | undefined][] = [
  ['least recently used', () => undefined],
  ['tiny-lfu', tinyLFU],
  ['cost', byCost],
];
const storeOf = (
  make: () => Eviction | undefined,
  bounds: { maxEntries?: number; maxBytes?: number } = {},
) => {
  const eviction = make();
  return memory({ ...bounds, ...(eviction && { eviction }) });
};

for (const [name, make] of ORDERS.slice(1))
  describeStore(`memory by ${name}`, () => ({ store: storeOf(make) }));

type Step =
  | { do: 'set'; key: number; length: number; cost: number }
  | { do: 'get' | 'delete' | 'decode'; key: number };
const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('set' as const),
      key: fc.nat(30),
      length: fc.nat(3_000),
      cost: fc.double({ min: 0, max: 1_000, noNaN: true }),
    }),
    fc.record({ do: fc.constantFrom('get' as const, 'delete' as const, 'decode' as const), key: fc.nat(30) }),
  ),
  { maxLength: 300, size: 'max' },
) as fc.Arbitrary<Step[]>;

const keyOf = (key: number): string => `payload-cache:posts:find:${key}`;

describe.each(ORDERS)('by %s', (_name, make) => {
  test('whatever is done, the bounds hold, what is there is what was set last, and the account is exact', () => {
    fc.assert(
      fc.property(
        steps,
        fc.constantFrom(3, 10, 50_000),
        fc.constantFrom(4_000, 20_000, 1_000_000),
        (all, maxEntries, maxBytes) => {
          const store = storeOf(make, { maxEntries, maxBytes });
          const empty = store.usage!().bytes;
          /** What was set last and not deleted: the store has that, or nothing. */
          const model = new Map<string, string>();
          let sets = 0;
          for (const step of all) {
            const key = keyOf(step.key);
            if (step.do === 'set') {
              sets += 1;
              const value = `${sets}`.padEnd(step.length, 'x');
              store.set(key, value, undefined, step.cost);
              model.set(key, value);
            } else if (step.do === 'delete') {
              store.delete(key);
              model.delete(key);
            } else {
              const value = store.get(key) as string | undefined;
              if (value !== undefined) expect(value).toBe(model.get(key));
              if (value !== undefined && step.do === 'decode')
                store.decoded?.offer(key, value, () => ({ form: { value }, bytes: 2 * value.length }));
            }
            const form = store.decoded?.get(key) as { value: string } | undefined;
            if (form) expect(form.value).toBe(model.get(key));
            const { entries, bytes } = store.usage!();
            expect(entries).toBeLessThanOrEqual(maxEntries);
            expect(bytes).toBeLessThanOrEqual(maxBytes);
          }
          const keys = Array.from({ length: 31 }, (_, key) => keyOf(key));
          const held = keys.filter((key) => store.peekMany?.([key])[0] !== undefined);
          expect(store.usage!().entries).toBe(held.length);
          for (const key of held) expect(store.get(key)).toBe(model.get(key));
          if (held.length === 0) expect(store.usage!().bytes).toBe(empty);
          // What all of them take goes with them, to the byte.
          store.deleteMany(keys);
          expect(store.usage!()).toMatchObject({ entries: 0, bytes: empty });
        },
      ),
      { numRuns: 60 },
    );
  });

  test('where all fits, nothing goes', () => {
    const store = storeOf(make, { maxEntries: 100 });
    for (let key = 0; key < 100; key++) store.set(keyOf(key), 'x', undefined);
    for (let key = 0; key < 100; key++) expect(store.get(keyOf(key))).toBe('x');
    expect(store.usage!().evictions).toBe(0);
  });
});

/** How many of the keys are there. */
const countOf = (store: Store, keys: readonly string[]): number =>
  store.peekMany!(keys).filter((value) => value !== undefined).length;

test.each(['tiny-lfu', 'cost'])(
  'by %s: 100,000 entries of 2 KB take 64 MiB of the process and no more',
  async (order) => {
    const { stdout } = await execa({
      cwd: repository,
    })`${process.execPath} --expose-gc --import tsx test/stores/memory-growth.ts ${['latin1', 64 * 1024 * 1024, 200_000, 100_000, order]}`;
    const { growth, entries } = JSON.parse(stdout) as { growth: number; entries: number };
    expect(growth).toBeLessThanOrEqual(64 * 1024 * 1024);
    expect(entries * 2_048).toBeGreaterThan(0.7 * 64 * 1024 * 1024);
  },
);

describe('by frequency', () => {
  test('what is asked for often stays while a thousand others come by once; the least recently used does not', () => {
    const popular = Array.from({ length: 50 }, (_, key) => keyOf(key));
    const left = ORDERS.slice(0, 2).map(([, make]) => {
      const store = storeOf(make, { maxEntries: 100 });
      for (const key of popular) store.set(key, 'x', undefined);
      for (let time = 0; time < 5; time++) for (const key of popular) store.get(key);
      for (let key = 1_000; key < 2_000; key++) store.set(keyOf(key), 'x', undefined);
      return countOf(store, popular);
    });
    expect(left[0]).toBe(0);
    expect(left[1]).toBeGreaterThan(45);
  });

  test('what becomes popular takes the place of what was', () => {
    const store = storeOf(tinyLFU, { maxEntries: 100 });
    const askFor = (keys: readonly string[], times: number) => {
      for (let time = 0; time < times; time++)
        for (const key of keys) if (store.get(key) === undefined) store.set(key, 'x', undefined);
    };
    const before = Array.from({ length: 90 }, (_, key) => keyOf(key));
    const after = Array.from({ length: 90 }, (_, key) => keyOf(1_000 + key));
    askFor(before, 30);
    askFor(after, 60);
    expect(countOf(store, after)).toBeGreaterThan(80);
  });

  test('the sketch says no less than there was, and forgets with time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 600, size: 'max' }), (uses) => {
        const sketch = frequencySketch(256);
        const model = new Map<number, number>();
        for (const use of uses) {
          sketch.add(hashOf(keyOf(use)));
          model.set(use, (model.get(use) ?? 0) + 1);
        }
        for (const [use, count] of model)
          expect(sketch.read(hashOf(keyOf(use)))).toBeGreaterThanOrEqual(Math.min(15, count));
      }),
    );
    const sketch = frequencySketch(16);
    for (let use = 0; use < 15; use++) sketch.add(hashOf('a'));
    for (let other = 0; other < 160; other++) sketch.add(hashOf(`other ${other}`));
    expect(sketch.read(hashOf('a'))).toBeLessThan(15);
  });
});

describe('by cost', () => {
  test('the order is that of a model: least of inflation + uses × cost ÷ bytes first', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const kept = byCost().keep<{ bytes: number }>({ maxEntries: 10, maxBytes: 0 }, (key) =>
          gone.push(key),
        );
        const gone: string[] = [];
        const model = new Map<string, { uses: number; worth: number; priority: number }>();
        let inflation = 0;
        for (const step of all) {
          const key = keyOf(step.key);
          const known = model.get(key);
          if (step.do === 'set' && !known) {
            const bytes = step.length + 1;
            if (model.size === 10) {
              const least = Math.min(...[...model.values()].map(({ priority }) => priority));
              const before = gone.length;
              kept.evict();
              const [went] = gone.slice(before);
              expect(model.get(went!)!.priority).toBe(least);
              inflation = least;
              model.delete(went!);
            }
            kept.set(key, { bytes }, bytes, step.cost);
            const worth = Math.max(0.05, step.cost) / bytes;
            model.set(key, { uses: 1, worth, priority: inflation + worth });
          } else if (step.do === 'get') {
            expect(kept.get(key) !== undefined).toBe(known !== undefined);
            if (known) {
              known.uses += 1;
              known.priority = inflation + known.uses * known.worth;
            }
          }
        }
        expect(kept.size).toBe(model.size);
      }),
    );
  });

  test('what took long to make stays, and what is large goes, while both are asked for alike', () => {
    const store = storeOf(byCost, { maxEntries: 20 });
    for (let key = 0; key < 10; key++) store.set(keyOf(key), 'x', undefined, 500);
    for (let key = 100; key < 200; key++) store.set(keyOf(key), 'x', undefined, 1);
    expect(
      countOf(
        store,
        Array.from({ length: 10 }, (_, key) => keyOf(key)),
      ),
    ).toBe(10);
  });

  test('a value that replaces another is used as often as that was', () => {
    const store = storeOf(byCost, { maxEntries: 2 });
    store.set('often', 'x', undefined, 1);
    for (let time = 0; time < 10; time++) store.get('often');
    store.set('often', 'y', undefined, 1);
    store.set('other', 'x', undefined, 2);
    store.set('third', 'x', undefined, 2);
    expect(store.get('often')).toBe('y');
  });

  test.each([Number.POSITIVE_INFINITY, Number.NaN, -1])(
    'a cost of %s, which no clock has told, upsets no order',
    (cost) => {
      const store = storeOf(byCost, { maxEntries: 4 });
      for (let key = 0; key < 8; key++) store.set(`odd ${key}`, 'x', undefined, cost);
      for (let time = 0; time < 5; time++) store.set('dear', 'x', undefined, 500_000);
      for (let key = 0; key < 4; key++) store.delete(`odd ${4 + key}`);
      for (let key = 0; key < 20; key++) store.set(`cheap ${key}`, 'x', undefined, 1);
      expect(store.get('dear')).toBe('x');
    },
  );

  test('it ages: what was dear and is not asked for goes in the end', () => {
    const store = storeOf(byCost, { maxEntries: 10 });
    store.set('dear', 'x', undefined, 100);
    for (let round = 0; round < 3_000; round++) {
      store.set(keyOf(round), 'x', undefined, 1);
      store.get(keyOf(round));
    }
    expect(store.peekMany!(['dear'])).toEqual([undefined]);
  });
});
