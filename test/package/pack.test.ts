import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';
import { environmentOfAPerson, npm, type PackedPackage, pack } from './packed.js';

let directory: string;
let packed: PackedPackage;
let manifest: {
  version: string;
  peerDependencies: Record<string, string>;
  devDependencies: Record<string, string>;
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payload-kv-pack-'));
  packed = await pack(directory);
  manifest = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
});

afterAll(() => removeDirectory(directory));

test('The package holds what a user needs and nothing else', () => {
  const wanted =
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|bin\/payload-kv\.js|dist\/(?:[\w.-]+\/)*[\w.-]+\.(?:js|d\.ts)|dist\/inspect\/typescript\.(?:LICENSE|NOTICE)\.txt|templates\/(?:[\w.-]+\/)*[\w.-]+|docs\/(?:[\w-]+\/)?[\w-]+\.(?:md|svg)|docs\/images\/[\w-]+\.png|observability\/(?:alerts\.yml|dashboard\.json))$/;
  expect(packed.files.filter((file) => !wanted.test(file))).toEqual([]);
  expect(packed.files.filter((file) => /\.test\.|fixture|\.map$/.test(file))).toEqual([]);
  expect(packed.files).toEqual(
    expect.arrayContaining([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/payload-kv.js',
      'dist/inspect/typescript.LICENSE.txt',
      'dist/inspect/typescript.NOTICE.txt',
      'dist/runtime/cloudflare.d.ts',
      'dist/runtime/cloudflare.js',
      'dist/runtime/index.d.ts',
      'dist/runtime/index.js',
      'observability/alerts.yml',
      'observability/dashboard.json',
      'package.json',
    ]),
  );
});

test('every file that the README leads to is in the package', async () => {
  const readme = await readFile(join(repository, 'README.md'), 'utf8');
  const files = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, file]) => file!);
  expect(files).toContain('docs/how-it-works.md');
  expect(packed.files).toEqual(expect.arrayContaining(files));
});

test('publint has nothing to say', async () => {
  const tarball = await readFile(packed.tarball);
  const { messages, pkg } = await publint({
    strict: true,
    pack: {
      tarball: tarball.buffer.slice(
        tarball.byteOffset,
        tarball.byteOffset + tarball.byteLength,
      ) as ArrayBuffer,
    },
  });
  expect(messages.map((message) => formatMessage(message, pkg ?? {}))).toEqual([]);
});

test('The types are right for every entry and every resolution that can load ES modules', async () => {
  const attw = join(repository, 'node_modules/.bin/attw');
  const { exitCode, all } = await execa(attw, [packed.tarball, '--profile', 'esm-only', '--no-color'], {
    all: true,
    reject: false,
  });
  expect({ exitCode, all }).toEqual({ exitCode: 0, all: expect.stringContaining('payload-kv/cloudflare') });
});

test('Installed in an empty directory, the command runs, the library loads and its types hold', async () => {
  const home = join(directory, 'empty');
  await mkdir(home);
  await writeFile(
    join(home, 'package.json'),
    JSON.stringify({ name: 'empty', type: 'module', private: true }),
  );
  await npm(
    [
      'install',
      '--prefer-offline',
      '--no-audit',
      '--no-fund',
      packed.tarball,
      `payload@${manifest.devDependencies.payload}`,
    ],
    home,
  );
  const person = { cwd: home, env: environmentOfAPerson(), extendEnv: false };

  const version = await execa('npx', ['payload-kv', '--version'], person);
  expect(version.stdout.trim()).toBe(manifest.version);

  const help = await execa('npx', ['payload-kv', '--help'], person);
  for (const command of ['init', 'sync', 'doctor']) expect(help.stdout).toContain(command);

  await writeFile(
    join(home, 'load.js'),
    `import { getCacheStats, memory, payloadKV } from 'payload-kv';
     import { cloudflareKV } from 'payload-kv/cloudflare';
     console.log([getCacheStats, memory, payloadKV, cloudflareKV].map((part) => typeof part).join());`,
  );
  const loaded = await execa(process.execPath, ['load.js'], person);
  expect(loaded.stdout).toBe('function,function,function,function');

  await writeFile(
    join(home, 'use.ts'),
    `import type { Plugin } from 'payload';
     import { memory, payloadKV } from 'payload-kv';
     import { cloudflareKV } from 'payload-kv/cloudflare';
     export const inMemory: Plugin = payloadKV({ store: memory() });
     export const onCloudflare: Plugin = payloadKV({ store: cloudflareKV({ binding: 'PAYLOAD_CACHE' }) });
     // @ts-expect-error: a store is needed
     payloadKV({});`,
  );
  // Without skipLibCheck the declarations themselves are checked; those of other packages are not our matter.
  const tsc = [
    join(repository, 'node_modules/typescript/bin/tsc'),
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    'use.ts',
  ];
  for (const resolution of ['nodenext', 'bundler']) {
    const module = resolution === 'bundler' ? 'esnext' : 'nodenext';
    const flags = [
      '--module',
      module,
      '--moduleResolution',
      resolution,
      '--skipLibCheck',
      'false',
      '--pretty',
      'false',
    ];
    const { stdout } = await execa(process.execPath, [...tsc, ...flags], { ...person, reject: false });
    expect(
      stdout.split('\n').filter((line) => /^(use\.ts|node_modules\/payload-kv\/|error)/.test(line)),
    ).toEqual([]);
  }
});
