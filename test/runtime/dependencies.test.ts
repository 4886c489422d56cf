import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, type CollectionConfig, type GlobalConfig } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type InvalidationEvent, memory, payloadKV } from '../../src/runtime/index.js';
import { tagsOf } from '../../src/runtime/query/dependencies.js';
import type { CachedOperation } from '../../src/runtime/query/operations.js';
import { MOST_PINNED } from '../../src/runtime/query/pinned.js';
import { readSiteSchema, type SiteSchema } from '../../src/runtime/query/site-schema.js';
import { fieldAt, sliceTagsOfDocument } from '../../src/runtime/query/slices.js';
import { type Database, type Site, sqliteTransactionsDatabase } from '../differential/sites.js';

/**
 * What a query depends on, rule by rule, on a real sanitised config. That the rules are enough is what the tests of
 * test/differential look for; these say which rule is missing.
 */

/** New ones at each call, since Payload sanitises in place. */
const collections = (): CollectionConfig[] => [
  { slug: 'users', auth: true, fields: [{ name: 'name', type: 'text' }] },
  { slug: 'media', fields: [{ name: 'alt', type: 'text' }] },
  {
    slug: 'authors',
    fields: [
      { name: 'name', type: 'text' },
      { name: 'mentor', type: 'relationship', relationTo: 'authors' },
      { name: 'portrait', type: 'relationship', relationTo: 'media' },
      { name: 'account', type: 'relationship', relationTo: 'users' },
    ],
  },
  {
    slug: 'posts',
    versions: { drafts: true },
    fields: [
      { name: 'title', type: 'text', localized: true },
      { name: 'slug', type: 'text' },
      { name: 'rating', type: 'number' },
      { name: 'featured', type: 'checkbox' },
      { name: 'category', type: 'relationship', relationTo: 'categories' },
      { name: 'author', type: 'relationship', relationTo: 'authors' },
      { name: 'editors', type: 'relationship', relationTo: 'authors', hasMany: true },
      { name: 'about', type: 'relationship', relationTo: ['authors', 'media'] },
      { name: 'cover', type: 'upload', relationTo: 'media', localized: true },
      { name: 'group', type: 'group', fields: [{ name: 'of', type: 'relationship', relationTo: 'authors' }] },
      {
        type: 'tabs',
        tabs: [
          { name: 'tab', fields: [{ name: 'of', type: 'relationship', relationTo: 'authors' }] },
          { label: 'More', fields: [{ name: 'loose', type: 'relationship', relationTo: 'authors' }] },
        ],
      },
      { name: 'items', type: 'array', fields: [{ name: 'of', type: 'relationship', relationTo: 'authors' }] },
      {
        name: 'layout',
        type: 'blocks',
        blocks: [{ slug: 'quote', fields: [{ name: 'by', type: 'relationship', relationTo: 'authors' }] }],
      },
      { name: 'authorName', type: 'text', virtual: 'author.name' },
      { name: 'mentorAlt', type: 'text', virtual: 'author.portrait.alt' },
      { name: 'json', type: 'json' },
    ],
  },
  {
    slug: 'notes',
    defaultSort: 'author.name',
    fields: [
      { name: 'category', type: 'relationship', relationTo: 'categories' },
      { name: 'author', type: 'relationship', relationTo: 'authors' },
      { name: 'text', type: 'text' },
      { name: 'on', type: 'relationship', relationTo: ['media', 'users'] },
    ],
  },
  {
    slug: 'categories',
    fields: [
      { name: 'name', type: 'text' },
      { name: 'posts', type: 'join', collection: 'posts', on: 'category' },
      {
        name: 'byFamous',
        type: 'join',
        collection: 'posts',
        on: 'category',
        where: { 'author.name': { equals: 'Famous' } },
      },
      { name: 'sorted', type: 'join', collection: 'posts', on: 'category', defaultSort: 'cover.alt' },
      { name: 'noted', type: 'join', collection: 'notes', on: 'category' },
      { name: 'all', type: 'join', collection: ['posts', 'notes'], on: 'category' },
      {
        name: 'group',
        type: 'group',
        fields: [
          { name: 'text', type: 'text' },
          { name: 'notes', type: 'join', collection: 'notes', on: 'category' },
        ],
      },
    ],
  },
];

const globals = (): GlobalConfig[] => [
  {
    slug: 'header',
    versions: { drafts: true },
    fields: [
      { name: 'title', type: 'text' },
      { name: 'link', type: 'relationship', relationTo: 'posts' },
    ],
  },
];

const SLICES: Record<string, string[]> = {
  posts: ['slug', 'rating', 'featured', 'category', 'title'],
};

let schema: SiteSchema;
beforeAll(async () => {
  const config = await buildConfig({
    secret: 'only-for-tests',
    telemetry: false,
    typescript: { autoGenerate: false },
    db: sqliteAdapter({ client: { url: ':memory:' } }),
    localization: { locales: ['en', 'de'], defaultLocale: 'en' },
    collections: collections(),
    globals: globals(),
  });
  schema = readSiteSchema(config, 'number');
});

function slicesOf(slug: string): { path: string; field: never }[] {
  const fields = schema.collections.get(slug)?.flattenedFields ?? [];
  return (SLICES[slug] ?? []).map((path) => ({ path, field: fieldAt(fields, path) as never }));
}

const tags = (
  operation: CachedOperation,
  slug: string,
  args: Record<string, unknown> = {},
): string[] | undefined => tagsOf({ operation, slug, args: { joins: false, ...args } }, { schema, slicesOf });

describe('a query depends on', () => {
  test.each([
    ['its own collection', 'find', 'media', {}, ['media']],
    ['its own collection, counted', 'count', 'media', {}, ['media']],
    [
      'its own collection, with a condition on a field',
      'find',
      'media',
      { where: { alt: { like: 'x' } } },
      ['media'],
    ],
    [
      'what a condition along a relation reaches',
      'find',
      'posts',
      { where: { 'author.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'each hop of a condition',
      'find',
      'posts',
      { where: { 'author.portrait.alt': { equals: 'A' } } },
      ['authors', 'media', 'posts'],
    ],
    [
      'what a condition with underscores reaches',
      'count',
      'posts',
      { where: { author__name: { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'what the id of a related document needs',
      'find',
      'posts',
      { where: { 'author.id': { equals: 1 } } },
      ['authors', 'posts'],
    ],
    [
      'conditions inside and and or',
      'find',
      'posts',
      {
        where: {
          and: [{ or: [{ 'author.name': { equals: 'A' } }, { 'group.of.portrait.alt': { equals: 'A' } }] }],
        },
      },
      ['authors', 'media', 'posts'],
    ],
    [
      'a relation to several documents',
      'find',
      'posts',
      { where: { 'editors.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a where of related documents',
      'find',
      'posts',
      { where: { editors: { contains: { 'portrait.alt': { equals: 'A' } } } } },
      ['authors', 'media', 'posts'],
    ],
    [
      'every collection of a polymorphic relation',
      'find',
      'posts',
      { where: { 'about.value.name': { equals: 'A' } } },
      ['authors', 'media', 'posts'],
    ],
    [
      'nothing beyond the parts of a polymorphic relation',
      'find',
      'posts',
      { where: { 'about.relationTo': { equals: 'media' } } },
      ['posts'],
    ],
    [
      'a localized relation, beyond its locale',
      'find',
      'posts',
      { where: { 'cover.en.alt': { equals: 'A' } } },
      ['media', 'posts'],
    ],
    [
      'a relation in a group',
      'find',
      'posts',
      { where: { 'group.of.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a relation in a named tab',
      'find',
      'posts',
      { where: { 'tab.of.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a relation in a tab without a name',
      'find',
      'posts',
      { where: { 'loose.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a relation in an array',
      'find',
      'posts',
      { where: { 'items.of.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a relation in an array, by index',
      'find',
      'posts',
      { where: { 'items.0.of.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a relation in a block',
      'find',
      'posts',
      { where: { 'layout.by.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a relation in a block that is named',
      'find',
      'posts',
      { where: { 'layout.quote.by.name': { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'a virtual field along a relation',
      'find',
      'posts',
      { where: { authorName: { equals: 'A' } } },
      ['authors', 'posts'],
    ],
    [
      'each hop of a virtual field',
      'find',
      'posts',
      { where: { mentorAlt: { equals: 'A' } } },
      ['authors', 'media', 'posts'],
    ],
    [
      'what a condition along a join reaches',
      'find',
      'categories',
      { where: { 'noted.text': { equals: 'A' } } },
      ['categories', 'notes'],
    ],
    [
      'what a condition along a join of several collections reaches',
      'find',
      'categories',
      { where: { 'all.author.name': { equals: 'A' } } },
      ['authors', 'categories', 'notes', 'posts'],
    ],
    ['what its order reaches', 'find', 'posts', { sort: '-author.name' }, ['authors', 'posts']],
    [
      'what each of its orders reaches',
      'find',
      'posts',
      { sort: ['rating', 'author.portrait.alt'] },
      ['authors', 'media', 'posts'],
    ],
    ['what orders in one text reach', 'find', 'posts', { sort: 'rating,-author.name' }, ['authors', 'posts']],
    ['an order along a virtual field', 'find', 'posts', { sort: 'mentorAlt' }, ['authors', 'media', 'posts']],
    ['what the order of its collection reaches', 'find', 'notes', {}, ['authors', 'notes']],
    ['no default order, where it has one of its own', 'find', 'notes', { sort: 'text' }, ['notes']],
    [
      'what its distinct field reaches',
      'findDistinct',
      'posts',
      { field: 'author.name' },
      ['authors', 'posts'],
    ],
    [
      'what access to its distinct field reaches',
      'findDistinct',
      'posts',
      { field: 'slug', relatedAccess: { author: { 'portrait.alt': { equals: 'A' } } } },
      ['authors', 'media', 'posts'],
    ],
    ['its global', 'findGlobal', 'header', {}, ['@header']],
    [
      'what access to a global reaches',
      'findGlobal',
      'header',
      { where: { 'link.author.name': { equals: 'A' } } },
      ['@header', 'authors', 'posts'],
    ],
  ] as const)('%s', (_rule, operation, slug, args, expected) => {
    expect(tags(operation, slug, args)).toEqual(expected);
  });
});

describe('versions and drafts have tags of their own', () => {
  test.each([
    ['versions', 'findVersions', 'posts', {}, ['posts~versions']],
    ['versions, counted', 'countVersions', 'posts', {}, ['posts~versions']],
    ['drafts', 'queryDrafts', 'posts', {}, ['posts~versions']],
    [
      'versions of one document',
      'findVersions',
      'posts',
      { where: { parent: { equals: 5 } } },
      ['posts~versions#5', 'posts~versions*'],
    ],
    [
      'drafts of one document',
      'queryDrafts',
      'posts',
      { where: { and: [{ parent: { in: [5] } }] } },
      ['posts~versions#5', 'posts~versions*'],
    ],
    [
      'drafts with a condition along a relation',
      'queryDrafts',
      'posts',
      { where: { 'version.author.name': { equals: 'A' } } },
      ['authors', 'posts~versions'],
    ],
    [
      'versions with a condition on what their parent is now',
      'findVersions',
      'posts',
      { where: { 'parent.author.name': { equals: 'A' } } },
      ['authors', 'posts', 'posts~versions'],
    ],
    [
      'drafts in an order along a relation',
      'queryDrafts',
      'posts',
      { sort: 'version.author.name' },
      ['authors', 'posts~versions'],
    ],
    ['versions of a global', 'findGlobalVersions', 'header', {}, ['@header~versions']],
    [
      'versions of a global, counted',
      'countGlobalVersions',
      'header',
      { where: { 'version.link.author.name': { equals: 'A' } } },
      ['@header~versions', 'authors', 'posts'],
    ],
  ] as const)('%s', (_rule, operation, slug, args, expected) => {
    expect(tags(operation, slug, args)).toEqual(expected);
  });
});

describe('joins bring along', () => {
  const all = ['authors', 'categories', 'media', 'notes', 'posts'];
  test.each([
    ['nothing where there are none', 'find', { joins: false }, ['categories']],
    ['all by default: their collections, their own wheres and orders', 'find', { joins: undefined }, all],
    ['all for one document', 'findOne', { joins: {} }, all],
    ['nothing to a count', 'count', { joins: undefined }, ['categories']],
    [
      'what is left of them',
      'find',
      { joins: { byFamous: false, sorted: false, noted: false, all: false, 'group.notes': false } },
      ['categories', 'posts'],
    ],
    [
      'what their own where reaches',
      'find',
      { joins: { posts: false, sorted: false, noted: false, all: false, 'group.notes': false } },
      ['authors', 'categories', 'posts'],
    ],
    [
      'what their own order reaches',
      'find',
      { joins: { posts: false, byFamous: false, noted: false, all: false, 'group.notes': false } },
      ['categories', 'media', 'posts'],
    ],
    [
      'what the order of the joined collection reaches',
      'find',
      { select: { noted: true } },
      ['authors', 'categories', 'notes'],
      { 'group.notes': false },
    ],
    [
      'every collection of a join of several',
      'find',
      { select: { all: true } },
      ['authors', 'categories', 'notes', 'posts'],
      { 'group.notes': false },
    ],
    [
      'what a requested where reaches',
      'find',
      { select: { posts: true } },
      ['authors', 'categories', 'media', 'posts'],
      { 'group.notes': false, posts: { where: { 'author.portrait.alt': { equals: 'A' } } } },
    ],
    [
      'what a requested order reaches',
      'find',
      { select: { posts: true } },
      ['authors', 'categories', 'posts'],
      { 'group.notes': false, posts: { sort: 'author.name' } },
    ],
    [
      'what is selected',
      'find',
      { select: { name: true, posts: true } },
      ['categories', 'posts'],
      { 'group.notes': false },
    ],
    [
      'nothing that is not selected',
      'find',
      { select: { name: true } },
      ['categories'],
      { 'group.notes': false },
    ],
    [
      'what is not excluded',
      'find',
      { select: { byFamous: false, sorted: false, noted: false, all: false, group: false } },
      ['categories', 'posts'],
      {},
    ],
    ['what an exclusion inside a group leaves', 'find', { select: { group: { text: false } } }, all, {}],
    [
      'those in a group that is not selected, as SQL adapters do',
      'find',
      { select: { name: true } },
      ['authors', 'categories', 'notes'],
      {},
    ],
    [
      'none of a group that is excluded',
      'find',
      { select: { group: false, byFamous: false, sorted: false, noted: false, all: false, posts: false } },
      ['categories'],
      {},
    ],
    [
      'the drafts of what they join, where drafts are asked for',
      'find',
      { select: { posts: true }, draftsEnabled: true },
      ['categories', 'posts', 'posts~versions'],
      { 'group.notes': false },
    ],
  ] as [string, CachedOperation, Record<string, unknown>, string[], Record<string, unknown>?][])(
    '%s',
    (_rule, operation, args, expected, joins) => {
      expect(tags(operation, 'categories', { ...args, ...(joins ? { joins } : {}) })).toEqual(expected);
    },
  );

  test('all of them to drafts whose select does not say version', () => {
    const drafts = tagsOf(
      { operation: 'queryDrafts', slug: 'categories', args: { select: { name: true } } },
      { schema, slicesOf },
    );
    expect(drafts).toEqual(['authors', 'categories~versions', 'media', 'notes', 'posts', 'posts~versions']);
  });

  test('only the slices of their owners, where the owners are known', () => {
    const joins = { byFamous: false, sorted: false, noted: false, all: false, 'group.notes': false };
    expect(tags('find', 'categories', { where: { id: { in: [3, 4] } }, joins })).toEqual([
      'categories#3',
      'categories#4',
      'categories*',
      'posts*',
      'posts?category=3',
      'posts?category=4',
    ]);
    const posts = { where: { 'author.name': { equals: 'A' } } };
    expect(tags('find', 'categories', { where: { id: { equals: 3 } }, joins: { ...joins, posts } })).toEqual([
      'authors',
      'categories#3',
      'categories*',
      'posts',
    ]);
  });
});

describe('documents and slices', () => {
  const slices = (where: unknown): string[] | undefined => tags('find', 'posts', { where });
  test.each([
    ['one document', { id: { equals: 5 } }, ['posts#5', 'posts*']],
    ['several documents', { id: { in: [5, '7', 5] } }, ['posts#5', 'posts#7', 'posts*']],
    [
      'a document beside another condition',
      { and: [{ rating: { greater_than: 2 } }, { id: { equals: 5 } }] },
      ['posts#5', 'posts*'],
    ],
    [
      'the collection, where the id is one of two alternatives',
      { or: [{ id: { equals: 5 } }, { slug: { equals: 'a' } }] },
      ['posts'],
    ],
    [
      'the collection, where the id is only one of two operators',
      { id: { equals: 5, not_equals: 6 } },
      ['posts'],
    ],
    [
      'the collection, where or stands beside and',
      { and: [{ id: { equals: 5 } }], or: [{ slug: { equals: 'a' } }] },
      ['posts'],
    ],
    ['the collection, where a document is excluded', { id: { not_equals: 5 } }, ['posts']],
    ['the collection, where an id is not of its type', { id: { equals: '5a' } }, ['posts']],
    [
      'the collection, for too many documents',
      { id: { in: Array.from({ length: MOST_PINNED + 1 }, (_, n) => n) } },
      ['posts'],
    ],
    ['the slice of a text', { slug: { equals: 'hello' } }, ['posts*', 'posts?slug=hello']],
    ['the slices of several texts', { slug: { in: ['a', 'b'] } }, ['posts*', 'posts?slug=a', 'posts?slug=b']],
    ['the slice of a number', { rating: { equals: '3' } }, ['posts*', 'posts?rating=3']],
    ['the slice of a checkbox', { featured: { equals: true } }, ['posts*', 'posts?featured=true']],
    ['the slice of a relation', { category: { equals: 3 } }, ['posts*', 'posts?category=3']],
    ['the collection, where the value is missing', { slug: { equals: null } }, ['posts']],
    [
      'the collection, for a text that SQL takes for a missing value',
      { slug: { equals: 'null' } },
      ['posts'],
    ],
    ['the collection, for an operator that is not equality', { slug: { like: 'a' } }, ['posts']],
    ['the collection, for a checkbox that is not a boolean', { featured: { equals: 'true' } }, ['posts']],
  ])('%s', (_rule, where, expected) => {
    expect(slices(where)).toEqual(expected);
  });

  test('a document is in the slices of all its values, in all locales', () => {
    const document = { slug: 'a b', rating: 0, featured: false, category: 3, title: { en: 'x', de: 'y' } };
    expect(sliceTagsOfDocument('posts', document, slicesOf('posts'))).toEqual([
      'posts?slug=a%20b',
      'posts?rating=0',
      'posts?featured=false',
      'posts?category=3',
      'posts?title=x',
      'posts?title=y',
    ]);
    expect(sliceTagsOfDocument('posts', { slug: null, category: { id: 3 } }, slicesOf('posts'))).toEqual([
      'posts?category=3',
    ]);
    expect(sliceTagsOfDocument('posts', { slug: Symbol('x') }, slicesOf('posts'))).toBeUndefined();
  });
});

describe('a query that cannot be understood is not cached', () => {
  test.each([
    ['an unknown field', 'find', 'posts', { where: { nothing: { equals: 1 } } }],
    ['an unknown field beyond a relation', 'find', 'posts', { where: { 'author.nothing': { equals: 1 } } }],
    ['a path beyond the id', 'find', 'posts', { where: { 'id.x': { equals: 1 } } }],
    ['a where that is none', 'find', 'posts', { where: 'x' }],
    ['an and that is no list', 'find', 'posts', { where: { and: { slug: { equals: 'a' } } } }],
    ['an order that is none', 'find', 'posts', { sort: { slug: 1 } }],
    ['an unknown distinct field', 'findDistinct', 'posts', { field: 'nothing' }],
    ['an unknown join', 'find', 'categories', { joins: { nothing: {} } }],
    [
      'an unknown field in the where of a join',
      'find',
      'categories',
      { joins: { posts: { where: { nothing: { equals: 1 } } } } },
    ],
    ['an unknown collection', 'find', 'nothing', {}],
  ] as const)('%s', (_case, operation, slug, args) => {
    expect(tags(operation, slug, args)).toBeUndefined();
  });
});

describe('a write makes stale', () => {
  let database: Database;
  let site: Site;
  let touched: string[][];
  type Raw = Record<string, (args: Record<string, unknown>) => Promise<Record<string, unknown>>>;
  const db = (): Raw => site.payload.db as unknown as Raw;
  const write = (operation: string, args: Record<string, unknown>) => db()[operation]?.({ req: {}, ...args });
  /** The tags of the write, or of each transaction. */
  const stale = async (operation: string, args: Record<string, unknown>): Promise<string[][]> => {
    touched = [];
    await write(operation, args);
    return touched;
  };
  const create = async (collection: string, data: Record<string, unknown>): Promise<number> =>
    (await write('create', { collection, data }))?.id as number;

  beforeAll(async () => {
    database = await sqliteTransactionsDatabase({ collections, globals, locales: ['en', 'de'] });
    const note = ({ tags: replaced }: InvalidationEvent): void => void touched.push(replaced);
    const slugs = ['media', 'authors', 'posts', 'notes', 'categories', 'users'];
    const hooks = {
      collections: Object.fromEntries(slugs.map((slug) => [slug, note])),
      globals: { header: note },
    };
    site = await database.start([
      payloadKV({
        store: memory(),
        hooks,
        collections: {
          posts: { slices: SLICES.posts as string[] },
          media: {},
          authors: {},
          notes: {},
          categories: {},
        },
      }),
    ]);
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    touched = [];
    await database.empty();
  });

  /** Of the writes of processes that have these very slices. */
  const SET = 'posts?gJywmKhk';

  test('its collection and its document, where there are no slices', async () => {
    expect(await stale('create', { collection: 'media', data: { alt: 'a' } })).toEqual([
      ['media', 'media#1', 'media?'],
    ]);
    expect(await stale('updateOne', { collection: 'media', id: 1, data: { alt: 'b' } })).toEqual([
      ['media', 'media#1', 'media?'],
    ]);
    expect(
      await stale('upsert', { collection: 'media', where: { alt: { equals: 'b' } }, data: { alt: 'c' } }),
    ).toEqual([['media', 'media#1', 'media?']]);
  });

  test('the slices of what it creates', async () => {
    const data = { slug: 'a', rating: 1, title: { en: 'x', de: 'y' } };
    expect(await stale('create', { collection: 'posts', data })).toEqual([
      ['posts', 'posts#1', SET, 'posts?rating=1', 'posts?slug=a', 'posts?title=x', 'posts?title=y'],
    ]);
  });

  test('the slices of the values that were, and of those that are', async () => {
    await create('posts', { slug: 'a', rating: 1 });
    const [tagsOfWrite] = await stale('updateOne', { collection: 'posts', id: 1, data: { slug: 'b' } });
    expect(tagsOfWrite).toEqual(expect.arrayContaining(['posts', 'posts#1', 'posts?slug=a', 'posts?slug=b']));
    expect(tagsOfWrite).not.toContain('posts*');
  });

  test('the slices of what it deletes', async () => {
    await site.base.create({ collection: 'posts', data: { slug: 'unseen' }, req: {} as never });
    const [tagsOfWrite] = await stale('deleteOne', { collection: 'posts', where: { id: { equals: 1 } } });
    expect(tagsOfWrite).toEqual(expect.arrayContaining(['posts#1', 'posts?slug=unseen']));
  });

  test('the slices that its caller did not select', async () => {
    await create('posts', { slug: 'c' });
    const args = { collection: 'posts', id: 1, data: { slug: 'd' }, select: { rating: true } };
    const [tagsOfWrite] = await stale('updateOne', args);
    expect(tagsOfWrite).toEqual(expect.arrayContaining(['posts?slug=c', 'posts?slug=d']));
  });

  test('what it wrote itself a moment ago, though another has written since', async () => {
    await create('posts', { slug: 'e' });
    await site.base.updateOne({ collection: 'posts', id: 1, data: { slug: 'f' }, req: {} as never });
    const [tagsOfWrite] = await stale('updateOne', { collection: 'posts', id: 1, data: { slug: 'g' } });
    expect(tagsOfWrite).toEqual(expect.arrayContaining(['posts?slug=e', 'posts?slug=f', 'posts?slug=g']));
  });

  test('every document, where it does not tell which', async () => {
    await create('posts', { slug: 'a' });
    await create('posts', { slug: 'a' });
    const all = [['posts', 'posts*']];
    const where = { slug: { equals: 'a' } };
    expect(await stale('updateMany', { collection: 'posts', where, data: { rating: 2 } })).toEqual(all);
    expect(await stale('updateOne', { collection: 'posts', where, data: { rating: 3 } })).toEqual(all);
    const silent = { collection: 'posts', id: 1, data: { rating: 4 }, returning: false };
    expect(await stale('updateOne', silent)).toEqual(all);
  });

  test('those that refer to what it deletes, and the versions of both', async () => {
    const author = await create('authors', { name: 'A' });
    const [one] = await stale('deleteOne', { collection: 'authors', where: { id: { equals: author } } });
    const referrers = [
      'authors',
      'authors*',
      'notes',
      'notes*',
      'posts',
      'posts*',
      'posts~versions',
      'posts~versions*',
    ];
    expect(one).toEqual(['authors#1', 'authors?', ...referrers].sort());
    const [many] = await stale('deleteMany', { collection: 'authors', where: {} });
    expect(many).toEqual(referrers);
    await create('posts', { slug: 'a' });
    const [post] = await stale('deleteOne', { collection: 'posts', where: { id: { equals: 1 } } });
    expect(post).toEqual(
      expect.arrayContaining([
        '@header',
        '@header~versions',
        'posts',
        'posts#1',
        'posts~versions',
        'posts~versions*',
      ]),
    );
  });

  test('a collection that is not cached, where a cached one refers to it', async () => {
    const data = { name: 'a', email: 'a@example.com' };
    expect(await stale('create', { collection: 'users', data })).toEqual([['users', 'users*']]);
  });

  test('those that refer to what it deletes along a relation to several collections', async () => {
    const [users] = await stale('deleteMany', { collection: 'users', where: {} });
    expect(users).toEqual(expect.arrayContaining(['authors', 'authors*', 'notes', 'notes*']));
  });

  test('versions, without what is published', async () => {
    await create('posts', { slug: 'a' });
    const version = {
      collectionSlug: 'posts',
      parent: 1,
      autosave: false,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      versionData: { slug: 'b' },
    };
    const versions = [['posts~versions', 'posts~versions#1']];
    expect(await stale('createVersion', version)).toEqual(versions);
    const update = { collection: 'posts', id: 1, versionData: { version: { slug: 'c' } } };
    expect(await stale('updateVersion', update)).toEqual(versions);
    expect(await stale('deleteVersions', { collection: 'posts', where: {} })).toEqual([
      ['posts~versions', 'posts~versions*'],
    ]);
  });

  test('a global, and its versions apart', async () => {
    expect(await stale('updateGlobal', { slug: 'header', data: { title: 'a' } })).toEqual([['@header']]);
    const version = {
      globalSlug: 'header',
      autosave: false,
      createdAt: '2026-01-01T00:00:00.000Z',
      updatedAt: '2026-01-01T00:00:00.000Z',
      versionData: { title: 'b' },
    };
    expect(await stale('createGlobalVersion', version)).toEqual([['@header~versions']]);
    expect(
      await stale('updateGlobalVersion', {
        global: 'header',
        id: 1,
        versionData: { version: { title: 'c' } },
      }),
    ).toEqual([['@header~versions']]);
    expect(await stale('deleteVersions', { globalSlug: 'header', where: {} })).toEqual([
      ['@header~versions'],
    ]);
  });

  test('what it touched, though it threw', async () => {
    touched = [];
    await expect(
      write('updateOne', { collection: 'posts', where: { nothing: { equals: 1 } }, data: {} }),
    ).rejects.toThrow();
    expect(touched).toEqual([['posts', 'posts*']]);
  });

  test('nothing before its transaction commits, then everything at once', async () => {
    const { db: adapter } = site.payload;
    const id = await adapter.beginTransaction();
    const req = { transactionID: id };
    await write('create', { collection: 'media', data: { alt: 'a' }, req });
    await write('create', { collection: 'media', data: { alt: 'b' }, req });
    await write('updateGlobal', { slug: 'header', data: { title: 'a' }, req });
    expect(touched).toEqual([]);
    await adapter.commitTransaction(id as string);
    expect(touched).toEqual([['media', 'media#1', 'media#2', 'media?'], ['@header']]);
  });

  test('nothing where its transaction is rolled back', async () => {
    const { db: adapter } = site.payload;
    const id = await adapter.beginTransaction();
    await write('create', { collection: 'media', data: { alt: 'a' }, req: { transactionID: id } });
    await adapter.rollbackTransaction(id as string);
    expect(touched).toEqual([]);
  });

  test('everything, where migrations record themselves', async () => {
    const posts = () => site.payload.db.find({ collection: 'posts', where: {}, joins: false });
    await posts();
    await create('payload-migrations', { name: 'one', batch: 1 });
    await site.base.create({ collection: 'posts', data: { slug: 'behind' }, req: {} as never });
    await create('payload-migrations', { name: 'two', batch: 2 });
    expect((await posts()).docs).toHaveLength(1);
  });

  test('every read of what is joined, and the right ones only', async () => {
    const [one, other] = [
      await create('categories', { name: 'a' }),
      await create('categories', { name: 'b' }),
    ];
    await create('posts', { slug: 'a', category: one });
    const joined = async (id: number): Promise<unknown[]> => {
      const joins = {
        byFamous: false,
        sorted: false,
        noted: false,
        all: false,
        'group.notes': false,
      } as const;
      const where = { id: { equals: id } };
      const found = await site.payload.db.findOne({ collection: 'categories', where, joins } as never);
      return (found as unknown as { posts: { docs: unknown[] } }).posts.docs;
    };
    expect([(await joined(one)).length, (await joined(other)).length]).toEqual([1, 0]);
    await write('updateOne', { collection: 'posts', id: 1, data: { category: other } });
    expect([(await joined(one)).length, (await joined(other)).length]).toEqual([0, 1]);
  });
});
