import { describe, expect, test } from 'vitest';
import type { CacheEvent } from '../../src/interfaces/events.js';
import { addCountedEvents, createEventCounter, OTHERS } from '../../src/runtime/observe/counted-events.js';

const event = (more: Partial<CacheEvent>): CacheEvent => ({ type: 'hit', time: 0, instance: '1', ...more });
const total = (events: readonly { count: number }[]) => events.reduce((sum, { count }) => sum + count, 0);

describe('counted events', () => {
  test('are told apart by all that they are about, and not by keys', () => {
    const counter = createEventCounter();
    const about = { subject: 'collection', name: 'posts', operation: 'find' } as const;
    for (const key of ['a', 'b', 'c']) counter.add(event({ ...about, key, duration: 1 }));
    counter.add(event({ ...about, type: 'bypass', reason: 'policy' }));
    counter.add(event({ ...about, subject: 'global' }));
    counter.add(event({ ...about, subject: 'function' }));
    expect(counter.read()).toEqual([
      { type: 'hit', name: 'posts', operation: 'find', count: 3 },
      { type: 'bypass', name: 'posts', operation: 'find', reason: 'policy', count: 1 },
      { type: 'hit', name: '@posts', operation: 'find', count: 1 },
      { type: 'hit', name: '/posts', operation: 'find', count: 1 },
    ]);
  });

  test('of several operations are the same in any order', () => {
    const counter = createEventCounter();
    for (const operation of ['updateOne+createVersion', 'createVersion+updateOne'])
      counter.add(event({ type: 'invalidate', subject: 'collection', name: 'posts', operation }));
    expect(counter.read()).toEqual([
      { type: 'invalidate', name: 'posts', operation: 'createVersion+updateOne', count: 2 },
    ]);
  });

  test('of any number of namespaces are a bounded number of series, and none is lost', () => {
    const counter = createEventCounter();
    for (let number = 0; number < 10_000; number++)
      for (const type of ['miss', 'hit'] as const)
        counter.add(event({ type, subject: 'function', name: `of ${number}`, operation: 'cached' }));
    const events = counter.read();
    expect(events.length).toBeLessThanOrEqual(2_010);
    expect(total(events)).toBe(20_000);
    expect(events.filter(({ name }) => name === `/${OTHERS}`)).toHaveLength(2);
  });

  test('of any number of codes are a bounded number of series, and none is lost', () => {
    const counter = createEventCounter();
    for (let number = 0; number < 1_000; number++)
      counter.add(event({ type: 'error', part: 'store', reason: `CODE_${number}` }));
    const events = counter.read();
    expect(events).toHaveLength(51);
    expect(total(events)).toBe(1_000);
    expect(events.find(({ reason }) => reason === OTHERS)?.count).toBe(950);
  });

  test('of several processes are added up', () => {
    const one = createEventCounter();
    const other = createEventCounter();
    one.add(event({ name: 'posts' }));
    other.add(event({ name: 'posts' }));
    other.add(event({ name: 'pages' }));
    // As they come from another process.
    const records = [one.read(), JSON.parse(JSON.stringify(other.read()))];
    expect(addCountedEvents(records)).toEqual([
      { type: 'hit', name: 'posts', count: 2 },
      { type: 'hit', name: 'pages', count: 1 },
    ]);
  });
});
