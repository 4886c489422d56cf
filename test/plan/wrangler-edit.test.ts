import { expect, test } from 'vitest';
import { bindKVNamespace } from '../../src/plan/wrangler-edit.js';
import { testCases } from './cases.js';
import { readConfig } from './wrangler-config.js';

const binding = 'PAYLOAD_CACHE';

testCases('wrangler-edit', async (text, extension) =>
  bindKVNamespace({ wrangler: await readConfig(text, extension), binding, provisions: true }),
);

test('a wrangler that provisions nothing is told to create the namespace, and no id is invented', async () => {
  const text = '{ "name": "site", "env": { "staging": { "kv_namespaces": [] } } }';
  const wrangler = await readConfig(text, 'jsonc');
  const result = bindKVNamespace({ wrangler, binding, provisions: false });
  expect(result).toMatchObject({
    ok: false,
    reason: expect.stringContaining('npx wrangler kv namespace create PAYLOAD_CACHE'),
  });
  expect(result).toMatchObject({ reason: expect.stringContaining('top level, env.staging') });
});
