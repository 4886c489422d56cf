import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { sourceFiles } from '../../src/inspect/source-files.js';
import { tsconfigs } from '../../src/inspect/tsconfig.js';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A project of files: objects become JSON. */
function project(files: Record<string, unknown>, links: Record<string, string> = {}) {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'payload-kv-sources-')));
  directories.push(root);
  for (const [file, content] of Object.entries(files)) {
    const absolute = path.join(root, file);
    mkdirSync(path.dirname(absolute), { recursive: true });
    writeFileSync(absolute, typeof content === 'string' ? content : JSON.stringify(content));
  }
  for (const [link, target] of Object.entries(links)) {
    mkdirSync(path.dirname(path.join(root, link)), { recursive: true });
    symlinkSync(path.join(root, target), path.join(root, link), 'dir');
  }
  return {
    root,
    /** Where a specifier leads from `src/payload.config.ts`: a path, `package …` or `missing`. */
    resolve(specifier: string, from = 'src/payload.config.ts'): string {
      const found = sourceFiles(root, tsconfigs(root)).resolve(specifier, path.join(root, from));
      if (found.kind === 'file') return path.relative(root, found.path);
      return found.kind === 'package' ? `package ${found.name}` : 'missing';
    },
  };
}

/** As tsconfig files write it. */
const DIRECTORY = '$' + '{configDir}';
const CODE = 'export const it = {}\n';
const manifest = (imports: unknown) => ({ 'package.json': { name: 'site', type: 'module', imports } });
const sources = (...files: string[]) => Object.fromEntries(files.map((file) => [file, CODE]));

describe('`imports` of package.json', () => {
  test.each([
    ['a pattern without endings', { '#payload/*': './src/*' }, '#payload/posts', 'src/posts.ts'],
    [
      'a pattern that leads to a folder',
      { '#payload/*': './src/*' },
      '#payload/fields',
      'src/fields/index.ts',
    ],
    ['a pattern with an ending', { '#payload/*': './src/*.ts' }, '#payload/posts', 'src/posts.ts'],
    ['an ending of what is built', { '#payload/*': './src/*' }, '#payload/posts.js', 'src/posts.ts'],
    ['the root', { '#*': './src/*' }, '#posts', 'src/posts.ts'],
    [
      '`*` in the middle',
      { '#payload/*/config': './src/*/index' },
      '#payload/fields/config',
      'src/fields/index.ts',
    ],
    ['`*` twice in a target', { '#of/*': './src/*/*' }, '#of/pages', 'src/pages/pages.ts'],
    ['no pattern', { '#posts': './src/posts' }, '#posts', 'src/posts.ts'],
    ['the longest pattern', { '#*': './none/*', '#payload/*': './src/*' }, '#payload/posts', 'src/posts.ts'],
    ['no pattern before one', { '#p/*': './none/*', '#p/posts': './src/posts' }, '#p/posts', 'src/posts.ts'],
    [
      'conditions in conditions',
      { '#p/*': { browser: './none/*', node: { require: './none/*.cjs', import: './src/*' } } },
      '#p/posts',
      'src/posts.ts',
    ],
    [
      'the condition of Node before the others',
      { '#p/*': { browser: './none/*.ts', node: './src/*.ts', default: './src/fields/index.ts' } },
      '#p/posts',
      'src/posts.ts',
    ],
    ['types first', { '#p/*': { types: './types/*.d.ts', default: './src/*' } }, '#p/posts', 'src/posts.ts'],
    ['an array', { '#p/*': ['./none/*', './src/*'] }, '#p/posts', 'src/posts.ts'],
    ['an array of conditions', { '#p/*': [{ worker: './none/*' }, './src/*'] }, '#p/posts', 'src/posts.ts'],
    ['what is built', { '#p/*': './dist/*.js' }, '#p/posts', 'src/posts.ts'],
    ['null', { '#p/*': './src/*', '#p/secret/*': null }, '#p/secret/posts', 'missing'],
    ['null by a condition', { '#p/*': { node: null, default: './src/*' } }, '#p/posts', 'missing'],
    ['another package', { '#core': 'payload' }, '#core', 'package payload'],
    ['another package by a condition', { '#core': { import: 'payload' } }, '#core', 'package payload'],
    ['nothing', { '#p/*': './src/*' }, '#q/posts', 'missing'],
  ])('%s', (_name, imports, specifier, expected) => {
    const { resolve } = project({
      ...manifest(imports),
      ...sources('src/posts.ts', 'src/fields/index.ts', 'src/pages/pages.ts', 'src/secret/posts.ts'),
      'types/posts.d.ts': 'export declare const it: object\n',
      'node_modules/payload/package.json': { name: 'payload', main: 'index.js' },
      'node_modules/payload/index.js': CODE,
    });
    expect(resolve(specifier)).toBe(expected);
  });

  test('are resolved as Node itself does, where it can', () => {
    const { root, resolve } = project({
      ...manifest({
        '#a/*': './src/*.js',
        '#a/inner/*': './lib/*.js',
        '#b/*/end.js': { node: { default: './src/*/end.js' } },
        '#c': [{ nothing: './none.js' }, './src/c.js'],
        '#d*': './src/d*.js',
      }),
      ...sources('src/one.js', 'lib/one.js', 'src/deep/end.js', 'src/c.js', 'src/d1.js', 'src/config.js'),
    });
    const node = createRequire(path.join(root, 'src/config.js'));
    for (const specifier of ['#a/one', '#a/inner/one', '#b/deep/end.js', '#c', '#d1'])
      expect(resolve(specifier), specifier).toBe(path.relative(root, node.resolve(specifier)));
  });

  test('are those of the package that the file is of', () => {
    const { resolve } = project({
      ...manifest({ '#x/*': './src/*' }),
      'packages/cms/package.json': { name: 'cms', imports: { '#x/*': './lib-of-cms/*' } },
      ...sources('src/a.ts', 'packages/cms/lib-of-cms/a.ts'),
    });
    expect(resolve('#x/a', 'packages/cms/lib-of-cms/index.ts')).toBe('packages/cms/lib-of-cms/a.ts');
    expect(resolve('#x/a')).toBe('src/a.ts');
  });
});

describe('tsconfig', () => {
  const config = (compilerOptions: object, more: object = {}) => ({
    'package.json': { name: 'site' },
    'tsconfig.json': { compilerOptions, ...more },
  });
  test.each([
    ['a pattern', config({ paths: { '#payload/*': ['./src/*'] } }), '#payload/posts', 'src/posts.ts'],
    ['several targets', config({ paths: { '@/*': ['./none/*', './src/*'] } }), '@/posts', 'src/posts.ts'],
    ['declarations first', config({ paths: { '@/*': ['./types/*', './src/*'] } }), '@/posts', 'src/posts.ts'],
    [
      '`*` in the middle',
      config({ paths: { '@/*/all': ['./src/*/index'] } }),
      '@/fields/all',
      'src/fields/index.ts',
    ],
    ['a folder', config({ paths: { '~fields': ['./src/fields'] } }), '~fields', 'src/fields/index.ts'],
    ['what is built', config({ paths: { '@/*': ['./dist/*'] } }), '@/posts', 'src/posts.ts'],
    ['baseUrl', config({ baseUrl: './src', paths: { '@/*': ['*'] } }), '@/posts', 'src/posts.ts'],
    [
      'a base in another folder',
      {
        ...config({}, { extends: './configs/base.json' }),
        'configs/base.json': { compilerOptions: { paths: { '@/*': ['../src/*'] } } },
      },
      '@/posts',
      'src/posts.ts',
    ],
    [
      'several bases',
      {
        ...config({}, { extends: ['./a.json', './b.json'] }),
        'a.json': { compilerOptions: { paths: { '@/*': ['./none/*'] } } },
        'b.json': { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
      },
      '@/posts',
      'src/posts.ts',
    ],
    [
      'the directory of the config',
      {
        ...config({}, { extends: './configs/base.json' }),
        'configs/base.json': { compilerOptions: { paths: { '@/*': [`${DIRECTORY}/src/*`] } } },
      },
      '@/posts',
      'src/posts.ts',
    ],
    ['rootDirs', config({ rootDirs: ['./src', './generated'] }), './made', 'generated/made.ts'],
    [
      'an alias of a package',
      config({ paths: { '@/core': ['./node_modules/payload'] } }),
      '@/core',
      'package payload',
    ],
    ['nothing', config({ paths: { '@/*': ['./src/*'] } }), '@/none', 'missing'],
  ])('%s', (_name, files, specifier, expected) => {
    const { resolve } = project({
      ...files,
      ...sources('src/posts.ts', 'src/fields/index.ts', 'generated/made.ts'),
      'types/posts.d.ts': 'export declare const it: object\n',
      'node_modules/payload/package.json': { name: 'payload', main: 'index.js' },
      'node_modules/payload/index.js': CODE,
    });
    expect(resolve(specifier)).toBe(expected);
  });
});

describe('`exports` of a package of the workspace', () => {
  test.each([
    ['a pattern without endings', { './*': './src/*' }, 'cms/posts', 'src/posts.ts'],
    ['the longest pattern', { './*': './none/*.js', './of/*': './src/*.ts' }, 'cms/of/posts', 'src/posts.ts'],
    ['`*` twice', { './*': './dist/*/*.js' }, 'cms/pages', 'src/pages/pages.ts'],
    [
      'conditions',
      { '.': { types: './dist/index.d.ts', node: { import: './dist/index.js' } } },
      'cms',
      'src/index.ts',
    ],
    ['an array', { '.': ['./none.js', './src/index.ts'] }, 'cms', 'src/index.ts'],
    ['one for all', './dist/index.js', 'cms', 'src/index.ts'],
  ])('%s', (_name, exports, specifier, expected) => {
    const { resolve } = project(
      {
        'package.json': { name: 'site' },
        'packages/cms/package.json': { name: 'cms', exports },
        ...sources(
          'packages/cms/src/index.ts',
          'packages/cms/src/posts.ts',
          'packages/cms/src/pages/pages.ts',
        ),
      },
      { 'node_modules/cms': 'packages/cms' },
    );
    expect(resolve(specifier)).toBe(`packages/cms/${expected}`);
  });

  test('of the package itself', () => {
    const { resolve } = project({
      'package.json': { name: 'site', exports: { './*': './dist/*.js' } },
      ...sources('src/posts.ts'),
    });
    expect(resolve('site/posts')).toBe('src/posts.ts');
  });
});
