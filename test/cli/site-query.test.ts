import { describe, expect, test } from 'vitest';
import { argumentsOf, askedBy } from '../../src/cli/site/rest-query.js';
import { evictedBy } from '../../src/cli/site/why-lines.js';
import { PayloadKVError } from '../../src/errors.js';

const API = 'http://localhost:3000/api';
const codeOf = (ask: () => unknown): string => {
  try {
    ask();
  } catch (error) {
    if (error instanceof PayloadKVError) return error.code;
  }
  return 'no error';
};

describe('a query is read as the REST API reads it', () => {
  test.each<[string, Record<string, unknown>]>([
    ['', {}],
    ['where[slug][equals]=hello&limit=1', { where: { slug: { equals: 'hello' } }, limit: 1 }],
    ['?page=2&depth=0&sort=-createdAt,title', { page: 2, depth: 0, sort: ['-createdAt', 'title'] }],
    ['draft=true&locale=de&fallback-locale=en', { draft: true, locale: 'de', fallbackLocale: 'en' }],
    [
      'where[or][0][title][equals]=a&where[or][1][author.name][like]=b%20c',
      { where: { or: [{ title: { equals: 'a' } }, { 'author.name': { like: 'b c' } }] } },
    ],
    ['where[id][in][]=1&where[id][in][]=2', { where: { id: { in: ['1', '2'] } } }],
    ['select[title]=true&pagination=false', { select: { title: true }, pagination: false }],
    ['where%5Bslug%5D%5Bequals%5D=hello', { where: { slug: { equals: 'hello' } } }],
  ])('%s', (query, args) => {
    expect(argumentsOf(query)).toEqual(args);
  });

  test('nothing in it reaches what all objects share', () => {
    const args = argumentsOf('where[__proto__][polluted]=1&where[constructor][prototype][x]=1');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(({} as { x?: unknown }).x).toBeUndefined();
    expect(JSON.stringify(args)).toBe(
      '{"where":{"__proto__":{"polluted":"1"},"constructor":{"prototype":{"x":"1"}}}}',
    );
  });

  test.each([
    'wher[slug]=x',
    'where[slug=x',
    'where[a]=1&where[a][b]=2',
    'where[a][b]=1&where[a]=2',
    `where${'[a]'.repeat(30)}=1`,
    Array.from({ length: 600 }, (_, index) => `where[a${index}]=1`).join('&'),
  ])('%s is refused', (query) => {
    expect(codeOf(() => argumentsOf(query))).toBe('USAGE');
  });
});

describe('what is asked for', () => {
  test.each<[string, string | undefined, string | undefined, object]>([
    ['posts', 'limit=1', API, { name: 'posts', isGlobal: false, args: { limit: 1 } }],
    ['posts#5', undefined, API, { name: 'posts', id: '5', isGlobal: false, args: {} }],
    ['@header', undefined, API, { name: 'header', isGlobal: true, args: {} }],
    [
      `${API}/posts?limit=1`,
      undefined,
      API,
      { name: 'posts', isGlobal: false, args: { limit: 1 }, api: API },
    ],
    [
      `${API}/posts/a%2Fb`,
      undefined,
      undefined,
      { name: 'posts', id: 'a/b', isGlobal: false, args: {}, api: API },
    ],
    [
      `${API}/posts/count`,
      undefined,
      undefined,
      { name: 'posts', operation: 'count', isGlobal: false, args: {}, api: API },
    ],
    [`${API}/globals/header`, undefined, undefined, { name: 'header', isGlobal: true, args: {}, api: API }],
    ['/api/posts?limit=1', undefined, API, { name: 'posts', isGlobal: false, args: { limit: 1 } }],
    ['/rest/posts', undefined, 'http://x/rest', { name: 'posts', isGlobal: false, args: {} }],
    [
      'http://x/rest/posts',
      undefined,
      'http://x/rest',
      { name: 'posts', isGlobal: false, args: {}, api: 'http://x/rest' },
    ],
    [
      'http://x/shop/api/posts',
      undefined,
      undefined,
      { name: 'posts', isGlobal: false, args: {}, api: 'http://x/shop/api' },
    ],
  ])('%s %s', (what, query, api, asked) => {
    expect(askedBy(what, query, api)).toEqual(asked);
  });

  test.each([
    ['http://x/posts', undefined],
    ['http://x/api', undefined],
    ['http://x/api/posts/5/versions', undefined],
    ['http://x/api/globals', undefined],
    ['http://x/api/posts', 'limit=1'],
    ['', undefined],
  ])('%s is refused', (what, query) => {
    expect(codeOf(() => askedBy(what, query, undefined))).toBe('USAGE');
  });
});

test.each([
  ['posts', 'any write to posts'],
  ['posts~versions', 'any write to drafts or versions of posts'],
  ['posts*', 'a write to posts that does not tell its documents, as of many at once'],
  ['posts#5', 'a write to document 5 of posts'],
  ['posts~versions#5', 'a write to drafts or versions of document 5 of posts'],
  ['posts?slug=hello', 'a write to a document of posts whose slug is or becomes hello'],
  ['posts?', 'a write to posts by a process with other slices'],
  ['@header', 'any write to the global header'],
  ['/', 'whatever makes everything stale'],
  ['/weather', 'clearing the namespace weather'],
  ['/weather#berlin', 'the key berlin of the namespace weather set or deleted'],
  ['+news', 'purging the tag news'],
])('what evicts %s is said: %s', (tag, words) => {
  expect(evictedBy(tag)).toBe(words);
});
