import path from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { command, readTree } from '../cli/command.js';
import { runCli } from '../support/cli.js';
import { type CopyOptions, copyFixture, type FixtureName, type ProjectCopy } from '../support/project.js';
import { repository } from '../support/repository.js';
import { typescript } from '../support/typescript-loader.js';

// A test is a dozen processes, one after the other: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 400_000 });

let project: ProjectCopy;
afterEach(() => project?.remove());

/** Runs an executable of the project; its output only matters where it fails. */
async function succeeds(executable: string, ...args: string[]): Promise<string> {
  const result = await execa(executable, args, {
    cwd: project.dir,
    preferLocal: true,
    env: { NODE_ENV: undefined, VITEST: undefined, NO_COLOR: '1' },
    reject: false,
    all: true,
  });
  if (result.exitCode !== 0) throw new Error(`${executable} ${args.join(' ')} failed:\n${result.all}`);
  return result.all;
}

const typeCheck = () => succeeds('tsc', '--noEmit', '--checkers', '1', '-p', '.');
const startPayload = () => succeeds(process.execPath, ...typescript, 'src/start.ts');

/** The same command line in this process: what an earlier process has shown need not start another. */
const here = (...args: string[]) => command([...args, '--cwd', project.dir]);

/** Lines of a text that another does not have, each once. */
function newLines(before: string, after: string): string[] {
  const known = new Set(before.split('\n'));
  return after.split('\n').filter((line) => !known.has(line));
}

interface Variant {
  name: string;
  fixture: FixtureName;
  options?: CopyOptions;
  prepare?: () => Promise<void>;
  /** Lines of the config that are new, without indentation and line ends. */
  config: string[];
}

const importLine = "import { cache } from './payload-kv/index'";

describe.each<Variant>([
  {
    name: 'the blog',
    fixture: 'blog',
    config: [`${importLine};`, 'plugins: [cache],'],
  },
  {
    name: 'the blog with tabs and Windows line ends',
    fixture: 'blog',
    options: { crlf: true, tabs: true },
    config: [`${importLine};`, 'plugins: [cache],'],
  },
  {
    name: 'the blog with plugins imported from another file',
    fixture: 'blog',
    async prepare() {
      const plugins =
        "import type { Plugin } from 'payload';\n\nexport const plugins: Plugin[] = [(config) => config];\n";
      await project.write('src/plugins.ts', plugins);
      await project.replace(
        'src/payload.config.ts',
        'export default',
        "import { plugins } from './plugins';\n\nexport default",
      );
      await project.replace('src/payload.config.ts', '  collections: [', '  plugins,\n  collections: [');
    },
    config: [`${importLine};`, 'plugins: [...plugins, cache],'],
  },
  {
    name: 'the site on Cloudflare',
    fixture: 'cloudflare',
    config: [importLine, 'plugins: [cache(cloudflare.env)],'],
  },
  {
    name: 'the site on Cloudflare with tabs and Windows line ends',
    fixture: 'cloudflare',
    options: { crlf: true, tabs: true },
    config: [importLine, 'plugins: [cache(cloudflare.env)],'],
  },
])('$name', ({ fixture, options, prepare, config }) => {
  beforeEach(async () => {
    project = await copyFixture(fixture, options);
    await prepare?.();
  });

  test('gets its cache, type-checks, starts, needs nothing the second time, and gets rid of it without a trace', async () => {
    const before = await readTree(project.dir);
    const dry = await here('init', '--dry-run');
    expect(dry.exitCode).toBe(0);
    expect(await readTree(project.dir)).toEqual(before);

    const first = await runCli(['init', '--yes', '--no-install'], { cwd: project.dir });
    const runsWrangler = fixture === 'cloudflare' ? 'Running wrangler types…\n' : '';
    expect(first.stderr).toBe(`Reading the project…\n${runsWrangler}`);
    expect(first.exitCode).toBe(0);
    // Who stands in the project is sent nowhere.
    expect(first.stdout).not.toContain('→ cd ');
    expect(first.stdout.includes('wrangler creates a namespace that has no id yet')).toBe(
      fixture === 'cloudflare',
    );
    const after = await readTree(project.dir);

    const edited = newLines(before['src/payload.config.ts']!, after['src/payload.config.ts']!);
    expect(edited.map((line) => line.trim())).toEqual(config);
    for (const [file, text] of Object.entries(after)) {
      if (text === before[file] || text === '<directory>') continue;
      const changed = newLines(before[file] ?? '', text).filter((line) => line !== '');
      if (options?.crlf) expect(changed.every((line) => line.endsWith('\r'))).toBe(true);
      else expect(text).not.toContain('\r');
      if (options?.tabs) expect(text).not.toMatch(/^ {2,}/m);
    }

    const second = await here('init');
    expect(second.stdout).toContain('Everything is in place: nothing to change.');
    expect(second.exitCode).toBe(0);
    expect(await readTree(project.dir)).toEqual(after);

    const check = await here('sync', '--check');
    expect(check.exitCode).toBe(0);

    const removed = await runCli(['remove', '--yes', '--no-install'], { cwd: project.dir });
    expect(removed).toMatchObject({ exitCode: 0, stderr: 'Reading the project…\n' });
    expect(await readTree(project.dir)).toEqual(before);
    await here('init', '--yes', '--no-install');
    expect(await readTree(project.dir)).toEqual(after);

    await typeCheck();
    // Spaces and line ends make no other program: that it compiles is enough there.
    if (!options) expect(await startPayload()).toMatch(/^(posts|pages): 0$/m);
  });
});

describe('the site on Cloudflare', () => {
  test('has the binding in its wrangler config, comments kept, and in the types of its env', async () => {
    project = await copyFixture('cloudflare');
    const before = await project.read('wrangler.jsonc');
    await runCli(['init', '--yes', '--no-install', '--binding', 'SITE_CACHE'], { cwd: project.dir });
    const after = await project.read('wrangler.jsonc');
    for (const line of before.split('\n')) expect(after).toContain(line);
    expect(after.match(/"binding": "SITE_CACHE",/g)).toHaveLength(2);
    expect(await project.read('src/payload-kv/index.ts')).toContain(
      "cloudflareKV({ binding: 'SITE_CACHE', env })",
    );

    // wrangler itself reads the file as meant: in both environments, and writes the very same file.
    const ours = await project.read('cloudflare-env.d.ts');
    await succeeds('npm', 'run', 'types:cloudflare');
    expect(await project.read('cloudflare-env.d.ts')).toBe(ours);
  });
});

describe('the generated wrapper', () => {
  test('does not compile once a collection that it names is gone', async () => {
    project = await copyFixture('blog');
    await here('init', '--yes', '--no-install');
    await project.replace('src/payload-types.ts', '    tags: Tag;\n', '');
    await expect(typeCheck()).rejects.toThrow(/src\/payload-kv\/index\.ts.*'tags' does not exist/);
  });

  test('is typed against the generated schema where there are no types of Payload, and compiles', async () => {
    project = await copyFixture('blog');
    await execa('rm', ['src/payload-types.ts', 'src/seed.ts'], { cwd: project.dir });
    const { exitCode } = await here('init', '--yes', '--no-install');
    expect(exitCode).toBe(0);
    expect(await project.read('src/payload-kv/index.ts')).toContain('payloadKV<typeof schema>(');
    await typeCheck();
    await project.replace('src/payload-kv/index.ts', 'tags: {', 'tagz: {');
    await expect(typeCheck()).rejects.toThrow(/'tagz' does not exist/);
  });

  test('compiles with the hook that stands in a comment, once that is taken off', async () => {
    project = await copyFixture('blog');
    await here('init', '--yes', '--no-install');
    const hooks = await project.read('src/payload-kv/hooks.ts');
    await project.write('src/payload-kv/hooks.ts', hooks.replace(/^( +)\/\/ /gm, '$1'));
    await typeCheck();
    await project.replace('src/payload-kv/hooks.ts', '({ ids,', '({ idz,');
    await expect(typeCheck()).rejects.toThrow(/'idz' does not exist/);
  });

  test('passes the linter of the project it is for', async () => {
    project = await copyFixture('blog');
    await here('init', '--yes', '--no-install');
    const formatter = { indentStyle: 'space', lineWidth: 100 };
    const javascript = { formatter: { quoteStyle: 'single' } };
    await project.write('biome.json', JSON.stringify({ formatter, javascript }));
    await succeeds('biome', 'check', '--error-on-warnings', 'src/payload-kv');
  });
});

test('installs the dependency with the package manager of the project', async () => {
  project = await copyFixture('blog');
  // Nothing may come from a registry: the manager is one that only notes how it was called.
  await project.write('pnpm-lock.yaml', "lockfileVersion: '9.0'\n");
  await project.write('bin/pnpm', '#!/bin/sh\necho "pnpm $@ in $(pwd)"\n');
  await execa('chmod', ['+x', 'bin/pnpm'], { cwd: project.dir });
  const env = { PATH: `${path.join(project.dir, 'bin')}:${process.env.PATH}` };
  const { exitCode, stdout, stderr } = await runCli(['init', '--yes', '--json'], { cwd: project.dir, env });
  expect(exitCode).toBe(0);
  expect(stderr).toContain(`pnpm install --no-frozen-lockfile in ${project.dir}`);
  expect(JSON.parse(stdout)).toMatchObject({ written: true, install: { command: 'pnpm install', ok: true } });
});

test('files stay when the installation fails, and the command to run is named', async () => {
  project = await copyFixture('blog');
  await project.write('pnpm-lock.yaml', "lockfileVersion: '9.0'\n");
  await project.write('bin/pnpm', '#!/bin/sh\nexit 7\n');
  await execa('chmod', ['+x', 'bin/pnpm'], { cwd: project.dir });
  const env = { PATH: `${path.join(project.dir, 'bin')}:${process.env.PATH}` };
  const { exitCode, stdout, stderr } = await runCli(['init', '--yes'], { cwd: project.dir, env });
  expect(exitCode).toBe(1);
  expect(stderr).toContain('`pnpm install` failed: it ended with 7. The files are written and stay.');
  expect(stdout).toContain('→ pnpm install');
  expect(await project.read('src/payload-kv/index.ts')).toContain('payloadKV');
});

const { exitCode: noScript } = await execa('script', ['--version'], { reject: false });

test.skipIf(noScript !== 0)(
  'Ctrl-C at a real terminal ends it with 130 and leaves everything as it was',
  async () => {
    project = await copyFixture('blog');
    const before = await readTree(project.dir);
    const cli = path.join(repository, 'bin/payload-kv.js');
    const line = `"${process.execPath}" "${cli}" init; echo "ended with $?"`;
    const terminal = execa('script', ['-qec', line, '/dev/null'], {
      cwd: project.dir,
      stdin: 'pipe',
      env: { NO_COLOR: '1', NODE_ENV: undefined, VITEST: undefined },
      reject: false,
    });
    let shown = '';
    let pressed = 0;
    terminal.stdout.on('data', (chunk) => {
      shown += chunk;
      if (pressed === 0 && shown.includes('Which collections are to be cached?')) {
        pressed++;
        terminal.stdin.write('\r');
      }
      if (pressed === 1 && shown.includes('Which globals?')) {
        pressed++;
        terminal.stdin.write('\u0003');
      }
      if (shown.includes('ended with')) terminal.stdin.end();
    });
    await terminal;
    expect(shown).toContain('Cancelled. Nothing was written.');
    expect(shown).toContain('ended with 130');
    expect(await readTree(project.dir)).toEqual(before);
  },
);
