import { execa } from 'execa';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { command, readTree } from '../cli/command.js';
import { runCli } from '../support/cli.js';
import { copyFixture, type ProjectCopy } from '../support/project.js';
import { typescript } from '../support/typescript-loader.js';

// A test is a dozen processes, one after the other: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 400_000 });

let project: ProjectCopy;
afterEach(() => project?.remove());

/**
 * Runs an executable of the project; its output only matters where it fails. Payload's own as in production: elsewhere
 * it writes payload-types.ts in a process that goes on after its end.
 */
async function succeeds(executable: string, ...args: string[]): Promise<string> {
  const NODE_ENV = executable === 'payload' ? 'production' : undefined;
  const result = await execa(executable, args, {
    cwd: project.dir,
    preferLocal: true,
    env: { NODE_ENV, VITEST: undefined, NO_COLOR: '1', WRANGLER_SEND_METRICS: 'false' },
    reject: false,
    all: true,
  });
  if (result.exitCode !== 0) throw new Error(`${executable} ${args.join(' ')} failed:\n${result.all}`);
  return result.all;
}

const typeCheck = () => succeeds('tsc', '--noEmit', '--checkers', '1', '-p', '.');

/** The second time changes nothing, and between two times there may be a removal without a trace. */
async function initTwice(...flags: string[]): Promise<void> {
  const before = await readTree(project.dir);
  const first = await runCli(['init', '--yes', '--no-install', ...flags], { cwd: project.dir });
  expect(first.exitCode, first.stdout + first.stderr).toBe(0);
  const after = await readTree(project.dir);
  const second = await command(['init', '--cwd', project.dir]);
  expect(second.stdout).toContain('Everything is in place: nothing to change.');
  expect(await readTree(project.dir)).toEqual(after);
  const removed = await command(['remove', '--yes', '--no-install', '--cwd', project.dir]);
  expect(removed.exitCode, removed.stdout + removed.stderr).toBe(0);
  expect(await readTree(project.dir)).toEqual(before);
  await command(['init', '--yes', '--no-install', ...flags, '--cwd', project.dir]);
  expect(await readTree(project.dir)).toEqual(after);
}

describe('the site on Cloudflare with Durable Objects', () => {
  test('type-checks, starts, is built by wrangler with the class, and doctor finds it all', async () => {
    project = await copyFixture('cloudflare');
    await project.replace('tsconfig.json', '"include": ["src",', '"include": ["src", "worker.ts",');
    await initTwice('--registry', 'durable-object');
    await typeCheck();
    // The objects do not run here: versions are in the process, and the site starts all the same.
    expect(await succeeds(process.execPath, ...typescript, 'src/start.ts')).toMatch(/^pages: 0$/m);

    await project.write(
      '.open-next/worker.js',
      `export class DOQueueHandler {}
       export default { fetch: () => new Response('built') };`,
    );
    await project.write('.open-next/assets/index.html', '');
    const built = await succeeds('wrangler', 'deploy', '--dry-run', '--outdir', 'built', '--env', 'staging');
    expect(built).toMatch(/CACHE_TAGS \(CacheTagRegistry\)/);
    expect(await project.read('built/worker.js')).toMatch(
      /export \{[^}]*CacheTagRegistry[^}]*DOQueueHandler/,
    );
    const { stdout } = await runCli(['doctor'], { cwd: project.dir });
    expect(stdout).toMatch(/✓ Durable Objects of the tag versions/);
    await succeeds('npm', 'run', 'types:cloudflare');
    expect(await project.read('cloudflare-env.d.ts')).toContain('CACHE_TAGS: DurableObjectNamespace');
    await typeCheck();
  });
});

describe('the blog', () => {
  test.each([
    ['with Redis', ['--store', 'redis'], 'store: redis()'],
    ['with versions in Redis', ['--store', 'memory', '--registry', 'redis'], 'registry: redisRegistry()'],
    ['with versions in its database', ['--registry', 'database'], 'registry: databaseRegistry()'],
  ])('%s gets a wrapper that type-checks', async (_name, flags, text) => {
    project = await copyFixture('blog');
    await initTwice(...flags);
    expect(await project.read('src/payload-kv/index.ts')).toContain(text);
    await typeCheck();
  });

  test('has the table of the tag versions made by its next migration', async () => {
    project = await copyFixture('blog');
    await succeeds('payload', 'migrate:create', 'before');
    await initTwice('--registry', 'database');
    const before = await runCli(['doctor'], { cwd: project.dir });
    expect(before.stdout).toContain('no migration in src/migrations makes payload_kv_tags');
    await succeeds('payload', 'migrate:create', 'tags');
    const migrated = await succeeds('payload', 'migrate');
    expect(migrated).not.toContain('nothing is cached');
    const after = await runCli(['doctor'], { cwd: project.dir });
    expect(after.stdout).toMatch(/✓ Table of the tag versions/);
    await project.replace('src/payload.config.ts', 'sqliteAdapter({', 'sqliteAdapter({ push: false,');
    expect(await succeeds(process.execPath, ...typescript, 'src/start.ts')).not.toContain(
      'nothing is cached',
    );
  });
});
