import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';
import { readDocument } from './blocks.js';

const page = readDocument('docs/compare.md');
const versionIn = (file: string): string =>
  (JSON.parse(readFileSync(path.join(repository, file, 'package.json'), 'utf8')) as { version: string })
    .version;

test('What is compared with are the versions that are installed here', () => {
  for (const name of ['bentocache', 'cacheable', 'drizzle-orm', 'payload']) {
    const named = name === 'payload' ? 'Payload' : name;
    expect(page).toContain(`${named} ${versionIn(`node_modules/${name}`)}`);
  }
  const { dependencies } = JSON.parse(
    readFileSync(path.join(repository, 'fixtures/site/package.json'), 'utf8'),
  ) as { dependencies: { next: string } };
  expect(page).toContain(`Next ${dependencies.next}`);
  const worker = JSON.parse(readFileSync(path.join(repository, 'fixtures/worker/package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  const openNext = { ...worker.dependencies, ...worker.devDependencies }['@opennextjs/cloudflare'];
  expect(page).toContain(`OpenNext for Cloudflare ${openNext}`);
});

test('Every row of its tables has a cell for each column', () => {
  const tables = page.split(/\n\n/).filter((part) => part.startsWith('|'));
  expect(tables.length).toBe(4);
  for (const table of tables) {
    const widths = table
      .trim()
      .split('\n')
      .map((row) => row.split('|').length);
    expect(new Set(widths).size, table.slice(0, 60)).toBe(1);
  }
});
