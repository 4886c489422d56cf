import { expect, test } from 'vitest';
import { bindDurableObject } from '../../src/plan/wrangler/wrangler-durable-object.js';
import { testCases } from './cases.js';
import { readConfig } from './wrangler-config.js';

const binding = 'CACHE_TAGS';

testCases('wrangler-durable-object', async (text, extension) => {
  const wrangler = await readConfig(text, extension);
  const main = wrangler.main ?? '';
  const mains = main.includes('.open-next/')
    ? [{ from: main, to: main.replace('.open-next/worker.js', 'worker.ts') }]
    : [];
  return bindDurableObject({ wrangler, binding, mains });
});

test('wrangler reads from the edited config what was meant', async () => {
  const text = '{ "name": "site", "migrations": [{ "tag": "payload-kv", "deleted_classes": ["Old"] }] }';
  const wrangler = await readConfig(text, 'jsonc');
  const result = bindDurableObject({ wrangler, binding, mains: [] });
  if (!result.ok) throw new Error(result.reason);
  const after = await readConfig(result.content, 'jsonc');
  expect(after.durableObjects).toEqual([
    { name: binding, className: 'CacheTagRegistry', scriptName: undefined },
  ]);
  expect(after.migrations).toEqual([
    { tag: 'payload-kv', newClasses: [] },
    { tag: 'payload-kv-2', newClasses: ['CacheTagRegistry'] },
  ]);
});
