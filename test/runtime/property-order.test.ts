import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { CollectionConfig, Config, Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import type { CachedOperation } from '../../src/runtime/query/operations.js';
import { ownCopy, type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { lookupsOf } from './lookups.js';

/** Fields of every kind that an adapter may come to in the order of a query's properties. */
const Sheets: CollectionConfig = {
  slug: 'sheets',
  access: { read: () => true },
  versions: { drafts: true },
  fields: [
    { name: 'name', type: 'text' },
    {
      name: 'g',
      type: 'group',
      fields: [
        { name: 'a', type: 'text' },
        { name: 'b', type: 'text' },
      ],
    },
    {
      name: 'h',
      type: 'group',
      fields: [
        { name: 'c', type: 'text' },
        { name: 'd', type: 'text' },
      ],
    },
    {
      name: 'l',
      type: 'group',
      localized: true,
      fields: [
        { name: 'x', type: 'text' },
        { name: 'y', type: 'text' },
      ],
    },
    { name: 'rows', type: 'array', localized: true, fields: [{ name: 'p', type: 'text' }] },
    { name: 'marks', type: 'select', hasMany: true, localized: true, options: ['m', 'n'] },
    { name: 'data', type: 'json' },
    { name: 'author', type: 'relationship', relationTo: 'authors' },
    { name: 'parent', type: 'relationship', relationTo: 'sheets' as 'posts' },
    { name: 'children', type: 'join', collection: 'sheets' as 'posts', on: 'parent' },
    { name: 'others', type: 'join', collection: 'sheets' as 'posts', on: 'parent', defaultLimit: 1 },
  ],
};

/** With a join in a group. Payload itself does not read such a document where the group is not selected. */
const Panels: CollectionConfig = {
  slug: 'panels',
  versions: { drafts: true },
  fields: [
    { name: 'name', type: 'text' },
    { name: 'g', type: 'group', fields: ['a', 'b'].map((name) => ({ name, type: 'text' })) },
    { name: 'remarks', type: 'join', collection: 'remarks' as 'posts', on: 'panel' },
    {
      name: 'k',
      type: 'group',
      fields: [
        { name: 't', type: 'text' },
        { name: 'remarks', type: 'join', collection: 'remarks' as 'posts', on: 'panel' },
      ],
    },
  ],
};
const Remarks: CollectionConfig = {
  slug: 'remarks',
  fields: [{ name: 'panel', type: 'relationship', relationTo: 'panels' as 'posts' }],
};

const configure = (config: Config): Config => ({
  ...config,
  collections: [...(config.collections ?? []), ...ownCopy([Sheets, Panels, Remarks])],
  globals: [
    ...(config.globals ?? []),
    { slug: 'board', versions: { drafts: true }, fields: ownCopy(Sheets).fields.slice(0, 7) },
  ],
});

let directory: string;
let plain: Started;
let cached: Started;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-order-'));
  const url = `file:${path.join(directory, 'blog.db')}`;
  plain = await startBlog({ url, configure });
  cached = await startBlog({ url, configure, plugins: [payloadKV({ store: memory() })] });
  const { payload } = plain;
  const author = await payload.create({ collection: 'authors', data: { name: 'Ada' } });
  const write = async (number: number, data: object): Promise<number> => {
    const common = {
      name: `sheet ${number}`,
      g: { a: 'a', b: 'b' },
      h: { c: 'c', d: 'd' },
      data: { one: 1, two: 2 },
      author: author.id,
      _status: 'published',
    };
    const { id } = await payload.create({
      collection: 'sheets' as 'posts',
      data: { ...common, ...data } as never,
    });
    return id as number;
  };
  const inLocale = (locale: 'en' | 'de', id: number, data: object) =>
    payload.update({ collection: 'sheets' as 'posts', id, locale, data: data as never });
  const first = await write(1, { l: { x: '1', y: '2' }, rows: [{ p: '1' }], marks: ['m'] });
  await inLocale('de', first, { l: { x: '3', y: '4' }, rows: [{ p: '2' }], marks: ['n'] });
  const second = await write(2, { parent: first, l: { x: '3', y: '4' }, rows: [{ p: '2' }], marks: ['n'] });
  await inLocale('de', second, { l: { x: '1', y: '2' }, rows: [{ p: '1' }], marks: ['m'] });
  await write(3, { parent: first, l: { x: '1', y: '4' }, data: { two: 2, one: 1 } });
  await payload.updateGlobal({
    slug: 'board' as 'header',
    data: { name: 'board', g: { a: 'a', b: 'b' }, h: { c: 'c', d: 'd' } } as never,
  });
});
afterAll(async () => {
  await plain.stop();
  await cached.stop();
  await removeDirectory(directory);
});

type Query = Record<string, unknown>;

const WHERE: Query = {
  'l.en.x': { equals: '1', exists: true },
  'l.de.y': { not_equals: '4', exists: true },
  or: [{ 'g.a': { equals: 'a' }, 'h.c': { equals: 'c' } }],
  and: [{ 'author.name': { equals: 'Ada' }, 'rows.en.p': { equals: '1' }, 'rows.de.p': { equals: '2' } }],
};
const SELECT: Query = { h: { c: false, d: true }, g: { a: true, b: true }, name: true, children: true };
const JOINS: Query = {
  children: {
    sort: 'name',
    limit: 2,
    page: 1,
    count: true,
    where: { name: { exists: true, not_equals: 'x' } },
  },
  others: { where: WHERE, limit: 1 },
};

/** Each argument of each operation, with more than one property wherever it can have some. */
const QUERIES: [CachedOperation, Query][] = [
  ['find', { collection: 'sheets', where: WHERE, limit: 5, page: 1, pagination: true, locale: 'en' }],
  [
    'find',
    { collection: 'sheets', select: SELECT, sort: ['name', '-id'], locale: 'de', draftsEnabled: false },
  ],
  ['find', { collection: 'sheets', joins: JOINS, sort: 'name' }],
  ['find', { collection: 'sheets', select: SELECT, joins: JOINS, sort: 'name' }],
  [
    'find',
    {
      collection: 'sheets',
      where: {
        marks: { contains: 'm' },
        'marks.de': { contains: 'n' },
        name: { like: 'sheet', equals: 'sheet 1' },
      },
    },
  ],
  [
    'find',
    { collection: 'sheets', where: { data: { equals: { one: 1, two: 2 } } }, projection: { a: 1, b: 1 } },
  ],
  [
    'findOne',
    {
      collection: 'sheets',
      where: { name: { equals: 'sheet 1', exists: true }, id: { exists: true } },
      select: SELECT,
      joins: JOINS,
      draftsEnabled: true,
    },
  ],
  ['count', { collection: 'sheets', where: WHERE, locale: 'en' }],
  [
    'findDistinct',
    {
      collection: 'sheets',
      field: 'author.name',
      where: WHERE,
      relatedAccess: { author: { name: { exists: true, equals: 'Ada' } } },
      limit: 3,
      page: 1,
    },
  ],
  [
    'queryDrafts',
    {
      collection: 'sheets',
      where: versioned(WHERE),
      select: { version: SELECT, parent: true },
      joins: JOINS,
    },
  ],
  [
    'findVersions',
    { collection: 'sheets', where: versioned(WHERE), select: { version: SELECT, latest: false }, limit: 4 },
  ],
  ['countVersions', { collection: 'sheets', where: versioned(WHERE) }],
  ['findGlobal', { slug: 'board', select: { h: { c: false }, g: { a: true }, name: true }, locale: 'en' }],
  [
    'findGlobalVersions',
    {
      global: 'board',
      select: { version: { h: { c: false }, g: { a: true } }, latest: true },
      where: { 'version.name': { equals: 'board', exists: true }, latest: { equals: true } },
    },
  ],
  [
    'countGlobalVersions',
    { global: 'board', where: { 'version.name': { equals: 'board' }, id: { exists: true } } },
  ],
];

function versioned(where: Query): Query {
  return Object.fromEntries(
    Object.entries(where).map(([name, value]) =>
      Array.isArray(value)
        ? [name, value.map((part) => versioned(part as Query))]
        : [`version.${name}`, value],
    ),
  );
}

/** The same query with the properties of all its objects in some order. */
function shuffled(value: unknown, next: () => number): unknown {
  if (Array.isArray(value)) return value.map((each) => shuffled(each, next));
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value);
  const entries: [string, unknown][] = [];
  while (left.length > 0) {
    const [taken] = left.splice(Math.floor(next() * left.length), 1) as [[string, unknown]];
    entries.push([taken[0], shuffled(taken[1], next)]);
  }
  return Object.fromEntries(entries);
}

/** A query in which one object alone has its properties the other way round, for each of its objects. */
function* reversedOnce(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, each] of value.entries())
      for (const other of reversedOnce(each)) yield value.map((old, at) => (at === index ? other : old));
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  if (entries.length > 1) yield Object.fromEntries([...entries].reverse());
  for (const [name, each] of entries)
    for (const other of reversedOnce(each))
      yield Object.fromEntries(entries.map(([known, old]) => [known, known === name ? other : old]));
}

async function answer(payload: Payload, operation: CachedOperation, args: Query): Promise<string> {
  const { db } = payload as unknown as { db: Record<string, (args: Query) => Promise<unknown>> };
  try {
    // An adapter writes into what it is given.
    return JSON.stringify(await db[operation]?.(structuredClone(args)));
  } catch (error) {
    return `threw ${(error as Error).name}`;
  }
}

describe('the order of properties, at every depth of every argument', () => {
  /** Queries for which the database itself takes one order for another than the next. */
  const sensitive = new Set<string>();

  test.each(QUERIES.map(([operation, args]) => [operation, Object.keys(args).join(', '), args] as const))(
    'of %s with %s makes no answer another’s',
    async (operation, names, args) => {
      const orders = [args, ...reversedOnce(args)] as Query[];
      const answers = new Set<string>();
      const ask = async (order: Query): Promise<void> => {
        const expected = await answer(plain.payload, operation, order);
        answers.add(expected);
        expect(await answer(cached.payload, operation, order)).toBe(expected);
      };
      // What the first finds the others must not be served.
      for (let time = 0; time < 2; time++) {
        for (const order of orders) await ask(order);
        await settleCache(cached.payload);
      }
      await fc.assert(
        fc.asyncProperty(
          fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
          async (stream) => {
            await ask(shuffled(args, () => stream.next().value as number) as Query);
          },
        ),
        { numRuns: 15 },
      );
      if (answers.size > 1) sensitive.add(`${operation} ${names}`);
    },
  );

  test('is a meaning to the database in some of them, so that this is seen', () => {
    const operations = new Set([...sensitive].map((name) => name.split(' ')[0]));
    expect([...operations]).toEqual(expect.arrayContaining(['find', 'findOne', 'count', 'findGlobal']));
    expect([...sensitive].some((name) => name.includes('where') && !name.includes('select'))).toBe(true);
  });
});

describe('a select that includes and excludes', () => {
  const including = 'select[g][a]=true';
  const excluding = 'select[h][c]=false';

  test.each([
    [`${excluding}&${including}`, `${including}&${excluding}`],
    [`${including}&${excluding}`, `${excluding}&${including}`],
  ])('with %s spoils nothing of its reverse', async (first, second) => {
    const ask = async (site: Started, query: string): Promise<unknown> => {
      const response = await site.handle(
        new Request(`http://localhost/api/sheets?${query}&limit=1&sort=name&depth=0`),
      );
      return response.json();
    };
    await cached.payload.update({ collection: 'sheets' as 'posts', id: 1, data: {} });
    const expected = [await ask(plain, first), await ask(plain, second)];
    expect(expected[0]).not.toEqual(expected[1]);
    for (let time = 0; time < 2; time++) {
      expect(await ask(cached, first)).toEqual(expected[0]);
      expect(await ask(cached, second)).toEqual(expected[1]);
      await settleCache(cached.payload);
    }
  });

  test('is selected in either order by the Local API, with what it populates', async () => {
    const [a, b] = [{ g: { a: true } }, { h: { c: false } }];
    const selects = [
      { ...a, ...b },
      { ...b, ...a },
    ];
    const ask = ({ payload }: Started, select: object) =>
      payload.find({
        collection: 'sheets' as 'posts',
        depth: 1,
        sort: 'name',
        select: { ...select, parent: true } as never,
        populate: { sheets: select } as never,
      });
    const expected = [];
    for (const select of selects) expected.push(await ask(plain, select));
    for (let time = 0; time < 2; time++)
      for (const [index, select] of selects.entries())
        expect(await ask(cached, select)).toEqual(expected[index]);
  });
});

test('a select in any order brings the joins that its entry depends on', async () => {
  const { payload } = cached;
  const one = fc.constantFrom<unknown>(true, false);
  const group = (...names: string[]) =>
    fc.record(Object.fromEntries(names.map((name) => [name, one])), { requiredKeys: [] });
  const selects = fc
    .tuple(
      fc.record(
        {
          name: one,
          remarks: one,
          g: fc.oneof(one, group('a', 'b')),
          k: fc.oneof(one, group('t', 'remarks')),
        },
        { requiredKeys: [] },
      ),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
    )
    .map(([select, stream]) => shuffled(select, () => stream.next().value as number) as Query);
  const panel = await payload.create({ collection: 'panels' as 'tags', data: { name: 'panel' } as never });
  const seen = new Set<boolean>();
  await fc.assert(
    fc.asyncProperty(selects, fc.boolean(), async (select, isDraft) => {
      const [operation, args] = (
        isDraft
          ? ['queryDrafts', { collection: 'panels', select: { version: select }, joins: {} }]
          : ['find', { collection: 'panels', select, joins: {} }]
      ) as [CachedOperation, Query];
      const before = await answer(cached.payload, operation, args);
      await settleCache(payload);
      await payload.create({ collection: 'remarks' as 'tags', data: { panel: panel.id } as never });
      const after = await answer(plain.payload, operation, args);
      seen.add(after !== before);
      expect(await answer(cached.payload, operation, args)).toBe(after);
      await payload.delete({ collection: 'remarks' as 'tags', where: {} });
    }),
    { numRuns: 60 },
  );
  expect(seen.size).toBe(2);
});

test('arguments in another order share an entry', async () => {
  const { payload } = cached;
  const lookups = await lookupsOf(payload, 'authors', async () => {
    await payload.db.find({
      collection: 'authors',
      limit: 3,
      sort: 'name',
      where: { name: { exists: true } },
    });
    await settleCache(payload);
    await payload.db.find({
      where: { name: { exists: true } },
      sort: 'name',
      limit: 3,
      collection: 'authors',
    });
  });
  expect(lookups).toEqual({ miss: 1, hit: 1 });
});
