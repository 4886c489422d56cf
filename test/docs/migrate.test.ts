/** docs/migrate.md: what it says stands before and after does the same, and compiles. */
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { OTHER_CACHES } from '../../src/inspect/other-caches.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { repository } from '../support/repository.js';
import { typescript } from '../support/typescript-loader.js';
import { readDocument } from './blocks.js';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const text = readDocument('docs/migrate.md');
/** The code under a heading, in order. */
const under = (heading: string, language = 'ts'): string[] => {
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)].flatMap(([, of, code]) =>
    of === language ? [code!] : [],
  );
};

const PRICES = `let calls = 0;
export const loadPrice = async (_id: string): Promise<number> => {
  calls += 1;
  await new Promise((resolve) => setTimeout(resolve, 20));
  return calls;
};
`;
/** What both do with prices: one load, one more after a change, another key by itself. */
const ASK = (file: string) => `import { priceChanged, priceOf } from './${file}';
const seen = [await priceOf('tea'), await priceOf('tea')];
await priceChanged('tea');
seen.push(await priceOf('tea'), await priceOf('milk'), await priceOf('tea'));
console.log(JSON.stringify(seen));
process.exit(0);
`;
const LATEST = `import config from '@payload-config';
import { getPayload } from 'payload';
import { latest } from './after';
const payload = await getPayload({ config });
await payload.updateGlobal({ slug: 'site-settings', data: { siteName: 'Tea' } as never });
const data = { title: 'Green', slug: 'green' } as never;
const post = await payload.create({ collection: 'posts', data, draft: false } as never);
const { id } = post as { id: number };
const seen = [await latest(1), await latest(1)];
await payload.update({ collection: 'posts', id, data: { title: 'White' } as never });
seen.push(await latest(1));
await payload.updateGlobal({ slug: 'site-settings', data: { siteName: 'Cups' } as never });
seen.push(await latest(1));
console.log(JSON.stringify(seen));
process.exit(0);
`;

let project: ProjectCopy;
beforeAll(async () => {
  project = await copyFixture('blog');
  await runCli(['init', '--yes', '--no-install'], { cwd: project.dir });
});
afterAll(() => project?.remove());

async function prints(file: string): Promise<unknown> {
  const { exitCode, stdout, all } = await execa(process.execPath, [...typescript, file], {
    cwd: project.dir,
    env: { NODE_ENV: undefined, VITEST: undefined, NO_COLOR: '1', REDIS_URL: undefined },
    reject: false,
    all: true,
  });
  expect(exitCode, all).toBe(0);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

test('the snippets compile', async () => {
  await project.write('src/snippets/prices.ts', PRICES);
  // The blog is no site of Next: what of it the snippet needs is declared.
  await project.write(
    'src/snippets/next.d.ts',
    "declare module 'next/cache' {\n  export function unstable_cache<F extends (...args: never[]) => Promise<unknown>>(fn: F, keys?: string[], options?: { revalidate?: number | false; tags?: string[] }): F;\n}\n",
  );
  const codes = [
    'From `unstable_cache`',
    'From `cache-manager`',
    'From `node-cache`',
    'From `type-cacheable`',
  ].flatMap((it) => under(it));
  expect(codes.length).toBe(6);
  for (const [index, code] of codes.entries()) await project.write(`src/snippets/${index}.ts`, code);
  const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');
  const { stdout } = await execa(
    process.execPath,
    [tsc, '--noEmit', '--pretty', 'false', '-p', project.dir],
    {
      cwd: project.dir,
      reject: false,
    },
  );
  expect(stdout).toBe('');
});

test.each([
  ['From `cache-manager`', 'before', 0],
  ['From `cache-manager`', 'after', 1],
  ['From `node-cache`', 'after', 0],
  ['From `type-cacheable`', 'after', 0],
])('%s, %s: a price is loaded once, and again after a change', async (heading, name, index) => {
  await project.write('src/run/prices.ts', PRICES);
  await project.write(`src/run/${name}.ts`, under(heading)[index]!);
  await project.write('src/run/ask.ts', ASK(name));
  expect(await prints('src/run/ask.ts')).toEqual([1, 1, 2, 3, 2]);
});

test('From `unstable_cache`, after: the result follows each of what it was made of', async () => {
  await project.write('src/run/after.ts', under('From `unstable_cache`')[1]!);
  await project.write('src/run/latest.ts', LATEST);
  expect(await prints('src/run/latest.ts')).toEqual([
    ['Green – Tea'],
    ['Green – Tea'],
    ['White – Tea'],
    ['White – Cups'],
  ]);
});

test('every plugin that init replaces is in the table', () => {
  for (const [name, { call }] of Object.entries(OTHER_CACHES)) {
    expect(text).toContain(`\`${name}\``);
    expect(text).toContain(`\`${call}({`);
  }
});
