/** Package managers: how each is recognised, how it names packages of the workspace, and what it may be told besides. */
import type { Draw } from './draw.js';
import type { PayloadVersion } from './payload-version.js';

export const MANAGERS = ['npm', 'pnpm', 'yarn 1', 'yarn 4', 'bun'] as const;
export type ManagerName = (typeof MANAGERS)[number];

/** The package manager of a project. */
export interface Manager {
  name: ManagerName;
  /** Whether `node_modules` and a lock file are there before `init`. */
  installed: boolean;
  /** Whether another version of ioredis is forced upon everything. */
  forcesRedis: boolean;
}

const VERSION: Record<ManagerName, string> = {
  npm: 'npm@10.9.2',
  pnpm: 'pnpm@10.34.8',
  'yarn 1': 'yarn@1.22.22',
  'yarn 4': 'yarn@4.18.1',
  bun: 'bun@1.4.5',
};

/** Where the lock file is that each writes. */
export const LOCK_FILES: Record<ManagerName, string> = {
  npm: 'package-lock.json',
  pnpm: 'pnpm-lock.yaml',
  'yarn 1': 'yarn.lock',
  'yarn 4': 'yarn.lock',
  bun: 'bun.lock',
};

/** Draws a package manager. */
export function drawManager(draw: Draw): Manager {
  return {
    name: draw(MANAGERS),
    installed: draw([true, false]),
    forcesRedis: draw([false, false, true]),
  };
}

/** Whether it has catalogs. */
export function hasCatalogs({ name }: Manager): boolean {
  return name === 'pnpm' || name === 'yarn 4' || name === 'bun';
}

/** How a package of the workspace is depended on. */
export function workspaceRange({ name }: Manager): string {
  return name === 'npm' || name === 'yarn 1' ? '*' : 'workspace:*';
}

/** How a package of Payload is depended on. */
export function payloadRange(name: string, { version, declaration }: PayloadVersion): string {
  switch (declaration) {
    case 'caret':
      return `^${version}`;
    case 'tilde':
      return `~${version}`;
    case 'alias':
      return name === 'payload' ? `npm:payload@${version}` : version;
    case 'catalog':
      return 'catalog:';
    case 'named catalog':
      return 'catalog:cms';
    default:
      return version;
  }
}

/** Where the workspace, or the only package, begins: its package.json is given its say, and files are added. */
export function managerFiles(
  manager: Manager,
  { version, declaration }: PayloadVersion,
  packageJson: Record<string, any>,
  { packages, names }: { packages: readonly string[]; names: readonly string[] },
): Record<string, string> {
  const { name } = manager;
  const files: Record<string, string> = {};
  packageJson.packageManager = VERSION[name];
  const forced = {
    ...(declaration === 'override' ? { payload: name === 'npm' ? '$payload' : version } : {}),
    ...(manager.forcesRedis ? { ioredis: '^5.6.0' } : {}),
  };
  // npm takes `$payload` from the very package.json that has the override.
  if (forced.payload === '$payload' && !packageJson.dependencies?.payload) forced.payload = version;
  if (Object.keys(forced).length > 0) {
    if (name === 'pnpm') packageJson.pnpm = { overrides: forced };
    else packageJson[name.startsWith('yarn') ? 'resolutions' : 'overrides'] = forced;
  }
  const entries = Object.fromEntries(names.map((it) => [it, version]));
  const catalog =
    declaration === 'catalog'
      ? { catalog: entries }
      : declaration === 'named catalog'
        ? { catalogs: { cms: entries } }
        : undefined;
  if (name === 'pnpm') {
    if (packages.length > 0 || catalog)
      files['pnpm-workspace.yaml'] = yaml({ ...(packages.length > 0 ? { packages } : {}), ...catalog });
  } else if (packages.length > 0) {
    packageJson.workspaces = name === 'bun' && catalog ? { packages, ...catalog } : packages;
  } else if (name === 'bun' && catalog) {
    packageJson.workspaces = { packages: [], ...catalog };
  }
  if (name === 'yarn 4') files['.yarnrc.yml'] = yaml({ nodeLinker: 'node-modules', ...catalog });
  return files;
}

/** YAML of nested objects, lists and strings. */
function yaml(value: object, indent = ''): string {
  return Object.entries(value)
    .map(([key, it]) => {
      const name = /^\w+$/.test(key) ? key : JSON.stringify(key);
      if (typeof it === 'string') return `${indent}${name}: ${/^\w[\w-]*$/.test(it) ? it : `'${it}'`}\n`;
      if (Array.isArray(it))
        return `${indent}${name}:\n${it.map((each) => `${indent}  - '${each}'\n`).join('')}`;
      return `${indent}${name}:\n${yaml(it, `${indent}  `)}`;
    })
    .join('');
}
