import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeChanges } from '../../src/apply/write.js';
import { removeDirectory } from '../support/remove-directory.js';

let root: string;

beforeEach(async () => {
  root = await realpath(await mkdtemp(path.join(tmpdir(), 'payload-kv-write-')));
  await writeFile(path.join(root, 'a.json'), '{}\n');
  await writeFile(path.join(root, 'z.ts'), 'old\r\n');
});

afterEach(() => removeDirectory(root));

/** Every path below the root with its content. */
async function tree(): Promise<Record<string, string>> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.map(async (entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return [
      path.relative(root, file),
      entry.isDirectory() ? '<directory>' : await readFile(file, 'utf8'),
    ] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

const changes = [
  { path: 'a.json', before: '{}\n', after: '{ "new": true }\n' },
  { path: 'src/payload-kv/index.ts', before: undefined, after: 'export {};\n' },
  { path: 'z.ts', before: 'old\r\n', after: 'new\r\n' },
];

test('all changes are written, directories included, and nothing is left beside them', async () => {
  writeChanges(root, changes);
  expect(await tree()).toEqual({
    'a.json': '{ "new": true }\n',
    src: '<directory>',
    'src/payload-kv': '<directory>',
    'src/payload-kv/index.ts': 'export {};\n',
    'z.ts': 'new\r\n',
  });
});

test('if one file cannot be written, all are as before, and no directory stays', async () => {
  await rm(path.join(root, 'z.ts'));
  await mkdir(path.join(root, 'z.ts'));
  const before = await tree();
  const blocked = [...changes.slice(0, 2), { path: 'z.ts', before: undefined, after: 'new' }];
  expect(() => writeChanges(root, blocked)).toThrow(
    expect.objectContaining({
      code: 'WRITE_FAILED',
      location: { file: 'z.ts' },
      message: expect.stringContaining('Everything is as it was before.'),
    }),
  );
  expect(await tree()).toEqual(before);
});

test('if a file is where a directory should be, nothing is written', async () => {
  await writeFile(path.join(root, 'src'), 'a file');
  const before = await tree();
  expect(() => writeChanges(root, changes)).toThrow(
    expect.objectContaining({ code: 'WRITE_FAILED', location: { file: 'src/payload-kv/index.ts' } }),
  );
  expect(await tree()).toEqual(before);
});

test.each([
  ['changed', () => writeFile(path.join(root, 'z.ts'), 'somebody else\n')],
  ['vanished', () => rm(path.join(root, 'z.ts'))],
  [
    'appeared',
    async () => {
      await mkdir(path.join(root, 'src/payload-kv'), { recursive: true });
      await writeFile(path.join(root, 'src/payload-kv/index.ts'), 'mine');
    },
  ],
])('a file that %s since it was read is not overwritten', async (_what, happen) => {
  await happen();
  const before = await tree();
  expect(() => writeChanges(root, changes)).toThrow(expect.objectContaining({ code: 'CHANGED_ON_DISK' }));
  expect(await tree()).toEqual(before);
});

test('a file that is not UTF-8 is not overwritten with what was lost in reading it', async () => {
  const bytes = Buffer.from([0x6f, 0xff, 0x0a]);
  await writeFile(path.join(root, 'latin.ts'), bytes);
  const change = { path: 'latin.ts', before: bytes.toString('utf8'), after: 'new' };
  expect(() => writeChanges(root, [change])).toThrow(expect.objectContaining({ code: 'CHANGED_ON_DISK' }));
  expect(await readFile(path.join(root, 'latin.ts'))).toEqual(bytes);
});

test('a link stays a link, and a file keeps its permissions', async () => {
  await symlink('z.ts', path.join(root, 'link.ts'));
  await chmod(path.join(root, 'z.ts'), 0o755);
  writeChanges(root, [{ path: 'link.ts', before: 'old\r\n', after: 'new\r\n' }]);
  expect((await lstat(path.join(root, 'link.ts'))).isSymbolicLink()).toBe(true);
  expect(await readFile(path.join(root, 'z.ts'), 'utf8')).toBe('new\r\n');
  expect((await stat(path.join(root, 'z.ts'))).mode & 0o777).toBe(0o755);
});
