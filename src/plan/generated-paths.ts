/** Where the generated files of a project are, and how they are imported. */
import { posix } from 'node:path';
import type { RemovableProject } from '../inspect/removable.js';

/** Paths of the generated files, relative to the project's root. */
export interface GeneratedPaths {
  /** The directory of them all, e.g. `src/payload-kv`. */
  directory: string;
  /** Yours: store, policy and plugin. */
  wrapper: string;
  /** Yours: hooks after invalidation. */
  hooks: string;
  /** The tool's: what `sync` rewrites. */
  schema: string;
}

/** What generated files are written in. */
export type Language = 'ts' | 'js';

const extensions: Record<string, string> = { '.mts': 'mts', '.mjs': 'mjs', '.js': 'js', '.cjs': 'mjs' };

/**
 * The generated files' places: a directory `payload-kv` beside the config, or the one that the config imports. Where
 * imports of the package would find that directory instead, it is called `payload-kv-cache`.
 */
export function generatedPaths(
  project: Pick<RemovableProject, 'configPath' | 'configShape' | 'shadowsPackage'>,
): GeneratedPaths {
  const { configPath, configShape, shadowsPackage } = project;
  const name = shadowsPackage ? 'payload-kv-cache' : 'payload-kv';
  const wired = configShape.wired.elements > 0 ? configShape.wired.import?.resolved : undefined;
  const directory = wired ? posix.dirname(wired) : posix.join(posix.dirname(configPath), name);
  // What `require` brings may be a module, but a `.js` of this package is none.
  const extensionOf: Record<string, string> = {
    ...extensions,
    ...(configShape.config?.commonJS ? { '.js': 'mjs' } : {}),
  };
  const extension = wired ? posix.extname(wired).slice(1) : (extensionOf[posix.extname(configPath)] ?? 'ts');
  return {
    directory,
    wrapper: wired ?? posix.join(directory, `index.${extension}`),
    hooks: posix.join(directory, `hooks.${extension}`),
    schema: posix.join(directory, `schema.generated.${extension}`),
  };
}

/** TypeScript or JavaScript, as the file's extension says. */
export function languageOf(path: string): Language {
  return /\.[cm]?ts$/.test(path) ? 'ts' : 'js';
}

/** The specifier by which `from` imports `target`, in the project's habit of extensions. */
export function importSpecifier(from: string, target: string, importExtension: '' | '.js' | '.ts'): string {
  const extension = posix.extname(target);
  // Node resolves no extension by itself: JavaScript and the `m` kinds always name theirs.
  const written = extension === '.ts' ? importExtension : extension === '.mts' ? '.mjs' : extension;
  const relative = posix.relative(posix.dirname(from), target.slice(0, -extension.length)) + written;
  return relative.startsWith('.') ? relative : `./${relative}`;
}
