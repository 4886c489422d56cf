import { describe, expect, test } from 'vitest';
import type { CacheEvent } from '../../src/interfaces/events.js';
import { askedDigest } from '../../src/runtime/observe/asked-digest.js';
import { equalitiesIn, noteValues } from '../../src/runtime/observe/equalities.js';
import { createReuse } from '../../src/runtime/observe/reuse.js';

const event = (more: Partial<CacheEvent>): CacheEvent => ({
  type: 'hit',
  time: 0,
  instance: '1',
  subject: 'collection',
  name: 'posts',
  operation: 'find',
  ...more,
});

describe('what is compared with one value', () => {
  test('stands outside of any or, and no value of it is kept', () => {
    const where = {
      and: [{ slug: { equals: 'hunter2' } }, { or: [{ a: { equals: 1 } }, { b: { equals: 2 } }] }],
      tenant: { equals: 5, exists: true },
      title: { like: 'x' },
      'a b"': { equals: 1 },
    };
    const found = equalitiesIn(where);
    expect(found.map(([field]) => field)).toEqual(['slug', 'tenant']);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  test('is bounded, whatever is asked', () => {
    let deep: object = { slug: { equals: 1 } };
    for (let depth = 0; depth < 1000; depth++) deep = { and: [deep] };
    expect(equalitiesIn(deep)).toEqual([]);
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`f${index}`, { equals: 1 }]));
    expect(equalitiesIn(wide)).toHaveLength(8);
    const seen = new Map<string, Set<number>>();
    for (let value = 0; value < 1000; value++)
      noteValues(seen, equalitiesIn({ [`f${value % 20}`]: { equals: value } }));
    expect([seen.size, Math.max(...[...seen.values()].map(({ size }) => size))]).toEqual([8, 16]);
  });
});

describe('a question without a key', () => {
  test('is the same for the same arguments, whoever asks', () => {
    const asked = (args: object) => askedDigest(event({}), args as Record<string, unknown>);
    expect(asked({ where: { a: { equals: 1 } }, limit: 1, req: { user: 1 } })).toBe(
      asked({ where: { a: { equals: 1 } }, limit: 1, req: { user: 2 } }),
    );
    const others = [
      { where: { a: { equals: '1' } }, limit: 1 },
      { where: { a: { equals: 1 } }, limit: 2 },
      { where: { a: { in: [1] } }, limit: 1 },
    ];
    expect(new Set([...others, { where: { a: { equals: 1 } }, limit: 1 }].map(asked)).size).toBe(4);
  });

  test('is none where it is too much to look at', () => {
    const args = { where: { id: { in: Array.from({ length: 1000 }, (_, index) => index) } } };
    expect(askedDigest(event({}), args)).toBeUndefined();
    expect(askedDigest(event({}), { where: { a: { equals: 'x'.repeat(1000) } } })).toBeUndefined();
  });
});

test('each TTL is tried on the reads as they come, and a write begins anew', () => {
  const reuse = createReuse();
  const life = reuse.lifeOf(event({}), {});
  const fill = (seconds: number, version: string, text: string) => {
    reuse.note(event({ type: 'miss' }), life, undefined);
    const filled = { text, versions: [version], ttl: 60, isNegative: false };
    return reuse.note(event({ type: 'fill', time: 1000 * seconds, duration: 5 }), life, filled);
  };
  expect(fill(0, 'v1', 'a')).toBe(false);
  reuse.noteHit(life, 30_000);
  // It had run out: a minute would have been asked anew, five would not.
  expect(fill(100, 'v1', 'a')).toBe(false);
  // Gone before its time.
  expect(fill(110, 'v1', 'a')).toBe(false);
  // Written to, once with the same answer.
  expect(fill(400, 'v2', 'a')).toBe(true);
  expect(fill(410, 'v3', 'b')).toBe(false);
  expect(reuse.read().posts).toMatchObject({
    ...{ reads: 6, hits: 1, first: 1, expired: 1, lost: 1, written: 2, unchanged: 1, filled: 5, reused: 1 },
    ...{ measured: 5, databaseTime: 25, hitsWith: { 60: 2, 300: 3, 604800: 3 } },
  });
});
