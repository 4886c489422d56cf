import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { recoverUnfinished } from '../../src/apply/journal.js';
import { writeChanges } from '../../src/apply/write.js';
import { readTree } from '../cli/command.js';
import { removeDirectory } from '../support/remove-directory.js';

// One process for each operation to be killed at: a busy machine takes its time to start them.
vi.setConfig({ testTimeout: 600_000 });

let directory: string;
let root: string;
let child: string;

const files: Record<string, string> = {
  'package.json': '{}\n',
  'src/payload.config.ts': 'export default 1\r\n',
  'src/old/gone.ts': 'export {}',
};
/** An edit, a deletion that empties a directory, and two new files in new directories. */
const changes = [
  { path: 'package.json', before: '{}\n', after: '{ "new": true }\n' },
  { path: 'src/a/index.ts', before: undefined, after: 'export const a = 1;\n'.repeat(20) },
  { path: 'src/a/b/hooks.ts', before: undefined, after: 'export {};\n' },
  { path: 'src/old/gone.ts', before: 'export {}', after: undefined },
  { path: 'src/payload.config.ts', before: 'export default 1\r\n', after: 'export default 2\r\n' },
];
const states = { before: {} as Record<string, string>, after: {} as Record<string, string> };

async function freshProject(): Promise<void> {
  await removeDirectory(root);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
}

function start(mode: string, count = 0, at = root): ChildProcess {
  const args = [child, mode, at, String(count), JSON.stringify(changes)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Runs the child; `true` where it was killed, `false` where it came to its end first. */
async function isKilled(mode: string, count: number, at = root): Promise<boolean> {
  const [code, signal] = await once(start(mode, count, at), 'exit');
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`the child ended with ${code}`);
  return signal === 'SIGKILL';
}

/** Leaves the project in the middle of the writing: some files are new, some are not. */
async function killHalfWay(): Promise<void> {
  // Nothing is renamed before; where it begins exactly does not matter.
  for (let count = 30; ; count++) {
    await freshProject();
    if (!(await isKilled('write', count))) throw new Error('it never stood half-way');
    const now = (name: string) => readFile(path.join(root, name), 'utf8');
    const [first, last] = [await now('package.json'), await now('src/payload.config.ts')];
    if (first !== files['package.json'] && last === files['src/payload.config.ts']) return;
  }
}

beforeAll(async () => {
  directory = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-journal-')));
  root = path.join(directory, 'site');
  child = path.join(directory, 'child.mjs');
  const nothing = path.join(directory, 'nothing.mjs');
  await writeFile(nothing, 'export const ts = undefined;');
  await build({
    entryPoints: [path.join(import.meta.dirname, 'kill-child.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    // A module of an older kind asks for its parts when it runs.
    mainFields: ['module', 'main'],
    // Never needed here, and slow to load.
    alias: { 'ts-morph': nothing },
    outfile: child,
  });
  await freshProject();
  states.before = await readTree(root);
  writeChanges(root, changes);
  states.after = await readTree(root);
});
beforeEach(freshProject);
afterEach(() => removeDirectory(root));
afterAll(() => removeDirectory(directory));

test('killed at any operation, the project is as before or as after once the next run has begun', async () => {
  const outcomes: string[] = [];
  for (let count = 1; ; count++) {
    await freshProject();
    if (!(await isKilled('write', count))) break;
    const recovery = recoverUnfinished(root);
    const tree = await readTree(root);
    const isAfter = JSON.stringify(tree) === JSON.stringify(states.after);
    // Whatever it is, it is one of the two, and nothing else lies about.
    expect(tree, `killed at operation ${count}`).toEqual(isAfter ? states.after : states.before);
    outcomes.push(recovery ? `${recovery.outcome}, ${isAfter ? 'after' : 'before'}` : 'nothing to do');
  }
  expect(await readTree(root)).toEqual(states.after);
  expect(outcomes.length).toBeGreaterThan(30);
  expect(new Set(outcomes)).toEqual(new Set(['nothing to do', 'rolled-back, before', 'completed, after']));
  // Once it finishes what was begun, it never takes back any more.
  const [first, last] = [outcomes.indexOf('completed, after'), outcomes.lastIndexOf('rolled-back, before')];
  expect(first).toBeGreaterThan(last);
});

test('a recovery that is killed as well is recovered from', async () => {
  const half = path.join(directory, 'half');
  await killHalfWay();
  // The journal names absolute paths, so that the copy goes back to where it was.
  await cp(root, half, { recursive: true });
  let count = 1;
  for (; ; count++) {
    await removeDirectory(root);
    await cp(half, root, { recursive: true });
    if (!(await isKilled('recover', count))) break;
    recoverUnfinished(root);
    expect(await readTree(root), `killed at operation ${count}`).toEqual(states.after);
  }
  expect(await readTree(root)).toEqual(states.after);
  expect(count).toBeGreaterThan(10);
});

test('a file that a person changed after the kill is neither overwritten nor lost', async () => {
  await killHalfWay();
  await writeFile(path.join(root, 'src/payload.config.ts'), 'mine');
  const { '.payload-kv/lock': _stale, ...tree } = await readTree(root);
  const failure = { code: 'UNFINISHED_RUN', location: { file: 'src/payload.config.ts' } };
  expect(() => recoverUnfinished(root)).toThrow(expect.objectContaining(failure));
  expect(await readTree(root)).toEqual(tree);
  await removeDirectory(path.join(root, '.payload-kv'));
  expect(recoverUnfinished(root)).toBeUndefined();
});

test('of two runs at once the second is refused, and a dead one is in nobody’s way', async () => {
  const holder = start('hold');
  await once(holder.stdout!, 'data');
  const refused = expect.objectContaining({ code: 'ALREADY_RUNNING' });
  expect(() => writeChanges(root, changes)).toThrow(refused);
  expect(() => recoverUnfinished(root)).toThrow(refused);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(recoverUnfinished(root)).toBeUndefined();
  expect(await readTree(root)).toEqual(states.before);
  writeChanges(root, changes);
  expect(await readTree(root)).toEqual(states.after);
});

test('no link is followed out of the project, be it of the file or of a directory above it', async () => {
  const outside = path.join(directory, 'outside');
  await mkdir(outside, { recursive: true });
  await writeFile(path.join(outside, 'config.ts'), 'theirs');
  await symlink(path.join(outside, 'config.ts'), path.join(root, 'link.ts'));
  await symlink(outside, path.join(root, 'linked'));
  const escaping = [
    { path: 'link.ts', before: 'theirs', after: 'ours' },
    { path: 'linked/config.ts', before: 'theirs', after: 'ours' },
    { path: 'linked/new/file.ts', before: undefined, after: 'ours' },
  ];
  for (const change of escaping) {
    const failure = { code: 'LINK_OUT_OF_PROJECT', location: { file: change.path } };
    expect(() => writeChanges(root, [changes[0]!, change])).toThrow(expect.objectContaining(failure));
  }
  expect(await readTree(outside)).toEqual({ 'config.ts': 'theirs' });
  expect(await readFile(path.join(root, 'package.json'), 'utf8')).toBe('{}\n');
});

test('a journal that came with the project and names files elsewhere is not followed', async () => {
  const outside = path.join(directory, 'elsewhere');
  await mkdir(outside, { recursive: true });
  const file = path.join(outside, 'mine.txt');
  await writeFile(file, 'mine');
  await writeFile(`${file}.ab.tmp`, 'mine too');
  await symlink(file, path.join(root, 'link.ts'));
  await symlink(file, path.join(root, 'package.json.ab.tmp'));
  await mkdir(path.join(root, '.git'));
  const hook = path.join(root, '.git/post-checkout');
  const manifest = path.join(root, 'package.json');
  const entries = [
    { file, temporary: `${file}.ab.tmp`, before: 'mine', after: 'ours' },
    { file: path.join(root, 'link.ts'), temporary: path.join(root, 'link.ts.ab.tmp'), before: 'mine' },
    { file: manifest, temporary: `${manifest}.ab.tmp`, before: '{}\n', after: 'ours' },
    { file: manifest, temporary: `${file}.ab.tmp`, before: '{}\n', after: 'ours' },
    { file: hook, temporary: `${hook}.ab.tmp`, after: '#!/bin/sh', mode: 0o755 },
  ];
  const journals = entries.flatMap((entry) =>
    ['preparing', 'writing', 'undoing'].map((state) => ({
      state,
      directories: [],
      entries: [{ path: 'x', ...entry }],
    })),
  );
  const directories = [outside];
  const others = [null, {}, 'half', { state: 'preparing', entries: [], directories }];
  await mkdir(path.join(root, '.payload-kv'));
  for (const journal of [...journals, ...others]) {
    const text = journal === 'half' ? '{"state":' : JSON.stringify(journal);
    await writeFile(path.join(root, '.payload-kv/journal.json'), text);
    const before = await readTree(root);
    expect(() => recoverUnfinished(root), text).toThrow(expect.objectContaining({ code: 'UNFINISHED_RUN' }));
    expect(await readTree(root)).toEqual(before);
    expect(await readTree(outside)).toEqual({ 'mine.txt': 'mine', 'mine.txt.ab.tmp': 'mine too' });
  }
});

test('the directory of the journal is not looked for behind a link', async () => {
  const outside = path.join(directory, 'behind');
  await mkdir(outside, { recursive: true });
  await writeFile(path.join(outside, 'journal.json.tmp'), 'mine');
  await symlink(outside, path.join(root, '.payload-kv'));
  const failure = expect.objectContaining({ code: 'LINK_OUT_OF_PROJECT' });
  expect(() => recoverUnfinished(root)).toThrow(failure);
  expect(() => writeChanges(root, changes)).toThrow(failure);
  expect(await readTree(outside)).toEqual({ 'journal.json.tmp': 'mine' });
});

test('a file of the workspace above the package is of the project', async () => {
  const site = path.join(root, 'apps/site');
  await mkdir(site, { recursive: true });
  await writeFile(path.join(root, 'package.json'), '{ "workspaces": ["apps/*"] }');
  await writeFile(path.join(root, 'wrangler.jsonc'), '{}');
  writeChanges(site, [{ path: '../../wrangler.jsonc', before: '{}', after: '{ "name": "site" }' }]);
  expect(await readFile(path.join(root, 'wrangler.jsonc'), 'utf8')).toBe('{ "name": "site" }');
});
