import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ResponsePolicy } from '../../src/runtime/responses.js';
import { repository } from '../support/repository.js';
import { cachedHandler, type ResponseSite, startResponseSite } from '../support/responses.js';

let site: ResponseSite;
beforeAll(async () => {
  site = await startResponseSite();
});
afterAll(() => site?.stop());

type Head = Record<string, string>;

/** What is asked after a handler has answered twice, and what is to come of it. */
interface Rule {
  section: string;
  /** Of the response. */
  answers?: Head;
  status?: number;
  policy?: ResponsePolicy;
  /** Of all requests but the last. */
  first?: Head;
  /** Of the last. */
  last?: Head;
  method?: string;
  /** What comes last: `hit`, `304`, `504`, or `none`: nothing has been stored, or it is not used. */
  gives: 'hit' | '304' | '504' | 'none';
  /** Headers of the last. */
  has?: Record<string, RegExp | null>;
}

const modified = 'Wed, 01 Jan 2025 00:00:00 GMT';
const future = 'Thu, 01 Jan 2099 00:00:00 GMT';

const RULES: Record<string, Rule> = {
  'a response with nothing said is used again': { section: '9111 3', gives: 'hit' },
  'another method is not answered by it': { section: '9111 4', method: 'POST', gives: 'none' },
  'no-store of a response': {
    section: '9111 5.2.2.5',
    answers: { 'cache-control': 'No-Store' },
    gives: 'none',
  },
  private: { section: '9111 5.2.2.7', answers: { 'cache-control': 'private, max-age=60' }, gives: 'none' },
  'private of a field': {
    section: '9111 5.2.2.7',
    answers: { 'cache-control': 'private="x-a"' },
    gives: 'none',
  },
  'no-cache of a response': {
    section: '9111 5.2.2.4',
    answers: { 'cache-control': 'no-cache' },
    gives: 'none',
  },
  'a directive inside quotes is none': {
    section: '9111 5.2',
    answers: { 'cache-control': 'x="no-store", max-age=60' },
    gives: 'hit',
  },
  'max-age': { section: '9111 5.2.2.1', answers: { 'cache-control': 'max-age=60' }, gives: 'hit' },
  'max-age of 0': { section: '9111 5.2.2.1', answers: { 'cache-control': 'max-age=0' }, gives: 'none' },
  'max-age that is no number': {
    section: '9111 4.2.1',
    answers: { 'cache-control': 'max-age=1.5' },
    gives: 'none',
  },
  'max-age in quotes': { section: '9111 5.2', answers: { 'cache-control': 'max-age="60"' }, gives: 'hit' },
  'max-age too large for a number': {
    section: '9111 1.2.2',
    answers: { 'cache-control': 'max-age=99999999999' },
    gives: 'hit',
  },
  'of two max-age the smaller': {
    section: '9111 4.2.1',
    answers: { 'cache-control': 'max-age=60, max-age=0' },
    gives: 'none',
  },
  's-maxage before max-age': {
    section: '9111 5.2.2.10',
    answers: { 'cache-control': 's-maxage=0, max-age=60' },
    gives: 'none',
  },
  's-maxage before Expires': {
    section: '9111 5.3',
    answers: { 'cache-control': 's-maxage=60', expires: '0' },
    gives: 'hit',
  },
  'Expires in the future': { section: '9111 5.3', answers: { expires: future }, gives: 'hit' },
  'Expires in the past': { section: '9111 5.3', answers: { expires: modified }, gives: 'none' },
  'Expires of 0': { section: '9111 5.3', answers: { expires: '0' }, gives: 'none' },
  'Expires that is no date of HTTP': {
    section: '9111 5.3',
    answers: { expires: '2099-01-01' },
    gives: 'none',
  },
  'Expires in the form of asctime': {
    section: '9110 5.6.7',
    answers: { expires: 'Thu Jan  1 00:00:00 2099' },
    gives: 'hit',
  },
  'Expires counts from Date': {
    section: '9111 4.2.1',
    answers: { expires: future, date: future },
    gives: 'none',
  },
  'an Age above max-age': {
    section: '9111 4.2.3',
    answers: { age: '90', 'cache-control': 'max-age=60' },
    gives: 'none',
  },
  'an Age is added to': {
    section: '9111 4.2.3',
    answers: { age: '30', 'cache-control': 'max-age=60' },
    gives: 'hit',
    has: { age: /^3\d$/ },
  },
  'of two Ages the first': {
    section: '9111 5.1',
    answers: { age: '90, 1', 'cache-control': 'max-age=60' },
    gives: 'none',
  },
  'an Age that is no number': {
    section: '9111 5.1',
    answers: { age: 'x', 'cache-control': 'max-age=60' },
    gives: 'hit',
  },
  'Vary of everything': { section: '9111 4.1', answers: { vary: '*' }, gives: 'none' },
  'Vary: another value': {
    section: '9111 4.1',
    answers: { vary: 'X-A' },
    first: { 'x-a': '1' },
    last: { 'x-a': '2' },
    gives: 'none',
  },
  'Vary: the same value': {
    section: '9111 4.1',
    answers: { vary: 'X-A' },
    first: { 'x-a': '1' },
    last: { 'x-a': '1' },
    gives: 'hit',
    has: { vary: /x-a/i },
  },
  'Vary: no value': { section: '9111 4.1', answers: { vary: 'X-A' }, first: { 'x-a': '1' }, gives: 'none' },
  Authorization: { section: '9111 3.5', last: { authorization: 'Basic x' }, gives: 'none' },
  'headers of a connection are not stored': {
    section: '9111 3.1',
    answers: { connection: 'x-hop', 'x-hop': '1', 'proxy-authenticate': 'x', 'x-end': '1' },
    gives: 'hit',
    has: { 'x-hop': null, connection: null, 'proxy-authenticate': null, 'x-end': /1/ },
  },
  'no-store of a request': { section: '9111 5.2.1.5', last: { 'cache-control': 'no-store' }, gives: 'none' },
  'only-if-cached with an entry': {
    section: '9111 5.2.1.7',
    last: { 'cache-control': 'only-if-cached' },
    gives: 'hit',
  },
  'only-if-cached without one': {
    section: '9111 5.2.1.7',
    answers: { 'cache-control': 'no-store' },
    last: { 'cache-control': 'only-if-cached' },
    gives: '504',
  },
  'min-fresh beyond the life': {
    section: '9111 5.2.1.3',
    answers: { 'cache-control': 'max-age=60' },
    last: { 'cache-control': 'min-fresh=90' },
    gives: 'none',
  },
  'min-fresh beyond the life, of what whoever asks has': {
    section: '9111 5.2.1.3',
    answers: { 'cache-control': 'max-age=60', etag: '"a"' },
    last: { 'cache-control': 'min-fresh=90', 'if-none-match': '"a"' },
    gives: 'none',
  },
  'min-fresh within the life, of what whoever asks has': {
    section: '9111 5.2.1.3',
    answers: { 'cache-control': 'max-age=60', etag: '"a"' },
    last: { 'cache-control': 'min-fresh=30', 'if-none-match': '"a"' },
    gives: '304',
  },
  'no-cache of a request, still valid': {
    section: '9111 5.2.1.4',
    last: { 'cache-control': 'no-cache' },
    gives: 'hit',
    has: { age: null },
  },
  'If-None-Match': {
    section: '9110 13.1.2',
    answers: { etag: '"a"' },
    last: { 'if-none-match': '"a"' },
    gives: '304',
    has: { etag: /^"a"$/, 'content-type': null },
  },
  'If-None-Match: a list and a weak one': {
    section: '9110 13.1.2',
    answers: { etag: '"a"' },
    last: { 'if-none-match': '"b", W/"a"' },
    gives: '304',
  },
  'If-None-Match: any': { section: '9110 13.1.2', last: { 'if-none-match': '*' }, gives: '304' },
  'If-None-Match: another': {
    section: '9110 13.1.2',
    answers: { etag: '"a"' },
    last: { 'if-none-match': '"b"' },
    gives: 'hit',
  },
  'If-None-Match of what is no success': {
    section: '9110 13.2.1',
    status: 404,
    answers: { etag: '"a"' },
    last: { 'if-none-match': '"a"' },
    gives: 'hit',
  },
  'If-Modified-Since': {
    section: '9110 13.1.3',
    answers: { 'last-modified': modified },
    last: { 'if-modified-since': modified },
    gives: '304',
  },
  'If-Modified-Since: changed since': {
    section: '9110 13.1.3',
    answers: { 'last-modified': modified },
    last: { 'if-modified-since': 'Tue, 31 Dec 2024 00:00:00 GMT' },
    gives: 'hit',
  },
  'If-Modified-Since counts for nothing beside If-None-Match': {
    section: '9110 13.2.2',
    answers: { 'last-modified': modified },
    last: { 'if-modified-since': modified, 'if-none-match': '"b"' },
    gives: 'hit',
  },
  Range: { section: '9110 14.2', last: { range: 'bytes=0-1' }, gives: 'none' },
  'a part is not stored': {
    section: '9111 3.3',
    status: 206,
    answers: { 'content-range': 'bytes 0-3/9' },
    gives: 'none',
  },
  'a status that is not understood': {
    section: '9111 3',
    status: 599,
    answers: { 'cache-control': 'max-age=60' },
    gives: 'none',
  },
};

let number = 0;

test.each(Object.entries(RULES))('%s', async (_, rule) => {
  const { answers = {}, status = 200, first = {}, last: asks = {}, method = 'GET', policy } = rule;
  const { ask, asked } = cachedHandler(
    site,
    () => new Response('page', { status, headers: answers }),
    policy,
  );
  const path = `/rule/${number++}`;
  for (let time = 0; time < 3; time++) await ask(path, { headers: first });
  const before = asked();
  const last = await ask(path, { headers: asks, method });
  const isEmpty = last.status === 304 || last.status === 504;
  const given = asked() > before ? 'none' : isEmpty ? String(last.status) : 'hit';
  expect(given).toBe(rule.gives);
  expect(await last.text()).toBe(isEmpty ? '' : 'page');
  for (const [name, value] of Object.entries(rule.has ?? {})) {
    if (value === null) expect(last.headers.get(name), name).toBeNull();
    else expect(last.headers.get(name), name).toMatch(value);
  }
});

describe('docs/http-caching.md', () => {
  test('has each rule that is tested, and no other as obeyed', async () => {
    const text = await readFile(join(repository, 'docs/http-caching.md'), 'utf8');
    const rows = text
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter((cells) => cells[3] === 'obeyed')
      .map(([, section, rule]) => `${section} | ${rule}`);
    expect(rows).toEqual(Object.entries(RULES).map(([rule, { section }]) => `${section} | ${rule}`));
  });
});
