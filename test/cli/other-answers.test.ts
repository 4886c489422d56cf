/** `init` on a project that has its cache: other answers, one after the other, and what they leave behind. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { CONFIG, command, createProject, type Project } from './command.js';
import type { Answer } from './person.js';
import withLoggingHooks from './with-logging-hooks.json' with { type: 'json' };

const WRAPPER = 'src/payload-kv/index.ts';
const HOOKS = 'src/payload-kv/hooks.ts';
const WRANGLER = `{
  // The site.
  "name": "site",
  "main": ".open-next/worker.js",
  "d1_databases": [{ "binding": "D1", "database_id": "1" }],
  "env": {
    "staging": { "d1_databases": [{ "binding": "D1", "database_id": "2" }] }, // a copy
  },
}
`;
const ENV_TYPES = 'interface CloudflareEnv {\n  D1: D1Database;\n}\n';
const ID = '0123456789abcdef0123456789abcdef';

let project: Project;
afterEach(() => project.remove());

const run = (...args: string[]) => command([...args, '--no-install', '--cwd', project.dir]);
const init = async (...args: string[]) => {
  const outcome = await run('init', '--yes', '--json', ...args);
  expect(outcome.exitCode, outcome.stdout + outcome.stderr).toBe(0);
  return JSON.parse(outcome.stdout) as { notices: string[]; changes: { path: string }[]; install: unknown };
};
const absolute = (file: string) => path.join(project.dir, file);
const read = (file: string) => readFile(absolute(file), 'utf8');
const edit = async (file: string, change: (text: string) => string) => {
  const text = await read(file);
  const changed = change(text);
  if (changed === text) throw new Error(`${file} is as it was`);
  await writeFile(absolute(file), changed);
};
const onCloudflare = (files: Record<string, string> = {}) =>
  createProject({
    'wrangler.jsonc': WRANGLER,
    'cloudflare-env.d.ts': ENV_TYPES,
    'tsconfig.json': '{}',
    ...files,
  });

test.each<[format: string, files: Record<string, string>]>([
  ['jsonc', {}],
  ['toml', { 'wrangler.jsonc': '', 'wrangler.toml': 'name = "site"\nmain = ".open-next/worker.js"\n' }],
])(
  'answers changed again and again lead to the same files, and remove to the first ones, with %s',
  async (_format, files) => {
    project = await onCloudflare(files);
    if (files['wrangler.jsonc'] === '') await rm(absolute('wrangler.jsonc'));
    const before = await project.tree();
    await init();
    const first = await project.tree();
    const changes = [
      ['--store', 'memory'],
      ['--collections', 'posts,users', '--globals', 'none', '--ttl', '1h'],
      ['--store', 'redis', '--collections', 'posts,pages'],
      ['--store', 'cloudflare-kv', '--binding', 'OTHER', '--registry', 'database'],
      ['--binding', 'PAYLOAD_CACHE', '--registry', 'kv', '--ttl', '5m'],
      ['--collections', 'pages,posts', '--globals', 'header'],
    ];
    for (const flags of changes) {
      await init(...flags);
      const { changes } = await init();
      expect(changes).toEqual([]);
    }
    const last = await project.tree();
    const others = Object.keys(first).filter((name) => !/payload-kv/.test(name));
    for (const name of others) expect(last[name], name).toBe(first[name]);
    expect(last[HOOKS]!.split('\n').sort()).toEqual(first[HOOKS]!.split('\n').sort());
    expect(last[WRAPPER]!.split('\n').sort()).toEqual(first[WRAPPER]!.split('\n').sort());
    expect((await run('remove', '--yes')).exitCode).toBe(0);
    expect(await project.tree()).toEqual(before);
  },
);

describe('another store', () => {
  test('takes the binding and its type out again, and says which namespace is left at Cloudflare', async () => {
    project = await onCloudflare();
    await init();
    await edit('wrangler.jsonc', (text) =>
      text.replace('"binding": "PAYLOAD_CACHE"', `"binding": "PAYLOAD_CACHE", "id": "${ID}"`),
    );
    const { notices } = await init('--store', 'memory');
    expect(notices).toContainEqual(expect.stringMatching(`^The KV namespace ${ID}, bound as PAYLOAD_CACHE`));
    expect(await read('wrangler.jsonc')).toBe(WRANGLER);
    expect(await read('cloudflare-env.d.ts')).toBe(ENV_TYPES);
  });

  test.each<[why: string, files: Record<string, string>, reason: string]>([
    [
      'something else names it',
      { 'src/route.ts': 'export const get = (env: any) => env.PAYLOAD_CACHE;\n' },
      'src/route.ts names it',
    ],
    [
      'it was there before',
      {
        'wrangler.jsonc': WRANGLER.replace(
          '"env"',
          '"kv_namespaces": [{ "binding": "PAYLOAD_CACHE" }],\n  "env"',
        ),
      },
      'it was there before the cache was',
    ],
  ])('leaves the binding where %s, and says so', async (_why, files, reason) => {
    project = await onCloudflare(files);
    await init();
    const [wrangler, types] = [await read('wrangler.jsonc'), await read('cloudflare-env.d.ts')];
    const { notices } = await init('--store', 'memory');
    expect(notices).toContainEqual(
      `wrangler.jsonc still binds PAYLOAD_CACHE (${reason}): take it out if nothing else uses it.`,
    );
    expect([await read('wrangler.jsonc'), await read('cloudflare-env.d.ts')]).toEqual([wrangler, types]);
  });

  test('than Redis takes its client out of the dependencies, unless something imports it', async () => {
    project = await createProject({ 'src/queue.ts': "import { Redis } from 'ioredis';\n" });
    const dependencies = async () => JSON.parse(await read('package.json')).dependencies;
    await init();
    const there = await init('--store', 'redis');
    expect(there.install).toMatchObject({ ok: null });
    expect(there.notices).toContainEqual(expect.stringContaining('Set REDIS_URL'));
    expect((await init('--ttl', '9m')).notices).toEqual([]);
    await init('--store', 'memory');
    expect(await dependencies()).toHaveProperty('ioredis');
    await init('--store', 'redis');
    await writeFile(absolute('src/queue.ts'), '');
    expect((await init('--store', 'memory')).install).toMatchObject({ ok: null });
    expect(await dependencies()).not.toHaveProperty('ioredis');
  });
});

test('another name for the binding keeps its namespace', async () => {
  project = await onCloudflare();
  await init();
  await edit('wrangler.jsonc', (text) =>
    text.replace('"binding": "PAYLOAD_CACHE"', `"binding": "PAYLOAD_CACHE", "id": "${ID}"`),
  );
  const { notices } = await init('--binding', 'PAGES');
  expect(notices).toEqual([]);
  const text = await read('wrangler.jsonc');
  expect(text).not.toContain('PAYLOAD_CACHE');
  expect(text.match(new RegExp(`"PAGES",\\s+"id": "${ID}"`, 'g'))).toHaveLength(1);
  expect(text.match(/"PAGES"/g)).toHaveLength(2);
  expect(await read('cloudflare-env.d.ts')).toContain('PAGES: KVNamespace;');
});

test('a binding by whatever name is taken out as well', async () => {
  project = await onCloudflare();
  await init();
  await edit(WRAPPER, (text) => text.replace("'PAYLOAD_CACHE'", "'my-(cache'"));
  await init();
  expect(await read('cloudflare-env.d.ts')).toContain('"my-(cache": KVNamespace;');
  await init('--store', 'memory');
  expect(await read('wrangler.jsonc')).not.toContain('my-(cache');
  expect(await read('cloudflare-env.d.ts')).not.toContain('my-(cache');
});

test('a parameter that nothing reads any more is named', async () => {
  const config = CONFIG.replace('  db,', '  db: sqliteD1Adapter({ binding: cloudflare.env.D1 }),').replace(
    'export default',
    'const cloudflare = await getCloudflareContext();\n\nexport default',
  );
  project = await onCloudflare({
    'src/payload.config.ts': `import { sqliteD1Adapter } from '@payloadcms/db-d1-sqlite';\n${config}`,
  });
  await init();
  const { notices } = await init('--store', 'redis');
  expect(notices).toContainEqual(expect.stringContaining('`cache` still takes the Cloudflare env'));
  expect((await init('--ttl', '1h')).notices).toEqual([]);
});

test('Durable Objects that may have been deployed stay until somebody migrates, which is said', async () => {
  project = await onCloudflare();
  const before = await project.tree();
  await init('--registry', 'durable-object');
  const wrangler = await read('wrangler.jsonc');
  const { notices } = await init('--registry', 'kv');
  expect(notices).toEqual([expect.stringContaining('"deleted_classes": ["CacheTagRegistry"]')]);
  expect(await read('wrangler.jsonc')).toBe(wrangler);
  expect(await read('worker.ts')).toContain('CacheTagRegistry');
  const removed = await run('remove', '--yes');
  expect(removed.exitCode).toBe(0);
  expect(removed.stdout).toContain(
    '! A Worker that was deployed with CacheTagRegistry needs one more migration',
  );
  expect(await project.tree()).toEqual(before);
});

test('what surprises in other answers is said once, and only of those', async () => {
  project = await onCloudflare();
  await init();
  expect((await init('--ttl', '30s')).notices).toEqual([expect.stringContaining('TTL 30s of the default')]);
  const { notices } = await init('--store', 'memory', '--collections', 'posts,users');
  expect(notices).toContainEqual(
    expect.stringContaining('`users` has auth and is cached without its secrets'),
  );
  expect((await init('--ttl-for', 'posts=10m')).notices).toEqual([]);
});

describe('at a terminal', () => {
  const asked = (...answers: Answer[]) =>
    command(['init', '--no-install', '--cwd', project.dir], { terminal: true, answers });

  test('what is written in a way of its own is not asked, and stays', async () => {
    project = await onCloudflare();
    await init('--store', 'memory');
    await edit(WRAPPER, (text) =>
      text
        .replace('memory()', 'tiered(memory(), redis())')
        .replace("ttl: '5m'", 'ttl: long')
        .replace(/globals: \{[^}]*\},\n {2}\}/, 'globals: { ...all }'),
    );
    const before = await project.tree();
    const { exitCode, stdout } = await asked(true, ['posts'], [], true);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('not asked: store, ttl, globals, which your file has in a way of its own');
    const removed = before[WRAPPER]!.replace('    pages: {},\n', '');
    expect(await read(WRAPPER)).toBe(removed);
  });

  test('the registry of now is proposed, be it the database', async () => {
    project = await onCloudflare();
    await init('--registry', 'database');
    const before = await project.tree();
    const same: Answer[] = [true, ['pages', 'posts'], ['header'], '', [], '', '', ''];
    const { exitCode, stdout } = await asked(...same);
    expect(exitCode, stdout).toBe(0);
    expect(stdout).toContain('Everything is in place: nothing to change.');
    expect(await project.tree()).toEqual(before);
  });
});

describe('hooks', () => {
  test('do nothing until somebody writes one, whatever is cached later', async () => {
    project = await createProject();
    await init();
    const before = await read(HOOKS);
    await init('--collections', 'users,pages', '--globals', 'none');
    expect(await read(HOOKS)).toBe(before);
  });

  test('that somebody wrote stay and are named, where what they are of is no longer cached', async () => {
    project = await createProject();
    await init();
    await edit(HOOKS, (text) => text.replace(/(?: +\/\/ .*\n)+/, '    pages: () => purge(),\n'));
    const { notices } = await init('--collections', 'users', '--globals', 'none');
    expect(notices).toContainEqual(
      expect.stringMatching(
        /^src\/payload-kv\/hooks.ts:\d+ has a hook of `pages`, which is no longer cached/,
      ),
    );
    expect(await read(HOOKS)).toContain('    pages: () => purge(),\n');
  });
});

describe('a project whose hooks log each write, as init once wrote them', () => {
  const EARLIER = withLoggingHooks as Record<string, string>;
  const PACKAGE_JSON = '{\n  "dependencies": {\n    "payload": "3.90.2"\n  }\n}\n';

  test('stays as it is, and is taken back byte for byte', async () => {
    project = await createProject(EARLIER);
    const { changes } = await init();
    expect(changes).toEqual([]);
    expect((await command(['sync', '--check', '--cwd', project.dir])).exitCode).toBe(0);
    expect(await read(HOOKS)).toBe(EARLIER[HOOKS]);
    expect((await run('remove', '--yes')).exitCode).toBe(0);
    expect(await project.tree()).toEqual({
      'package.json': PACKAGE_JSON,
      'src/': '<directory>',
      'src/db.ts': expect.any(String),
      'src/payload.config.ts': CONFIG,
    });
  });

  test('loses the hooks of what is no longer cached, gets none, and is taken back the same', async () => {
    project = await createProject(EARLIER);
    await init('--collections', 'users,posts', '--globals', 'none');
    const text = await read(HOOKS);
    expect(text).toContain("'payload-kv: posts changed'");
    expect(text).not.toMatch(/pages changed|header|users/);
    expect((await run('remove', '--yes')).exitCode).toBe(0);
    expect(Object.keys(await project.tree())).not.toContain(HOOKS);
    expect(await read('src/payload.config.ts')).toBe(CONFIG);
    expect(await read('package.json')).toBe(PACKAGE_JSON);
  });
});
