/** All source files of a site, and where those of their imports lead that may bring a hook of Next's cache. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { filesMentioning } from './importers.js';
import { sourceFiles } from './source-files.js';
import { tsconfigs } from './tsconfig.js';
import { importsIn } from './written-imports.js';

/** One source file of a site. */
export interface SiteFile {
  text: string;
  /** Paths of the files that use Next's cache and that it imports, by the specifier as written. */
  imports: Readonly<Record<string, string>>;
}

/** The source files of a site by their path relative to its root, with forward slashes. */
export type SiteFiles = Readonly<Record<string, SiteFile>>;

/** Reads the source files of the site at `root`. */
export function readSiteFiles(root: string): SiteFiles {
  const files = sourceFiles(root, tsconfigs(root));
  const texts = filesMentioning(root, ['']);
  const users = new Set(Object.keys(texts).filter((file) => texts[file]!.includes('next/cache')));
  const names = new Set(
    [...users].flatMap((file) => [lastName(file), lastName(path.posix.dirname(file)), '.', '..']),
  );
  return Object.fromEntries(
    Object.entries(texts).map(([file, text]) => {
      const imports: Record<string, string> = {};
      for (const { specifier } of importsIn(text)) {
        // Where it leads is found out for few: those of a name that fits, and aliases, which may have any.
        if (!names.has(lastName(specifier)) && !/^[#~]/.test(specifier)) continue;
        const target = files.resolve(specifier, path.join(root, file));
        const leadsTo = target.kind === 'file' ? files.relative(target.path) : '';
        if (users.has(leadsTo)) imports[specifier] = leadsTo;
      }
      return [file, { text, imports }];
    }),
  );
}

/** Those imports of files of the site at `root` that lead to no file. */
export function missingImports<Import extends { path: string; specifier: string }>(
  root: string,
  imports: readonly Import[],
): Import[] {
  if (imports.length === 0) return [];
  const files = sourceFiles(root, tsconfigs(root));
  return imports.filter(({ path: from, specifier }) => {
    const { kind } = files.resolve(specifier, path.join(root, from));
    // By `baseUrl` a directory of the site is found, which otherwise would be a package.
    const [first] = specifier.split('/') as [string];
    const isOfSite =
      existsSync(path.join(root, first)) && !existsSync(path.join(root, 'node_modules', first));
    return kind === 'missing' || (kind === 'package' && isOfSite);
  });
}

/** The last name of a path, without the ending of a source file. */
function lastName(file: string): string {
  return path.posix.basename(file).replace(/\.[cm]?[jt]sx?$/, '');
}
