/** Packages of the workspace before anything is installed: they are where their workspace says. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type ParseError, parse } from 'jsonc-parser';
import { isFile, readIfThere, upwards } from './file-system.js';
import { declaresWorkspace, workspaceRoot } from './package-manager.js';

const GROUPS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
const SKIPPED = new Set(['node_modules', 'dist', 'build', 'out']);
/** How far `**` is followed. */
const DEEPEST = 4;

/**
 * The directory of a package that is to be linked at installation: the package of `from` depends on it, and the
 * workspace has one of that name.
 */
export function unlinkedPackage(name: string, from: string): string | undefined {
  const own = upwards(from).find((each) => isFile(path.join(each, 'package.json')));
  if (own === undefined) return undefined;
  const root = workspaceRoot(own);
  if (!declaresWorkspace(root) || ![own, root].some((each) => dependsOn(each, name))) return undefined;
  return patternsOf(root)
    .flatMap((pattern) => directoriesOf(root, pattern.replace(/^\.\//, '').replace(/\/$/, '').split('/')))
    .find((directory) => manifestOf(directory).name === name);
}

function dependsOn(directory: string, name: string): boolean {
  const manifest = manifestOf(directory);
  return GROUPS.some((group) => Object.hasOwn(Object(manifest[group]), name));
}

function manifestOf(directory: string): Record<string, unknown> {
  const errors: ParseError[] = [];
  return Object(parse(readIfThere(path.join(directory, 'package.json')) ?? '{}', errors));
}

/** The patterns of the directories that a workspace has its packages in; those that take some out are left out. */
function patternsOf(root: string): string[] {
  const { workspaces } = manifestOf(root) as { workspaces?: unknown };
  const listed = Array.isArray(workspaces) ? workspaces : Object(workspaces).packages;
  const yaml = readIfThere(path.join(root, 'pnpm-workspace.yaml')) ?? '';
  const block = /^packages:[^\S\n]*(?:#.*)?\r?\n((?:[^\S\n]*(?:-.*|#.*)?\r?\n?)*)/m.exec(yaml)?.[1] ?? '';
  const ofPnpm = [...block.matchAll(/^\s*-\s*(['"]?)([^'"#\s]+)\1/gm)].map((match) => match[2]);
  return [...(Array.isArray(listed) ? listed : []), ...ofPnpm].filter(
    (it): it is string => typeof it === 'string' && !it.startsWith('!'),
  );
}

/** The directories that a pattern names, part by part. */
function directoriesOf(directory: string, [part, ...rest]: string[], depth = 0): string[] {
  if (part === undefined) return [directory];
  if (part === '**') {
    const here = directoriesOf(directory, rest, depth);
    if (depth === DEEPEST) return here;
    return [
      ...here,
      ...namesIn(directory).flatMap((it) =>
        directoriesOf(path.join(directory, it), [part, ...rest], depth + 1),
      ),
    ];
  }
  if (!part.includes('*')) return directoriesOf(path.join(directory, part), rest, depth);
  const [before = '', after = ''] = part.split('*');
  return namesIn(directory)
    .filter((it) => it.startsWith(before) && it.endsWith(after))
    .flatMap((it) => directoriesOf(path.join(directory, it), rest, depth));
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !SKIPPED.has(entry.name) && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .sort();
  } catch {
    return [];
  }
}
