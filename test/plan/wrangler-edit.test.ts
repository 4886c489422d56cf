import { expect, test } from 'vitest';
import { bindKVNamespace, type NamespaceIds } from '../../src/plan/wrangler-edit.js';
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
