import { cp, mkdtemp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { environmentOfAPerson } from '../package/packed.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

let clone: string;

const git = async (...args: string[]) => {
  const settings = [
    '-c',
    'user.name=Somebody',
    '-c',
    'user.email=somebody@example.com',
    '-c',
    'core.hooksPath=',
  ];
  return (await execa('git', [...settings, ...args], { cwd: clone })).stdout;
};
const text = (file: string) => readFile(join(clone, file), 'utf8');

/** Runs the script as `npm run release -- …` does, in the clone. */
async function release(...args: string[]) {
  const { exitCode, stdout, stderr } = await execa(
    process.execPath,
    [join(repository, 'node_modules/tsx/dist/cli.mjs'), 'scripts/release.ts', ...args],
    { cwd: clone, env: environmentOfAPerson(), extendEnv: false, reject: false },
  );
  return { exitCode, stdout, stderr };
}

/** Commits another text of a file. */
async function commit(file: string, change: (text: string) => string) {
  await writeFile(join(clone, file), change(await text(file)));
  await git('commit', '-qam', `Change ${file}`);
}

beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), 'payload-kv-release-'));
  const left = /^(\.git|node_modules|api|bench|demo|fixtures|test)$|\/node_modules$/;
  await cp(repository, clone, { recursive: true, filter: (file) => !left.test(relative(repository, file)) });
  await symlink(join(repository, 'node_modules'), join(clone, 'node_modules'));
  await git('init', '-q', '-b', 'main');
  await git('add', '-A');
  await git('commit', '-qm', 'All');
  await commit('CHANGELOG.md', (all) =>
    all.replace(/## Unreleased\n+/, '## Unreleased\n\n- Something new.\n\n'),
  );
  await git('tag', 'unnamed');
  await commit('package.json', (all) =>
    all.replace(
      '  "license": "MIT",\n',
      '  "license": "MIT",\n  "repository": {\n    "type": "git",\n    "url": "git+https://github.com/somebody/payload-kv.git"\n  },\n',
    ),
  );
  await git('tag', 'start');
});

beforeEach(async () => {
  await git('checkout', '-qfB', 'main', 'start');
  await git('clean', '-qfd');
});

afterAll(() => removeDirectory(clone));

test('A release writes version and date, builds, checks, and says what comes next', async () => {
  const { version: before } = JSON.parse(await text('package.json'));
  const [major, minor] = before.split('.').map(Number);
  const version = `${major}.${minor + 1}.0`;
  const { exitCode, stdout, stderr } = await release('minor');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(
    new RegExp(`^payload-kv ${version}: \\d+ files, \\d+ kB packed\nnpm would publish it\\.`),
  );
  expect(stdout).toContain(`git push origin main v${version}`);

  expect(JSON.parse(await text('package.json')).version).toBe(version);
  const lock = JSON.parse(await text('package-lock.json'));
  expect([lock.version, lock.packages[''].version]).toEqual([version, version]);
  expect(await text('CHANGELOG.md')).toMatch(
    new RegExp(
      `^# Changelog\n\n## Unreleased\n\n## ${version} \\(\\d{4}-\\d\\d-\\d\\d\\)\n\n- Something new\\.\n`,
    ),
  );
  // Just these, and of the lock file and the manifest just the version.
  const changes = (await git('diff', '--numstat')).split('\n').map((line) => line.split('\t'));
  expect(changes.map(([, , file]) => file)).toEqual(['CHANGELOG.md', 'package-lock.json', 'package.json']);
  expect(changes.slice(1).map(([added]) => added)).toEqual(['2', '1']);
  expect(await git('tag')).toBe('start\nunnamed');
});

test('A dry run of a version does the same, and leaves everything as it was', async () => {
  await git('checkout', '-qfB', 'main', 'unnamed');
  const { exitCode, stdout, stderr } = await release('99.0.0-beta.1', '--dry-run');
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(stdout).toMatch(
    /^payload-kv 99\.0\.0-beta\.1: .*\nnpm would publish it\.\nA dry run: everything is as it was\.\nWithout --dry-run it is refused\. package\.json names no repository/,
  );
  expect(await git('status', '--porcelain')).toBe('');
});

test('What fails after it has written is put back: a tarball that lacks something', async () => {
  await commit('package.json', (all) =>
    all.replace('    "bin",\n', '').replace('"bin/payload-kv.js"', '"dist/cli/main.js"'),
  );
  const { exitCode, stderr } = await release('patch');
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'The tarball lacks bin/payload-kv.js.' });
  expect(await git('status', '--porcelain')).toBe('');
});

test('While package.json names no repository, a release is refused with what to add', async () => {
  await git('checkout', '-qfB', 'main', 'unnamed');
  const refused = await release('minor');
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  expect(refused.stderr).toContain('package.json names no repository, and npm takes provenance only from');
  expect(refused.stderr).toContain('"url": "git+https://github.com/<owner>/<name>.git"');
  expect(await git('status', '--porcelain')).toBe('');
});

test.each([
  ['without a version', [], async () => {}, 'Usage: npm run release'],
  ['of what is no version', ['later'], async () => {}, 'later is neither patch'],
  ['of an older version', ['0.0.1'], async () => {}, '0.0.1 is older than'],
  ['with changes', ['patch'], () => writeFile(join(clone, 'new.txt'), ''), 'not committed:\n?? new.txt'],
  ['beside main', ['patch'], () => git('checkout', '-qb', 'other'), 'This is the branch other'],
  ['of a version that is out', ['98.0.0'], () => git('tag', 'v98.0.0'), 'There is a tag v98.0.0 already'],
  [
    'of nothing new',
    ['patch'],
    () =>
      commit('CHANGELOG.md', (all) => all.replace(/(?<=## Unreleased\n)[\s\S]*/, '\n## 0.0.1\n\n- Old.\n')),
    'CHANGELOG.md has nothing under "## Unreleased"',
  ],
  [
    'without a part for what is new',
    ['patch'],
    () => commit('CHANGELOG.md', (all) => all.replace('## Unreleased', '## New')),
    'CHANGELOG.md has no part "## Unreleased"',
  ],
])('A release is refused %s, and nothing is written', async (_, args, prepare, said) => {
  await prepare();
  const before = await git('status', '--porcelain');
  const { exitCode, stdout, stderr } = await release(...args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
  expect(stderr).toContain(said);
  expect(await git('status', '--porcelain')).toBe(before);
});

test('The workflow that publishes may read and say who it is, and nothing else, and has no secret', async () => {
  const file = await readFile(join(repository, '.github/workflows/publish.yml'), 'utf8');
  const { on, permissions, jobs } = parse(file);
  expect(on).toEqual({ push: { tags: ['v*'] } });
  expect(permissions).toEqual({});
  expect(Object.values(jobs).map((job) => (job as { permissions: object }).permissions)).toEqual([
    { contents: 'read', 'id-token': 'write' },
  ]);
  expect(file).toContain('npm publish --provenance');
  expect(file).not.toMatch(/secrets\.|TOKEN|pull_request/);
  const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
  for (const [, name = ''] of file.matchAll(/npm run (\w+)/g)) expect(scripts).toHaveProperty(name);
});

test('Every action of a workflow is a commit with its version behind it, which Dependabot keeps', async () => {
  const workflows = join(repository, '.github/workflows');
  const uses = [];
  for (const name of await readdir(workflows)) {
    uses.push(...(await readFile(join(workflows, name), 'utf8')).matchAll(/^\s*-?\s*uses: *(.*)$/gm));
  }
  expect(uses.length).toBeGreaterThan(1);
  for (const [, action] of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[\da-f]{40} # v\d+\.\d+\.\d+$/);
  const { updates } = parse(await readFile(join(repository, '.github/dependabot.yml'), 'utf8'));
  expect(updates).toContainEqual(expect.objectContaining({ 'package-ecosystem': 'github-actions' }));
});
