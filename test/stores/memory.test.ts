import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
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
