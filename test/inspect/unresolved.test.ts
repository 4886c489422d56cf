import { expect, test } from 'vitest';
import type { UnresolvedPart } from '../../src/inspect/schema.js';
import { PLUGIN_NOT_RUN, unresolvedSentences } from '../../src/inspect/unresolved.js';

const REASON = 'plugins are not run';
const part = (line: number, expression: string, more: Partial<UnresolvedPart> = {}): UnresolvedPart => ({
  part: 'plugins',
  expression,
  location: { file: 'src/payload.config.ts', line },
  reason: REASON,
  ...more,
});

test('what has one reason at several places is said once, with each of them', () => {
  const places = [part(47, 'seo({ a: 1 })'), part(9, 'search()'), part(47, 'forms()')];
  expect(unresolvedSentences(places)).toEqual([
    'src/payload.config.ts:9, 47: plugins could not be read in full: plugins are not run',
  ]);
});

test('what stands alone is quoted, and another reason, part or file is another sentence', () => {
  const places = [
    part(9, 'search()'),
    part(9, 'fields()', { part: 'posts.fields' }),
    part(9, 'more()', { reason: 'it is a call' }),
    part(9, 'x()', { location: { file: 'src/b.ts', line: 9 } }),
  ];
  expect(unresolvedSentences(places)).toEqual([
    'src/payload.config.ts:9: plugins could not be read in full (`search()`): plugins are not run',
    'src/payload.config.ts:9: posts.fields could not be read in full (`fields()`): plugins are not run',
    'src/payload.config.ts:9: plugins could not be read in full (`more()`): it is a call',
    'src/b.ts:9: plugins could not be read in full (`x()`): plugins are not run',
  ]);
});

test('plugins that are not known are one short sentence, which says what that means for the cache', () => {
  const plugin = (line: number, expression: string) => part(line, expression, { reason: PLUGIN_NOT_RUN });
  expect(unresolvedSentences([plugin(9, "labels({ collections: ['posts'] })")])).toEqual([
    'src/payload.config.ts:9: a plugin that is not known, `labels()`: collections that only it adds are not cached unless you name them',
  ]);
  expect(unresolvedSentences([plugin(9, 'labels({})'), plugin(12, 'audit()'), plugin(9, '...more')])).toEqual(
    [
      'src/payload.config.ts:9, 12: plugins that are not known, `labels()`, `audit()`, `...more`: collections that only they add are not cached unless you name them',
    ],
  );
});
