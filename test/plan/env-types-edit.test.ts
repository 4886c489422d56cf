import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ts } from 'ts-morph';
import { afterAll, expect, test } from 'vitest';
import { declareBinding, envTypeName } from '../../src/plan/wrangler/env-types-edit.js';
import { declares } from '../../src/plan/wrangler/wrangler-types.js';
import { repository } from '../support/repository.js';
import { testCases } from './cases.js';

const declared = (text: string) => declareBinding(text, 'PAYLOAD_CACHE', 'cloudflare-env.d.ts');
testCases('env-types-edit', declared);

const CASES = path.join(import.meta.dirname, 'env-types-edit');
const sites: string[] = [];
afterAll(() => {
  for (const site of sites) rmSync(site, { recursive: true, force: true });
});

const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  lib: ['lib.es2022.d.ts'],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: ['node'],
  typeRoots: [path.join(repository, 'node_modules/@types')],
};

/** A compiler that parses what all projects share once. */
function sharingHost(): ts.CompilerHost {
  const made = ts.createCompilerHost(options);
  const platform = `@typescript/typescript-${process.platform}-${process.arch}`;
  const libraries = path.join(repository, 'node_modules', platform, 'lib');
  const parsed = new Map<string, ts.SourceFile | undefined>();
  return {
    ...made,
    getDefaultLibLocation: () => libraries,
    getDefaultLibFileName: (of) => path.join(libraries, ts.getDefaultLibFileName(of)),
    getSourceFile(file, ...rest) {
      const known = parsed.get(file) ?? made.getSourceFile(file, ...rest);
      if (file.startsWith(repository)) parsed.set(file, known);
      return known;
    },
  };
}
const host = sharingHost();

/** What the compiler says of the types with libraries checked, in a project that uses them as projects do. */
function complaints(types: string): string[] {
  const site = mkdtempSync(path.join(tmpdir(), 'payload-kv-env-types-'));
  sites.push(site);
  const name = envTypeName(types);
  mkdirSync(path.join(site, 'node_modules/@cloudflare/workers-types'), { recursive: true });
  const runtime = ['KVNamespace', 'D1Database', 'R2Bucket', 'DurableObjectNamespace'];
  const files = {
    'cloudflare-env.d.ts': types,
    'runtime.d.ts': runtime.map((each) => `interface ${each} { at: '${each}' }\n`).join(''),
    'merged.d.ts': 'declare namespace Cloudflare { interface Env {} }\n',
    'node_modules/@cloudflare/workers-types/index.d.ts': runtime
      .map((each) => `export interface ${each} { at: '${each}' }\n`)
      .join(''),
    'worker.ts': 'export default {};\n',
    'site.ts': [
      `import { spawn } from 'node:child_process';`,
      `spawn('payload', ['migrate'], { env: { ...process.env, CI: '1' } });`,
      ...(name === undefined
        ? []
        : [`export const cacheOf = (env: ${name}): { at: 'KVNamespace' } => env.PAYLOAD_CACHE;`]),
    ].join('\n'),
  };
  const paths = Object.entries(files).map(([file, text]) => {
    writeFileSync(path.join(site, file), text);
    return path.join(site, file);
  });
  const own = paths.filter((file) => !file.includes('node_modules'));
  const program = ts.createProgram(own, options, host);
  return own.flatMap((file) => {
    const source = program.getSourceFile(file);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText }) => `${path.basename(file)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  });
}

// The one with the runtime's own types declares them anew.
test.each(
  readdirSync(CASES).filter((name) => name !== 'runtime-types' && !name.startsWith('env-of-the-tests')),
)(
  '%s: what is written, or pasted, type-checks where the env of the process is handed on',
  (name) => {
    const input = readFileSync(path.join(CASES, name, 'input.ts'), 'utf8');
    const result = declared(input);
    const types = result.ok ? result.content : `${input}\n${result.paste}\n`;
    expect(complaints(types)).toEqual([]);
    expect(envTypeName(types)).toBeDefined();
  },
  30_000,
);

test('a binding whose name is no identifier is declared in quotes, and found again', () => {
  for (const name of ['my-cache', 'x: 1 } declare const y', 'a"b']) {
    const first = declareBinding('interface Env {\n}\n', name, 'env.d.ts');
    expect(first).toMatchObject({ ok: true, modified: true });
    const { content } = first as { content: string };
    expect(content.split('\n')).toHaveLength(4);
    expect(declareBinding(content, name, 'env.d.ts')).toMatchObject({ ok: true, modified: false });
  }
  expect(declares('  "my-cache": KVNamespace;', 'my-cache')).toBe(true);
});

test('a binding that is declared where `ProcessEnv` has it too is left as it is', () => {
  const text =
    'declare namespace NodeJS {\n  interface ProcessEnv extends Env {}\n}\ninterface Env {\n  PAYLOAD_CACHE: KVNamespace;\n}\n';
  expect(declared(text)).toEqual({ ok: true, content: text, modified: false });
  expect(declareBinding(text, 'OTHER', 'env.d.ts')).toMatchObject({
    ok: false,
    reason: expect.stringContaining('ProcessEnv'),
  });
});

test('the env type is called as the generated types call it', () => {
  expect(envTypeName('interface CloudflareEnv extends Cloudflare.Env {}')).toBe('CloudflareEnv');
  expect(envTypeName('declare namespace Cloudflare { interface Env {} }\ninterface Env {}')).toBe(
    'Cloudflare.Env',
  );
  expect(envTypeName('interface Env {}')).toBe('Env');
  expect(envTypeName('export {}')).toBeUndefined();
});

test('the env type is one that every file sees', () => {
  expect(envTypeName('export interface CloudflareEnv {}')).toBeUndefined();
  expect(envTypeName('export {};\ndeclare global { interface CloudflareEnv {} }')).toBe('CloudflareEnv');
  expect(envTypeName('// interface CloudflareEnv\ninterface Env {}')).toBe('Env');
  expect(
    envTypeName(
      '// Generated by Wrangler by running `wrangler types --env-interface Site`\ninterface Site {}',
    ),
  ).toBe('Site');
});
