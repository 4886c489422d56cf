/** The packages that a project has installed, and how one more gets there. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { readIfThere, upwards } from '../inspect/file-system.js';

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
    const manifest = readIfThere(path.join(dir, 'package.json'));
    if (manifest === undefined) continue;
    const { version } = JSON.parse(manifest) as { version?: string };
    return { dir: realpathSync(dir), version: version ?? 'unknown' };
  }
  return undefined;
}

/** The command that installs a development dependency. */
export const ADD_DEVELOPMENT = {
  npm: 'npm install -D',
  pnpm: 'pnpm add -D',
  yarn: 'yarn add -D',
  bun: 'bun add -d',
} as const;
