import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createProject } from '../cli/command.js';
import { environmentOfAPerson, npm, pack } from './packed.js';

let directory: string;
let tarball: string;
let env: Record<string, string>;

/** A package manager that the tests have installed for themselves. */
const own = (name: string) => join(directory, 'node_modules/.bin', name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payload-kv-managers-'));
  ({ tarball } = await pack(directory));
  const managers = ['pnpm@10.34.8', 'yarn@1.22.22'];
  await npm(['install', '--no-save', '--prefer-offline', '--no-audit', '--no-fund', ...managers], directory);
  const registry = (await npm(['config', 'get', 'registry'], directory)).stdout.trim();
  env = {
    ...environmentOfAPerson(),
    NO_COLOR: '1',
    // yarn has a registry of its own otherwise, and takes a tarball of the same version from its cache.
    npm_config_registry: registry,
    YARN_CACHE_FOLDER: join(directory, 'yarn'),
    XDG_CACHE_HOME: join(directory, 'cache'),
  };
}, 300_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

// npm itself is tried below, and in the test of the package. The peers are not what is tried here, and Payload is large.
test.each([
  {
    manager: 'pnpm',
    install: () => [own('pnpm'), 'add', '--config.auto-install-peers=false', tarball],
    run: () => [own('pnpm'), 'exec', 'payload-kv'],
    lockFile: 'pnpm-lock.yaml',
  },
  {
    manager: 'yarn',
    install: () => [own('yarn'), 'add', '--non-interactive', tarball],
    run: () => [own('yarn'), '--silent', 'payload-kv'],
    lockFile: 'yarn.lock',
  },
])(
  'In a project of $manager the packed command wires, checks and takes back',
  async ({ install, run, lockFile }) => {
    const project = await createProject({ 'package.json': '{\n  "name": "site",\n  "private": true\n}\n' });
    const call = async ([executable, ...first]: string[], ...args: string[]) => {
      const options = { cwd: project.dir, env, extendEnv: false, stdin: 'ignore', reject: false } as const;
      const { exitCode, stdout, stderr } = await execa(executable!, [...first, ...args], options);
      return { exitCode, stdout, said: `${stdout}\n${stderr}` };
    };
    try {
      const installed = await call(install());
      expect(installed, installed.said).toMatchObject({ exitCode: 0 });
      expect(await readFile(join(project.dir, lockFile), 'utf8')).toContain('payload-kv');
      const before = await project.tree();

      const init = await call(run(), 'init', '--yes', '--store', 'memory', '--no-install');
      expect(init, init.said).toMatchObject({ exitCode: 0 });
      expect(Object.keys(await project.tree())).toContain('src/payload-kv/schema.generated.ts');
      expect(await call(run(), 'sync', '--check')).toMatchObject({ exitCode: 0 });

      const remove = await call(run(), 'remove', '--yes', '--no-install');
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

test('npx and pnpm dlx run it where it is not installed', async () => {
  const project = await createProject();
  try {
    const before = await project.tree();
    for (const once of [
      ['npx', '--yes', `--package=${tarball}`, '--legacy-peer-deps', 'payload-kv'],
      [own('pnpm'), '--config.auto-install-peers=false', `--package=${tarball}`, 'dlx', 'payload-kv'],
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
