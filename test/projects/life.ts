/** The whole life of a project with the cache: each step is compared with what it should come to. */
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { command, readTree } from '../cli/command.js';
import { runCli } from '../support/cli.js';
import { commitAll } from '../support/project.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';
import type { Modules } from './modules.js';
import type { Files, GeneratedProject } from './project.js';
import type { Starter } from './start.js';

/** What a life takes place in. */
export interface Surroundings {
  /** An empty directory for the project. */
  directory: string;
  /** The environment that the package managers run in. */
  env: Record<string, string>;
  modules: Modules;
  starter: Starter;
}

/** A check of `doctor`, as it is told in JSON. */
interface Check {
  id: string;
  status: string;
}

/** Files of package managers and of wrangler, which they write as they like. */
const OF_MANAGERS = /(^|\/)(package-lock\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lock|\.(yarn|wrangler)\/.*)$/;

/** Lives it. What is not as it should be fails an expectation. */
export async function live(project: GeneratedProject, surroundings: Surroundings): Promise<void> {
  const { directory, env, modules, starter } = surroundings;
  const { layout, manager, adapter } = project;
  const home = path.join(directory, 'site');
  const root = path.join(home, layout.app);
  const cwd = path.join(home, layout.cwd);
  const isD1 = adapter.packageName.includes('d1');
  const executable = manager.name.split(' ')[0]!;

  const install = async (at: string) => {
    const done = await execa(
      executable,
      ['install', ...(executable === 'pnpm' ? ['--no-frozen-lockfile'] : [])],
      {
        cwd: path.join(at, layout.app),
        env: { ...env, YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' },
        extendEnv: false,
        stdin: 'ignore',
        reject: false,
        all: true,
      },
    );
    expect(done.exitCode, `${executable} install\n${done.all}`).toBe(0);
  };
  const tree = async () => {
    const all = Object.entries(await readTree(home));
    return Object.fromEntries(
      all.filter(([file, text]) => !OF_MANAGERS.test(file) && text !== '<directory>'),
    );
  };
  /** The command; in a process of its own where the built package has to ask wrangler. */
  const run = async (args: string[], { apart = false } = {}) => {
    const all = [...args, '--json', '--cwd', cwd];
    const { exitCode, stdout, stderr } = await (apart ? runCli(all, { cwd: home }) : command(all));
    const document = stdout.startsWith('{') ? JSON.parse(stdout) : {};
    const { error, refusals = [], notices = [], changes = [], drift = [], checks = [] } = document;
    const told = {
      error,
      changed: changes.map((it: { path: string }) => it.path),
      refusals,
      notices,
      drift,
      checks: checks.filter((it: { status: string }) => it.status !== 'ok'),
    };
    const said = `payload-kv ${args.join(' ')}\n${JSON.stringify(told, undefined, 1)}\n${stderr}`;
    expect(said).not.toMatch(/\n {4}at |TypeError|INTERNAL/);
    return { exitCode, said, document };
  };
  const succeeds = async (...args: string[]) => {
    const result = await run(args);
    expect(result.exitCode, result.said).toBe(0);
    return result;
  };
  const changesNothing = async (...args: string[]) => {
    const before = await tree();
    const { said, document } = await succeeds(...args);
    expect(document.changes ?? [], said).toEqual([]);
    expect(await tree(), said).toEqual(before);
  };

  // ---- the project, and init ------------------------------------------------------------------------------------

  await write(home, { ...project.files, '.gitignore': 'node_modules\n.yarn\n' });
  if (manager.installed) await install(home);
  if (project.git) await commitAll(home);
  const original = await tree();

  const init = ['init', '--yes', '--collections', 'posts,pages', '--globals', 'header'];
  await succeeds(...init, '--dry-run');
  expect(await tree(), 'a dry run').toEqual(original);
  const first = await succeeds(...init);
  expect(first.document.install, first.said).toMatchObject({ ok: true });
  expect(first.document.refusals, first.said).toEqual([]);
  expect(await isInstalled(root, home), first.said).toBe(true);

  await modules.link(home, isD1 ? 'd1' : 'node', project.links);
  if (layout.app !== '') await removeDirectory(path.join(root, 'node_modules'));
  await removeDirectory(path.join(home, 'packages/cms/node_modules'));
  // Of another Payload than the declared one, what it adds to collections with auth is new, as after an upgrade.
  const payload = await nearest('node_modules/payload/package.json', root, home);
  if (JSON.parse(payload).version !== project.version.version) {
    const upgraded = await succeeds('sync', '--yes');
    const changed = (upgraded.document.changes as { path: string }[]).map((it) => path.basename(it.path));
    expect([[], ['schema.generated.ts']], upgraded.said).toContainEqual(changed);
  }
  await changesNothing('init', '--yes', '--force', '--no-install');
  await changesNothing('sync', '--check');

  // ---- a change of the schema -----------------------------------------------------------------------------------

  const wired = await tree();
  await write(home, project.change(text(wired)));
  const changed = project.change(text(original));
  const drift = await run(['sync', '--check']);
  expect(drift.exitCode, drift.said).toBe(1);
  expect(JSON.stringify(drift.document), drift.said).toContain('tags');
  await succeeds('sync', '--yes', '--add-new');
  const synced = await tree();
  const generated = (name: string) =>
    Object.keys(synced).find((file) => file.endsWith(`payload-kv/${name}.ts`))!;
  const schema = synced[generated('schema.generated')]!;
  expect(schema).toMatch(/tags: \{/);
  expect(schema).toMatch(/tags: \[['"]tags['"]\]/);
  expect(synced[generated('index')]).toMatch(/tags: /);
  await changesNothing('init', '--yes', '--force', '--no-install');

  // ---- start ------------------------------------------------------------------------------------------------------

  if (adapter.starts) {
    const { counts, hits, errors, collections } = await starter.start(root, layout.config);
    expect(collections).toContain('tags');
    expect(counts).toEqual([0, 0, 0, 1, 1, 1]);
    expect(errors).toBe(0);
    // Answered by the cache in the end, by the database after the write, and by the cache again.
    expect(hits[0]).toBe(0);
    expect(hits[2]! - hits[1]!, `${hits}`).toBeGreaterThanOrEqual(2);
    expect(hits[5]! - hits[4]!, `${hits}`).toBeGreaterThanOrEqual(2);
  }

  // ---- doctor -------------------------------------------------------------------------------------------------------

  const apart = adapter.wrangler !== undefined;
  const expectHealth = ({ document, said }: { document: { checks: Check[] }; said: string }) => {
    const findings = document.checks.filter(
      // What plugins add cannot be read, and that is said.
      ({ id, status }) =>
        status !== 'ok' && !(project.hasPlugins && id === 'schema-in-step' && status === 'warn'),
    );
    expect(findings, said).toEqual([]);
  };
  // Where wrangler is asked, once is enough: the repaired project is healthy as well.
  if (!apart) expectHealth(await run(['doctor']));
  const own = (file: string) => path.posix.join(layout.app, file);
  const config = Object.keys(synced).find(
    (file) => text(synced)[file] !== changed[file] && /(options|payload\.config)\.ts$/.test(file),
  )!;
  switch (project.fault) {
    case 'config':
      await write(home, { [config]: changed[config]! });
      break;
    case 'schema':
      await rm(path.join(home, generated('schema.generated')));
      break;
    case 'dependency':
      await write(home, { [own('package.json')]: changed[own('package.json')]! });
      break;
    case 'drift':
      await write(home, { [generated('schema.generated')]: text(wired)[generated('schema.generated')]! });
  }
  expect(await tree()).not.toEqual(synced);
  const fixed = await run(['doctor', '--fix', '--yes', '--no-install'], { apart });
  expect(fixed.exitCode, fixed.said).toBe(0);
  expect(fixed.document, fixed.said).toMatchObject({ ok: true, written: true });
  expectHealth(fixed);
  expect(withoutRecord(await tree()), `${project.fault}: ${fixed.said}`).toEqual(withoutRecord(synced));
  // What `init` has written is known from the generated schema alone: a new one knows of nothing to take back.
  if (project.fault === 'schema' || project.fault === 'drift')
    await write(home, { [generated('schema.generated')]: text(synced)[generated('schema.generated')]! });

  // ---- other answers ------------------------------------------------------------------------------------------------

  const answers = ['init', '--yes', '--force', '--no-install', ...project.otherAnswers];
  const other = await succeeds(...answers);
  await changesNothing(...answers);
  await changesNothing('sync', '--check');
  const answered = await tree();
  for (const file of Object.keys(synced)) {
    const isOurs = /payload-kv\/|package\.json$|wrangler\.|cloudflare-env|worker\.ts$/.test(file);
    if (!isOurs) expect(answered[file], `${file}: ${other.said}`).toBe(synced[file]);
  }
  if (answered[own('package.json')] !== synced[own('package.json')]) {
    await copyManifests(home, path.join(directory, 'again'));
    await install(path.join(directory, 'again'));
  }
  await typeChecks(root);

  // ---- remove -------------------------------------------------------------------------------------------------------

  const removed = await succeeds('remove', '--yes', '--no-install');
  expect([removed.document.kept ?? [], removed.document.refusals], removed.said).toEqual([[], []]);
  expect(await tree(), removed.said).toEqual(latin({ ...changed }));
}

/** `init` in a project whose Payload is too old, or is to be, once it is installed: it refuses, and writes nothing. */
export async function isRefused(project: GeneratedProject, directory: string): Promise<void> {
  const { manager, layout } = project;
  await write(directory, project.files);
  const before = await readTree(directory);
  const { exitCode, stdout, stderr } = await command([
    ...['init', '--yes', '--json', '--collections', 'posts'],
    ...['--cwd', path.join(directory, layout.cwd)],
  ]);
  expect(exitCode, `${stdout}\n${stderr}`).toBe(2);
  const { error } = JSON.parse(stdout);
  expect(error).toMatchObject({ code: 'PAYLOAD_VERSION_UNSUPPORTED' });
  expect(error.nextStep).toContain(manager.name.split(' ')[0]);
  expect(await readTree(directory)).toEqual(before);
}

async function typeChecks(root: string): Promise<void> {
  const tsc = path.join(repository, 'node_modules/.bin/tsc');
  // Several checkers would each check what the files have in common.
  const done = await execa(tsc, ['--noEmit', '--checkers', '1', '-p', root], {
    cwd: root,
    reject: false,
    all: true,
  });
  expect(done.exitCode, `tsc\n${done.all}`).toBe(0);
}

/** The text of a file of the project, or of its workspace. */
function nearest(file: string, project: string, workspace: string): Promise<string> {
  return readFile(path.join(project, file), 'utf8').catch(() => readFile(path.join(workspace, file), 'utf8'));
}

async function isInstalled(...places: string[]): Promise<boolean> {
  for (const place of places) {
    const names = await readdir(path.join(place, 'node_modules/payload-kv')).catch((): string[] => []);
    if (names.includes('dist')) return true;
  }
  return false;
}

async function write(directory: string, files: Files): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(directory, file)), { recursive: true });
    await writeFile(path.join(directory, file), content);
  }
}

/** The files without the record of what was written into others: a repair is another writing. */
function withoutRecord(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([file, it]) => [file, it.replace(/^\/\/ What `payload-kv` wrote.*$/m, '')]),
  );
}

/** Trees are read byte by byte. */
function text(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([file, it]) => [file, Buffer.from(it, 'latin1').toString()]),
  );
}

function latin(files: Files): Files {
  return Object.fromEntries(
    Object.entries(files).map(([file, it]) => [file, Buffer.from(it).toString('latin1')]),
  );
}

/** What a package manager reads, into another directory: it would follow the links of this one. */
async function copyManifests(from: string, to: string): Promise<void> {
  await removeDirectory(to);
  await cp(from, to, {
    recursive: true,
    filter: async (source) => {
      const name = path.basename(source);
      if (name === 'node_modules' || name === '.git') return false;
      if (!/\.[a-z]+$/.test(name) || name.startsWith('.')) return true;
      return /^package\.json$|\.ya?ml$|lock/.test(name);
    },
  });
  await readFile(path.join(to, 'package.json'));
}
