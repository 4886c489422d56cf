/** Whether npm installs a package beside a peer that its range does not let in. */
import path from 'node:path';
import { readIfThere } from './file-system.js';
import { readManifest } from './manifest.js';
import { withinRepository } from './package-manager.js';

/** Whether the workspace tells npm to take whatever peer of a name is there: by `overrides` or by `.npmrc`. */
export function takesPeers(root: string, name: string, peer: string): boolean {
  return withinRepository(root).some((directory) => {
    const overrides = Object(readManifest(directory)?.overrides);
    if (overrides[peer] !== undefined || Object(overrides[name])[peer] !== undefined) return true;
    const npmrc = readIfThere(path.join(directory, '.npmrc')) ?? '';
    return /^\s*(?:legacy-peer-deps|force)\s*=\s*true\s*$/m.test(npmrc);
  });
}
