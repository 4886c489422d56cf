import { describe, expect, test } from 'vitest';
import { memory } from '../../src/stores/memory.js';
import { describeStore } from './conformance.js';

describeStore('memory', () => ({ store: memory() }));

describe('the memory store is bounded', () => {
  test('by entries: the least recently used goes first', () => {
    const store = memory({ maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) store.set(key, key, undefined);
    store.getMany(['a']);
    store.set('d', 'd', undefined);
    expect(store.getMany(['a', 'b', 'c', 'd'])).toEqual(['a', undefined, 'c', 'd']);
  });

  test('by bytes: many entries together never exceed them', () => {
    const store = memory({ maxBytes: 100_000 });
    for (let index = 0; index < 1_000; index++) store.set(`key-${index}`, 'x'.repeat(1_000), undefined);
    const keys = Array.from({ length: 1_000 }, (_, index) => `key-${index}`);
    const kept = (store.getMany(keys) as (string | undefined)[]).filter((value) => value !== undefined);
    expect(kept.length).toBeGreaterThan(10);
    expect(kept.length * 2_000).toBeLessThanOrEqual(100_000);
    expect(store.getMany(['key-999'])).toEqual(['x'.repeat(1_000)]);
  });

  test('says which values it does not take, so that none of them empties it', () => {
    const store = memory({ maxBytes: 100_000 });
    expect(store.maximumBytes).toBeLessThanOrEqual(100_000 / 2);
    store.set('small', 'small', undefined);
    store.set('largest', 'x'.repeat(store.maximumBytes as number), undefined);
    expect((store.getMany(['largest']) as string[])[0]?.length).toBe(store.maximumBytes);
    expect(store.getMany(['small'])).toEqual(['small']);
  });
});
