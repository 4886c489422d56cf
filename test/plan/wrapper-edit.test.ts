import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { answersIn } from '../../src/plan/wrapper/wrapper-answers.js';
import { type AnswerChanges, changeAnswers } from '../../src/plan/wrapper/wrapper-edit.js';

const wrapper = `/** Ours. */
import { memory, payloadKV } from 'payload-kv';
import type { Config } from '../payload-types';
import { hooks } from './hooks';
import { schema } from './schema.generated';

const long = '1d'; // the archive

export const cache = payloadKV<Config>({
  store: memory(), // one process
  ttl: '5m',
  collections: {
    // The blog.
    posts: { slices: ['slug'] }, // read most
    pages: { ttl: '1h', slices: ['slug'] },
    archive: { ttl: long },
    media: {},
  },
  globals: { header: {} },
  hooks,
  schema,
});
`;
const change = (changes: Partial<AnswerChanges>, text = wrapper) =>
  changeAnswers(text, 'index.ts', { ttlFor: new Map(), ...changes }, style);
const replaced = (...pairs: [string, string][]) =>
  pairs.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`${from} is not there`);
    return text.replace(from, to);
  }, wrapper);

test('one answer is one splice: every other byte stays', () => {
  expect(change({ ttl: '10m' })).toEqual({ text: replaced(["'5m'", "'10m'"]), refusals: [] });
  expect(change({ ttl: '90' }).text).toBe(replaced(["'5m'", '90']));
  expect(change({ ttlFor: new Map([['pages', '2h']]) }).text).toBe(replaced(["'1h'", "'2h'"]));
  expect(change({ ttlFor: new Map([['posts', '2h']]) }).text).toBe(
    replaced(["{ slices: ['slug'] }, // read", "{ ttl: '2h', slices: ['slug'] }, // read"]),
  );
  expect(change({ ttlFor: new Map([['header', '2h']]) }).text).toBe(
    replaced(['{ header: {} }', "{ header: { ttl: '2h' } }"]),
  );
});

test('a comment above an option or in an entry stays with what it is about', () => {
  const commented = replaced(
    ["  ttl: '5m',", "  // As agreed with Ann.\n  ttl: '5m',"],
    ["{ slices: ['slug'] }, // read", "{\n      // By address.\n      slices: ['slug'],\n    }, // read"],
  );
  expect(change({ registry: 'database', ttlFor: new Map([['posts', '2h']]) }, commented).text).toBe(
    commented
      .replace('// one process\n', '// one process\n  registry: databaseRegistry(),\n')
      .replace("slices: ['slug'],\n    }", "slices: ['slug'],\n      ttl: '2h',\n    }")
      .replace('{ memory, payloadKV }', '{ databaseRegistry, memory, payloadKV }'),
  );
  const oneLine = 'export const cache = payloadKV({ store: memory(), /* x */ collections: {} });\n';
  expect(change({ ttl: '1h' }, oneLine).text).toBe(oneLine.replace('memory(),', "memory(), ttl: '1h',"));
});

test('what is there stays as it is written, what is new comes after it, what is no longer wanted goes', () => {
  const collections = ['archive', 'events', 'posts'].map((slug) => ({ slug, slices: ['code'] }));
  expect(change({ collections }).text).toBe(
    replaced(
      ["    pages: { ttl: '1h', slices: ['slug'] },\n", ''],
      ['    media: {},\n', "    events: { slices: ['code'] },\n"],
    ),
  );
  expect(change({ globals: [] }).text).toBe(replaced(['{ header: {} }', '{}']));
  expect(change({ globals: [{ slug: 'header' }, { slug: 'site-footer' }] }).text).toBe(
    replaced(['{ header: {} }', "{ header: {}, 'site-footer': {} }"]),
  );
});

test('another store or registry takes its imports along', () => {
  const redis = change({ store: 'redis' }).text;
  expect(redis).toBe(
    replaced(
      ['{ memory, payloadKV }', '{ payloadKV }'],
      ["'payload-kv';\n", "'payload-kv';\nimport { redis } from 'payload-kv/redis';\n"],
      ['memory()', 'redis()'],
    ),
  );
  expect(change({ store: 'memory' }, redis).text).toBe(wrapper);
  const database = change({ registry: 'database' }).text;
  expect(database).toBe(
    replaced(
      ['{ memory, payloadKV }', '{ databaseRegistry, memory, payloadKV }'],
      ["  ttl: '5m'", "  registry: databaseRegistry(),\n  ttl: '5m'"],
    ),
  );
  expect(change({ registry: 'memory' }, database).text).toBe(wrapper);
  const cloudflare = change({
    store: 'cloudflare-kv',
    binding: 'SITE_CACHE',
    registry: 'durable-object',
    tagsBinding: 'TAGS',
  }).text;
  expect(cloudflare).toContain(
    "import { cloudflareKV, durableObjectRegistry } from 'payload-kv/cloudflare';",
  );
  expect(cloudflare).toContain("store: cloudflareKV({ binding: 'SITE_CACHE' }), // one process");
  expect(answersIn(cloudflare, 'index.ts')).toMatchObject({
    store: 'cloudflare-kv',
    registry: 'durable-object',
  });
  // A registry that makes no sense with the store goes with the store that it was for.
  expect(change({ store: 'memory' }, cloudflare).text).toBe(wrapper);
});

test('an import that something else still uses stays', () => {
  const used = wrapper.replace('const long', 'export const spare = memory();\nconst long');
  const { text } = change({ store: 'redis' }, used);
  expect(text).toContain("import { memory, payloadKV } from 'payload-kv';");
  expect(text).toContain('store: redis(),');
});

test('an import of that name from elsewhere stays', () => {
  const own = replaced(
    ["import { memory, payloadKV } from 'payload-kv';", "import { payloadKV } from 'payload-kv';"],
    ['import { hooks }', "import { memory } from '../memory';\nimport { hooks }"],
  );
  expect(change({ store: 'redis' }, own).text).toContain("import { memory } from '../memory';\n");
});

test('what is written in another way is left, with the lines to paste', () => {
  const tiered = wrapper.replace('memory()', 'tiered(memory(), redis())').replace("ttl: '5m'", 'ttl: long');
  const { text, refusals } = change(
    { store: 'redis', ttl: '1h', ttlFor: new Map([['archive', '1h']]) },
    tiered,
  );
  expect(text).toBe(tiered);
  expect(refusals).toMatchObject([
    { line: 10, paste: 'store: redis(),' },
    { line: 11, paste: "ttl: '1h'," },
    { line: 16, paste: "ttl: '1h'," },
  ]);
});

describe('every wrapper that init writes', () => {
  const directory = path.join(import.meta.dirname, 'wrapper-file');
  test.each(readdirSync(directory))(
    '%s says what was answered, and is left alone by the same answers',
    (name) => {
      const file = readdirSync(path.join(directory, name)).find((it) => it.startsWith('output.index'))!;
      const text = readFileSync(path.join(directory, name, file), 'utf8');
      const current = answersIn(text, file)!;
      expect(current.store).toBeDefined();
      const same = {
        ...current,
        collections: current.collections.map((slug) => ({ slug, slices: [] })),
        globals: current.globals.map((slug) => ({ slug })),
        ttlFor: new Map<string, string>(),
      };
      expect(changeAnswers(text, file, same, style)).toEqual({ text, refusals: [] });
    },
  );
});
