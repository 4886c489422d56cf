import { expect, test } from 'vitest';
import type { ProjectSchema } from '../../src/inspect/schema.js';
import { diffSchemas } from '../../src/plan/schema/schema-diff.js';
import { schemaRecord } from '../../src/plan/schema/schema-record.js';
import { collection, field, global, schema } from './schema-of.js';

function texts(before: ProjectSchema, after: ProjectSchema): string[] {
  return diffSchemas(schemaRecord(before), schemaRecord(after)).map(({ text }) => text);
}

const relation = (path: string, ...relationTo: string[]) => field(path, 'relationship', { relationTo });
const join = (path: string, on: string, hasWhere = false) =>
  field(path, 'join', { join: { collection: ['posts'], on, hasWhere } });

test.each<[what: string, before: ProjectSchema, after: ProjectSchema, texts: string[]]>([
  [
    'a new collection',
    schema([]),
    schema([collection('posts', [field('slug', 'text')])]),
    ['collection `posts` was added'],
  ],
  ['a collection less', schema([collection('posts')]), schema([]), ['collection `posts` was removed']],
  [
    'a collection that is left in old types alone',
    schema([collection('posts', [field('slug', 'text', { unique: true })])]),
    schema([collection('posts', [field('slug', 'text')], { versions: 'unknown', drafts: 'unknown' })]),
    [
      'collection `posts` is in payload-types.ts only: if it was removed, `payload generate:types` forgets it',
    ],
  ],
  ['a new global', schema([]), schema([], [global('header')]), ['global `header` was added']],
  ['a global less', schema([], [global('header')]), schema([]), ['global `header` was removed']],
  [
    'a new field',
    schema([collection('posts')]),
    schema([collection('posts', [field('title', 'text')])]),
    ['field `posts.title` (text) was added'],
  ],
  [
    'a field less, that was a slice',
    schema([collection('posts', [field('slug', 'text')])]),
    schema([collection('posts')]),
    ['field `posts.slug` was removed', '`posts.slug` can no longer be a slice'],
  ],
  [
    'an index',
    schema([collection('posts', [field('code', 'text')])]),
    schema([collection('posts', [field('code', 'text', { index: true, unique: true })])]),
    [
      'field `posts.code` became indexed',
      'field `posts.code` became unique',
      '`posts.code` can be a slice now',
    ],
  ],
  [
    'another type, and localization',
    schema([collection('posts', [field('body', 'textarea')])]),
    schema([collection('posts', [field('body', 'richText', { localized: true })])]),
    ['field `posts.body` is of type richText now, before textarea', 'field `posts.body` became localized'],
  ],
  [
    'a virtual field of a relation',
    schema([collection('posts', [field('by', 'text')])]),
    schema([collection('posts', [field('by', 'text', { virtual: 'author.name' })])]),
    ['field `posts.by` is a virtual field of `author.name` now'],
  ],
  [
    'a new relation',
    schema([collection('posts')]),
    schema([collection('posts', [relation('author', 'users')])]),
    ['relation `posts.author` to `users` was added'],
  ],
  [
    'a relation less',
    schema([collection('posts', [relation('author', 'users')])]),
    schema([collection('posts')]),
    ['relation `posts.author` to `users` was removed'],
  ],
  [
    'a relation to others',
    schema([collection('posts', [relation('author', 'users')])]),
    schema([collection('posts', [relation('author', 'authors', 'users')])]),
    ['relation `posts.author` now leads to `authors`, `users`, before to `users`'],
  ],
  [
    'a relation where a text was',
    schema([collection('posts', [field('author', 'text')])]),
    schema([collection('posts', [relation('author', 'users')])]),
    [
      'relation `posts.author` to `users` was added',
      'field `posts.author` is of type relationship now, before text',
    ],
  ],
  [
    'a new join',
    schema([collection('authors')]),
    schema([collection('authors', [join('posts', 'author')])]),
    ['join `authors.posts` on `posts.author` was added'],
  ],
  [
    'another join',
    schema([collection('authors', [join('posts', 'author')])]),
    schema([collection('authors', [join('posts', 'editor', true)])]),
    ['join `authors.posts` is now on `posts.editor`, with a where'],
  ],
  [
    'drafts and auth',
    schema([collection('posts', [], { auth: true })]),
    schema([collection('posts', [], { versions: true, drafts: true })]),
    ['`posts`: authentication is off now', '`posts`: versions are on now', '`posts`: drafts are on now'],
  ],
  ['locales', schema([]), schema([], [], ['en', 'de']), ['locales: none → `de`, `en`']],
])('%s is told in words', (_what, before, after, expected) => {
  expect(texts(before, after)).toEqual(expected);
});

test('the order in which things are declared changes nothing', () => {
  const one = schema(
    [collection('a', [field('x', 'text'), relation('y', 'b', 'a')]), collection('b')],
    [],
    ['en', 'de'],
  );
  const other = schema(
    [collection('b'), collection('a', [relation('y', 'a', 'b'), field('x', 'text')])],
    [],
    ['de', 'en'],
  );
  expect(schemaRecord(other)).toEqual(schemaRecord(one));
});

test("collections that Payload adds by itself are not the site's schema", () => {
  const internal = collection('payload-jobs', [field('queue', 'text')]);
  expect(schemaRecord(schema([collection('posts'), internal]))).toEqual(
    schemaRecord(schema([collection('posts')])),
  );
});

test('a collection called like a part of every object is a collection', () => {
  const before = schema([collection('constructor', [field('toString', 'text')])]);
  expect(texts(before, before)).toEqual([]);
  expect(texts(schema([]), before)).toEqual(['collection `constructor` was added']);
});
