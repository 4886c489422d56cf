import { expect, test } from 'vitest';
import { leastRecentlyUsed } from '../../src/platform/least-recently-used.js';

test('The least recently used goes first, and what was read or set again stays', () => {
  const removed: unknown[] = [];
  const memory = leastRecentlyUsed<string, number>(3, (...what) => removed.push(what));
  for (const [value, key] of ['a', 'b', 'c'].entries()) memory.set(key, value);
  memory.get('a');
  memory.set('b', 10);
  memory.set('d', 3);
  expect(memory.entries()).toEqual([
    ['a', 0],
    ['b', 10],
    ['d', 3],
  ]);
  expect(removed).toEqual([['c', 2]]);
  memory.evict();
  memory.delete('d');
  memory.delete('unknown');
  expect(removed.slice(1)).toEqual([
    ['a', 0],
    ['d', 3],
  ]);
  expect([memory.size, memory.get('b'), memory.get('c')]).toEqual([1, 10, undefined]);
});

test('It is empty after it was cleared, tells nobody of that, and takes values again', () => {
  const removed: unknown[] = [];
  const memory = leastRecentlyUsed<string, number>(2, (key) => removed.push(key));
  memory.set('a', 1);
  memory.set('b', 2);
  memory.clear();
  memory.evict();
  expect([memory.size, memory.get('a'), removed]).toEqual([0, undefined, []]);
  for (const key of ['c', 'd', 'e']) memory.set(key, 1);
  expect(removed).toEqual(['c']);
});
