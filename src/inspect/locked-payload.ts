/** The version of Payload that a lock file pins for the package of a directory. */
import path from 'node:path';
import { type ParseError, parse } from 'jsonc-parser';
import { plainRange } from './declared-payload.js';
import { isFile, readIfThere, relativePath } from './file-system.js';
import { LOCK_FILES, type PackageManager, withinRepository } from './package-manager.js';
import { parseYaml } from './yaml.js';

/** What is asked for. */
export interface LockAsked {
  /** Absolute directory of the package. */
  root: string;
  /** Name of the package. */
  name: string;
  packageManager: PackageManager;
  /** The range that counts. */
  declared: string | undefined;
}

/** The version that an installation takes from the lock file, or why that cannot be told. */
export function lockedPayload(asked: LockAsked): { locked?: string; unread?: string } {
  const names = LOCK_FILES.flatMap(([name, owner]) => (owner === asked.packageManager ? [name] : []));
  const file = withinRepository(asked.root)
    .flatMap((directory) => names.map((name) => path.join(directory, name)))
    .find(isFile);
  if (file === undefined) return {};
  const relative = relativePath(asked.root, file);
  if (file.endsWith('.lockb')) return { unread: `${relative} is binary` };
  const text = readIfThere(file) ?? '';
  if (text.trim() === '') return {};
  const at = relativePath(path.dirname(file), asked.root);
  try {
    const version = READERS[asked.packageManager](text, at, asked);
    return version !== undefined && /^\d+\.\d+\.\d+/.test(version) ? { locked: version } : {};
  } catch (error) {
    return { unread: `${relative} cannot be read (${error instanceof Error ? error.message : error})` };
  }
}

type Reader = (text: string, at: string, asked: LockAsked) => string | undefined;

const READERS: Record<PackageManager, Reader> = {
  npm(text, at) {
    const lock = json(text);
    for (let parts = at === '' ? [] : at.split('/'); ; parts = parts.slice(0, -1)) {
      const entry = Object(lock.packages)[[...parts, 'node_modules/payload'].join('/')];
      if (entry) return entry.version;
      if (parts.length === 0) return Object(lock.dependencies).payload?.version;
    }
  },
  pnpm(text, at) {
    // The list of all packages is long, and what the project has stands above it.
    const read = parseYaml(text.split(/^packages:/m)[0]!);
    if ('problem' in read) throw new Error(read.problem);
    const importer = read.data.importers?.[at || '.'] ?? read.data;
    for (const group of ['dependencies', 'devDependencies', 'optionalDependencies']) {
      const entry = importer[group]?.payload;
      const version: unknown = typeof entry === 'string' ? entry : entry?.version;
      // `3.10.0(graphql@16.8.1)`, `3.10.0_graphql@16.8.1`, `/payload/3.10.0`.
      if (typeof version === 'string')
        return /^(?:\/?payload[@/])?(\d+\.\d+\.\d+[\w.+-]*?)(?:[(_/]|$)/.exec(version)?.[1];
    }
    return undefined;
  },
  // Of both formats, of which the older is no YAML: what is asked for, and below it the version.
  yarn(text, _at, { declared }) {
    for (const [, heading, version] of text.matchAll(/^([^\s#].*):\r?\n\s+version:? "?([^"\s]+)"?/gm)) {
      const wanted = heading!.replaceAll('"', '').split(/,\s*/);
      const ranges = wanted.flatMap((it) => (it.startsWith('payload@') ? it.slice('payload@'.length) : []));
      if (ranges.some((range) => range === declared || plainRange(range) === plainRange(declared)))
        return version;
    }
    return undefined;
  },
  bun(text, _at, { name }) {
    const packages = Object(json(text).packages);
    const [resolved] = packages[`${name}/payload`] ?? packages.payload ?? [];
    return typeof resolved === 'string' ? resolved.slice(resolved.lastIndexOf('@') + 1) : undefined;
  },
};

function json(text: string): Record<string, any> {
  const errors: ParseError[] = [];
  const value: unknown = parse(text, errors, { allowTrailingComma: true });
  if (errors.length > 0) throw new Error('it is no valid JSON');
  return Object(value);
}
