/** Packages of the workspace before anything is installed: they are where their workspace says. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isFile, readIfThere, upwards } from './file-system.js';
import { DEPENDENCY_GROUPS, readManifest } from './manifest.js';
import { declaresWorkspace, workspaceRoot } from './package-manager.js';
import { parseYaml } from './yaml.js';

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
    .find((directory) => readManifest(directory)?.name === name);
}

function dependsOn(directory: string, name: string): boolean {
  const manifest = Object(readManifest(directory));
  return DEPENDENCY_GROUPS.some((group) => Object.hasOwn(Object(manifest[group]), name));
}

/** The patterns of the directories that a workspace has its packages in; those that take some out are left out. */
function patternsOf(root: string): string[] {
  const { workspaces } = Object(readManifest(root));
  const listed = Array.isArray(workspaces) ? workspaces : Object(workspaces).packages;
  const read = parseYaml(readIfThere(path.join(root, 'pnpm-workspace.yaml')) ?? '');
  const ofPnpm: unknown = 'data' in read ? read.data.packages : undefined;
  return [listed, ofPnpm]
    .flatMap((list): unknown[] => (Array.isArray(list) ? list : []))
    .filter((it): it is string => typeof it === 'string' && !it.startsWith('!'));
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
