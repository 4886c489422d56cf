/** Which Payload the project has, and whether it is one that this package supports. */
import path from 'node:path';
import { PayloadKVError } from '../errors.js';
import { allowsPrerelease, compareVersions, liesBelow, overlaps, satisfies } from '../version.js';
import { type DeclaredPayload, declaredPayload, plainRange } from './declared-payload.js';
import { isFile, readIfThere, relativePath, upwards } from './file-system.js';
import { lockedPayload } from './locked-payload.js';
import { readManifest } from './manifest.js';
import { readPackageManager } from './package-manager.js';

/** Installed and declared version of Payload. */
export interface PayloadVersion extends DeclaredPayload {
  /** The version in `node_modules`. */
  installed?: string;
  /** The version of the lock file, where what is installed is not what an installation would leave. */
  locked?: string;
}

/** Reads the version of `node_modules` and the range that counts, through overrides, catalogs and aliases. */
export function readPayloadVersion(root: string, packageJson: Record<string, unknown>): PayloadVersion {
  const { installed, broken } = installedPayload(root);
  const { packageManager } = readPackageManager(root);
  const found = declaredPayload(root, packageJson, packageManager);
  const { declared } = found;
  if (stays(installed, plainRange(declared))) return { installed, ...found };
  const name = String(packageJson.name ?? '');
  const { locked, unread } = lockedPayload({ root, name, packageManager, declared });
  const isKnown = stays(locked, plainRange(declared));
  const reason = found.unread ?? (isKnown ? undefined : (broken ?? unread ?? unknownRange(declared)));
  return {
    installed,
    ...(isKnown ? { locked } : {}),
    ...found,
    ...(reason === undefined ? {} : { unread: reason }),
  };
}

function installedPayload(root: string): { installed?: string; broken?: string } {
  for (const directory of upwards(root)) {
    const home = path.join(directory, 'node_modules/payload');
    const manifest = readManifest(home);
    if (!manifest) continue;
    const { version } = manifest;
    if (typeof version === 'string') return { installed: version };
    const file = relativePath(root, path.join(home, 'package.json'));
    return { broken: `${file} has no version` };
  }
  return {};
}

/** Why a range tells no version; `latest` is the newest of those that are supported or will be. */
function unknownRange(declared: string | undefined): string | undefined {
  if (declared === undefined || declared === 'latest') return undefined;
  const range = plainRange(declared);
  if (!declared.startsWith('workspace:') && range !== undefined && overlaps(range, '*') !== undefined)
    return undefined;
  return `it is declared as \`${declared}\``;
}

/** Whether an installation leaves a version as it is. */
function stays(version: string | undefined, range: string | undefined): version is string {
  if (version === undefined) return false;
  if (range === undefined) return true;
  return satisfies(version, range) !== false && allowsPrerelease(version, range);
}

/** What an installation brings: one version where that is known, else a range. */
export function expectedPayload({
  installed,
  locked,
  declared,
}: Pick<PayloadVersion, 'installed' | 'locked' | 'declared'>): { version?: string; range?: string } {
  const range = plainRange(declared);
  if (stays(installed, range)) return { version: installed };
  if (locked !== undefined) return { version: locked };
  const [, exact] = /^[=v\s]*(\d+\.\d+\.\d+(?:[-+][\w.+-]+)?)$/.exec(range ?? '') ?? [];
  return exact === undefined ? (range === undefined ? {} : { range }) : { version: exact };
}

/** Throws `PAYLOAD_VERSION_UNSUPPORTED` for any Payload but 3. */
export function requirePayload3(payload: PayloadVersion): void {
  const { version, range } = expectedPayload(payload);
  const had = payload.installed ?? version ?? range;
  if (had === undefined || overlaps(had, '3') !== false) return;
  const isOlder = liesBelow(had, '3');
  const major = Math.max(4, ...Array.from(had.matchAll(/(?<![\d.])\d+/g), ([number]) => Number(number)));
  throw new PayloadKVError({
    code: 'PAYLOAD_VERSION_UNSUPPORTED',
    message: `The project has Payload ${payload.installed ?? payload.locked ?? payload.declared}, and payload-kv works with Payload 3${isOlder ? '' : `; Payload ${major} is not supported yet`}.`,
    location: { file: 'package.json' },
    nextStep: isOlder
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
