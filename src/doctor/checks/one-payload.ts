import { realpathSync } from 'node:fs';
import path from 'node:path';
import { upwards } from '../../inspect/file-system.js';
import { readManifest } from '../../inspect/manifest.js';
import { type Check, counted, fail, ok, warn } from '../check.js';
import { versionIn } from '../installed-package.js';

/** The project, its Payload packages and this one all find the same Payload. */
export const onePayload: Check = {
  id: 'one-payload',
  title: 'One Payload in the tree',
  run({ project, findPackage, command }) {
    const own = payloadFrom(project.root);
    // That it is missing is said by `versions`.
    if (!own) return undefined;
    const { dependencies, devDependencies } = project.packageJson as Record<string, object | undefined>;
    const names = Object.keys({ ...dependencies, ...devDependencies })
      .filter((name) => name.startsWith('@payloadcms/') || name === 'payload-kv')
      .sort();
    const found = names.flatMap((name) => {
      const installed = findPackage(name);
      return installed ? [{ name, installed, payload: payloadFrom(installed.dir) }] : [];
    });
    const others = found.flatMap(({ name, installed, payload }) => {
      if (payload && payload.version !== own.version) return [`${name} finds Payload ${payload.version}`];
      const wanted = peerOf(installed.dir);
      // Each release of Payload's packages goes with exactly one release of Payload.
      return wanted && /^\d/.test(wanted) && wanted !== own.version
        ? [`${name} ${installed.version} is made for Payload ${wanted}`]
        : [];
    });
    if (others.length > 0) {
      return fail(`the project has Payload ${own.version}, but ${others[0]}`, {
        details: others.slice(1),
        fix: `Write the same version at payload and every @payloadcms package in package.json, and run: ${project.packageManager} install\nThen see: ${command('payload info')}`,
      });
    }
    const copies = found.filter(({ payload }) => payload && payload.dir !== own.dir);
    if (copies.length > 0) {
      return warn(`Payload ${own.version} is there more than once`, {
        details: copies.map(({ name, payload }) => `${name} finds that of ${payload!.dir}`),
        fix: `Let the package manager keep one: ${project.packageManager} dedupe`,
      });
    }
    return ok(`Payload ${own.version}, the same for ${counted(found.length, 'package')} of it`);
  },
};

/** The Payload that code in a directory finds. */
function payloadFrom(directory: string): { dir: string; version: string } | undefined {
  for (const above of upwards(directory)) {
    // As Node does.
    if (path.basename(above) === 'node_modules') continue;
    const dir = path.join(above, 'node_modules/payload');
    const manifest = readManifest(dir);
    if (!manifest) continue;
    return { dir: realpathSync(dir), version: versionIn(manifest) };
  }
  return undefined;
}

function peerOf(directory: string): string | undefined {
  const range: unknown = readManifest(directory)?.peerDependencies?.payload;
  return typeof range === 'string' ? range : undefined;
}
