import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readWrangler, type WranglerConfig } from '../../src/inspect/wrangler.js';
import { bindKVNamespace } from '../../src/plan/wrangler-edit.js';
import { testCases } from './cases.js';

async function readConfig(text: string, extension: string): Promise<WranglerConfig> {
  const root = await mkdtemp(path.join(tmpdir(), 'payload-kv-wrangler-'));
  try {
    await writeFile(path.join(root, `wrangler.${extension}`), text);
    return readWrangler(root, root)!;
  } finally {
    await rm(root, { recursive: true });
  }
}

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
