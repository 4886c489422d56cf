import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeEntry, encodeResult } from '../../src/runtime/entry/entry.js';
import { createEnvelope } from '../../src/runtime/entry/envelope.js';
import { repository } from '../support/repository.js';
import { command, createProject, type Project } from './command.js';

const WRANGLER = `{
  "name": "site",
  "main": "worker.js",
  "compatibility_date": "2026-03-01",
  "kv_namespaces": [{ "binding": "PAYLOAD_CACHE", "id": "0123456789abcdef0123456789abcdef" }]
}
`;

let project: Project;
beforeAll(async () => {
  project = await createProject({ 'wrangler.jsonc': WRANGLER, 'worker.js': 'export default {};\n' });
  await mkdir(path.join(project.dir, 'node_modules'));
  await symlink(
    path.join(repository, 'node_modules/wrangler'),
    path.join(project.dir, 'node_modules/wrangler'),
  );
  const init = ['init', '--yes', '--no-install', '--force', '--store', 'cloudflare-kv', '--cwd', project.dir];
  expect((await command(init)).exitCode).toBe(0);
  // As a site would have stored them, before and after a write to posts.
  const entry = (key: string, tags: string[], versions: string[]) => {
    const header = { key, tags, versions, askedAt: Date.now(), ttl: 300 };
    return createEnvelope().seal(key, encodeEntry(header, encodeResult({ docs: [] })!)) as string;
  };
  const pairs = [
    ['payload-cache:posts:find:one', entry('payload-cache:posts:find:one', ['posts'], ['v1'])],
    ['payload-cache:posts:find:two', entry('payload-cache:posts:find:two', ['posts'], ['0'])],
    ['payload-cache:pages:find:three', entry('payload-cache:pages:find:three', ['pages'], ['0'])],
    ['payload-cache:tag:posts', 'v1'],
    ['somebody-elses', 'x'],
  ].map(([key, value]) => ({ key, value }));
  await writeFile(path.join(project.dir, 'pairs.json'), JSON.stringify(pairs));
  const wrangler = path.join(project.dir, 'node_modules/wrangler/bin/wrangler.js');
  const put = [
    'kv',
    'bulk',
    'put',
    'pairs.json',
    '--binding',
    'PAYLOAD_CACHE',
    '--local',
    '--preview',
    'false',
  ];
  await execa(process.execPath, [wrangler, ...put], { cwd: project.dir, env: { CI: 'true' } });
}, 120_000);
afterAll(() => project.remove());

const ask = async (...args: string[]) => {
  const more = ['--store', 'cloudflare-kv', '--local', '--cwd', project.dir, '--json'];
  const { exitCode, stdout } = await command([...args, ...more]);
  return { exitCode, json: JSON.parse(stdout) };
};
const stateOf = async () =>
  Object.fromEntries(
    (await ask('entries')).json.entries.map(({ key, fresh }: any) => [key.split(':').at(-1), fresh]),
  );

test("the project's own wrangler shows what its namespace holds, and purges it", {
  timeout: 480_000,
}, async () => {
  const { exitCode, json } = await ask('entries');
  expect(exitCode).toBe(0);
  expect(json.from).toBe('PAYLOAD_CACHE (0123456789abcdef0123456789abcdef), local');
  expect(json.entries.find(({ key }: any) => key.endsWith('one'))).toMatchObject({
    name: 'posts',
    operation: 'find',
    tags: ['posts'],
    ttl: 300,
    fresh: true,
  });
  // On KV a version that was never written is that of before the first write.
  expect(await stateOf()).toEqual({ one: true, two: false, three: true });
  expect((await ask('purge', 'posts', '--dry-run')).json.entries).toBe(1);
  expect((await ask('purge', 'pages', '--yes')).json.error).toBeUndefined();
  expect(await stateOf()).toEqual({ one: true, two: false, three: false });
  await ask('purge', '--prefix', 'posts:', '--yes');
  expect(await stateOf()).toEqual({ three: false });
  await ask('purge', '--all', '--yes');
  expect(await stateOf()).toEqual({});
  const none = await ask('stats');
  expect([none.exitCode, none.json.error.code]).toEqual([2, 'STORE_NO_RECORDS']);
});

test('without such a store, or a namespace, it says so', async () => {
  const other = await createProject();
  const { stdout } = await command(['entries', '--store', 'cloudflare-kv', '--cwd', other.dir, '--json']);
  expect(JSON.parse(stdout).error.code).toBe('STORE_NOT_NAMED');
  await other.remove();
  const { json } = await ask('entries', '--env', 'nowhere');
  expect(json.error).toMatchObject({
    code: 'STORE_NOT_NAMED',
    message: expect.stringContaining('env.nowhere'),
  });
});
