/** Compiles what uses decorators by real compilers, to modules that the tests run. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { execaNode } from 'execa';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

export type Kind = 'standard' | 'legacy';
export interface Compiler {
  name: string;
  kind: Kind;
  /** TypeScript to JavaScript. */
  compile(source: string): Promise<string>;
}

const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');

function esbuild(name: string, kind: Kind, target: string): Compiler {
  const compilerOptions = { experimentalDecorators: kind === 'legacy', useDefineForClassFields: true };
  return {
    name,
    kind,
    async compile(source) {
      const { code } = await transform(source, {
        loader: 'ts',
        format: 'esm',
        target,
        keepNames: false,
        minify: target === 'es2017',
        tsconfigRaw: { compilerOptions },
      });
      return code;
    },
  };
}

function typescript(name: string, kind: Kind, ...options: string[]): Compiler {
  return {
    name,
    kind,
    async compile(source) {
      const folder = await mkdtemp(path.join(tmpdir(), 'payload-kv-decorators-'));
      try {
        const file = path.join(folder, 'module.ts');
        await writeFile(file, source);
        await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
        const legacy = kind === 'legacy' ? ['--experimentalDecorators'] : [];
        const form = ['--ignoreConfig', '--noCheck', '--module', 'nodenext', ...legacy, ...options];
        await execaNode(tsc, [...form, file], { cwd: folder });
        return await readFile(path.join(folder, 'module.js'), 'utf8');
      } finally {
        await removeDirectory(folder);
      }
    },
  };
}

export const COMPILERS: readonly Compiler[] = [
  esbuild('esbuild', 'standard', 'es2022'),
  esbuild('esbuild, minified for old engines', 'standard', 'es2017'),
  typescript('TypeScript', 'standard', '--target', 'es2022'),
  typescript('TypeScript, for old engines', 'standard', '--target', 'es2015'),
  esbuild('esbuild', 'legacy', 'es2022'),
  esbuild('esbuild, minified for old engines', 'legacy', 'es2017'),
  typescript('TypeScript', 'legacy', '--target', 'es2022'),
  typescript('TypeScript with metadata', 'legacy', '--target', 'es2022', '--emitDecoratorMetadata'),
  typescript('TypeScript, for old engines', 'legacy', '--target', 'es2015'),
];

const folders: string[] = [];

/** Compiles a text and runs it as a module. */
export async function load<Module>(compiler: Compiler, source: string): Promise<Module> {
  // Where packages are found, and vitest puts the source in the place of this one.
  const folder = await mkdtemp(path.join(repository, 'test/decorators/output-'));
  folders.push(folder);
  const file = path.join(folder, 'module.mjs');
  await writeFile(file, await compiler.compile(source));
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as Module;
}

/** {@link load} for a file of these tests. */
export async function loadFile<Module>(compiler: Compiler, file: string): Promise<Module> {
  return load(compiler, await readFile(path.join(repository, 'test/decorators', file), 'utf8'));
}

/** Removes what was compiled. */
export async function removeCompiled(): Promise<void> {
  for (const folder of folders.splice(0)) await removeDirectory(folder);
}
