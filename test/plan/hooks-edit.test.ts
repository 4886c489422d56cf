import { describe, expect, test } from 'vitest';
import type { CodeStyle } from '../../src/inspect/code-style.js';
import { readWrapper } from '../../src/inspect/wrapper/read-wrapper.js';
import { followCached } from '../../src/plan/wrapper/hooks-edit.js';

const STYLE: CodeStyle = {
  quotes: 'single',
  semicolons: true,
  indent: '  ',
  trailingCommas: true,
  lineEnding: '\n',
  importExtension: '',
};
const hook = (slug: string) =>
  `    ${slug}: ({ ids, payload }) => {\n      payload.logger.debug({ ids }, 'payload-kv: ${slug} changed');\n    },\n`;
const header = `  globals: { header: ({ payload }) => { payload.logger.debug('payload-kv: header changed'); } },\n`;
const hooks = (collections: string) =>
  `export const hooks: Hooks = {\n  collections: {\n${collections}  },\n${header}};\n`;
const wrapper = (slugs: string[], globals = 'header: {}') =>
  readWrapper(
    `export const cache = payloadKV({ collections: { ${slugs.map((it) => `${it}: {}`).join(', ')} }, globals: { ${globals} } })`,
    'index.ts',
  ).shape;

const follow = (text: string, before: string[], after: string[], globals?: string) =>
  followCached(text, 'hooks.ts', { before: wrapper(before), after: wrapper(after, globals) }, STYLE);

describe('hooks as init once wrote them', () => {
  const text = hooks(hook('posts') + hook('pages'));

  test('go with what is no longer cached, and none comes with what is', () => {
    expect(follow(text, ['posts', 'pages'], ['posts', 'events'])).toEqual({
      text: hooks(hook('posts')),
      kept: [],
    });
    expect(follow(text, ['posts', 'pages'], []).text).toBe(
      `export const hooks: Hooks = {\n  collections: {},\n${header}};\n`,
    );
    expect(follow(text, ['posts', 'pages'], ['posts', 'pages'], '').text).toContain('globals: {}');
  });

  test('in the style of the file, whatever a formatter made of them', () => {
    const inTabs = (it: string) => it.replaceAll('  ', '\t').replaceAll("'", '"').replaceAll(';', '');
    expect(follow(inTabs(text), ['posts', 'pages'], ['posts']).text).toBe(inTabs(hooks(hook('posts'))));
  });
});

describe('hooks that somebody wrote', () => {
  const mine = `    pages: async ({ ids }) => {\n      await purge(ids);\n    },\n`;

  test('stay where the collection is cached no longer, and are told', () => {
    const text = hooks(hook('posts') + mine);
    expect(follow(text, ['posts', 'pages'], ['posts'])).toEqual({ text, kept: [{ slug: 'pages', line: 6 }] });
  });

  test('stay with a comment beside them as well', () => {
    for (const commented of [`    // ask Ann\n${hook('pages')}`, hook('pages').replace(/\n$/, ' // Ann\n')]) {
      const text = hooks(hook('posts') + commented);
      expect(follow(text, ['posts', 'pages'], ['posts'])).toMatchObject({ text, kept: [{ slug: 'pages' }] });
    }
  });

  test('stay as they are where they are no literal', () => {
    for (const text of ['export const hooks = makeHooks();\n', 'export const hooks = { ...others };\n'])
      expect(follow(text, ['posts', 'pages'], ['posts'])).toEqual({ text, kept: [] });
  });
});
