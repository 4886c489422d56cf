/** The packages that a project has installed, and how one more gets there. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { upwards } from '../inspect/file-system.js';
import { readManifest } from '../inspect/manifest.js';

/** A package of the project's `node_modules`. */
export interface InstalledPackage {
  /** Absolute directory, links resolved. */
  dir: string;
  version: string;
}

/** A package as the code of a directory would find it. */
export function findPackage(root: string, name: string): InstalledPackage | undefined {
  for (const directory of upwards(root)) {
    const dir = path.join(directory, 'node_modules', name);
    const manifest = readManifest(dir);
    if (!manifest) continue;
    return { dir: realpathSync(dir), version: versionIn(manifest) };
  }
  return undefined;
}

/** The version that a manifest names. */
export function versionIn({ version }: Record<string, unknown>): string {
  return typeof version === 'string' ? version : 'unknown';
}

/** The command that installs a dependency. */
export const ADD_PACKAGE = {
  npm: 'npm install',
  pnpm: 'pnpm add',
  yarn: 'yarn add',
  bun: 'bun add',
} as const;

/** The command that installs a development dependency. */
export const ADD_DEVELOPMENT = {
  npm: 'npm install -D',
  pnpm: 'pnpm add -D',
  yarn: 'yarn add -D',
  bun: 'bun add -d',
} as const;
