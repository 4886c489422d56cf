import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { removeDirectory } from '../support/remove-directory.js';

/** What a person has who has mended the file, with the lines pasted. */
const PASTED = {
  jsonc: (lines: string) => `{\n"name": "site", "compatibility_date": "2026-01-01",\n${lines}\n}\n`,
  toml: (lines: string) =>
    `name = "site"\nmain = "worker.ts"\ncompatibility_date = "2026-01-01"\n\n${lines}\n`,
};

const refusals = ['wrangler-edit', 'wrangler-durable-object'].flatMap((folder) =>
  readdirSync(path.join(import.meta.dirname, folder)).flatMap((name) => {
    const directory = path.join(import.meta.dirname, folder, name);
    const file = path.join(directory, 'refusal.txt');
    if (!existsSync(file)) return [];
    const extension = existsSync(path.join(directory, 'input.toml')) ? 'toml' : 'jsonc';
    return [{ name: `${folder}/${name}`, extension, lines: readFileSync(file, 'utf8') } as const];
  }),
);

test('there are refusals to try', () => {
  expect(refusals.length).toBeGreaterThan(2);
});

test.each(refusals)('wrangler itself takes the lines to paste of $name', async ({ extension, lines }) => {
  const { unstable_readConfig } = await import('wrangler');
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-pasted-'));
  const file = path.join(directory, `wrangler.${extension}`);
  try {
    await writeFile(file, PASTED[extension](lines));
    await writeFile(path.join(directory, 'worker.ts'), 'export default {};\n');
    const config = unstable_readConfig({ config: file });
    const bound = [
      ...config.kv_namespaces.map(({ binding }: { binding: string }) => binding),
      ...config.durable_objects.bindings.map(({ name }: { name: string }) => name),
    ];
    expect(bound).toEqual([lines.includes('CACHE_TAGS') ? 'CACHE_TAGS' : 'PAYLOAD_CACHE']);
    if (lines.includes('CACHE_TAGS')) {
      expect(config.migrations).toMatchObject([{ tag: 'v1', new_sqlite_classes: ['CacheTagRegistry'] }]);
      expect(path.basename(config.main ?? '')).toBe('worker.ts');
    }
  } finally {
    await removeDirectory(directory);
  }
});
