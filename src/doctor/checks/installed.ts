import { existsSync } from 'node:fs';
import path from 'node:path';
import { withinRepository } from '../../inspect/package-manager.js';
import { type Check, fail, ok, warn } from '../check.js';
import { ADD_PACKAGE } from '../installed-package.js';

/** The package is a dependency of the project, and there. */
export const installed: Check = {
  id: 'installed',
  title: 'Package payload-kv',
  run({ project, findPackage }) {
    const { dependencies, devDependencies } = project.packageJson as Record<
      string,
      Record<string, string> | undefined
    >;
    const add = ADD_PACKAGE[project.packageManager];
    const found = findPackage('payload-kv');
    if (!found && withinRepository(project.root).some((it) => existsSync(path.join(it, '.pnp.cjs')))) {
      return fail(
        "Yarn's Plug'n'Play keeps packages where neither Payload's types nor this command looks for them",
        {
          fix: 'Write `nodeLinker: node-modules` into .yarnrc.yml, then run: yarn install',
        },
      );
    }
    if (!found) {
      return fail('it is not installed, so the config cannot import it', { fix: `Run: ${add} payload-kv` });
    }
    if (!dependencies?.['payload-kv']) {
      const where = devDependencies?.['payload-kv']
        ? 'only among the devDependencies'
        : 'not in the package.json';
      return warn(
        `${found.version} is there, but ${where}: an installation for production has no cache to import`,
        {
          fix: `Run: ${add} payload-kv`,
        },
      );
    }
    return ok(found.version);
  },
};
