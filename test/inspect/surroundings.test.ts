import { describe, expect, test } from 'vitest';
import { inspectProject } from '../../src/inspect/project.js';
import { CONFIG, inspected, PAYLOAD_3, written } from './written.js';

describe('the wrangler config', () => {
  const one = '{ "name": "one" }';

  test('is read with comments and trailing commas, and all of its env blocks', () => {
    const content = `{
  // ours
  "name": "site",
  "main": ".open-next/worker.js",
  "kv_namespaces": [{ "binding": "CACHE", "id": "abc", "preview_id": "def" }, { "binding": "AUTO", },],
  "d1_databases": [{ "binding": "D1", "database_name": "site", "database_id": "1" }],
  "env": {
    "staging": { "vars": { "A": "1" }, },
    "production": { "r2_buckets": [{ "binding": "R2" }] },
    "preview": { "kv_namespaces": [] },
  },
}`;
    const { wrangler } = inspected({ 'payload.config.ts': CONFIG, 'wrangler.jsonc': content });
    const nothing = {
      hasKVNamespaces: false,
      kvNamespaces: [],
      d1Databases: [],
      durableObjects: [],
      hasBindings: false,
    };
    expect(wrangler).toEqual({
      path: 'wrangler.jsonc',
      format: 'jsonc',
      content,
      name: 'site',
      main: '.open-next/worker.js',
      hasKVNamespaces: true,
      kvNamespaces: [
        { binding: 'CACHE', id: 'abc', previewId: 'def' },
        { binding: 'AUTO', id: undefined, previewId: undefined },
      ],
      d1Databases: [{ binding: 'D1', databaseName: 'site', databaseId: '1' }],
      durableObjects: [],
      hasBindings: true,
      env: {
        staging: nothing,
        production: { ...nothing, hasBindings: true },
        preview: { ...nothing, hasKVNamespaces: true },
      },
      valid: true,
      warnings: [],
    });
  });

  test.each([
    [['wrangler.json', 'wrangler.jsonc', 'wrangler.toml'], 'wrangler.json'],
    [['wrangler.jsonc', 'wrangler.toml'], 'wrangler.jsonc'],
    [['wrangler.toml'], 'wrangler.toml'],
  ])('of %j is %s', (names, expected) => {
    const files = Object.fromEntries(
      names.map((name) => [name, name.endsWith('toml') ? 'name = "one"' : one]),
    );
    const { wrangler } = inspected({ 'payload.config.ts': CONFIG, ...files });
    expect(wrangler).toMatchObject({ path: expected, name: 'one', valid: true, warnings: [] });
  });

  test("is that of the Payload package, though wrangler would take a parent's .json", () => {
    const cwd = written({
      'package.json': '{ "workspaces": ["apps/*"] }',
      'wrangler.json': '{ "name": "other" }',
      'apps/web/package.json': '{}',
      'apps/web/wrangler.json': '{ "name": "web" }',
      'apps/cms/package.json': PAYLOAD_3,
      'apps/cms/payload.config.ts': CONFIG,
      'apps/cms/wrangler.jsonc': one,
    });
    const { wrangler } = inspectProject({ cwd });
    expect(wrangler).toMatchObject({
      path: 'wrangler.jsonc',
      name: 'one',
      warnings: ['wrangler itself takes ../../wrangler.json rather than wrangler.jsonc.'],
    });
  });

  test('may be that of the workspace, and a redirection is told', () => {
    const cwd = written({
      'package.json': '{ "workspaces": ["cms"] }',
      'wrangler.jsonc': one,
      'cms/package.json': PAYLOAD_3,
      'cms/payload.config.ts': CONFIG,
      'cms/.wrangler/deploy/config.json': '{}',
    });
    const { wrangler } = inspectProject({ cwd });
    expect(wrangler).toMatchObject({ path: '../wrangler.jsonc', name: 'one' });
    expect(wrangler?.warnings).toEqual([expect.stringContaining('redirects wrangler')]);
  });

  test('is not looked for above the project', () => {
    const cwd = written({
      'wrangler.jsonc': one,
      'site/package.json': PAYLOAD_3,
      'site/payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd: `${cwd}/site` }).wrangler).toBeUndefined();
  });

  test('that is broken is marked, with its line', () => {
    const { wrangler } = inspected({
      'payload.config.ts': CONFIG,
      'wrangler.jsonc': '{\n  "name": "x",\n  "main" 5\n}',
    });
    expect(wrangler).toMatchObject({ valid: false, name: 'x' });
    expect(wrangler?.warnings).toEqual(['wrangler.jsonc:3 is no valid JSON: ColonExpected.']);
  });

  test('is read from TOML as wrangler documents it', () => {
    const { wrangler } = inspected({
      'payload.config.ts': CONFIG,
      'wrangler.toml': `# ours
name = "site" # really
main = 'worker.js'
compatibility_flags = [
  "nodejs_compat", # needed
]
minify = true
kv_namespaces = [ { binding = "A", id = "a#1" } ]

[[d1_databases]]
binding = "D1"
database_name = "site"
database_id = "1"

[observability]
head_sampling_rate = 0.5

[env.staging]
name = "site-staging"

[[env.staging.kv_namespaces]]
binding = "A"
id = "b"

[[env.staging.kv_namespaces]]
binding = "B"

["env".production.vars]
X = "1"
`,
    });
    expect(wrangler).toMatchObject({
      name: 'site',
      main: 'worker.js',
      kvNamespaces: [{ binding: 'A', id: 'a#1' }],
      d1Databases: [{ binding: 'D1', databaseName: 'site', databaseId: '1' }],
      env: {
        staging: {
          hasKVNamespaces: true,
          hasBindings: true,
          kvNamespaces: [{ binding: 'A', id: 'b' }, { binding: 'B' }],
        },
        production: { hasKVNamespaces: false, hasBindings: false },
      },
      valid: true,
    });
  });

  test.each(['a..b = 1', 'text = """\nmore\n"""', 'day = 2026-01-01', 'list = [1,\n', 'nonsense'])(
    'says where TOML goes beyond what is read: %j',
    (line) => {
      const { wrangler } = inspected({
        'payload.config.ts': CONFIG,
        'wrangler.toml': `name = "site"\n${line}\n`,
      });
      expect(wrangler).toMatchObject({ name: 'site', valid: false });
      expect(wrangler?.warnings[0]).toMatch(/^wrangler\.toml:2 is written in a way that is not read here/);
    },
  );

  test.each(['cloudflare-env.d.ts', 'worker-configuration.d.ts', 'src/cloudflare-env.d.ts'])(
    'has its types in %s',
    (file) => {
      expect(inspected({ 'payload.config.ts': CONFIG, [file]: '' }).cloudflareEnvTypes).toBe(file);
    },
  );
});

describe('the package manager', () => {
  test.each([
    ['pnpm-lock.yaml', 'pnpm'],
    ['bun.lock', 'bun'],
    ['bun.lockb', 'bun'],
    ['yarn.lock', 'yarn'],
    ['package-lock.json', 'npm'],
  ])('by %s', (file, expected) => {
    const cwd = written({ 'package.json': PAYLOAD_3, 'payload.config.ts': CONFIG, [file]: '' });
    expect(inspectProject({ cwd })).toMatchObject({ packageManager: expected, lockFileDir: cwd });
  });

  test('by the lock file of the workspace', () => {
    const cwd = written({
      'pnpm-lock.yaml': '',
      'apps/cms/package.json': PAYLOAD_3,
      'apps/cms/payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd })).toMatchObject({ packageManager: 'pnpm', lockFileDir: cwd });
  });

  test('by the packageManager field where both are', () => {
    const project = inspected({
      'package.json': '{ "packageManager": "yarn@4.5.0+sha224.x" }',
      'payload.config.ts': CONFIG,
      'package-lock.json': '',
    });
    expect(project.packageManager).toBe('yarn');
  });

  test('not by what lies above the repository, and npm where nothing tells', () => {
    const cwd = written({
      'yarn.lock': '',
      'site/.git/HEAD': '',
      'site/package.json': PAYLOAD_3,
      'site/payload.config.ts': CONFIG,
    });
    const project = inspectProject({ cwd: `${cwd}/site` });
    expect(project.packageManager).toBe('npm');
    expect(project.lockFileDir).toBeUndefined();
  });
});

describe('the code style', () => {
  test('of a project with double quotes, tabs, CRLF and no semicolons', () => {
    const text = `import { buildConfig } from "payload"\nimport { Posts } from "./Posts.js"\n\nexport default buildConfig({\n\tcollections: [\n\t\tPosts\n\t]\n})\n`;
    const { style } = inspected({
      'payload.config.ts': text.replaceAll('\n', '\r\n'),
      'Posts.ts': `export const Posts = {\r\n\tslug: "posts",\r\n\tfields: []\r\n}\r\n`,
    });
    expect(style).toEqual({
      quotes: 'double',
      semicolons: false,
      indent: '\t',
      lineEnding: '\r\n',
      trailingCommas: false,
      importExtension: '.js',
    });
  });

  test('is that of most of the files, where the config is the exception', () => {
    const collection = (name: string) =>
      `import { x } from '../x';\n\nexport const ${name} = {\n    slug: '${name}',\n    labels: { singular: 'It', plural: "It's" },\n    fields: [\n        x,\n    ],\n};\n`;
    const { style } = inspected({
      'payload.config.ts': `import { A } from "./c/A"\nimport { B } from "./c/B"\nexport default { collections: [A, B] }\n`,
      'c/A.ts': collection('A'),
      'c/B.ts': collection('B'),
      'x.ts': `export const x = { name: 'x', type: 'text' };\n`,
    });
    expect(style).toEqual({
      quotes: 'single',
      semicolons: true,
      indent: '    ',
      lineEnding: '\n',
      trailingCommas: true,
      importExtension: '',
    });
  });

  test('has the most usual habits where nothing tells', () => {
    const { style } = inspected({
      'payload.config.ts': `export default { collections: [{ slug: 'a', fields: [] }] }`,
    });
    expect(style).toEqual({
      quotes: 'single',
      semicolons: false,
      indent: '  ',
      lineEnding: '\n',
      trailingCommas: true,
      importExtension: '',
    });
  });
});
