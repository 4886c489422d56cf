import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CONFIG, command, createProject, type Project } from './command.js';

const WRAPPER = 'src/payload-kv/index.ts';
const NEW_ONE = CONFIG.replace(
  'collections: [',
  "collections: [\n    { slug: 'events', fields: [{ name: 'code', type: 'text', unique: true }] },",
);

let project: Project;
const sync = (...args: string[]) => command(['sync', '--cwd', project.dir, ...args]);
const absolute = (file: string) => path.join(project.dir, file);

beforeEach(async () => {
  project = await createProject();
  await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
});
afterEach(() => project.remove());

test('what was new at the last sync can still be added', async () => {
  await writeFile(absolute('src/payload.config.ts'), NEW_ONE);
  expect((await sync()).stdout).toContain('collection `events` was added');
  expect(await readFile(absolute(WRAPPER), 'utf8')).not.toContain('events');
  expect((await sync('--yes')).stdout).toContain('nothing to change');
  expect((await sync('--add', 'events')).exitCode).toBe(0);
  expect(await readFile(absolute(WRAPPER), 'utf8')).toContain("    events: { slices: ['code'] },\n");
});

test('what has auth, or an entry already, is not added, and the rest is named', async () => {
  await writeFile(absolute('src/payload.config.ts'), NEW_ONE);
  for (const slug of ['users', 'posts', 'nope']) {
    const { exitCode, stderr } = await sync('--add', slug);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('[UNKNOWN_COLLECTION]\n  → There are events.');
  }
});
