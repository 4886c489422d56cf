import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { command, createProject, type Project } from './command.js';

let project: Project;
beforeEach(async () => {
  project = await createProject();
});
afterEach(() => project.remove());

/** What a killed run leaves behind. */
async function leaveJournal(state: 'preparing' | 'writing' | 'undoing'): Promise<void> {
  const entry = (name: string, before: string | undefined, after: string) => {
    const file = path.join(project.dir, name);
    return { path: name, file, temporary: `${file}.0.tmp`, before, after };
  };
  const manifest = (await project.tree())['package.json']!;
  const entries = [
    entry('package.json', manifest, manifest.replace('{', '{ "name": "site",')),
    entry('src/new.ts', undefined, 'export {};\n'),
  ];
  await mkdir(path.join(project.dir, '.payload-kv'));
  const journal = JSON.stringify({ state, entries, directories: [] });
  await writeFile(path.join(project.dir, '.payload-kv/journal.json'), journal);
  await writeFile(path.join(project.dir, 'src/new.ts.0.tmp'), 'expo');
}

test.each(['init --dry-run', 'sync --check', 'doctor', 'remove --dry-run'])(
  'payload-kv %s finishes what a killed run began to write, and says so',
  async (line) => {
    await leaveJournal('writing');
    const { stderr } = await command([...line.split(' '), '--cwd', path.join(project.dir, 'src')]);
    expect(stderr).toContain(
      '! An earlier run was killed while it wrote. Written now: package.json, src/new.ts.',
    );
    const tree = await project.tree();
    expect(tree['package.json']).toContain('"name": "site"');
    expect(tree['src/new.ts']).toBe('export {};\n');
    expect(Object.keys(tree).filter((name) => /\.tmp$|^\.payload-kv/.test(name))).toEqual([]);
  },
);

test('what was only prepared is cleared away', async () => {
  const before = await project.tree();
  await leaveJournal('preparing');
  const { stderr, stdout } = await command(['init', '--dry-run', '--json', '--cwd', project.dir]);
  expect(stderr).toContain('! An earlier run was killed before it was done. No file had been changed.');
  expect(JSON.parse(stdout)).toMatchObject({ ok: true });
  expect(await project.tree()).toEqual(before);
});

test('what a run was about to take back is taken back', async () => {
  const before = await project.tree();
  await leaveJournal('undoing');
  const manifest = path.join(project.dir, 'package.json');
  await writeFile(manifest, before['package.json']!.replace('{', '{ "name": "site",'));
  const { stderr } = await command(['sync', '--cwd', project.dir]);
  expect(stderr).toContain('! An earlier run was killed before it was done. Taken back: package.json.');
  expect(await project.tree()).toEqual(before);
});

test('while another run writes, a command is refused', async () => {
  await leaveJournal('writing');
  const before = await project.tree();
  const lock = { pid: process.ppid, host: (await import('node:os')).hostname(), since: Date.now() };
  await writeFile(path.join(project.dir, '.payload-kv/lock'), JSON.stringify(lock));
  const { exitCode, stderr } = await command(['init', '--yes', '--cwd', project.dir]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('[ALREADY_RUNNING]');
  const { '.payload-kv/lock': _lock, ...after } = await project.tree();
  expect(after).toEqual(before);
});
