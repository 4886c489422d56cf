import { describe, expect, test } from 'vitest';
import { advise } from '../../../src/plan/advice/advise.js';
import { memory } from '../../../src/runtime/index.js';
import type { Statistics } from '../../../src/runtime/observe.js';
import { randomness, replay, type Step } from './replay.js';

const kinds = (statistics: Statistics) => advise(statistics).map(({ kind, name }) => `${kind} ${name}`);
/** What is advised of posts: reads and writes of them read others too. */
const ofPosts = (statistics: Statistics) => kinds(statistics).filter((each) => each.endsWith(' posts'));
const hitsIn = ({ reuse }: Statistics, name?: string): number =>
  Object.entries(reuse).reduce(
    (sum, [each, { hits }]) => sum + (name === undefined || each === name ? hits : 0),
    0,
  );
const find = (statistics: Statistics, kind: string) => advise(statistics).find((each) => each.kind === kind)!;
const times = <Item>(count: number, make: (index: number) => Item[]): Item[] =>
  Array.from({ length: count }, (_, index) => make(index)).flat();

/** Hits that a proposal brings, beside those that it expects: the same trace, replayed under it. */
async function gained(
  trace: readonly Step[],
  name: string | undefined,
  before: Statistics,
  options: Parameters<typeof replay>[1],
): Promise<number> {
  const after = await replay(trace, options);
  return hitsIn(after, name) - hitsIn(before, name);
}
/** Within a tenth. */
function expectAbout(actual: number, expected: number): void {
  expect(actual).toBeGreaterThanOrEqual(0.9 * expected);
  expect(actual).toBeLessThanOrEqual(1.1 * expected);
}

const ofSlug = (slug: string): Step => ({ read: 'posts', where: { slug: { equals: slug } }, limit: 1 });
const ofName = (name: string): Step => ({ read: 'categories', where: { name: { equals: name } }, limit: 1 });

describe('a TTL', () => {
  // Each of five, every 90 seconds for an hour: a minute has always run out.
  const patient = times(40, () => [{ wait: 90 }, ...times(5, (one) => [ofName(`category ${one}`)])]);

  test('that runs out before anybody asks again is lengthened to what brings nine tenths of it', async () => {
    const options = { store: memory(), negativeTtl: false as const };
    const trace = times(40, () => [
      { wait: 90 } as Step,
      ...times(5, (one): Step[] => [{ read: 'categories', limit: one + 1 }]),
    ]);
    const before = await replay(trace, { ...options, ttl: '1m' });
    expect(kinds(before)).toEqual(['ttl categories']);
    const { change, effect, because } = find(before, 'ttl');
    // Of 40 reads of one question 36 are hits under 15 minutes, 39 under an hour.
    expect(change).toEqual({ ttl: '15m' });
    expect(effect).toMatchObject({ hits: 5 * 36, writes: 5 * 36 });
    expect(effect.databaseTime).toBeGreaterThan(0);
    expect(because).toContain('0 % are hits, 90 % would be');
    expect(await gained(trace, 'categories', before, { ...options, ttl: '15m' })).toBe(effect.hits);
  });

  test('is left alone where each answer is written to before it is asked for again', async () => {
    const trace = times(40, (round) => [
      { wait: 90 } as Step,
      { write: 'categories', nth: round % 3 } as Step,
      ...times(5, (one): Step[] => [{ read: 'categories', limit: one + 1 }]),
    ]);
    expect(kinds(await replay(trace, { store: memory(), ttl: '1m' }))).toEqual([]);
  });

  test('is left alone where what is asked is asked within it, and where it is that of empty answers', async () => {
    const often = times(60, () => [
      { wait: 5 } as Step,
      ...times(5, (one): Step[] => [{ read: 'categories', limit: one + 1 }]),
    ]);
    expect(kinds(await replay(often, { store: memory(), ttl: '5m' }))).toEqual([]);
    expect(kinds(await replay(patient, { store: memory(), ttl: '1m' }))).toEqual([]);
  });
});

describe('a slice', () => {
  const random = randomness(1);
  // An editor writes one of twelve posts between two visitors: eleven of twelve pages have not changed.
  const trace = times(150, (): Step[] => [
    { write: 'posts', nth: Math.floor(12 * random()) },
    ofSlug(`post-${1 + Math.floor(12 * random())}`),
  ]);

  test('is proposed where queries go stale by writes of other documents', async () => {
    const before = await replay(trace, { store: memory() });
    expect(ofPosts(before)).toEqual(['slice posts']);
    const { change, effect } = find(before, 'slice');
    expect(change).toEqual({ slices: ['slug'] });
    expect(effect.hits).toBeGreaterThan(50);
    expectAbout(
      await gained(trace, 'posts', before, { store: memory(), collections: { posts: { slices: ['slug'] } } }),
      effect.hits,
    );
  });

  test('is not proposed where it is there, nor where each write is of what is asked', async () => {
    const sliced = { store: memory(), collections: { posts: { slices: ['slug'] } } };
    expect(ofPosts(await replay(trace, sliced))).toEqual([]);
    const same = times(104, (round): Step[] => [
      { write: 'posts', nth: round % 12 },
      ofSlug(`post-${1 + (round % 12)}`),
    ]);
    expect(ofPosts(await replay(same, { store: memory() }))).toEqual([]);
  });

  test('is not proposed for a field with few values, which many documents share', async () => {
    const trace = times(104, (round): Step[] => [
      { write: 'posts', nth: round % 12 },
      {
        read: 'posts',
        where: { _status: { equals: 'published' }, 'meta.readingMinutes': { equals: 1 + (round % 2) } },
        limit: 1,
      },
    ]);
    expect(ofPosts(await replay(trace, { store: memory() }))).toEqual([]);
  });
});

describe('caching', () => {
  const once = times(150, (one): Step[] => [
    { read: 'posts', where: { title: { not_equals: `${one}` } }, limit: 2 },
  ]);

  test('is not worth it where nobody asks the same again', async () => {
    const before = await replay(once, { store: memory() });
    expect(kinds(before)).toEqual(['do-not-cache posts']);
    const { change, effect } = find(before, 'do-not-cache');
    expect(change).toEqual({ enabled: false });
    expect(effect).toMatchObject({ hits: -0, writes: 150 });
    const after = await replay(once, { store: memory(), collections: { posts: { enabled: false } } });
    expect(after.reuse.posts).toMatchObject({ filled: 0, hits: 0 });
  });

  test('is worth it where each is asked twice', async () => {
    expect(kinds(await replay([...once, ...once], { store: memory() }))).toEqual([]);
  });

  test('is proposed for what is not cached and is asked again', async () => {
    const trace = times(200, (one): Step[] => [{ wait: 1 }, { read: 'categories', limit: 1 + (one % 20) }]);
    const before = await replay(trace, { store: memory(), collections: { posts: {} } });
    expect(kinds(before)).toEqual(['cache categories']);
    const { change, effect } = find(before, 'cache');
    expect(change).toEqual({ add: true });
    expect(effect.hits).toBe(180);
    const after = await replay(trace, { store: memory(), collections: { posts: {}, categories: {} } });
    expect(after.reuse.categories!.hits).toBe(effect.hits);
  });

  test('is not proposed for what is not cached and is written to all the time', async () => {
    const trace = times(150, (one): Step[] => [
      { write: 'categories', nth: one % 3 },
      { read: 'categories', limit: 1 + (one % 2) },
    ]);
    expect(kinds(await replay(trace, { store: memory(), collections: { posts: {} } }))).toEqual([]);
  });

  test('of users goes without their secrets', async () => {
    const trace = times(150, (one): Step[] => [{ read: 'users', limit: 1 + (one % 10) }]);
    const before = await replay(trace, { store: memory() });
    expect(kinds(before)).toEqual(['without-secrets users']);
    const { change, effect } = find(before, 'without-secrets');
    expect(change).toEqual({ add: true, allowAuth: 'without-secrets' });
    const after = await replay(trace, {
      store: memory(),
      collections: { users: { allowAuth: 'without-secrets' } },
    });
    expect(after.reuse.users!.hits).toBe(effect.hits);
  });
});

describe('code', () => {
  const ids = [1, 2, 3, 4, 5, 6, 7, 8];

  test('that asks for each of a list by itself is found, with its place', async () => {
    const trace = times(6, (): Step[] => [{ wait: 400 }, { request: { slug: 'categories', ids } }]);
    const before = await replay(trace, { store: memory() });
    const repeated = find(before, 'repeated');
    expect(repeated).toMatchObject({ name: 'categories', effect: { queries: 6 * 7, hits: 0 } });
    expect(repeated.now).toMatch(
      /findOne with `id equals`, up to 8 times in one request, at test\/plan\/advice\/replay\.ts:\d+/,
    );
    expect(repeated.change).toBeUndefined();
  });

  test('that asks for few is not', async () => {
    const trace = times(20, (): Step[] => [{ request: { slug: 'categories', ids: ids.slice(0, 4) } }]);
    expect(kinds(await replay(trace, { store: memory() }))).toEqual([]);
  });

  test('whose answers nobody asks for again is named, where the rest of the collection is read often', async () => {
    const trace = times(150, (one): Step[] => [
      { read: 'posts', where: { title: { like: `word ${one}` } } },
      ofSlug('post-1'),
    ]);
    const before = await replay(trace, { store: memory() });
    expect(ofPosts(before)).toEqual(['never-hit posts']);
    expect(find(before, 'never-hit')).toMatchObject({
      effect: { writes: 150 },
      now: expect.stringContaining('title like'),
    });
  });
});

describe('memory', () => {
  const trace = times(6, () => times(40, (one): Step[] => [{ read: 'posts', limit: one + 1 }]));

  test('that is too small for what is asked in turns is to be larger', async () => {
    const before = await replay(trace, { store: memory({ maxEntries: 30 }) });
    expect(kinds(before)).toEqual(['near-tier memory']);
    const { proposed, effect } = find(before, 'near-tier');
    expect(proposed).toContain('maxEntries: 60');
    expect(effect.hits).toBeGreaterThanOrEqual(5 * 40);
    expect(await gained(trace, undefined, before, { store: memory({ maxEntries: 60 }) })).toBe(effect.hits);
  });

  test('that is full of what nobody asks again is large enough', async () => {
    const trace = times(200, (one): Step[] => [
      { read: 'posts', where: { title: { not_equals: `${one}` } }, limit: 2 },
    ]);
    expect(kinds(await replay(trace, { store: memory({ maxEntries: 30 }) }))).toEqual(['do-not-cache posts']);
  });
});
