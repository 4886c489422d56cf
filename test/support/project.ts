import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  realpath,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { removeDirectory } from './remove-directory.js';
import { repository } from './repository.js';

/** The complete Payload projects under `fixtures`. */
export type FixtureName = 'blog' | 'cloudflare';

/** How a copy differs from the fixture. */
export interface CopyOptions {
  /** Make the copy a git repository with everything committed. Default `false`. */
  git?: boolean;
  /** Windows line ends in every source file. Default `false`. */
  crlf?: boolean;
  /** Tabs instead of two spaces in every source file. Default `false`. */
  tabs?: boolean;
  /** Where its directory is made. Default: among the temporary ones. */
  inside?: string;
}

/** A copy of a fixture in a directory of its own, outside the repository. */
export interface ProjectCopy {
  /** Absolute path. */
  dir: string;
  /** Text of a file of the copy. */
  read(file: string): Promise<string>;
  /** Writes a file of the copy, with its directories. */
  write(file: string, content: string): Promise<void>;
  /** Replaces text in a file; throws where it is not found. */
  replace(file: string, search: string | RegExp, replacement: string): Promise<void>;
  remove(): Promise<void>;
}

const LEFT_BEHIND = new Set(['node_modules', '.wrangler', 'media', 'biome.json']);
const SOURCE_FILE = /\.(ts|json|jsonc|md)$/;

/** Copies a fixture with a `node_modules` in which everything it needs, and this package, is found. */
export async function copyFixture(name: FixtureName, options: CopyOptions = {}): Promise<ProjectCopy> {
  const fixture = path.join(repository, 'fixtures', name);
  // The real path: a temporary directory may itself be a link, and tools compare paths.
  const dir = await realpath(await mkdtemp(path.join(options.inside ?? tmpdir(), `payload-kv-${name}-`)));
  await cp(fixture, dir, {
    recursive: true,
    filter: (source) => !LEFT_BEHIND.has(path.basename(source)) && !/\.db(-\w+)?$/.test(source),
  });
  if (options.crlf || options.tabs) await restyle(dir, options);
  await linkPackages(path.join(repository, 'node_modules'), path.join(dir, 'node_modules'));
  await linkPackages(path.join(fixture, 'node_modules'), path.join(dir, 'node_modules'));
  await installPackage(path.join(dir, 'node_modules', 'payload-kv'));
  await linkExecutables(path.join(dir, 'node_modules'));
  if (options.git) await commitAll(dir);

  const absolute = (file: string) => path.join(dir, file);
  return {
    dir,
    read: (file) => readFile(absolute(file), 'utf8'),
    async write(file, content) {
      await mkdir(path.dirname(absolute(file)), { recursive: true });
      await writeFile(absolute(file), content);
    },
    async replace(file, search, replacement) {
      const before = await readFile(absolute(file), 'utf8');
      const after = before.replace(search, () => replacement);
      if (after === before) throw new Error(`${search} is not in ${file}`);
      await writeFile(absolute(file), after);
    },
    async remove() {
      await endThoseIn(dir);
      await removeDirectory(dir);
    },
  };
}

/** Ends processes that a command has left behind in a directory, where the system tells of them. */
async function endThoseIn(dir: string): Promise<void> {
  for (const name of await namesIn('/proc')) {
    const cwd = /^\d+$/.test(name) ? await readlink(`/proc/${name}/cwd`).catch(() => '') : '';
    if (!`${cwd}/`.startsWith(`${dir}/`) || Number(name) === process.pid) continue;
    try {
      process.kill(Number(name), 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Commits everything in `dir`; makes it a repository if it is none. */
export async function commitAll(dir: string): Promise<void> {
  const git = (...args: string[]) => execa('git', args, { cwd: dir });
  await git('init', '--quiet');
  await git('add', '--all');
  await git(
    '-c',
    'user.name=Fixture',
    '-c',
    'user.email=fixture@example.com',
    'commit',
    '--quiet',
    '-m',
    'Start',
  );
}

async function restyle(dir: string, options: CopyOptions): Promise<void> {
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !SOURCE_FILE.test(entry.name)) continue;
    const file = path.join(entry.parentPath, entry.name);
    let text = await readFile(file, 'utf8');
    if (options.tabs) text = text.replace(/^( {2})+/gm, (indent) => '\t'.repeat(indent.length / 2));
    if (options.crlf) text = text.replace(/\r?\n/g, '\r\n');
    await writeFile(file, text);
  }
}

/** Links each package of one `node_modules` into another, over what is there. */
async function linkPackages(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await namesIn(from)) {
    if (name.startsWith('.') || name.startsWith('fixture-')) continue;
    if (!name.startsWith('@')) {
      await relink(path.join(from, name), path.join(to, name));
      continue;
    }
    await mkdir(path.join(to, name), { recursive: true });
    for (const scoped of await namesIn(path.join(from, name))) {
      await relink(path.join(from, name, scoped), path.join(to, name, scoped));
    }
  }
}

/** A copy, no link: behind one, the compiler would find this repository's Payload instead of the project's. */
async function installPackage(to: string): Promise<void> {
  await removeDirectory(to);
  for (const name of ['package.json', 'bin', 'dist', 'templates']) {
    await cp(path.join(repository, name), path.join(to, name), { recursive: true });
  }
}

/** Executables as npm links them: relative, so that they lead to the packages of the copy. */
async function linkExecutables(nodeModules: string): Promise<void> {
  const from = path.join(repository, 'node_modules', '.bin');
  const to = path.join(nodeModules, '.bin');
  await mkdir(to);
  for (const name of await namesIn(from))
    await symlink(await readlink(path.join(from, name)), path.join(to, name));
  await relink('../payload-kv/bin/payload-kv.js', path.join(to, 'payload-kv'));
}

async function relink(target: string, link: string): Promise<void> {
  await removeDirectory(link);
  await symlink(target, link);
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}
