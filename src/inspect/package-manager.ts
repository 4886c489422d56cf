/** Which package manager the project uses, and where its workspace begins. */

import { existsSync } from 'node:fs';
import path from 'node:path';
import { isFile, upwards } from './file-system.js';
import { readManifest } from './manifest.js';

/** The package manager of the project. */
export type PackageManager = 'npm' | 'pnpm' | 'yarn' | 'bun';

/** What stands before an executable of the project's dependencies. */
export const RUNNERS = { npm: 'npx', pnpm: 'pnpm exec', yarn: 'yarn', bun: 'bunx' } as const;

/** The lock files, and whose they are. */
export const LOCK_FILES: readonly [name: string, packageManager: PackageManager][] = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['yarn.lock', 'yarn'],
  ['package-lock.json', 'npm'],
  ['npm-shrinkwrap.json', 'npm'],
];

/**
 * The package manager by the nearest lock file or `packageManager` field, upwards from `root`, as high as the
 * repository; in one directory the field decides. npm where there is neither.
 */
export function readPackageManager(root: string): { packageManager: PackageManager; lockFileDir?: string } {
  for (const directory of withinRepository(root)) {
    const locks = LOCK_FILES.filter(([name]) => isFile(path.join(directory, name)));
    const named = namedIn(directory);
    const [lock] = locks;
    if (named) return { packageManager: named, ...(lock ? { lockFileDir: directory } : {}) };
    if (lock) return { packageManager: lock[1], lockFileDir: directory };
  }
  return { packageManager: 'npm' };
}

function namedIn(directory: string): PackageManager | undefined {
  const field: unknown = readManifest(directory)?.packageManager;
  const name = typeof field === 'string' ? field.split('@')[0] : undefined;
  return name === 'npm' || name === 'pnpm' || name === 'yarn' || name === 'bun' ? name : undefined;
}

/** The directory and those above it, up to and with the one that holds `.git`; all without a repository. */
export function withinRepository(directory: string): string[] {
  const all = upwards(directory);
  const top = all.findIndex((each) => existsSync(path.join(each, '.git')));
  return top === -1 ? all : all.slice(0, top + 1);
}

/** The workspace that the package belongs to: the nearest directory above that declares one, else the package. */
export function workspaceRoot(root: string): string {
  return withinRepository(root).find(declaresWorkspace) ?? root;
}

/** Whether the directory declares a workspace of packages. */
export function declaresWorkspace(directory: string): boolean {
  if (isFile(path.join(directory, 'pnpm-workspace.yaml'))) return true;
  return readManifest(directory)?.workspaces !== undefined;
}
