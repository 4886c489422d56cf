import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createProject } from '../cli/command.js';
import { removeDirectory } from '../support/remove-directory.js';
import { environmentOfAPerson, npm, pack } from './packed.js';

let directory: string;
let tarball: string;
let env: Record<string, string>;

/** A file of a package manager that the tests have installed for themselves. */
const own = (file: string) => join(directory, 'node_modules', file);
const pnpm = () => [process.execPath, own('pnpm/bin/pnpm.cjs')];
const yarn1 = () => [process.execPath, own('yarn/bin/yarn.js')];
const yarn4 = () => [process.execPath, own('@yarnpkg/cli-dist/bin/yarn.js')];
const bun = () => own(`${BUN}/bin/bun`);

/** The package that holds bun itself: the one called so wants to run a script at installation, which npm may forbid. */
const BUN = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}${isMusl() ? '-musl' : ''}`;

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payload-kv-managers-'));
  ({ tarball } = await pack(directory));
  const managers = ['pnpm@10.34.8', 'yarn@1.22.22', '@yarnpkg/cli-dist@4.18.1', `${BUN}@1.4.5`];
  await npm(['install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', ...managers], directory);
  const registry = (await npm(['config', 'get', 'registry'], directory)).stdout.trim();
  env = {
    ...environmentOfAPerson(),
    NO_COLOR: '1',
    // yarn has a registry of its own otherwise, and takes a tarball of the same version from its cache.
    npm_config_registry: registry,
    YARN_CACHE_FOLDER: join(directory, 'yarn'),
    XDG_CACHE_HOME: join(directory, 'cache'),
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: new URL(registry).hostname,
    YARN_GLOBAL_FOLDER: join(directory, 'yarn-4'),
    YARN_ENABLE_TELEMETRY: '0',
    // In CI it would take the lock file for final.
    YARN_ENABLE_IMMUTABLE_INSTALLS: '0',
    YARN_ENABLE_HARDENED_MODE: '0',
    BUN_INSTALL_CACHE_DIR: join(directory, 'bun'),
  };
}, 300_000);

afterAll(() => removeDirectory(directory));

const PACKAGE = '{\n  "name": "site",\n  "private": true\n}\n';

/** Runs a command in a project as a person would. */
async function call(cwd: string, [executable, ...first]: string[], ...args: string[]) {
  const options = { cwd, env, extendEnv: false, stdin: 'ignore', reject: false } as const;
  const { exitCode, stdout, stderr } = await execa(executable!, [...first, ...args], options);
  return { exitCode, said: `${stdout}\n${stderr}` };
}

// npm itself is tried below, and in the test of the package. The peers are not what is tried here, and Payload is large.
describe.concurrent('package managers', () => {
  test.each([
    {
      manager: 'pnpm',
      install: () => [...pnpm(), 'add', '--config.auto-install-peers=false', tarball],
      run: () => [...pnpm(), 'exec', 'payload-kv'],
      lockFile: 'pnpm-lock.yaml',
    },
    {
      manager: 'yarn 1',
      install: () => [...yarn1(), 'add', '--non-interactive', tarball],
      run: () => [...yarn1(), '--silent', 'payload-kv'],
      lockFile: 'yarn.lock',
    },
    {
      manager: 'yarn 4',
      files: { '.yarnrc.yml': 'nodeLinker: node-modules\n', 'yarn.lock': '' },
      install: () => [...yarn4(), 'add', `payload-kv@file:${tarball}`],
      run: () => [...yarn4(), 'payload-kv'],
      lockFile: 'yarn.lock',
    },
    {
      manager: 'bun',
      install: () => [bun(), 'add', '--omit=peer', tarball],
      run: () => [bun(), 'x', 'payload-kv'],
      lockFile: 'bun.lock',
    },
  ])(
    'In a project of $manager the packed command wires, checks and takes back',
    async ({ files, install, run, lockFile }) => {
      const project = await createProject({ 'package.json': PACKAGE, ...files });
      const inProject = (command: string[], ...args: string[]) => call(project.dir, command, ...args);
      try {
        const installed = await inProject(install());
        expect(installed, installed.said).toMatchObject({ exitCode: 0 });
        expect(await readFile(join(project.dir, lockFile), 'utf8')).toContain('payload-kv');
        const before = await project.tree();

        const init = await inProject(run(), 'init', '--yes', '--store', 'memory', '--no-install');
        expect(init, init.said).toMatchObject({ exitCode: 0 });
        expect(Object.keys(await project.tree())).toContain('src/payload-kv/schema.generated.ts');
        expect(await inProject(run(), 'sync', '--check')).toMatchObject({ exitCode: 0 });

        const remove = await inProject(run(), 'remove', '--yes', '--no-install');
        expect(remove, remove.said).toMatchObject({ exitCode: 0 });
        const { 'package.json': packageJson, ...after } = await project.tree();
        const { 'package.json': _, ...others } = before;
        expect(after).toEqual(others);
        expect(JSON.parse(packageJson!)).toMatchObject({ name: 'site' });
      } finally {
        await project.remove();
      }
    },
    300_000,
  );

  test('Where yarn plugs packages in, doctor says that they are to lie in node_modules', async () => {
    const project = await createProject({ 'package.json': PACKAGE, 'yarn.lock': '' });
    try {
      const installed = await call(project.dir, yarn4(), 'add', `payload-kv@file:${tarball}`);
      expect(installed, installed.said).toMatchObject({ exitCode: 0 });
      expect(Object.keys(await project.tree())).toContain('.pnp.cjs');
      const { exitCode, said } = await call(project.dir, [...yarn4(), 'payload-kv'], 'doctor');
      expect({ exitCode, said }).toEqual({
        exitCode: 1,
        said: expect.stringMatching(/Plug'n'Play keeps packages.*\n.*nodeLinker: node-modules/),
      });
    } finally {
      await project.remove();
    }
  }, 300_000);

  test('npx and pnpm dlx run it where it is not installed', async () => {
    const project = await createProject();
    try {
      const before = await project.tree();
      for (const once of [
        ['npx', '--yes', `--package=${tarball}`, '--legacy-peer-deps', 'payload-kv'],
        [...pnpm(), '--config.auto-install-peers=false', `--package=${tarball}`, 'dlx', 'payload-kv'],
      ]) {
        const [executable, ...first] = once as [string, ...string[]];
        const options = { cwd: project.dir, env, extendEnv: false, stdin: 'ignore', all: true } as const;
        await execa(executable, [...first, 'init', '--yes', '--store', 'memory', '--no-install'], options);
        expect(Object.keys(await project.tree())).toContain('src/payload-kv/index.ts');
        await execa(executable, [...first, 'remove', '--yes', '--no-install'], options);
        expect(await project.tree()).toEqual(before);
      }
    } finally {
      await project.remove();
    }
  }, 300_000);
});
