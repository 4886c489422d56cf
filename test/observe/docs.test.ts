import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ENDPOINTS } from '../../src/runtime/observe/endpoints/endpoints.js';
import { repository } from '../support/repository.js';

const read = (name: string): string => readFileSync(path.join(repository, name), 'utf8');

/** What the rows of the table below a heading begin with. */
function namesBelow(heading: string): string[] {
  const [, section = ''] = read('docs/observe.md').split(`\n## ${heading}\n`);
  const rows = section.split('\n## ')[0]!.matchAll(/^\| `([^`]+)` \|/gm);
  return [...rows].map(([, name]) => name as string);
}

test('The page on watching names every endpoint', () => {
  expect(ENDPOINTS.length).toBeGreaterThan(5);
  expect(namesBelow('Endpoints').sort()).toEqual(
    ENDPOINTS.map(({ method, name }) => `${method.toUpperCase()} ${name}`).sort(),
  );
});

test('The page on watching names every option', () => {
  const source = read('src/runtime/observe/observation.ts');
  const [, declared = ''] = /export interface ObserveOptions \{([\s\S]*?)\n\}/.exec(source) ?? [];
  const options = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name as string);
  expect(options.length).toBeGreaterThan(4);
  expect(namesBelow('Options').sort()).toEqual(options.sort());
});

test('The page on watching has the bounds that hold', () => {
  const page = read('docs/observe.md');
  for (const [file, constant, said] of [
    ['endpoints/entries.ts', 'MOST_KEYS = 20_000', '20,000 keys'],
    ['endpoints/purge.ts', 'MOST_COUNTED = 5_000', '5,000 keys'],
    ['endpoints/purge.ts', 'LONGEST_COUNT = 10_000', 'ten seconds'],
    ['endpoints/events.ts', 'MOST_STREAMS = 20;', '20 may be open'],
    ['endpoints/events.ts', 'LONGEST_STREAM = 15 * 60_000', 'a quarter of an hour'],
    ['endpoints/rate-limit.ts', '{ read: 120, purge: 30, refused: 30 }', '120 requests a minute'],
    ['observe.ts', 'SHORTEST_TOKEN = 16', 'at least 16 characters'],
  ] as const) {
    expect(read(`src/runtime/observe/${file}`)).toContain(constant);
    expect(page).toContain(said);
  }
});
