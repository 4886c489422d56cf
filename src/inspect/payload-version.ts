/** Which Payload the project has, and whether it is one that this package supports. */
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { withinRepository } from './package-manager.js';
import { isFile, readIfThere, upwards } from './source-files.js';

/** Installed and declared version of Payload. */
export interface PayloadVersion {
  /** The version in `node_modules`. */
  installed?: string;
  /** The range of `package.json`; of the catalog for `catalog:`. */
  declared?: string;
}

/** Reads the version of `node_modules` and the range of `package.json`, through a catalog where it names one. */
export function readPayloadVersion(root: string, packageJson: Record<string, unknown>): PayloadVersion {
  let installed: string | undefined;
  for (const directory of upwards(root)) {
    const text = readIfThere(path.join(directory, 'node_modules/payload/package.json'));
    if (text === undefined) continue;
    const { version } = JSON.parse(text) as { version?: unknown };
    if (typeof version === 'string') installed = version;
    break;
  }
  let declared: string | undefined;
  for (const group of ['dependencies', 'devDependencies', 'peerDependencies']) {
    const range = (packageJson[group] as Record<string, unknown> | undefined)?.payload;
    if (typeof range === 'string') declared ??= range;
  }
  if (declared?.startsWith('catalog:'))
    declared = fromCatalog(root, declared.slice('catalog:'.length)) ?? declared;
  return { installed, declared };
}

/** Throws `PAYLOAD_VERSION_UNSUPPORTED` for any Payload but 3. */
export function requirePayload3({ installed, declared }: PayloadVersion): void {
  const range = declared?.replace(/^(?:npm:payload@|workspace:)/, '');
  const major = majorOf(installed) ?? majorOf(range);
  if (major === undefined || major === 3) return;
  throw new PayloadKVError({
    code: 'PAYLOAD_VERSION_UNSUPPORTED',
    message: `The project has Payload ${installed ?? declared}, and payload-kv works with Payload 3.`,
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
  const version = installed ?? (/^=?\d+\.\d+\.\d+$/.test(declared ?? '') ? declared : undefined);
  const absent = LATER_AUTH_FIELDS.filter(({ name, files, since }) => {
    if (isBuilt) return !files.some((file) => readIfThere(path.join(base, file))?.includes(name));
    return version !== undefined && isBefore(version, since);
  });
  return new Set(absent.map(({ name }) => name));
}

function isBefore(version: string, since: string): boolean {
  const parts = (text: string) => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  const [mine, theirs] = [parts(version), parts(since)];
  for (const [index, part] of theirs.entries()) if (mine[index] !== part) return (mine[index] ?? 0) < part;
  return false;
}

function majorOf(range: string | undefined): number | undefined {
  const match = range === undefined ? undefined : /^[\^~>=v\s]*(\d+)(?=\.|$|\s|-)/.exec(range);
  return match ? Number(match[1]) : undefined;
}

/** The range that a catalog has for Payload: pnpm's in `pnpm-workspace.yaml`, Bun's in `package.json`. */
function fromCatalog(root: string, name: string): string | undefined {
  for (const directory of withinRepository(root)) {
    const yaml = readIfThere(path.join(directory, 'pnpm-workspace.yaml'));
    const found = yaml === undefined ? undefined : catalogEntry(yaml, name);
    if (found) return found;
    const json = readIfThere(path.join(directory, 'package.json'));
    if (json === undefined) continue;
    let parsed: Record<string, any>;
    try {
      parsed = JSON.parse(json) as Record<string, any>;
    } catch {
      continue;
    }
    for (const owner of [parsed.workspaces, parsed]) {
      const catalog = name === '' || name === 'default' ? owner?.catalog : owner?.catalogs?.[name];
      if (typeof catalog?.payload === 'string') return catalog.payload;
    }
  }
  return undefined;
}

/** The entry `payload` of one catalog; the only YAML read here is this plain nesting of keys. */
function catalogEntry(yaml: string, name: string): string | undefined {
  const wanted = name === '' || name === 'default' ? ['catalog', 'catalogs.default'] : [`catalogs.${name}`];
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
