import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';

const read = (file: string): string => readFileSync(path.join(repository, file), 'utf8');
const page = read('docs/architecture.md');
const foldersIn = (folder: string): string[] =>
  readdirSync(path.join(repository, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

/** What stands between backticks and has the form of a path. */
const paths = [...page.matchAll(/`([\w./-]+(?:\/|\.ts|\.json|\.md))`/g)].map(([, name]) => name as string);

/** Where a path of the page may begin: it names rooms and files within the part that it tells of. */
const BEGINNINGS = [
  '',
  'src',
  'src/admin',
  'src/cli',
  'src/doctor',
  'src/plan',
  'src/runtime',
  'src/plan/commands',
  'src/inspect/config-shape',
  'src/inspect/evaluate',
];
const ROOMS = foldersIn('src/runtime').map((room) => `src/runtime/${room}`);

test('Every file and folder that the page on architecture names is there', () => {
  expect(paths.length).toBeGreaterThan(60);
  const missing = paths.filter(
    (name) =>
      ![...BEGINNINGS, ...ROOMS, 'test/stores', 'test/registries'].some((beginning) =>
        existsSync(path.join(repository, beginning, name)),
      ),
  );
  expect(missing).toEqual([]);
});

test('Every file of the source and of the tests that a page names is there', () => {
  const pages = [
    'README.md',
    'SECURITY.md',
    ...readdirSync(path.join(repository, 'docs')).map((name) => `docs/${name}`),
  ];
  const named = pages
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => [...read(name).matchAll(/`((?:src|test|bench)\/[\w./-]+)`/g)])
    .map(([, name]) => name as string)
    // Those of a site.
    .filter((name) => !/^src\/(payload-kv|payload\.config|payload-types|app|collections)\b/.test(name));
  expect(named.length).toBeGreaterThan(60);
  expect(named.filter((name) => !existsSync(path.join(repository, name)))).toEqual([]);
});

test('The page on architecture names every folder of the source, and every room of the runtime', () => {
  for (const folder of foldersIn('src')) expect(page).toContain(`\`src/${folder}\``);
  for (const room of foldersIn('src/runtime')) expect(page).toContain(`| \`${room}/\` |`);
});

test('Each folder and room has a rule that keeps its imports pointing downwards', () => {
  const { overrides } = JSON.parse(read('biome.json')) as { overrides: { includes: string[] }[] };
  const ruled = overrides.flatMap(({ includes }) => includes);
  // What nobody lies above has nothing to keep from it.
  const highest = ['cli', 'runtime/adapter'];
  const folders = [...foldersIn('src'), ...foldersIn('src/runtime').map((room) => `runtime/${room}`)];
  expect(
    folders.filter((folder) => !ruled.includes(`src/${folder}/**`) && !highest.includes(folder)),
  ).toEqual([]);
});

test('Every command of CONTRIBUTING.md is one that the package has', () => {
  const contributing = read('CONTRIBUTING.md');
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...contributing.matchAll(/npm (?:run )?([\w:]+)/g)].map(([, name]) => name as string);
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !(name in scripts) && name !== 'are')).toEqual([]);
  const files = [...contributing.matchAll(/vitest (?:run )?(test\/[\w./-]+)/g)].map(
    ([, name]) => name as string,
  );
  expect(files.length).toBeGreaterThan(3);
  expect(files.filter((file) => !existsSync(path.join(repository, file)))).toEqual([]);
});
