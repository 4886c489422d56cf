import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import type { Store } from '../../src/interfaces/store.js';
import { memory } from '../../src/stores/memory.js';
import { repository } from '../support/repository.js';
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
    expect(kept.length).toBeGreaterThan(50);
    expect(kept.length * 1_000).toBeLessThanOrEqual(100_000);
    expect(store.getMany(['key-999'])).toEqual(['x'.repeat(1_000)]);
  });

  const MEBIBYTE = 1024 * 1024;
  test.each([
    ['latin1', 64, 200_000],
    ['latin1', 128, 200_000],
    ['two bytes', 64, 200_000],
    ['joined from parts', 64, 200_000],
    ['cut from a larger one', 64, 200_000],
    ['cut from one of two bytes', 64, 200_000],
    // Far more entries than there is room for: places are not set aside for them.
    ['latin1', 64, 50_000_000],
  ])(
    'by bytes: 100,000 entries of 2 KB, %s, take %i MiB of the process and no more, and most of that',
    async (kind, mebibytes, maxEntries) => {
      const { stdout } = await execa({
        cwd: repository,
      })`${process.execPath} --expose-gc --import tsx test/stores/memory-growth.ts ${[kind, mebibytes * MEBIBYTE, maxEntries]}`;
      const { growth, entries } = JSON.parse(stdout) as { growth: number; entries: number };
      expect(growth).toBeLessThanOrEqual(mebibytes * MEBIBYTE);
      expect(growth).toBeGreaterThan(0.7 * mebibytes * MEBIBYTE);
      expect(entries * 2_048).toBeGreaterThan(0.7 * mebibytes * MEBIBYTE);
    },
  );

  test.each([
    'documents',
    'names that are data',
    'names like indices',
    'objects of nothing',
    'lists of one',
    'dates',
    'two bytes for each character',
  ])('by bytes: with what is kept decoded, entries of %s take no more than that', async (kind) => {
    const { stdout } = await execa({
      cwd: repository,
    })`${process.execPath} --expose-gc --import tsx test/stores/memory-growth.ts ${[kind, 32 * MEBIBYTE, 200_000, 6_000]}`;
    const { growth, entries, decoded } = JSON.parse(stdout) as Record<string, number>;
    expect(growth).toBeLessThanOrEqual(32 * MEBIBYTE);
    expect(growth).toBeGreaterThan(0.5 * 32 * MEBIBYTE);
    expect(entries).toBe(6_000);
    expect(decoded).toBeGreaterThan(100);
  });

  test('says which values it does not take, so that none of them empties it', () => {
    const store = memory({ maxBytes: 100_000 });
    const most = store.maximumBytes as number;
    expect(most).toBeGreaterThan(10_000);
    // The text that takes most memory for its bytes of UTF-8: one character makes it two bytes each.
    const largest = `日${'x'.repeat(most - 3)}`;
    expect(Buffer.byteLength(largest)).toBe(most);
    store.set('small', 'small', undefined);
    store.set('largest', largest, undefined);
    expect(store.getMany(['largest', 'small'])).toEqual([largest, 'small']);
  });

  test('keeps nothing under the key of a value that is too large, and all else', () => {
    const store = memory({ maxBytes: 100_000 });
    store.set('small', 'small', undefined);
    store.set('grown', 'old', undefined);
    store.set('grown', 'x'.repeat(100_000), undefined);
    expect(store.getMany(['grown', 'small'])).toEqual([undefined, 'small']);
  });

  test('and says so where a bound is none', () => {
    for (const options of [
      { maxBytes: 0 },
      { maxBytes: Number.NaN },
      { maxEntries: 0 },
      { maxEntries: -1 },
    ]) {
      expect(() => memory(options)).toThrow(expect.objectContaining({ code: 'INVALID_STORE' }));
    }
  });
});

describe('what the memory store keeps decoded', () => {
  const form = (of: string) => ({ of });
  /** Reads a value as the cache does. */
  function read(store: Store, key: string, bytes = 100): string | undefined {
    const found = store.decoded?.get(key);
    if (found) return (found as { of: string }).of;
    const value = store.get(key) as string | undefined;
    if (value !== undefined)
      store.decoded?.offer(key, value, () => ({ form: form(`decoded ${value}`), bytes }));
    return value;
  }

  test('is what was read before, and goes with its value', () => {
    const store = memory();
    store.set('a', 'one', undefined);
    expect([1, 2, 3].map(() => read(store, 'a'))).toEqual(['one', 'decoded one', 'decoded one']);
    store.set('a', 'two', undefined);
    expect([1, 2].map(() => read(store, 'a'))).toEqual(['two', 'decoded two']);
    store.delete('a');
    expect(read(store, 'a')).toBeUndefined();
    store.set('a', 'three', undefined);
    expect(read(store, 'a')).toBe('three');
    store.setMany([{ key: 'a', value: 'four', ttl: undefined }]);
    expect([1, 2].map(() => read(store, 'a'))).toEqual(['four', 'decoded four']);
    store.deleteMany(['a']);
    expect(store.decoded?.get('a')).toBeUndefined();
  });

  test('is no form of a value that was replaced since it was read', () => {
    const store = memory();
    store.set('a', 'old', undefined);
    const value = store.get('a') as string;
    store.set('a', 'new', undefined);
    expect(store.decoded?.offer('a', value, () => ({ form: form('old'), bytes: 10 }))).toBe(false);
    expect(store.decoded?.get('a')).toBeUndefined();
    expect(store.decoded?.offer('absent', value, () => ({ form: form('old'), bytes: 10 }))).toBe(false);
  });

  test('expires with its value', async () => {
    const store = memory();
    store.set('a', 'one', 0.02);
    expect([1, 2].map(() => read(store, 'a'))).toEqual(['one', 'decoded one']);
    await expect.poll(() => store.decoded?.get('a')).toBeUndefined();
    expect(store.get('a')).toBeUndefined();
  });

  test('is not asked for again where it cannot be made', () => {
    const store = memory();
    store.set('a', 'one', undefined);
    let asked = 0;
    for (let time = 0; time < 100; time++) {
      store.decoded?.offer('a', 'one', () => {
        asked += 1;
        return undefined;
      });
    }
    expect(asked).toBe(1);
  });

  test('gives way to entries, the least recently used first; no entry gives way to it', () => {
    const store = memory({ maxBytes: 200_000 });
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    for (const key of keys) store.set(key, key.padEnd(1_000), undefined);
    for (const key of keys) for (let time = 0; time < 2; time++) read(store, key, 1_500);
    const isDecoded = (key: string) => store.decoded?.get(key) !== undefined;
    const before = keys.filter(isDecoded);
    expect(before.length).toBeGreaterThan(40);
    // What is used stays.
    isDecoded('key-30');
    const more = Array.from({ length: 60 }, (_, index) => `more-${index}`);
    for (const key of more) store.set(key, key.padEnd(1_000), undefined);
    const left = keys.filter(isDecoded);
    expect(left.length).toBeLessThan(before.length);
    expect(left).toContain('key-30');
    expect([...keys, ...more].filter((key) => store.get(key) === undefined)).toEqual([]);
    // Full of entries: none goes for what is decoded, and what does not fit is not asked for at each read.
    const others = Array.from({ length: 300 }, (_, index) => `other-${index}`);
    for (const key of others) store.set(key, key.padEnd(1_000), undefined);
    const held = others.filter((key) => store.get(key) !== undefined);
    let asked = 0;
    for (let time = 0; time < 40; time++)
      store.decoded?.offer('other-299', 'other-299'.padEnd(1_000), () => {
        asked += 1;
        return { form: form(''), bytes: 5_000 };
      });
    expect(asked).toBeLessThan(5);
    expect(others.filter((key) => store.get(key) !== undefined)).toEqual(held);
  });
});

test('a text comes back as it was, whatever it is made of', () => {
  const store = memory();
  const texts = [
    'é'.repeat(5_000),
    '日本語',
    `lone ${'\ud800'} half`,
    '',
    '\0\xff\u0100',
    `${'ab'.repeat(600_000)}日`,
  ];
  for (const text of texts) {
    store.set('text', text, undefined);
    expect(store.get('text') === text).toBe(true);
  }
});
