/**
 * The source of a package of the workspace. Its `exports` may name what a build leaves, built or not, and what is built
 * says less than its source: `dist/posts.js` is looked for as `src/posts.ts`.
 */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { type ParseError, parse } from 'jsonc-parser';
import { isFile, packageName, readIfThere, upwards } from './source-files.js';
import { unlinkedPackage } from './unlinked-package.js';

const BUILT = /^(?:dist|lib|build|out|esm|cjs)(?:\/(?:esm|cjs))?\//;
const SOURCE_ENDS = ['.ts', '.tsx', '.mts', '.js', '.mjs'];

/** The source file that a specifier leads to in a package that the workspace links, if it is one. */
export function workspaceSource(specifier: string, from: string): string | undefined {
  const name = packageName(specifier);
  const directory = linkedPackage(name, path.dirname(from));
  if (!directory) return undefined;
  const errors: ParseError[] = [];
  const manifest = parse(readIfThere(path.join(directory, 'package.json')) ?? '{}', errors);
  if (typeof manifest !== 'object' || manifest === null) return undefined;
  const subpath = `.${specifier.slice(name.length)}`;
  const targets = [
    ...targetsOf((manifest as { exports?: unknown }).exports, subpath),
    ...(subpath === '.'
      ? ['source', 'module', 'main', 'types'].flatMap((field) => manifest[field] ?? [])
      : [subpath]),
    ...(subpath === '.' ? ['./src/index', './index'] : [`./src/${subpath.slice(2)}`]),
  ].filter((target): target is string => typeof target === 'string');
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

/** The files that `exports` names for a subpath, whatever the condition; a `*` is filled in. */
function targetsOf(exports: unknown, subpath: string): string[] {
  if (typeof exports === 'string' || Array.isArray(exports)) return subpath === '.' ? files(exports) : [];
  if (typeof exports !== 'object' || exports === null) return [];
  const entries = Object.entries(exports);
  if (!entries.some(([key]) => key.startsWith('.'))) return subpath === '.' ? files(exports) : [];
  for (const [key, value] of entries) {
    if (key === subpath) return files(value);
    const [before, after] = key.split('*');
    if (before === undefined || after === undefined) continue;
    if (!subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    const filled = subpath.slice(before.length, subpath.length - after.length);
    return files(value).map((target) => target.replace('*', filled));
  }
  return [];
}

function files(target: unknown): string[] {
  if (typeof target === 'string') return [target];
  if (typeof target !== 'object' || target === null) return [];
  return Object.values(target).flatMap(files);
}

/** Where the source of a built file may be: in `src` instead, at the package's root, and at last the built file. */
function sourceOf(directory: string, target: string): string[] {
  const relative = path.posix.normalize(target);
  const stem = relative.replace(/(?:\.d)?\.[cm]?[jt]sx?$/, '');
  const places = BUILT.test(stem) ? [stem.replace(BUILT, 'src/'), stem.replace(BUILT, ''), stem] : [stem];
  return places
    .flatMap((place) => SOURCE_ENDS.map((end) => `${place}${end}`))
    .map((file) => path.join(directory, file))
    .filter((file) => !path.relative(directory, file).startsWith('..'));
}
