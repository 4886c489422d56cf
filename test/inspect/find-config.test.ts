import { symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { inspectProject } from '../../src/inspect/project.js';
import { CONFIG, errorOf, inspected, PAYLOAD_3, written } from './written.js';

describe('the config is found', () => {
  test.each([
    ['payload.config.ts', '.'],
    ['payload.config.mts', '.'],
    ['payload.config.js', '.'],
    ['payload.config.mjs', '.'],
    ['src/payload.config.ts', 'src'],
    ['app/payload.config.ts', 'app'],
  ])('at %s', (file, sourceDir) => {
    const project = inspected({ [file]: CONFIG });
    expect(project).toMatchObject({ configPath: file, configChain: [file], sourceDir });
    expect(project.schema.collections.map(({ slug }) => slug)).toEqual(['posts', 'users']);
  });

  test('through the alias of a tsconfig that has comments and inherits it', () => {
    const project = inspected({
      'base.json': '{ "compilerOptions": { "paths": { "@payload-config": ["./cms/payload.config.ts"] } } }',
      'tsconfig.json': '{ /* ours */ "extends": "./base.json", "compilerOptions": { "strict": true, }, }',
      'cms/payload.config.ts': CONFIG,
      'src/payload.config.ts': 'export default {}',
    });
    expect(project).toMatchObject({ configPath: 'cms/payload.config.ts', tsconfigPath: 'tsconfig.json' });
  });

  test('through the alias of a tsconfig that only refers to others', () => {
    const project = inspected({
      'tsconfig.json':
        '{ "files": [], "references": [{ "path": "./tsconfig.node.json" }, { "path": "./app" }] }',
      'tsconfig.node.json': '{}',
      'app/tsconfig.json': '{ "compilerOptions": { "paths": { "@payload-config": ["../cms/config.ts"] } } }',
      'cms/config.ts': CONFIG,
    });
    expect(project.configPath).toBe('cms/config.ts');
  });

  test('where --config says, in the package that it belongs to', () => {
    const cwd = written({
      'package.json': '{}',
      'apps/cms/package.json': PAYLOAD_3,
      'apps/cms/odd.ts': CONFIG,
    });
    const project = inspectProject({ cwd, config: 'apps/cms/odd.ts' });
    expect(project).toMatchObject({ root: `${cwd}/apps/cms`, configPath: 'odd.ts' });
  });

  test('from a directory inside of the package', () => {
    const cwd = written({
      'package.json': PAYLOAD_3,
      'src/payload.config.ts': CONFIG,
      'src/collections/x.ts': '',
    });
    expect(inspectProject({ cwd: `${cwd}/src/collections` }).root).toBe(cwd);
  });

  test('in the only package of a workspace that has one', () => {
    const cwd = written({
      'pnpm-workspace.yaml': "packages: ['apps/*']\n",
      'package.json': '{}',
      'apps/web/package.json': '{}',
      'apps/cms/package.json': PAYLOAD_3,
      'apps/cms/src/payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd })).toMatchObject({
      root: `${cwd}/apps/cms`,
      configPath: 'src/payload.config.ts',
    });
  });

  test('as .ts where a build left a .js beside it', () => {
    const project = inspected({ 'payload.config.ts': CONFIG, 'payload.config.js': 'export default {}' });
    expect(project.configPath).toBe('payload.config.ts');
  });
});

describe('a clear error is given', () => {
  test('when there is no config', () => {
    const cwd = written({ 'package.json': PAYLOAD_3 });
    const error = errorOf(() => inspectProject({ cwd }));
    expect(error).toMatchObject({ code: 'CONFIG_NOT_FOUND', nextStep: expect.stringContaining('--config') });
    expect(error.message).toContain(cwd);
  });

  test('when --config names no file, or --cwd no directory', () => {
    const cwd = written({ 'package.json': PAYLOAD_3, 'payload.config.ts': CONFIG });
    expect(errorOf(() => inspectProject({ cwd, config: 'nope.ts' })).code).toBe('CONFIG_NOT_FOUND');
    expect(errorOf(() => inspectProject({ cwd: `${cwd}/nope` })).code).toBe('CONFIG_NOT_FOUND');
  });

  test('when a workspace has several, all of them named', () => {
    const error = errorOf(() =>
      inspected({
        'package.json': '{ "workspaces": ["apps/*"] }',
        'apps/one/package.json': PAYLOAD_3,
        'apps/one/payload.config.ts': CONFIG,
        'apps/two/package.json': PAYLOAD_3,
        'apps/two/src/payload.config.ts': CONFIG,
        'apps/two/node_modules/x/package.json': '{}',
        'apps/two/node_modules/x/payload.config.ts': CONFIG,
      }),
    );
    expect(error.code).toBe('SEVERAL_CONFIGS');
    expect(error.message).toContain('apps/one/payload.config.ts, apps/two/src/payload.config.ts.');
    expect(error.nextStep).toContain('--config apps/one/payload.config.ts');
  });

  test('but not a package that keeps a function under that name, which exports no config', () => {
    const project = inspected({
      'package.json': '{ "workspaces": ["apps/*", "packages/*"] }',
      'apps/one/package.json': PAYLOAD_3,
      'apps/one/payload.config.ts': CONFIG,
      'packages/cms/package.json': PAYLOAD_3,
      'packages/cms/src/payload.config.ts': CONFIG.replace('export default', 'export const cms = () =>'),
    });
    expect(project.root).toMatch(/apps.one$/);
  });

  test('when one directory has two', () => {
    const error = errorOf(() => inspected({ 'payload.config.ts': CONFIG, 'src/payload.config.ts': CONFIG }));
    expect(error.code).toBe('SEVERAL_CONFIGS');
    expect(error.message).toContain('src/payload.config.ts, payload.config.ts');
  });

  test('when the config does not parse, with its line', () => {
    const error = errorOf(() => inspected({ 'payload.config.ts': `${CONFIG}\nconst = 5;\n` }));
    expect(error).toMatchObject({
      code: 'CONFIG_UNPARSABLE',
      location: { file: 'payload.config.ts', line: 4 },
    });
  });

  test('when a collection does not parse, with its file and line', () => {
    const error = errorOf(() =>
      inspected({
        'payload.config.ts': `import { buildConfig } from 'payload';\nimport { Posts } from './Posts';\nexport default buildConfig({ collections: [Posts] });`,
        'Posts.ts': `export const Posts = {\n  slug: 'posts',\n  fields: [}\n};`,
      }),
    );
    expect(error).toMatchObject({ code: 'CONFIG_UNPARSABLE', location: { file: 'Posts.ts', line: 3 } });
  });

  test('when there is nothing to cache', () => {
    const error = errorOf(() => inspected({ 'payload.config.ts': 'export default { collections: [] };' }));
    expect(error).toMatchObject({ code: 'NO_COLLECTIONS', location: { file: 'payload.config.ts', line: 1 } });
  });

  test('when no collection could be read, with what stood in the way', () => {
    const error = errorOf(() =>
      inspected({
        'payload.config.ts': `import { all } from 'shared';\nexport default { collections: all };`,
      }),
    );
    expect(error).toMatchObject({ code: 'NO_COLLECTIONS', location: { file: 'payload.config.ts', line: 1 } });
    expect(error.message).toContain('it comes from the package shared');
    expect(error.nextStep).toContain('generate:types');
  });

  test.each([
    ['has no default export', `export * from './inner';`],
    ['is no object', `import config from 'somewhere';\nexport default config;`],
  ])('when the config %s', (_, text) => {
    const error = errorOf(() =>
      inspected({
        'payload.config.ts': text,
        'inner.ts': `export const a = 1;\nexport default { collections: [] };`,
      }),
    );
    expect(error).toMatchObject({ code: 'CONFIG_UNREADABLE', location: { file: 'payload.config.ts' } });
  });

  test('when package.json is broken', () => {
    const error = errorOf(() =>
      inspected({ 'package.json': '{\n  "name": \n}', 'payload.config.ts': CONFIG }),
    );
    expect(error).toMatchObject({
      code: 'PACKAGE_JSON_UNPARSABLE',
      location: { file: 'package.json', line: 3 },
    });
  });
});

describe('only Payload 3 is worked with', () => {
  test.each([
    ['^2.30.0', undefined],
    ['1.15.8', undefined],
    ['4.0.0-canary.3', undefined],
    ['^3.0.0', '2.32.1'],
    ['latest', '4.1.0'],
  ])('declared %s, installed %s is refused', (declared, installed) => {
    const error = errorOf(() =>
      inspected({
        'package.json': JSON.stringify({ dependencies: { payload: declared } }),
        'payload.config.ts': CONFIG,
        ...(installed ? { 'node_modules/payload/package.json': JSON.stringify({ version: installed }) } : {}),
      }),
    );
    expect(error.code).toBe('PAYLOAD_VERSION_UNSUPPORTED');
    expect(error.message).toContain(installed ?? declared);
  });

  test('a config in the manner of Payload 2 is refused whatever package.json says', () => {
    const error = errorOf(() =>
      inspected({ 'payload.config.ts': CONFIG.replace("'payload'", "'payload/config'") }),
    );
    expect(error).toMatchObject({
      code: 'PAYLOAD_VERSION_UNSUPPORTED',
      location: { file: 'payload.config.ts', line: 1 },
    });
  });

  test.each([
    ['^3.90.0'],
    ['3'],
    ['latest'],
    ['workspace:*', 'it is declared as `workspace:*`'],
    ['>=3.1.0 <4'],
  ])('declared %s is taken', (declared, unread?: string) => {
    const project = inspected({
      'package.json': JSON.stringify({ dependencies: { payload: declared } }),
      'payload.config.ts': CONFIG,
    });
    expect(project.payloadVersion).toEqual({ declared, installed: undefined, unread });
  });

  test.each([
    ['catalog:', 'catalog:\n  react: ^19\n  payload: ^3.88.0 # pinned\n'],
    [
      'catalog:cms',
      "packages:\n  - 'apps/*'\ncatalogs:\n  web:\n    payload: 2.0.0\n  cms:\n    'payload': \"^3.88.0\"\n",
    ],
  ])('the range behind %s is read from the workspace', (declared, yaml) => {
    const cwd = written({
      'pnpm-workspace.yaml': yaml,
      'apps/cms/package.json': JSON.stringify({ dependencies: { payload: declared } }),
      'apps/cms/payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd: `${cwd}/apps/cms` }).payloadVersion.declared).toBe('^3.88.0');
  });

  test('a catalog of package.json is read as well', () => {
    const cwd = written({
      'package.json': '{ "workspaces": { "packages": ["cms"], "catalog": { "payload": "3.70.0" } } }',
      'cms/package.json': '{ "dependencies": { "payload": "catalog:" } }',
      'cms/payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd }).payloadVersion).toMatchObject({
      declared: '3.70.0',
      through: { file: '../package.json', kind: 'catalog' },
    });
  });

  test.each([
    ['npm', { overrides: { payload: '3.12.0' } }, 'package-lock.json'],
    ['npm, in its long form', { overrides: { payload: { '.': '3.12.0' } } }, 'package-lock.json'],
    ['pnpm', { pnpm: { overrides: { payload: '3.12.0' } } }, 'pnpm-lock.yaml'],
    ['pnpm, as yarn has it', { resolutions: { payload: '3.12.0' } }, 'pnpm-lock.yaml'],
    ['yarn', { resolutions: { payload: '3.12.0' } }, 'yarn.lock'],
    ['yarn 1', { resolutions: { '**/payload': '3.12.0' } }, 'yarn.lock'],
    ['bun', { overrides: { payload: '3.12.0' } }, 'bun.lock'],
  ])('the version that the workspace overrides others with counts: %s', (_name, workspace, lockFile) => {
    const cwd = written({
      '.git/HEAD': '',
      'package.json': JSON.stringify({ workspaces: ['cms'], ...workspace }),
      [lockFile]: '',
      'cms/package.json': '{ "dependencies": { "payload": "^3.80.0" } }',
      'cms/payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd: `${cwd}/cms` }).payloadVersion).toMatchObject({
      declared: '3.12.0',
      through: { file: '../package.json', kind: 'override' },
    });
  });

  test("pnpm's overrides of its workspace file count, through the catalog", () => {
    const cwd = written({
      'package.json': '{ "dependencies": { "payload": "^3.80.0" } }',
      'pnpm-workspace.yaml': "overrides:\n  payload: 'catalog:'\ncatalog:\n  payload: 3.12.0\n",
      'pnpm-lock.yaml': '',
      'payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd }).payloadVersion).toMatchObject({
      declared: '3.12.0',
      through: { file: 'pnpm-workspace.yaml', kind: 'override' },
    });
  });

  test('an override for another package manager, or one that repeats the dependency, changes nothing', () => {
    const cwd = written({
      'package.json': JSON.stringify({
        dependencies: { payload: '^3.80.0' },
        resolutions: { payload: '3.12.0' },
        overrides: { payload: '$payload' },
      }),
      'package-lock.json': '',
      'payload.config.ts': CONFIG,
    });
    expect(inspectProject({ cwd }).payloadVersion).toEqual({ declared: '^3.80.0', installed: undefined });
  });
});

test('collections of a package of the workspace are followed into its source', () => {
  const cwd = written({
    'package.json': '{ "workspaces": ["apps/*", "packages/*"] }',
    'packages/content/package.json':
      '{ "name": "@acme/content", "exports": { "./collections": "./src/collections.ts" } }',
    'packages/content/src/collections.ts': `export const Posts = { slug: 'posts', fields: [{ name: 'title', type: 'text' }] };`,
    'apps/cms/package.json': PAYLOAD_3,
    'apps/cms/payload.config.ts': `import { Posts } from '@acme/content/collections';\nexport default { collections: [Posts] };`,
    'node_modules/@acme/.keep': '',
  });
  symlinkSync(`${cwd}/packages/content`, `${cwd}/node_modules/@acme/content`, 'dir');
  const [posts] = inspectProject({ cwd }).schema.collections;
  expect(posts).toMatchObject({
    slug: 'posts',
    location: { file: '../../packages/content/src/collections.ts', line: 1 },
  });
});

test('a config that says nothing of Payload itself, and leads to one by its own name for a directory, is one', () => {
  const project = inspected({
    'tsconfig.json': '{ "compilerOptions": { "baseUrl": "." } }',
    'payload.config.ts': `import config from 'cms/config';\n\nexport default config;\n`,
    'cms/config.ts': CONFIG,
  });
  expect(project.configChain).toEqual(['payload.config.ts', 'cms/config.ts']);
});
