import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import {
  bindKVNamespace,
  idsOf,
  type NamespaceIds,
  placesWithPlaceholder,
} from '../../src/plan/wrangler/wrangler-edit.js';
import { unbind } from '../../src/plan/wrangler/wrangler-unbind.js';
import { testCases } from './cases.js';
import { readConfig } from './wrangler-config.js';

const binding = 'PAYLOAD_CACHE';

testCases('wrangler-edit', async (text, extension) =>
  bindKVNamespace({ wrangler: await readConfig(text, extension), binding, provisions: true }),
);

test('where wrangler provisions nothing, a placeholder says what to do, and an id that is known is written', async () => {
  const text = '{ "name": "site", "env": { "staging": { "kv_namespaces": [] } } }';
  const wrangler = await readConfig(text, 'jsonc');
  const id = '<id of: wrangler kv namespace create PAYLOAD_CACHE>';
  const own = (ids: NamespaceIds) => bindKVNamespace({ wrangler, binding, provisions: false, ids });
  expect(own({})).toMatchObject({
    content: `{ "name": "site", "env": { "staging": { "kv_namespaces": [{ "binding": "${binding}", "id": "${id}" }] } }, "kv_namespaces": [{ "binding": "${binding}", "id": "${id}" }] }`,
  });
  expect(own({ '': 'one', staging: 'two' })).toMatchObject({
    content: `{ "name": "site", "env": { "staging": { "kv_namespaces": [{ "binding": "${binding}", "id": "two" }] } }, "kv_namespaces": [{ "binding": "${binding}", "id": "one" }] }`,
  });
  const toml = await readConfig('name = "site"\n', 'toml');
  expect(bindKVNamespace({ wrangler: toml, binding, provisions: true, ids: { '': 'one' } })).toMatchObject({
    content: 'name = "site"\n\n[[kv_namespaces]]\nbinding = "PAYLOAD_CACHE"\nid = "one"\n',
  });
});

test('a placeholder of an environment with an odd name gives way as well', async () => {
  const text = '[[ env."a\\"b" . kv_namespaces ]]\n"binding" = "PAYLOAD_CACHE"\nid = "your-id"\n';
  const wrangler = await readConfig(text, 'toml');
  expect(placesWithPlaceholder(wrangler, binding)).toEqual(['a"b']);
  const ids = { 'a"b': 'one', '': 'two' };
  expect(bindKVNamespace({ wrangler, binding, provisions: false, ids })).toMatchObject({
    content: `${text.replace('your-id', 'one')}\n[[kv_namespaces]]\nbinding = "PAYLOAD_CACHE"\nid = "two"\n`,
  });
});

test.each([
  [
    'jsonc',
    '{\n  "kv_namespaces": [\n    { "binding": "OTHER", "id": "<x>" },\n    { "id": "@", "binding": "PAYLOAD_CACHE" }, // soon\n  ],\n  "env": { "a-b": { "kv_namespaces": [{ "binding": "PAYLOAD_CACHE", "id": "@b" }] } },\n}\n',
  ],
  [
    'toml',
    '[[kv_namespaces]]\nbinding = "OTHER"\nid = "<x>"\n\n[[kv_namespaces]]\nid = "@" # soon\nbinding = "PAYLOAD_CACHE"\n\n[[env."a-b".kv_namespaces]]\nbinding = "PAYLOAD_CACHE"\nid = \'@b\'\n',
  ],
])('a placeholder gives way to an id that is known, in %s, and nothing else does', async (format, text) => {
  const ours = '<id of: wrangler kv namespace create PAYLOAD_CACHE>';
  const open = text.replace('@b', 'your-id').replace('@', ours);
  const wrangler = await readConfig(open, format);
  expect(placesWithPlaceholder(wrangler, binding)).toEqual([undefined, 'a-b']);
  const bound = (ids: NamespaceIds) => bindKVNamespace({ wrangler, binding, provisions: false, ids });
  expect(bound({ 'a-b': 'two' })).toMatchObject({
    content: text.replace(/["']@b["']/, '"two"').replace('@', ours),
  });
  const both = text.replace(/["']@b["']/, '"fedcba9876543210"').replace('@', '0123456789abcdef');
  expect(bound({ '': '0123456789abcdef', 'a-b': 'fedcba9876543210' })).toMatchObject({ content: both });
  const filled = await readConfig(both, format);
  expect(placesWithPlaceholder(filled, binding)).toEqual([]);
  expect(idsOf(filled, binding)).toEqual({ '': '0123456789abcdef', 'a-b': 'fedcba9876543210' });
});

test('a placeholder in a list in place of TOML gives way too', async () => {
  const text = (id: string) =>
    `kv_namespaces = [{ binding = "OTHER", id = "<y>" }, { id = ${id}, binding = "PAYLOAD_CACHE" }]\n`;
  const wrangler = await readConfig(text("'<x>'"), 'toml');
  expect(placesWithPlaceholder(wrangler, binding)).toEqual([undefined]);
  expect(bindKVNamespace({ wrangler, binding, provisions: true, ids: { '': 'one' } })).toMatchObject({
    content: text('"one"'),
  });
});

test('what lists in place of TOML are given is taken out again, byte for byte', async () => {
  const folder = path.join(import.meta.dirname, 'wrangler-edit');
  for (const name of readdirSync(folder).filter((each) => /^toml-(?:inline|dotted)/.test(each))) {
    const before = readFileSync(path.join(folder, name, 'input.toml'), 'utf8');
    const after = readFileSync(path.join(folder, name, 'output.toml'), 'utf8');
    expect(unbind(after, 'toml', { entries: binding, mains: [] })?.trimEnd(), name).toBe(before.trimEnd());
  }
});

test('a file of TOML that another config shadows is edited all the same', async () => {
  const wrangler = await readConfig('name = "site"\n', 'toml');
  const shadowed = { ...wrangler, warnings: ['wrangler itself takes ../wrangler.json.'] };
  expect(bindKVNamespace({ wrangler: shadowed, binding, provisions: true })).toMatchObject({ ok: true });
  expect(
    bindKVNamespace({ wrangler: { ...shadowed, valid: false }, binding, provisions: true }),
  ).toMatchObject({
    ok: false,
  });
});
