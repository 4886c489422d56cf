/** Taking out what is recognisably ours, where the very lines of `init` are no longer known. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { unwire } from '../../src/plan/config/config-unwire.js';
import { parseJson } from '../../src/plan/text/json-edit.js';
import { removeMember } from '../../src/plan/text/splice-out.js';
import { type Unbinding, unbind } from '../../src/plan/wrangler/wrangler-unbind.js';

/** Input and output of each edit that is tested by folders. */
function casesOf(folder: string): { name: string; before: string; after: string; extension: string }[] {
  const directory = path.join(import.meta.dirname, folder);
  return readdirSync(directory).flatMap((name) => {
    const output = readdirSync(path.join(directory, name)).find((file) => file.startsWith('output.'));
    if (!output || !existsSync(path.join(directory, name, output.replace('output', 'input')))) return [];
    const read = (file: string) => readFileSync(path.join(directory, name, file), 'utf8');
    const extension = path.extname(output).slice(1);
    return [{ name, before: read(output.replace('output', 'input')), after: read(output), extension }];
  });
}

const crlf = (text: string) => text.replaceAll('\n', '\r\n');
const isWrapper = (specifier: string) => /^\.\/payload-kv\/index(\.\w+)?$/.test(specifier);

describe('the config', () => {
  /** What two ways of writing become one by the edit, and what the input has of ours already. */
  const otherwise = new Set([
    'wired-already',
    'imported-already',
    'element-imported-as-a-type',
    'element-without-its-import',
    'imported-and-named-in-a-comment',
    'key-computed',
    'plugins-empty',
    'plugins-nothing-by-condition',
    'plugins-pushed-to',
    'plugins-undefined',
  ]);
  const cases = casesOf('config-edit');
  test.each(cases)('$name', ({ name, before, after }) => {
    for (const style of [(text: string) => text, crlf]) {
      const result = unwire(style(after), 'payload.config.ts', isWrapper);
      if (!result.ok) throw new Error(result.reason);
      expect(result.content).not.toMatch(/payload-kv/);
      if (!otherwise.has(name)) expect(result.content).toBe(style(before));
    }
  });
});

describe('a config that requires', () => {
  const config = (line: string, plugins: string) =>
    `const { buildConfig } = require('payload');\n${line}\nmodule.exports = buildConfig({\n  collections: [],\n${plugins}});\n`;
  test.each([
    ["const { cache } = require('./payload-kv/index.mjs');\n", 'cache'],
    ["const { cache: payloadCache } = require('./payload-kv/index.mjs')\n", 'payloadCache'],
    ["const cache = require('./payload-kv/index').cache;\n", 'cache(env)'],
  ])('by %j loses that and the element', (line, element) => {
    const unwired = (plugins: string) => {
      const result = unwire(config(line, plugins), 'payload.config.js', isWrapper);
      return result.ok ? result.content : result;
    };
    expect(unwired(`  plugins: [${element}],\n`)).toBe(config('', ''));
    expect(unwired(`  plugins: [seo(), ${element}], // all\n`)).toBe(
      config('', '  plugins: [seo()], // all\n'),
    );
    expect(unwired(`  plugins: later(${element}),\n`)).toMatchObject({ ok: false, line: 6 });
  });

  test('keeps the parentheses that a list of the comma operator needs', () => {
    const line = "const { cache } = require('./payload-kv/index.mjs');\n";
    for (const written of ['...(log(), [])', '...((log(), own) ?? [])']) {
      const result = unwire(
        config(line, `  plugins: [${written}, cache],\n`),
        'payload.config.js',
        isWrapper,
      );
      const inner = /\(log\(\), [^)]+\)/.exec(written)![0];
      expect(result).toMatchObject({ content: config('', `  plugins: ${inner},\n`) });
    }
  });

  test('together with something else stays', () => {
    const line = "const fs = require('fs'), { other } = require('./payload-kv/index.mjs');\n";
    const text = config(line, '');
    expect(unwire(text, 'payload.config.js', isWrapper)).toMatchObject({ ok: true, content: text });
  });
});

describe('the wrangler config', () => {
  const mains = [
    { from: '.open-next/worker.js', to: 'worker.ts' },
    { from: './.open-next/worker.js', to: './worker.ts' },
  ];
  const folders: [folder: string, what: Unbinding, otherwise: string[]][] = [
    [
      'wrangler-edit',
      { entries: 'PAYLOAD_CACHE', mains: [] },
      ['bound-already', 'empty-list', 'environments', 'toml-with-environment'],
    ],
    [
      'wrangler-durable-object',
      { tags: 'CACHE_TAGS', mains },
      ['wired', 'one-line', 'list-of-others', 'toml-mains'],
    ],
  ];
  const cases = folders.flatMap(([folder, what, otherwise]) =>
    casesOf(folder).map((it) => ({ ...it, folder, what, isOtherwise: otherwise.includes(it.name) })),
  );
  test.each(cases)('$folder/$name', ({ before, after, extension, what, isOtherwise }) => {
    for (const style of [(text: string) => text, crlf]) {
      const result = unbind(style(after), extension as 'jsonc', what);
      expect(result).not.toMatch(what.entries ?? /CACHE_TAGS|CacheTagRegistry/);
      if (!isOtherwise) expect(result).toBe(style(before));
    }
  });
});

describe('a member', () => {
  const without = (text: string, index: number) => {
    const parsed = parseJson(text);
    if (!('root' in parsed)) throw new Error(parsed.reason);
    const { offset, length, children = [] } = parsed.root;
    const members = children.map((it) => ({ start: it.offset, end: it.offset + it.length }));
    return removeMember(text, { start: offset, end: offset + length, members }, index);
  };
  test.each([
    ['{ "a": 1, "b": 2, "c": 3 }', ['{ "b": 2, "c": 3 }', '{ "a": 1, "c": 3 }', '{ "a": 1, "b": 2 }']],
    ['{ "a": 1, "b": 2, }', ['{ "b": 2, }', '{ "a": 1, }']],
    ['{ "a": 1 }', ['{}']],
    ['{\n  "a": 1,\n  "b": 2\n}', ['{\n  "b": 2\n}', '{\n  "a": 1\n}']],
    [
      '{\n  "a": 1, // one\n  "b": 2, // two\n}',
      ['{\n  // one\n  "b": 2, // two\n}', '{\n  "a": 1, // one\n  // two\n}'],
    ],
    ['{\n  // above\n  "a": 1,\n}', ['{\n  // above\n}']],
  ])('of %j goes with its comma and its line, comments stay', (text, results) => {
    expect(results.map((_, index) => without(text, index))).toEqual(results);
    expect(results.map((_, index) => without(crlf(text), index))).toEqual(results.map(crlf));
  });
});
