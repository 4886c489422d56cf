import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { Config } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV } from '../../src/runtime/index.js';
import { MOST_STEPS, type TagContext } from '../../src/runtime/query/analysis.js';
import {
  canonicalArguments,
  DEEPEST_QUERY,
  LONGEST_QUERY,
  MOST_PARTS,
  type Work,
} from '../../src/runtime/query/canonical-arguments.js';
import { tagsOf } from '../../src/runtime/query/dependencies.js';
import { MOST_SEGMENTS } from '../../src/runtime/query/paths.js';
import { readSiteSchema } from '../../src/runtime/query/site-schema.js';
import { fieldAt } from '../../src/runtime/query/slices.js';
import { HOSTILE_QUERIES } from '../support/hostile-queries.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { collectLog } from './logged.js';
import { lookupsOf } from './lookups.js';

/** With slices, virtual fields in a circle, and blocks that lead to one another. */
function configure(config: Config): Config {
  const posts = config.collections?.find(({ slug }) => slug === 'posts');
  posts?.fields.push(
    { name: 'there', type: 'text', virtual: 'category.parent.name' },
    { name: 'round', type: 'text', virtual: 'about' },
    { name: 'about', type: 'text', virtual: 'round' },
    { name: 'growing', type: 'text', virtual: 'growing.growing' },
    { name: 'notes', type: 'json' },
  );
  return config;
}

const log = collectLog();
let directory: string;
let plain: Started;
let cached: Started;
let context: TagContext;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-hostile-'));
  const url = `file:${path.join(directory, 'blog.db')}`;
  plain = await startBlog({ url, seed: 5, configure });
  cached = await startBlog({
    url,
    configure: (config) => log.configure(configure(config)),
    plugins: [payloadKV({ store: memory() })],
  });
  const schema = readSiteSchema(cached.config, 'number');
  context = {
    schema,
    slicesOf: (slug) =>
      (slug === 'posts' ? ['slug', 'category'] : []).map((name) => ({
        path: name,
        field: fieldAt(schema.collections.get(slug)?.flattenedFields ?? [], name) as never,
      })),
  };
});
afterAll(async () => {
  await plain.stop();
  await cached.stop();
  await removeDirectory(directory);
});

interface Cost {
  /** What the two walks count themselves. */
  parts: number;
  characters: number;
  steps: number;
  /** What is read of the arguments, seen from outside. */
  reads: number;
  isCached: boolean;
}

/** Analyses a query as the cache does. */
function analyse(query: Record<string, unknown>): Cost {
  let reads = 0;
  const seen = new WeakMap<object, object>();
  const watched = <Value>(value: Value): Value => {
    if (typeof value !== 'object' || value === null) return value;
    const known = seen.get(value) as Value | undefined;
    if (known) return known;
    const proxy = new Proxy(value, {
      get(target, name) {
        reads += 1;
        return watched(Reflect.get(target, name));
      },
    });
    seen.set(value, proxy);
    return proxy;
  };
  const args = watched({ collection: 'posts', ...query });
  const work: Work = { parts: 0, characters: 0 };
  const steps = { taken: 0 };
  const isCanonical = canonicalArguments(args, work) !== undefined;
  const tags = isCanonical ? tagsOf({ operation: 'find', slug: 'posts', args }, context, steps) : undefined;
  return { ...work, steps: steps.taken, reads, isCached: tags !== undefined };
}

/** Where in a query another one may stand. */
const PLACES: Record<string, (query: Record<string, unknown>) => Record<string, unknown>> = {
  'at its top': (query) => query,
  'in an and': (query) => ({ ...query, where: { and: [{ slug: { equals: 'x' } }, query.where] } }),
  'in a join of a relation': ({ where, sort }) => ({ joins: { posts: { where, sort } } }),
  'as a populate': ({ where, sort, select }) => ({ populate: { posts: { where, sort, select } } }),
  'as what somebody may read': ({ where }) => ({ relatedAccess: { category: where } }),
};

const family = fc.constantFrom(...Object.keys(HOSTILE_QUERIES));
const size = fc.double({ min: 0, max: 6, noNaN: true }).map((exponent) => Math.floor(10 ** exponent));
const place = fc.constantFrom(...Object.keys(PLACES));
const hostile = fc.array(fc.tuple(family, size, place), { minLength: 1, maxLength: 3 });

/** How long a query is: its values, and the characters of its names and values. */
function lengthOf(query: unknown): number {
  let length = 0;
  const left: unknown[] = [query];
  while (left.length > 0) {
    const value = left.pop();
    length += 1;
    if (typeof value === 'string') length += value.length;
    if (typeof value !== 'object' || value === null) continue;
    for (const name in value) {
      if (!Array.isArray(value)) length += name.length;
      left.push((value as Record<string, unknown>)[name]);
    }
  }
  return length;
}

describe('the analysis of a query', () => {
  test('costs a few steps for each character, and never more than its bounds', () => {
    fc.assert(
      fc.property(hostile, (drawn) => {
        const parts = drawn.map(([family, size, place]) =>
          PLACES[place]?.(HOSTILE_QUERIES[family]?.(size) ?? {}),
        );
        const query = Object.assign({}, ...parts) as Record<string, unknown>;
        const length = lengthOf(query);
        const cost = analyse(query);
        expect(cost.parts).toBeLessThanOrEqual(Math.min(MOST_PARTS, 20 + length));
        expect(cost.characters).toBeLessThanOrEqual(Math.min(LONGEST_QUERY, 20 + length));
        expect(cost.steps).toBeLessThanOrEqual(Math.min(MOST_STEPS, 200 + 5 * length));
        expect(cost.reads).toBeLessThanOrEqual(200 + 10 * cost.parts);
      }),
      {
        numRuns: 300,
        examples: Object.keys(HOSTILE_QUERIES).flatMap((family) =>
          [100, 1_000, 10_000, 100_000].map((size): [[string, number, string][]] => [
            [[family, size, 'at its top']],
          ]),
        ),
      },
    );
  });

  test.each(Object.keys(HOSTILE_QUERIES))('%s of a million characters is not cached', (family) => {
    expect(analyse(HOSTILE_QUERIES[family]?.(1_000_000) ?? {}).isCached).toBe(false);
  });

  test('takes what an application asks', () => {
    const queries = [
      {
        where: { id: { in: Array.from({ length: 5_000 }, (_, index) => index) } },
        limit: 0,
        pagination: false,
      },
      { where: { slug: { in: Array.from({ length: 5_000 }, () => crypto.randomUUID()) } } },
      { where: { or: Array.from({ length: 500 }, (_, index) => ({ slug: { equals: `post-${index}` } })) } },
      { where: { slug: { equals: 'x'.repeat(10_000) } } },
      { sort: ['category.parent.parent.parent.name', 'title.de', '-gallery.0.caption', 'there'] },
      { where: { [`notes${'.children.0'.repeat(20)}.text`]: { equals: 'x' } } },
      { select: Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, true])) },
      { where: Array.from({ length: 10 }).reduce((inner: object) => ({ and: [inner] }), {}) },
    ];
    for (const query of queries) expect(analyse(query).isCached).toBe(true);
  });

  const self: Record<string, unknown> = {};
  Object.assign(self, { and: [self, self], or: [self], slug: { contains: self } });
  let doubled: object = { slug: { equals: 'x' } };
  for (let count = 0; count < 60; count++) doubled = { and: [doubled, doubled] };
  const throwing = { enumerable: true, get: () => raise() };
  const raise = (): never => {
    throw new Error('not to be read');
  };
  const trapped = (traps: ProxyHandler<object>) => new Proxy({ slug: { equals: 'x' } }, traps);
  let turn = 0;
  test.each<[string, unknown]>([
    ['that holds itself', self],
    ['that holds the same twice, sixty times over', doubled],
    ['with a getter that throws', Object.defineProperty({}, 'slug', throwing)],
    [
      'with a getter that throws deep in it',
      { and: [{ slug: Object.defineProperty({}, 'equals', throwing) }] },
    ],
    ['whose names cannot be read', trapped({ ownKeys: raise })],
    ['whose properties cannot be read', trapped({ get: raise })],
    ['whose prototype cannot be read', trapped({ getPrototypeOf: raise })],
    ['that a proxy says more and more of', trapped({ get: () => trapped({ get: () => self }) })],
    ['that says another thing each time', trapped({ get: () => ({ equals: String(turn++) }) })],
    ['with a list of holes', { slug: { in: new Array(2 ** 32 - 1) } }],
    [
      'with a list that says it is endless',
      { or: new Proxy([], { get: (_, name) => (name === 'length' ? Infinity : {}) }) },
    ],
    ['with a list that is none', { or: { length: 1e9 }, and: 'x', slug: { in: { length: 1e9 } } }],
    ['with names of the language', JSON.parse('{"__proto__":{"equals":1},"constructor":{"equals":1}}')],
    ['with bytes', { slug: { equals: new Uint8Array(LONGEST_QUERY + 1) } }],
    ['with an expression', { slug: { like: new RegExp('x'.repeat(LONGEST_QUERY + 1)) } }],
    ['with a wide number', { id: { equals: 7n ** 100_000n } }],
    ['on virtual fields in a circle', { round: { equals: 'x' }, about: { equals: 'x' } }],
    ['on a virtual field that grows', { growing: { equals: 'x' } }],
  ])('ends within its bounds for a where %s', (_what, where) => {
    for (const query of [
      { where },
      { joins: { posts: { where } } },
      { select: where },
      { [`${turn}`]: where },
    ]) {
      const work: Work = { parts: 0, characters: 0 };
      const steps = { taken: 0 };
      const args = { collection: 'posts', ...query };
      if (canonicalArguments(args, work) === undefined) continue;
      tagsOf({ operation: 'find', slug: 'posts', args }, context, steps);
      expect(work.parts).toBeLessThan(100);
      expect(steps.taken).toBeLessThan(2_000);
    }
  });

  test('does not go deeper than its bound, however deep the query', () => {
    let deepest = 0;
    const below = (depth: number): object =>
      new Proxy([], {
        get: (_, name) => {
          deepest = Math.max(deepest, depth);
          return name === 'length' ? 1 : below(depth + 1);
        },
      });
    expect(canonicalArguments({ where: below(1) })).toBeUndefined();
    expect(deepest).toBeLessThanOrEqual(DEEPEST_QUERY);
  });

  test('follows a path to its bound, and caches none beyond', () => {
    const path = (segments: number) => ['notes', ...Array(segments - 1).fill('a')].join('.');
    for (const make of [
      (segments: number) => ({ sort: path(segments) }),
      (segments: number) => ({ sort: ['slug', `-${path(segments)}`] }),
      (segments: number) => ({ where: { [path(segments)]: { equals: 1 } } }),
      (segments: number) => ({ where: { [path(segments - 1)]: { contains: { a: { equals: 1 } } } } }),
    ]) {
      expect(analyse(make(MOST_SEGMENTS)).isCached).toBe(true);
      expect(analyse(make(MOST_SEGMENTS + 1)).isCached).toBe(false);
    }
  });

  test('of blocks that lead to one another is given up beyond its bound', () => {
    // Each of 200 blocks may hold each of them.
    const blocks = Array.from({ length: 200 }, (_, index) => ({
      slug: `b${index}`,
      flattenedFields: [{ name: 'layout', type: 'blocks', blocks: [] as unknown[] }],
    }));
    for (const block of blocks) block.flattenedFields[0]?.blocks.push(...blocks);
    const { collections } = context.schema;
    const posts = collections.get('posts') as { flattenedFields: unknown[] };
    const builder = {
      ...posts,
      joins: {},
      polymorphicJoins: [],
      flattenedFields: blocks[0]?.flattenedFields,
    };
    const schema = { ...context.schema, collections: new Map(collections).set('posts', builder as never) };
    const steps = { taken: 0 };
    const ask = (depth: number) =>
      tagsOf(
        {
          operation: 'find',
          slug: 'posts',
          args: { where: { [`${'layout.'.repeat(depth)}layout`]: { exists: true } } },
        },
        {
          schema: { ...schema, blocksOf: (field) => (field as never as { blocks: never[] }).blocks },
          slicesOf: () => [],
        },
        steps,
      );
    expect(ask(1)).toEqual(['posts']);
    expect(steps.taken).toBeLessThan(1_000);
    expect(ask(8)).toBeUndefined();
    expect(steps.taken).toBeLessThanOrEqual(MOST_STEPS);
  });
});

describe('a site', () => {
  const outcome = async (run: () => Promise<unknown>): Promise<string> => {
    try {
      return JSON.stringify(await run());
    } catch (error) {
      return `threw ${(error as Error).name}`;
    }
  };

  const asked = (family: string, size: number): never =>
    ({ collection: 'posts', limit: 2, ...HOSTILE_QUERIES[family]?.(size) }) as never;

  // Sizes at which Payload itself answers in time.
  test.each<[string, number]>([
    ['a sort of list indices', 14_000],
    ['a sort of list indices', 200_000],
    ['a sort of list indices', 1_000_000],
    ['a sort of locales', 21_000],
    ['a sort of locales', 300_000],
    ['a sort by one field, again and again', 1_000_000],
    ['a sort along a relation, again and again', 1_000],
    ['a condition on a path of locales', 21_000],
    ['a condition on a path of list indices', 200_000],
    ['a condition on a long digit', 300_000],
    ['a long value', 1_000_000],
    ['a list of long slugs', 1_000_000],
    ['ors within one another', 1_000],
    ['many operators', 300_000],
    ['a wide select', 300_000],
    ['a join that sorts by list indices', 14_000],
    ['a long locale', 300_000],
  ])('answers %s of %i characters as without a cache', async (family, size) => {
    const { payload } = cached;
    log.clear();
    const expected = await outcome(() => plain.payload.db.find(asked(family, size)));
    const lookups = await lookupsOf(payload, 'posts', async () => {
      for (let time = 0; time < 2; time++) {
        expect(await outcome(() => payload.db.find(asked(family, size)))).toBe(expected);
      }
    });
    expect(lookups).toEqual({ 'unknown-argument': 2 });
    expect(log.lines()).toEqual([]);
  });

  test.each([7_000, 100_000])(
    'answers a sort of %i segments over REST as without a cache',
    async (segments) => {
      const ask = async (site: Started): Promise<unknown> => {
        const response = await site.handle(
          new Request('http://localhost/api/posts', {
            method: 'POST',
            headers: {
              'X-Payload-HTTP-Method-Override': 'GET',
              'Content-Type': 'application/x-www-form-urlencoded',
            },
            body: `limit=1&depth=0&sort=0${'.0'.repeat(segments - 1)}`,
          }),
        );
        return response.json();
      };
      const expected = await ask(plain);
      expect(expected).toMatchObject({ docs: [expect.objectContaining({ _status: 'published' })] });
      const lookups = await lookupsOf(cached.payload, 'posts', async () => {
        expect(await ask(cached)).toEqual(expected);
        expect(await ask(cached)).toEqual(expected);
      });
      expect(lookups).toEqual({ 'unknown-argument': 2 });
    },
  );
});
