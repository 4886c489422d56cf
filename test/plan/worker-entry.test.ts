import { expect, test } from 'vitest';
import { readTemplates } from '../../src/cli/package-files.js';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { exportTagsClass } from '../../src/plan/wrangler/worker-entry.js';
import { testCases } from './cases.js';
import { readConfig } from './wrangler-config.js';

const template = readTemplates().worker;

/** The edits for a wrangler config with that `main`. */
async function edits(main: string | undefined, files: Record<string, string | undefined>, more: object = {}) {
  const wrangler = await readConfig(
    JSON.stringify({ name: 'site', ...(main ? { main } : {}), ...more }),
    'json',
  );
  return exportTagsClass({ wrangler, files, typed: true, style, template });
}

testCases(
  'worker-entry',
  async (text) => (await edits('src/worker.ts', { 'src/worker.ts': text }))[0]!.result,
);

test("OpenNext's module gets one of its own around it, which says all that it says", async () => {
  const [edit, ...others] = await edits('.open-next/worker.js', {});
  expect(others).toEqual([]);
  expect(edit).toMatchObject({ main: '.open-next/worker.js', newMain: 'worker.ts', path: 'worker.ts' });
  expect(edit?.result).toEqual({
    ok: true,
    modified: true,
    content: `/**
 * The Worker's main module: what OpenNext builds, and the class of the Durable
 * Objects that keep the versions of the cache's tags. Yours to change.
 */
// @ts-ignore: it is there once the site is built
export { default } from './.open-next/worker.js';
// @ts-ignore: it is there once the site is built
export * from './.open-next/worker.js';
export { CacheTagRegistry } from 'payload-kv/cloudflare';
`,
  });
});

test('the way in which main was written is kept', async () => {
  const [edit] = await edits('./.open-next/worker.js', {});
  expect(edit?.newMain).toBe('./worker.ts');
});

test('a module of that name with something else in it is left alone', async () => {
  const [edit] = await edits('.open-next/worker.js', { 'worker.ts': 'export default {};\n' });
  expect(edit).toMatchObject({ path: 'worker.ts', result: { ok: false } });
  expect(edit?.newMain).toBeUndefined();
});

test('each environment with a main module of its own is seen to', async () => {
  const own = 'export default {};\n';
  const found = await edits(
    '.open-next/worker.js',
    { 'staging.ts': own },
    { env: { staging: { main: 'staging.ts' } } },
  );
  expect(found.map(({ path, result }) => [path, result.ok])).toEqual([
    ['worker.ts', true],
    ['staging.ts', true],
  ]);
});

test.each([
  ['no main module', undefined],
  ['a main module that is not there', 'dist/worker.js'],
])('%s is refused with the line to paste', async (_name, main) => {
  const [edit] = await edits(main, {});
  expect(edit?.result).toMatchObject({
    ok: false,
    paste: "export { CacheTagRegistry } from 'payload-kv/cloudflare';",
  });
});
