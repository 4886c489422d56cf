import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Entry, readEntries } from '../../scripts/api/entries.js';
import { reference } from '../../scripts/api/reference.js';
import { apiReport } from '../../scripts/api/report.js';
import { repository } from '../support/repository.js';

let entries: Entry[];

beforeAll(() => {
  entries = readEntries();
});

/** The files of a folder, by their names. */
const filesOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(join(repository, folder))
      .sort()
      .map((name) => [name, readFileSync(join(repository, folder, name), 'utf8')]),
  );

test('Every entry of package.json exports something', () => {
  expect(entries.length).toBeGreaterThan(14);
  for (const { specifier, exported } of entries) {
    expect(exported.length, specifier).toBeGreaterThan(0);
    for (const { name, declarations } of exported) {
      expect(declarations.length, `${specifier}: ${name}`).toBeGreaterThan(0);
    }
  }
});

test('What is public is as the files in api/ have it: after a change that is meant, `npm run api`', async () => {
  const report = await apiReport(entries);
  const written = filesOf('api');
  expect(Object.keys(written)).toEqual([...report.keys()].sort());
  for (const [name, text] of report) expect(written[name], `api/${name}`).toBe(text);
  // That something is in them at all.
  expect(report.get('payload-kv.md')).toMatch(/^export (?:function|const) payloadKV\b/m);
  expect(report.get('command-line.md')).toContain('## sync');
  expect(report.get('names.md')).toContain('- `CACHE_MISS`');
});

test('The reference is made of the comments as they are now, and every export and each of its members has one: `npm run reference`', () => {
  const { pages, undescribed } = reference(entries);
  expect(undescribed).toEqual([]);
  const written = filesOf('docs/reference');
  expect(Object.keys(written)).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(written[name], `docs/reference/${name}`).toBe(text);
});
