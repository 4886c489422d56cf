/**
 * The source behind the subpaths of packages: of one of the workspace, of the package itself. Its `exports` may name what a build leaves, built or not, and what is built
 * says less than its source: `dist/posts.js` is looked for as `src/posts.ts`.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { isFile, relativePath, upwards } from './file-system.js';
import { readManifest } from './manifest.js';
import { packageName } from './package-name.js';
import { subpathTargets } from './subpaths.js';
import { unlinkedPackage } from './unlinked-package.js';

const BUILT = /^(?:dist|lib|build|out|esm|cjs)(?:\/(?:esm|cjs))?\//;
const SOURCE_ENDS = [
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.json',
  '/index.ts',
  '/index.tsx',
  '/index.js',
];
const SOURCE = /(?<!\.d)\.(?:[cm]?[jt]sx?|json)$/;

/** The source file that a specifier leads to in a package that the workspace links, or in the one that it is of. */
export function workspaceSource(specifier: string, from: string): string | undefined {
  const name = packageName(specifier);
  const own = ownPackage(from);
  const isOwn = own?.manifest.name === name && own.manifest.exports !== undefined;
  const directory = isOwn ? own.directory : linkedPackage(name, path.dirname(from));
  const manifest = directory && readManifest(directory);
  if (!directory || !manifest) return undefined;
  const subpath = `.${specifier.slice(name.length)}`;
  const targets = [
    ...subpathTargets(manifest.exports, subpath),
    ...(subpath === '.'
      ? ['source', 'module', 'main', 'types'].flatMap((field) => manifest[field] ?? [])
      : [subpath]),
    ...(subpath === '.' ? ['./src/index', './index'] : [`./src/${subpath.slice(2)}`]),
  ].filter((target): target is string => typeof target === 'string');
  return firstFile(directory, targets);
}

/** Where `#name` leads by the `imports` of the package that a file is of. */
export type ImportTarget = { file: string } | { specifier: string };

/**
 * What `imports` of the nearest package.json names for `#name`: a file, whose ending and `index` may be left out as
 * bundlers allow, or the specifier of another package.
 */
export function importTarget(specifier: string, from: string): ImportTarget | undefined {
  const own = ownPackage(from);
  if (!own) return undefined;
  const targets = subpathTargets(own.manifest.imports, specifier);
  for (const target of targets) {
    if (!target.startsWith('.')) return target.startsWith('#') ? undefined : { specifier: target };
    const file = firstFile(own.directory, [target]);
    if (file !== undefined) return { file };
  }
  return undefined;
}

/** The source of a file that is named by its absolute path: with or without its ending, perhaps of what a build leaves. */
export function sourceAt(target: string): string | undefined {
  const directory = upwards(path.dirname(target)).find((each) => isFile(path.join(each, 'package.json')));
  if (directory === undefined) return undefined;
  return firstFile(directory, [relativePath(directory, target)]);
}

function ownPackage(from: string): { directory: string; manifest: Record<string, unknown> } | undefined {
  const directory = upwards(path.dirname(from)).find((each) => isFile(path.join(each, 'package.json')));
  const manifest = directory && readManifest(directory);
  return directory && manifest ? { directory, manifest } : undefined;
}

function firstFile(directory: string, targets: string[]): string | undefined {
  return targets.flatMap((target) => sourceOf(directory, target)).find(isFile);
}

/** The real directory of a package that is linked, and so of the workspace, or is to be at the next installation. */
function linkedPackage(name: string, from: string): string | undefined {
  for (const directory of upwards(from)) {
    const link = path.join(directory, 'node_modules', name);
    if (!isFile(path.join(link, 'package.json'))) continue;
    const real = realpathSync(link);
    return real.split(path.sep).includes('node_modules') ? undefined : real;
  }
  return unlinkedPackage(name, from);
}

/** Where the source of a built file may be: in `src` instead, at the package's root, and at last the built file. */
function sourceOf(directory: string, target: string): string[] {
  const relative = path.posix.normalize(target);
  const stem = relative.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, '');
  const places = BUILT.test(stem) ? [stem.replace(BUILT, 'src/'), stem.replace(BUILT, ''), stem] : [stem];
  const exact = BUILT.test(stem) ? [] : [relative];
  return [...exact, ...places.flatMap((place) => SOURCE_ENDS.map((end) => `${place}${end}`)), relative]
    .filter((file) => SOURCE.test(file))
    .map((file) => path.join(directory, file))
    .filter((file) => !path.relative(directory, file).startsWith('..'));
}
