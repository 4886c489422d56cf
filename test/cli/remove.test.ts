import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { CONFIG, command, createProject, type Project } from './command.js';

const WRAPPER = 'src/payload-kv/index.ts';
const SCHEMA = 'src/payload-kv/schema.generated.ts';
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

let project: Project;
afterEach(() => project.remove());

const run = (...args: string[]) => command([...args, '--cwd', project.dir]);
const init = (...args: string[]) => run('init', '--yes', '--no-install', ...args);
const remove = (...args: string[]) => run('remove', '--yes', '--no-install', ...args);
const absolute = (file: string) => path.join(project.dir, file);
const read = (file: string) => readFile(absolute(file), 'utf8');
const replace = async (file: string, search: string, by: string) => {
  const text = await read(file);
  if (!text.includes(search)) throw new Error(`${search} is not in ${file}:\n${text}`);
  await writeFile(absolute(file), text.replace(search, by));
};

const withPlugins = (plugins: string) => CONFIG.replace('  db,\n', `  db,\n  ${plugins}\n`);
const configs: Record<string, string> = {
  'no plugins': CONFIG,
  'no comma at the end': CONFIG.replace('  db,\n', '  db\n'),
  'an empty list': withPlugins('plugins: [],'),
  'an empty list with a blank in it': withPlugins('plugins: [ ],'),
  'an empty list over two lines': withPlugins('plugins: [\n  ],'),
  'an empty list with a comment': withPlugins('plugins: [\n    // none yet\n  ],'),
  undefined: withPlugins('plugins: undefined,'),
  'one plugin': withPlugins('plugins: [(config) => config],'),
  'plugins over lines': withPlugins('plugins: [\n    (config) => config,\n    (config) => config\n  ],'),
  'a shorthand': withPlugins('plugins,').replace('export default', 'const plugins = [];\n\nexport default'),
  'a spread': withPlugins('plugins: [...plugins],').replace('export', 'const plugins = [];\n\nexport'),
  'a byte order mark': `\ufeff${CONFIG}`,
};
const crlf = (text: string) => text.replaceAll('\n', '\r\n');
const tabs = (text: string) => text.replaceAll('  ', '\t');
const styles: [name: string, style: (text: string) => string][] = [
  ['as it is', (text) => text],
  ['with tabs, Windows line ends and none at the end', (text) => tabs(crlf(text.replace(/\n$/, '')))],
];

describe.each(Object.entries(configs))('init and remove with %s', (_name, config) => {
  test.each(styles)('leave no trace, %s', async (_style, style) => {
    project = await createProject({ 'src/payload.config.ts': style(config) });
    const before = await project.tree();
    expect((await init()).exitCode).toBe(0);
    expect(await project.tree()).not.toEqual(before);
    const { exitCode, stdout } = await remove();
    expect(await project.tree()).toEqual(before);
    expect(stdout).toContain('✓ 3 files deleted, what init wrote taken out of 2 files.');
    expect(exitCode).toBe(0);
    expect((await remove()).stdout).toContain('Nothing that init wrote is here: nothing to remove.');
  });
});

describe.each([
  ['memory'],
  ['redis'],
  ['memory', 'redis'],
  ['memory', 'database'],
  ['cloudflare-kv'],
  ['cloudflare-kv', 'durable-object'],
  ['cloudflare-kv', 'database'],
])('init --store %s --registry %s and remove', (store, registry?: string) => {
  const flags = ['--store', store!, ...(registry ? ['--registry', registry] : [])];
  test.each([...styles, ['toml', (text: string) => text] as const])(
    'leave no trace, %s',
    async (name, style) => {
      const wrangler =
        name === 'toml'
          ? { 'wrangler.toml': '# The site.\nname = "site"\nmain = ".open-next/worker.js"' }
          : { 'wrangler.jsonc': style(WRANGLER) };
      project = await createProject({
        'src/payload.config.ts': style(CONFIG),
        'package.json': style('{\n  "scripts": {},\n  "dependencies": {\n    "payload": "3.90.2"\n  }\n}\n'),
        'cloudflare-env.d.ts': style(ENV_TYPES),
        'tsconfig.json': '{}',
        ...wrangler,
      });
      const before = await project.tree();
      expect((await init(...flags)).exitCode).toBe(0);
      expect((await remove()).exitCode).toBe(0);
      expect(await project.tree()).toEqual(before);
    },
  );
});

describe('what a person changed', () => {
  test('in the wrapper is kept and named, with all that it needs, and goes with --force', async () => {
    project = await createProject();
    const before = await project.tree();
    await init();
    await replace(WRAPPER, "ttl: '5m'", "ttl: '1h'");
    const wired = await project.tree();
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`! ${WRAPPER} is kept: you changed it.`);
    expect(stdout).toMatch(/! src\/payload-kv\/hooks.ts is kept: src\/payload-kv\/index.ts:\d+ imports it./);
    expect(stdout).toMatch(
      /! `payload-kv` stays a dependency: \S+hooks.ts:\d+ and \S+index.ts:\d+ import it./,
    );
    expect(await project.tree()).toEqual({ ...wired, 'src/payload.config.ts': CONFIG });

    expect((await remove('--force')).exitCode).toBe(0);
    expect(await project.tree()).toEqual(before);
  });

  test('a comment of one’s own is a change, what a formatter does is none', async () => {
    project = await createProject();
    const before = await project.tree();
    await init();
    await replace(WRAPPER, "ttl: '5m',", 'ttl:   "5m",\r\n');
    await remove();
    expect(await project.tree()).toEqual(before);
    await init();
    await replace(WRAPPER, "ttl: '5m',", "ttl: '5m', // as agreed");
    expect((await remove()).exitCode).toBe(1);
    expect(await read(WRAPPER)).toContain('// as agreed');
  });

  test('around the lines of init stays, be it plugins, scripts, ids or types', async () => {
    project = await createProject({
      'src/payload.config.ts': withPlugins('plugins: [seo],').replace(
        'export',
        'const seo = (config: any) => config;\n\nexport',
      ),
      'wrangler.jsonc': WRANGLER,
      'cloudflare-env.d.ts': ENV_TYPES,
      'tsconfig.json': '{}',
    });
    const before = await project.tree();
    await init('--registry', 'durable-object');
    // What wrangler, a formatter and a colleague do.
    await replace('src/payload.config.ts', 'plugins: [seo, cache]', 'plugins: [\n    cache,\n    seo,\n  ]');
    await replace('src/payload.config.ts', '{ cache } from', '{ cache as cache } from');
    await replace(
      'wrangler.jsonc',
      '"binding": "PAYLOAD_CACHE"',
      '"binding": "PAYLOAD_CACHE",\n      "id": "abc"',
    );
    await replace('wrangler.jsonc', '"name": "site"', '"name": "shop"');
    await replace(
      'cloudflare-env.d.ts',
      'PAYLOAD_CACHE: KVNamespace;',
      'PAYLOAD_CACHE: KVNamespace; // ours',
    );
    await replace('package.json', '"payload-kv": "', '"payload-kv": "~');
    await replace('package.json', '"scripts": {', '"scripts": {\n    "dev": "next",');
    expect((await remove()).exitCode).toBe(0);
    expect(await project.tree()).toEqual({
      ...before,
      'src/payload.config.ts': before['src/payload.config.ts']!.replace('[seo]', '[\n    seo,\n  ]'),
      'wrangler.jsonc': WRANGLER.replace('"site"', '"shop"'),
      'package.json':
        '{\n  "dependencies": {\n    "payload": "3.90.2"\n  },\n  "scripts": {\n    "dev": "next"\n  }\n}\n',
    });
  });

  test('and still uses elsewhere keeps the files and the dependency', async () => {
    project = await createProject({
      'src/app/page.tsx':
        "import { schema } from '@/payload-kv/schema.generated';\n\nexport default schema;\n",
      'src/purge.ts': "import { purge } from 'payload-kv';\n\nexport { purge };\n",
    });
    const before = await project.tree();
    await init();
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(1);
    expect(stdout).toContain('! src/payload-kv/schema.generated.ts is kept: src/app/page.tsx:1 imports it.');
    expect(stdout).toContain('! `payload-kv` stays a dependency: src/purge.ts:1 imports it.');
    const after = await project.tree();
    expect(Object.keys(after).filter((name) => !(name in before))).toEqual([
      'src/payload-kv/schema.generated.ts',
      'src/payload-kv/',
    ]);
  });

  test('and still imports the package keeps that, but no scripts, which have nothing left to do', async () => {
    const purge = "import { invalidateCache } from 'payload-kv';\n\nexport { invalidateCache };\n";
    project = await createProject({ 'src/purge.ts': purge });
    await init();
    expect((await remove()).exitCode).toBe(0);
    const manifest = JSON.parse(await read('package.json'));
    expect(manifest).toEqual({ dependencies: { payload: '3.90.2', 'payload-kv': expect.any(String) } });
    const once = await project.tree();
    expect((await remove()).stdout).toContain('Nothing that init wrote is here: nothing to remove.');
    expect(await project.tree()).toEqual(once);
  });

  test('before init, such as the package installed by hand, stays and is named', async () => {
    const installed = { dependencies: { payload: '3.90.2', 'payload-kv': '^0.1.0' } };
    project = await createProject({ 'package.json': `${JSON.stringify(installed, null, 2)}\n` });
    const before = await project.tree();
    await init();
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      '! `payload-kv` stays a dependency, as it was before `init`: `npm uninstall payload-kv`, if you are',
    );
    expect(await project.tree()).toEqual(before);
  });

  test('nothing, and had the package from init, hears of no dependency that stays', async () => {
    project = await createProject();
    await init();
    expect((await remove()).stdout).not.toContain('stays a dependency');
  });

  test('so that it cannot be taken out safely is left with the line to take out, and so is the wrapper', async () => {
    project = await createProject();
    await init();
    await replace('src/payload.config.ts', 'plugins: [cache]', 'plugins: cacheIfWanted(cache)');
    const config = await read('src/payload.config.ts');
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/! src\/payload.config.ts:\d+ is left to you. `cache` is used in a way/);
    expect(stdout).toContain('  Take out by hand:\n    plugins: cacheIfWanted(cache),');
    expect(await read('src/payload.config.ts')).toBe(config);
    expect(await read(WRAPPER)).toContain('payloadKV');
  });
});

describe('in a wrangler config that somebody wrote into since', () => {
  const OTHER =
    '{\n  "name": "site",\n  "kv_namespaces": [\n    { "binding": "OTHER", "id": "1" } // theirs\n  ]\n}\n';

  test('the entry that only got a comma from init stays', async () => {
    project = await createProject({ 'wrangler.jsonc': OTHER });
    await init();
    await replace('wrangler.jsonc', '"PAYLOAD_CACHE" }', '"PAYLOAD_CACHE", "id": "2" }');
    expect((await remove()).exitCode).toBe(0);
    expect(await read('wrangler.jsonc')).toBe(OTHER);
  });

  test('a second time nothing more is taken out, though a changed wrapper keeps what init noted', async () => {
    project = await createProject({ 'wrangler.jsonc': OTHER });
    await init();
    await replace(WRAPPER, 'ttl:', '// mine\n  ttl:');
    await remove();
    const once = await project.tree();
    expect(once['wrangler.jsonc']).toBe(OTHER);
    await remove();
    expect(await project.tree()).toEqual(once);
  });

  const TOML = 'name = "site"\nmain = ".open-next/worker.js"\n\n[[d1_databases]]\nbinding = "D1"\n';
  test.each([
    [
      'behind it',
      'binding = "PAYLOAD_CACHE"\nid = "abc" # production\n\npreview_id = "abd"\n\n[vars]\nA = "1"\n',
    ],
    ['with a comment', 'binding = "PAYLOAD_CACHE" # the cache\nid = "abc"\n\n[vars]\nA = "1"\n'],
    ['before it', 'id = "abc"\nbinding = "PAYLOAD_CACHE"\n\n[vars]\nA = "1"\n'],
  ])('in TOML no pair becomes one of the table above, be it %s', async (_where, block) => {
    project = await createProject({ 'wrangler.toml': TOML });
    await init();
    await replace('wrangler.toml', 'binding = "PAYLOAD_CACHE"\n', block);
    expect((await remove()).exitCode).toBe(0);
    expect(await read('wrangler.toml')).toBe(`${TOML}\n[vars]\nA = "1"\n`);
  });

  test('in TOML every other line keeps its end', async () => {
    const mixed = TOML.replace('"site"\n', '"site"\r\n');
    project = await createProject({ 'wrangler.toml': mixed });
    await init();
    await replace('wrangler.toml', '"PAYLOAD_CACHE"', '"PAYLOAD_CACHE"\nid = "abc"');
    await remove();
    expect(await read('wrangler.toml')).toBe(mixed);
  });
});

describe('a type of the env goes by what init noted', () => {
  test.each([
    ['the wrapper is gone', async () => rm(absolute(WRAPPER))],
    ['the wrapper reads another binding', async () => replace(WRAPPER, "'PAYLOAD_CACHE'", "'MINE'")],
  ])('where %s', async (_why, change) => {
    project = await createProject({ 'wrangler.jsonc': WRANGLER, 'cloudflare-env.d.ts': ENV_TYPES });
    await init();
    await change();
    await replace('cloudflare-env.d.ts', 'PAYLOAD_CACHE: KVNamespace;', 'PAYLOAD_CACHE: KVNamespace');
    await remove();
    expect([await read('wrangler.jsonc'), await read('cloudflare-env.d.ts')]).toEqual([WRANGLER, ENV_TYPES]);
  });
});

test('bindings of which nothing tells who put them there stay and are named', async () => {
  project = await createProject({ 'wrangler.jsonc': WRANGLER, 'cloudflare-env.d.ts': ENV_TYPES });
  await init();
  await rm(absolute('src/payload-kv/schema.generated.ts'));
  await run('sync', '--yes');
  const { stdout } = await remove();
  expect(stdout).toContain(
    'wrangler.jsonc and cloudflare-env.d.ts have PAYLOAD_CACHE, and nothing tells that',
  );
  expect(await read('wrangler.jsonc')).toContain('PAYLOAD_CACHE');
});

test('a client of the person’s own that only got a comma from init stays', async () => {
  const manifest = '{\n  "dependencies": {\n    "payload": "3.90.2",\n    "ioredis": "5"\n  }\n}\n';
  project = await createProject({ 'package.json': manifest });
  await init();
  await replace('package.json', '"payload-kv": "', '"payload-kv": "~');
  await remove();
  expect(await read('package.json')).toBe(manifest);
});

test.each([
  [null],
  [{ files: null, edits: {} }],
  [{ files: {}, edits: { 'package.json': [{}] } }],
  [{ files: {}, edits: {}, schema: 5 }],
])('a note of what init wrote that makes no sense is as if it were not there: %j', async (ledger) => {
  project = await createProject();
  await init();
  const note = /(?<=for `sync` and `remove`: ).*/;
  const text = await read(SCHEMA);
  await writeFile(
    absolute(SCHEMA),
    text.replace(note, deflateRawSync(JSON.stringify(ledger)).toString('base64')),
  );
  const { exitCode, stderr } = await remove();
  expect(exitCode, stderr).toBe(1);
  expect(await read('src/payload.config.ts')).toBe(CONFIG);
});

describe('what was there before init', () => {
  test('a binding of the same name stays', async () => {
    const wrangler = '{\n  "kv_namespaces": [{ "binding": "PAYLOAD_CACHE", "id": "mine" }],\n}\n';
    project = await createProject({ 'wrangler.jsonc': wrangler });
    await init();
    expect((await remove()).exitCode).toBe(0);
    expect(await read('wrangler.jsonc')).toBe(wrangler);
  });

  test('the dependency stays where it was', async () => {
    const manifest = '{\n  "devDependencies": {\n    "payload": "3.90.2",\n    "payload-kv": "*"\n  }\n}\n';
    project = await createProject({ 'package.json': manifest });
    await init();
    await remove();
    expect(await read('package.json')).toBe(manifest);
  });
});

test('a project without the ledger gets back what is recognisably ours, and keeps the rest', async () => {
  project = await createProject({ 'wrangler.jsonc': WRANGLER });
  await init();
  await rm(absolute('src/payload-kv/schema.generated.ts'));
  const { exitCode, stdout } = await remove();
  expect(exitCode).toBe(1);
  expect(stdout).toContain(`! ${WRAPPER} is kept`);
  expect(await read('src/payload.config.ts')).toBe(CONFIG);
});

describe('where nothing of init is', () => {
  const MANIFEST =
    '{\n  "dependencies": {\n    "ioredis": "5",\n    "payload": "3.90.2",\n    "payload-kv": "^0.1.0"\n  }\n}\n';
  const ROUTE = 'src/app/(payload)/api/[...slug]/route.ts';
  const ROUTE_TEXT = `import config from '@payload-config';
import { REST_GET } from '@payloadcms/next/routes';
import { withResponseCache } from 'payload-kv/responses';

export const GET = withResponseCache(REST_GET(config), { api: 'rest' });
`;
  const MAP = 'src/app/(payload)/admin/importMap.js';
  const MAP_TEXT = `import { CacheView as CacheView_1 } from 'payload-kv/rsc'

export const importMap = {
  "payload-kv/rsc#CacheView": CacheView_1
}
`;
  const BY_HAND = CONFIG.replace(
    'import { db }',
    "import { memory, payloadKV } from 'payload-kv';\nimport { db }",
  ).replace('  db,\n', '  db,\n  plugins: [payloadKV({ store: memory() })],\n');

  test('after a first remove, a second one leaves the package that was installed by hand, and says so', async () => {
    project = await createProject({ 'package.json': MANIFEST });
    const before = await project.tree();
    await init('--store', 'redis');
    expect((await remove()).exitCode).toBe(0);
    expect(await project.tree()).toEqual(before);
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      '! `payload-kv` stays a dependency, since nothing tells that `init` put it there: `npm uninstall payload-kv`,',
    );
    expect(stdout).toContain('Nothing that init wrote is here: nothing to remove.');
    expect(stdout).not.toContain('✓');
    expect(JSON.parse((await remove('--json')).stdout)).toMatchObject({
      changes: [],
      written: false,
      ok: true,
    });
    expect(await project.tree()).toEqual(before);
  });

  test('what a person has written by hand stays, be it in the config, in a route or in the import map', async () => {
    project = await createProject({
      'package.json': MANIFEST,
      'src/payload.config.ts': BY_HAND,
      [ROUTE]: ROUTE_TEXT,
      [MAP]: MAP_TEXT,
    });
    const before = await project.tree();
    for (const flags of [[], ['--force']]) {
      const { exitCode, stdout } = await remove(...flags);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/`payload-kv` stays a dependency: .*payload\.config\.ts:2/);
      expect(stdout).toContain('Nothing that init wrote is here: nothing to remove.');
      expect(await project.tree()).toEqual(before);
    }
  });
});

describe('half of what init wrote', () => {
  test.each<[what: string, undo: () => Promise<void>]>([
    ['the directory was deleted by hand', async () => rm(absolute('src/payload-kv'), { recursive: true })],
    [
      'the directory and the line of the config were deleted by hand',
      async () => {
        await rm(absolute('src/payload-kv'), { recursive: true });
        await writeFile(absolute('src/payload.config.ts'), CONFIG);
      },
    ],
  ])('where %s, goes too, but not a package of which nothing tells', async (_what, undo) => {
    project = await createProject();
    const before = await project.tree();
    await init();
    await undo();
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(0);
    expect(stdout).toContain('since nothing tells that `init` put it there: `npm uninstall payload-kv`');
    const manifest = JSON.parse(await read('package.json'));
    expect(Object.keys(manifest)).toEqual(['dependencies']);
    expect(manifest.dependencies).toEqual({ payload: '3.90.2', 'payload-kv': expect.any(String) });
    expect({ ...(await project.tree()), 'package.json': '' }).toEqual({ ...before, 'package.json': '' });
    const once = await project.tree();
    expect((await remove()).stdout).toContain('Nothing that init wrote is here');
    expect(await project.tree()).toEqual(once);
  });

  test('names the binding that is left, where the directory was deleted by hand', async () => {
    project = await createProject({ 'wrangler.jsonc': WRANGLER, 'cloudflare-env.d.ts': ENV_TYPES });
    await init();
    await rm(absolute('src/payload-kv'), { recursive: true });
    const bound = await read('wrangler.jsonc');
    const { exitCode, stdout } = await remove();
    expect(exitCode).toBe(0);
    expect(stdout).toContain(
      '! wrangler.jsonc and cloudflare-env.d.ts have PAYLOAD_CACHE, and nothing tells that init put it there',
    );
    expect(await read('wrangler.jsonc')).toBe(bound);
  });

  test('where its scripts were changed, the package that was installed before init stays', async () => {
    project = await createProject({
      'package.json': '{\n  "dependencies": {\n    "payload": "3.90.2",\n    "payload-kv": "*"\n  }\n}\n',
    });
    await init();
    await replace('package.json', '"scripts": {', '"scripts": {\n    "dev": "next",');
    await replace('package.json', '"payload-kv sync"', '"payload-kv sync --check"');
    const { stdout } = await remove();
    expect(stdout).toContain('`payload-kv` stays a dependency, as it was before `init`');
    expect(JSON.parse(await read('package.json'))).toEqual({
      dependencies: { payload: '3.90.2', 'payload-kv': '*' },
      scripts: { dev: 'next', 'payload-kv:sync': 'payload-kv sync --check' },
    });
  });
});

test('a second init after changes in between still leads back to the start', async () => {
  project = await createProject();
  const before = await project.tree();
  await init();
  await replace('package.json', '    "payload-kv"', '    "x": "1",\n    "payload-kv"');
  await rm(absolute('src/payload-kv/hooks.ts'));
  await init('--force');
  await run('sync', '--yes');
  await remove();
  const manifest = before['package.json']!.replace('"3.90.2"', '"3.90.2",\n    "x": "1"');
  expect(await project.tree()).toEqual({ ...before, 'package.json': manifest });
});

describe('a config that tells nothing', () => {
  test.each<[what: string, break_: (text: string) => string]>([
    ['has a syntax error', (text) => `${text}}}\n`],
    ['has lost its default export', (text) => text.replace('export default', 'export const config =')],
    ['is of an unknown make', (text) => text.replace('buildConfig({', 'assemble(await remote(), {')],
    ['has no collections left', (text) => text.replace(/collections: \[[\s\S]*?\n {2}\],/, '')],
    ['is of Payload 2', (text) => text.replace("'payload'", "'payload/config'")],
  ])('and %s is no obstacle', async (_what, broken) => {
    project = await createProject();
    await init();
    const before = await project.tree();
    await writeFile(absolute('src/payload.config.ts'), broken(before['src/payload.config.ts']!));
    const { exitCode, stdout, stderr } = await remove();
    expect(exitCode, stdout + stderr).toBe(0);
    expect(await read('src/payload.config.ts')).toBe(broken(CONFIG));
    expect(await project.tree()).not.toHaveProperty('src/payload-kv/');
  });

  test('nor is another Payload, nor the files at a place of their own', async () => {
    project = await createProject({
      'tsconfig.json': JSON.stringify({ compilerOptions: { baseUrl: '.' } }),
      'src/payload.config.ts': undefined,
      'payload.config.ts': CONFIG.replace("'./db'", "'./src/db'"),
    });
    const before = await project.tree();
    await init();
    await replace('package.json', '"payload": "3.90.2"', '"payload": "4.0.0"');
    expect((await remove()).exitCode).toBe(0);
    const manifest = before['package.json']!.replace('3.90.2', '4.0.0');
    expect(await project.tree()).toEqual({ ...before, 'package.json': manifest });
  });
});

test('where there are several configs, --config names one, and the others keep their cache', async () => {
  const site = (name: string) => ({
    [`apps/${name}/package.json`]: '{ "dependencies": { "payload": "3.90.2" } }',
    [`apps/${name}/payload.config.ts`]: CONFIG.replace("'./db'", "'../../src/db'"),
  });
  project = await createProject({ 'src/payload.config.ts': undefined, ...site('blog'), ...site('shop') });
  const before = await project.tree();
  const both = ['blog', 'shop'].map((name) => ['--config', `apps/${name}/payload.config.ts`]);
  for (const config of both) await init(...config);
  const { exitCode, stderr } = await remove();
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining('[SEVERAL_CONFIGS]')]);
  expect((await remove(...both[0]!)).exitCode).toBe(0);
  expect(await project.tree()).toHaveProperty('apps/shop/payload-kv/index.ts');
  expect(await project.tree()).not.toHaveProperty('apps/blog/payload-kv/index.ts');
  await init(...both[0]!);
  const asked = await command(['remove', '--no-install', '--cwd', project.dir], {
    terminal: true,
    answers: ['apps/shop', true],
  });
  expect(asked.exitCode, asked.stdout).toBe(0);
  expect(await project.tree()).not.toHaveProperty('apps/shop/payload-kv/index.ts');
  expect((await remove(...both[0]!)).exitCode).toBe(0);
  expect(await project.tree()).toEqual(before);
});

describe.runIf(process.platform !== 'win32')('the package manager', () => {
  const { PATH } = process.env;
  afterEach(() => {
    process.env.PATH = PATH;
  });

  /** A project that is wired, with an npm that writes a lock file and says what it was told. */
  async function wired(files: Record<string, string> = {}): Promise<Record<string, string>> {
    project = await createProject(files);
    const npm = absolute('node_modules/.bin/npm');
    await mkdir(path.dirname(npm), { recursive: true });
    await writeFile(npm, '#!/bin/sh\necho "$@" > node_modules/told\necho {} >> package-lock.json\n', {
      mode: 0o755,
    });
    const before = await project.tree();
    expect((await init()).exitCode).toBe(0);
    process.env.PATH = `${path.dirname(npm)}${path.delimiter}${PATH}`;
    return before;
  }

  test('is not run where nothing is installed and nothing locked, so that no lock file appears', async () => {
    const before = await wired();
    const { exitCode, stdout } = await run('remove', '--yes', '--json');
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ install: null, nextSteps: [] });
    expect(await project.tree()).toEqual(before);
  });

  test('is run where there is a lock file', async () => {
    await wired({ 'package-lock.json': '{}\n' });
    const { stdout } = await run('remove', '--yes', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ install: { command: 'npm install', ok: true } });
    expect(await read('node_modules/told')).toBe('install\n');
  });

  test('takes out what is installed, and leaves no lock file where there was none', async () => {
    await wired({ 'node_modules/payload-kv/package.json': '{ "version": "0.1.0" }' });
    const { stdout } = await run('remove', '--yes', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ install: { command: 'npm install', ok: true } });
    expect(await read('node_modules/told')).toBe('install --no-package-lock\n');
  });
});

describe('the same ways as in init', () => {
  test('a dry run shows the very plan and writes nothing, as a diff or as JSON', async () => {
    project = await createProject();
    await init();
    const wired = await project.tree();
    const { exitCode, stdout } = await remove('--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('-  plugins: [cache],');
    expect(stdout).toContain('Dry run: nothing was written.');
    const dry = JSON.parse((await remove('--dry-run', '--json')).stdout);
    expect(await project.tree()).toEqual(wired);
    const real = JSON.parse((await remove('--json')).stdout);
    expect(dry.changes).toEqual(real.changes);
    expect(real).toMatchObject({
      command: 'remove',
      ok: true,
      written: true,
      kept: [],
      install: { ok: null },
    });
    expect(real.changes[1]).toMatchObject({
      path: 'src/payload-kv/hooks.ts',
      action: 'delete',
      content: null,
    });
  });

  test('without a terminal it wants --yes; at one it asks', async () => {
    project = await createProject();
    await init();
    const wired = await project.tree();
    const { exitCode, stderr } = await run('remove');
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('Add --yes to write it.')]);
    const asked = await command(['remove', '--cwd', project.dir], { terminal: true, answers: [false] });
    expect(asked.stdout).toContain('  delete    src/payload-kv/index.ts');
    expect(await project.tree()).toEqual(wired);
    const args = ['remove', '--no-install', '--cwd', project.dir];
    expect((await command(args, { terminal: true, answers: [true] })).exitCode).toBe(0);
    expect(await project.tree()).not.toHaveProperty(WRAPPER);
  });

  test('other files in the directory stay, and so does it', async () => {
    project = await createProject();
    await init();
    await mkdir(absolute('src/payload-kv'), { recursive: true });
    await writeFile(absolute('src/payload-kv/mine.ts'), 'export {};\n');
    await remove();
    expect(Object.keys(await project.tree()).filter((name) => name.startsWith('src/payload-kv'))).toEqual([
      'src/payload-kv/mine.ts',
      'src/payload-kv/',
    ]);
  });
});
