/** Reading what a plan needs of the user's project. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { readManifest } from '../inspect/manifest.js';
import type { Project } from '../inspect/project.js';
import type { ProjectFiles } from '../plan/plan.js';

/** The texts of files of the project; `undefined` for those that do not exist. */
export function readProjectFiles(root: string, paths: readonly string[]): ProjectFiles {
  return Object.fromEntries(paths.map((name) => [name, readText(path.resolve(root, name))]));
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    // A directory in a file's place counts as no file: writing says what stands in the way.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Whether the project's wrangler creates a namespace without an id at deploy: from 4.45 on. */
export function wranglerProvisions({ root, packageJson }: Pick<Project, 'root' | 'packageJson'>): boolean {
  const version = installedVersion(root, 'wrangler') ?? declaredVersion(packageJson, 'wrangler');
  // Not in the project at all: `npx wrangler` brings a current one.
  if (!version) return true;
  const [major, minor] = version;
  return major > 4 || (major === 4 && minor >= 45);
}

function installedVersion(root: string, name: string): [number, number] | undefined {
  for (let directory = root; ; directory = path.dirname(directory)) {
    const manifest = readManifest(path.join(directory, 'node_modules', name));
    if (manifest) return numbersOf(manifest.version);
    if (path.dirname(directory) === directory) return undefined;
  }
}

function declaredVersion(packageJson: Record<string, unknown>, name: string): [number, number] | undefined {
  for (const section of ['dependencies', 'devDependencies']) {
    const range = (packageJson[section] as Record<string, string> | undefined)?.[name];
    if (range) return numbersOf(range);
  }
  return undefined;
}

function numbersOf(version: string | undefined): [number, number] | undefined {
  const match = /(\d+)\.(\d+)/.exec(version ?? '');
  return match ? [Number(match[1]), Number(match[2])] : undefined;
}

/** What git says of the project's directory; `undefined` where there is no repository, or no git. */
export async function uncommittedFiles(root: string): Promise<string[] | undefined> {
  const { exitCode, stdout } = await execa('git', ['status', '--porcelain', '--', '.'], {
    cwd: root,
    reject: false,
  });
  if (exitCode !== 0) return undefined;
  return stdout.split('\n').filter((line) => line !== '');
}
