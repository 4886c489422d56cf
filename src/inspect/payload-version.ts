/** Which Payload the project has, and whether it is one that this package supports. */
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { compareVersions } from '../version.js';
import { isFile, readIfThere, upwards } from './file-system.js';
import { type PackageManager, readPackageManager, withinRepository } from './package-manager.js';

/** Installed and declared version of Payload. */
export interface PayloadVersion {
  /** The version in `node_modules`. */
  installed?: string;
  /** The range that the package manager goes by: of `package.json`, of a catalog, or of what overrides them. */
  declared?: string;
  /** Where it is written, if not as a dependency in the project's `package.json`. */
  through?: { file: string; kind: 'catalog' | 'override' };
}

/** Reads the version of `node_modules` and the range that counts, through overrides, catalogs and aliases. */
export function readPayloadVersion(root: string, packageJson: Record<string, unknown>): PayloadVersion {
  let installed: string | undefined;
  for (const directory of upwards(root)) {
    const text = readIfThere(path.join(directory, 'node_modules/payload/package.json'));
    if (text === undefined) continue;
    const { version } = JSON.parse(text) as { version?: unknown };
    if (typeof version === 'string') installed = version;
    break;
  }
  let own: string | undefined;
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies']) {
    const range = (packageJson[group] as Record<string, unknown> | undefined)?.payload;
    if (typeof range === 'string') own ??= range;
  }
  return { installed, ...behind(own, root) };
}

type Declared = Pick<PayloadVersion, 'declared' | 'through'>;

/** The range that counts for one in `package.json`. */
function behind(own: string | undefined, root: string): Declared {
  const override = overrideOf(root);
  // `$payload` is what the dependency says.
  if (override && !override.range.startsWith('$')) {
    const { declared } = behindCatalog(override.range, root);
    return { declared, through: { file: override.file, kind: 'override' } };
  }
  return own === undefined ? {} : behindCatalog(own, root);
}

function behindCatalog(range: string, root: string): Declared {
  if (!range.startsWith('catalog:')) return { declared: range };
  const found = fromCatalog(root, range.slice('catalog:'.length));
  return found
    ? { declared: found.range, through: { file: found.file, kind: 'catalog' } }
    : { declared: range };
}

/** A range without what says how it is come by; `undefined` where it is of another package. */
export function plainRange(declared: string | undefined): string | undefined {
  const range = declared?.replace(/^workspace:/, '');
  const alias = range === undefined ? null : /^npm:(?:([^@]+)@)?(.*)$/.exec(range);
  if (!alias) return range;
  return alias[1] === undefined || alias[1] === 'payload' ? alias[2] : undefined;
}

/** Throws `PAYLOAD_VERSION_UNSUPPORTED` for any Payload but 3. */
export function requirePayload3({ installed, declared }: PayloadVersion): void {
  const major = majorOf(installed) ?? majorOf(plainRange(declared));
  if (major === undefined || major === 3) return;
  throw new PayloadKVError({
    code: 'PAYLOAD_VERSION_UNSUPPORTED',
    message: `The project has Payload ${installed ?? declared}, and payload-kv works with Payload 3${major > 3 ? `; Payload ${major} is not supported yet` : ''}.`,
    location: { file: 'package.json' },
    nextStep:
      major < 3
        ? 'Migrate the project to Payload 3 first: https://payloadcms.com/docs/migration-guide/overview'
        : 'Use a release of payload-kv that supports this version, or Payload 3.',
  });
}

/** Fields of auth that came within version 3: the file of Payload that adds each, and the release from which it does. */
const LATER_AUTH_FIELDS: readonly { name: string; files: readonly string[]; since: string }[] = [
  { name: 'sessions', files: ['sessions.js'], since: '3.44.0' },
  { name: 'resetPasswordRequestedAt', files: ['auth.js'], since: '3.90.0' },
  { name: 'hasAPIKey', files: ['apiKey/index.js', 'apiKey.js'], since: '3.90.0' },
];

/**
 * The fields of auth that the project's Payload does not have yet: by the installed package itself, else by its version,
 * else by the one that `package.json` pins. A range is taken for its newest.
 */
export function absentAuthFields(root: string, { installed, declared }: PayloadVersion): ReadonlySet<string> {
  const home = upwards(root)
    .map((directory) => path.join(directory, 'node_modules/payload'))
    .find((directory) => isFile(path.join(directory, 'package.json')));
  const base = home === undefined ? undefined : path.join(home, 'dist/auth/baseFields');
  const isBuilt = base !== undefined && isFile(path.join(base, 'auth.js'));
  const version = installed ?? /^=?(\d+\.\d+\.\d+)$/.exec(declared ?? '')?.[1];
  const absent = LATER_AUTH_FIELDS.filter(({ name, files, since }) => {
    if (isBuilt) return !files.some((file) => readIfThere(path.join(base, file))?.includes(name));
    return version !== undefined && compareVersions(version, since) < 0;
  });
  return new Set(absent.map(({ name }) => name));
}

function majorOf(range: string | undefined): number | undefined {
  const match = range === undefined ? undefined : /^[\^~>=v\s]*(\d+)(?=\.|$|\s|-)/.exec(range);
  return match ? Number(match[1]) : undefined;
}

interface Found {
  range: string;
  file: string;
}

/** What overrides every range of Payload in the workspace, where its package manager heeds it. */
function overrideOf(root: string): Found | undefined {
  const { packageManager } = readPackageManager(root);
  for (const { json, read, relative } of workspaceFiles(root)) {
    const inYaml =
      packageManager === 'pnpm' ? yamlEntry(read('pnpm-workspace.yaml'), ['overrides']) : undefined;
    if (inYaml) return { range: inYaml, file: relative('pnpm-workspace.yaml') };
    for (const list of overrideLists(packageManager, json ?? {})) {
      const entry = list?.payload ?? list?.['**/payload'];
      const range = typeof entry === 'object' && entry !== null ? (entry as { '.'?: unknown })['.'] : entry;
      if (typeof range === 'string') return { range, file: relative('package.json') };
    }
  }
  return undefined;
}

function overrideLists(
  packageManager: PackageManager,
  { overrides, resolutions, pnpm }: Record<string, any>,
): (Record<string, unknown> | undefined)[] {
  switch (packageManager) {
    case 'npm':
      return [overrides];
    case 'pnpm':
      return [pnpm?.overrides, resolutions];
    case 'yarn':
      return [resolutions];
    case 'bun':
      return [overrides, resolutions];
  }
}

/** The range that a catalog has for Payload: pnpm's and Yarn's in their YAML, Bun's in `package.json`. */
function fromCatalog(root: string, name: string): Found | undefined {
  const isDefault = name === '' || name === 'default';
  for (const { json, read, relative } of workspaceFiles(root)) {
    const places = isDefault ? ['catalog', 'catalogs.default'] : [`catalogs.${name}`];
    for (const file of ['pnpm-workspace.yaml', '.yarnrc.yml']) {
      const found = yamlEntry(read(file), places);
      if (found) return { range: found, file: relative(file) };
    }
    for (const owner of [json?.workspaces, json]) {
      const catalog = isDefault ? (owner?.catalog ?? owner?.catalogs?.default) : owner?.catalogs?.[name];
      if (typeof catalog?.payload === 'string')
        return { range: catalog.payload, file: relative('package.json') };
    }
  }
  return undefined;
}

interface WorkspaceFiles {
  json: Record<string, any> | undefined;
  /** The text of a file beside it; empty where there is none. */
  read(file: string): string;
  relative(file: string): string;
}

/** What may speak for the whole workspace, from the project's directory upwards. */
function* workspaceFiles(root: string): Generator<WorkspaceFiles> {
  for (const directory of withinRepository(root)) {
    const text = readIfThere(path.join(directory, 'package.json'));
    let json: Record<string, any> | undefined;
    try {
      json = text === undefined ? undefined : (JSON.parse(text) as Record<string, any>);
    } catch {
      // That of the project itself was read before; what is wrong with another is not ours to say.
    }
    yield {
      json,
      read: (file) => readIfThere(path.join(directory, file)) ?? '',
      relative: (file) => path.relative(root, path.join(directory, file)).split(path.sep).join('/'),
    };
  }
}

/** The entry `payload` below one of the given keys; the only YAML read here is this plain nesting of keys. */
function yamlEntry(yaml: string, wanted: readonly string[]): string | undefined {
  const above: { indent: number; key: string }[] = [];
  for (const line of yaml.split(/\r?\n/)) {
    const match = /^(\s*)(['"]?)([^\s:'"#-][^:'"]*)\2\s*:\s*(?:(['"]?)([^'"#]*?)\4)?\s*(?:#.*)?$/.exec(line);
    if (!match) continue;
    const indent = match[1]!.length;
    while (above.length > 0 && above.at(-1)!.indent >= indent) above.pop();
    const key = match[3]!.trim();
    if (key === 'payload' && match[5] && wanted.includes(above.map((each) => each.key).join('.')))
      return match[5];
    above.push({ indent, key });
  }
  return undefined;
}
