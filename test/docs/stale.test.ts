import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { command } from '../cli/command.js';
import { type ObservedSite, SECRET, startObservedSite } from '../cli/observed-site.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { readDocument } from './blocks.js';

const page = readDocument('docs/stale.md');
/** The commands of the page, without those that a shell runs by itself. */
const commands = [...page.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].map(([, code = '']) => code.trim());

let site: ObservedSite;
let project: ProjectCopy;
beforeAll(async () => {
  site = await startObservedSite();
  project = await copyFixture('blog');
  await command(['init', '--yes', '--no-install', '--cwd', project.dir]);
});
afterAll(async () => {
  await site?.stop();
  await project?.remove();
});
beforeEach(() => {
  vi.stubEnv('PAYLOAD_SECRET', SECRET);
  vi.stubEnv('PAYLOAD_KV_SITE_URL', site.url);
});
afterEach(() => vi.unstubAllEnvs());

/** Runs the command of the page that begins so, as it stands there. */
async function run(beginning: string): Promise<string> {
  const line = commands.find((text) => text.startsWith(beginning));
  if (!line) throw new Error(`docs/stale.md has no command "${beginning}"`);
  const args = [...line.replace('npx payload-kv ', '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain!,
  );
  const { exitCode, stdout, stderr } = await command([...args, '--cwd', project.dir]);
  expect(exitCode, `${line}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}
const shown = async (): Promise<string> => {
  const { title } = (await (await fetch(`${site.url}/api/posts/5`)).json()) as { title: string };
  return title;
};

test('The commands of the page are those that are tried here', () => {
  expect(commands).toEqual([
    'export PAYLOAD_KV_SITE_URL=http://localhost:3000',
    "npx payload-kv why 'posts#5'",
    "npx payload-kv entries 'posts#5'",
    "npx payload-kv purge 'posts#5' --yes",
    'curl -sI http://localhost:3000/api/posts/5',
    'npx payload-kv doctor',
    'npx payload-kv sync --check',
    'PAYLOAD_KV_ENABLED=false npm start',
    'npx payload-kv purge --all --yes',
  ]);
});

test('They lead from an old post to a new one, where a write went past Payload', async () => {
  expect(await run('npx payload-kv why')).toMatch(/outcome +miss, /);
  await site.visit('/api/posts/5');
  expect(await run('npx payload-kv why')).toMatch(/outcome +hit, .*\n +entry +.* old/);

  const { client } = site.payload.db as unknown as { client: { execute(sql: string): Promise<unknown> } };
  await client.execute("UPDATE posts_locales SET title = 'By hand' WHERE _parent_id = 5");
  expect(await shown()).not.toBe('By hand');
  expect(await run('npx payload-kv entries')).toMatch(/ fresh /);

  expect(await run("npx payload-kv purge 'posts#5'")).toContain(
    'Made stale: what depends on the document 5 of posts.',
  );
  expect(await shown()).toBe('By hand');
});

test('What is not cached is said to be none of its business', async () => {
  const { stdout } = await command(['why', 'users#1', '--cwd', project.dir]);
  expect(stdout).toMatch(/outcome +bypass, not looked up: the database was asked: /);
});

test('The checks of the project find nothing where nothing is wrong, and a schema that was changed', async () => {
  expect(await run('npx payload-kv doctor')).toMatch(/✓ Round trip through the store/);
  await run('npx payload-kv sync --check');
  await project.replace(
    'src/collections/Tags.ts',
    'fields: [',
    "fields: [{ name: 'colour', type: 'text' }, ",
  );
  const { exitCode, stdout } = await command(['sync', '--check', '--cwd', project.dir]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: expect.stringContaining('tags.colour') });
});

test('Everything can be made stale', async () => {
  await site.visit('/api/posts?limit=2');
  expect(await run('npx payload-kv purge --all')).toContain('Made stale: everything.');
  expect(await run('npx payload-kv why')).toMatch(/outcome +(stale|miss), /);
});
