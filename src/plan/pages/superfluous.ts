/**
 * What `nextPages()` makes superfluous in a site made from Payload's website template: hooks that do nothing but make
 * pages stale, and `unstable_cache` around queries. What is not surely that stays, and `doctor` names it.
 */
import { ts } from 'ts-morph';
import type { SiteFile, SiteFiles } from '../../inspect/site-files.js';
import { syntaxErrors } from '../../inspect/syntax.js';
import { importsIn } from '../../inspect/written-imports.js';
import { NEXT_CONFIGS } from '../config/next-config-edit.js';
import { withoutCachedQueries } from './cached-query.js';
import { useOfLists, withoutHooks } from './hook-lists.js';
import { type OwnCache, ownCacheIn } from './own-caches.js';
import { hasOnlyHooks, revalidatingHooks } from './revalidating-hook.js';

/** What goes out of one file. */
export interface SuperfluousIn {
  path: string;
  /** The file as it is. */
  text: string;
  /** The hooks that go out of its lists, and `unstable_cache`, as they are called. */
  names: string[];
}

/** What is superfluous in a site. */
export interface Superfluous {
  files: SuperfluousIn[];
  /** A file of the site without it; `text` is what the file is by now. */
  without(path: string, text: string): string;
  /** Files that hold nothing but such hooks, and that nothing imports: `now`, and only once those are out of the lists. */
  unused: { now: string[]; later: string[] };
  /** What keeps the hooks from going although they are recognised. */
  kept?: OwnCache;
}

/** Finds what is superfluous. Files below `directory`, which are the tool's, are left out. */
export function findSuperfluous(all: SiteFiles, directory: string): Superfluous {
  const site = Object.entries(all).filter(([path]) => !path.startsWith(`${directory}/`));
  const hooks = hooksOf(site);
  if (site.some(([path, { text }]) => isNextConfig(path) && /\b(cacheComponents|dynamicIO)\b/.test(text)))
    return { files: [], without: (_path, text) => text, unused: { now: [], later: [] } };

  const editable = new Map(site.filter(([path, { text }]) => isEditable(path, text)));
  const withoutCaches = (path: string, text: string) =>
    text.includes('unstable_cache') && editable.has(path)
      ? withoutCachedQueries(text, path)
      : { text, count: 0 };
  const kept = site
    .map(([path, { text }]) => ownCacheIn(withoutCaches(path, text).text, path))
    .find((it) => it !== undefined);
  const readers = site.filter(([, { text }]) => /\bhooks\b|\bafter(?:Change|Delete)\b/.test(text));
  const uses = readers.map(([path, { text }]) => useOfLists(parse(text, path)));
  const keepsLists = uses.includes('list');
  const staysInPlace = uses.includes('place');
  const unhooked = (path: string, text: string, evenIfKept = false) => {
    const file = editable.get(path);
    if (!file || staysInPlace || (kept && !evenIfKept)) return { text, names: [] };
    const goes = (module: string, exported: string) =>
      hooks.get(file.imports[module] ?? '')?.has(exported) === true;
    return Object.keys(file.imports).length > 0
      ? withoutHooks(text, path, { goes, keepsLists })
      : { text, names: [] };
  };
  const without = (path: string, text: string) => unhooked(path, withoutCaches(path, text).text).text;
  const files = [...editable].flatMap(([path, { text }]): SuperfluousIn[] => {
    const caches = withoutCaches(path, text);
    const names = [...unhooked(path, caches.text).names, ...Array(caches.count).fill('unstable_cache')];
    return names.length > 0 ? [{ path, text, names }] : [];
  });
  const isKept =
    kept && [...editable].some(([path, { text }]) => unhooked(path, text, true).names.length > 0);
  const now = unusedOf(site, hooks, (_path, text) => text);
  const later = unusedOf(site, hooks, without).filter((path) => !now.includes(path));
  return {
    files,
    without,
    unused: { now, later },
    ...(isKept ? { kept } : {}),
  };
}

/** The hooks that do nothing but make pages stale, by the file that exports them. */
function hooksOf(site: readonly [string, SiteFile][]): Map<string, Set<string>> {
  return new Map(
    site
      .filter(([path, { text }]) => text.includes('next/cache') && isEditable(path, text))
      .map(([path, { text }]) => [path, revalidatingHooks(parse(text, path))] as const)
      .filter(([, names]) => names.size > 0),
  );
}

/** Files of hooks that nothing imports once files are what `without` makes of them. */
function unusedOf(
  site: readonly [string, SiteFile][],
  hooks: ReadonlyMap<string, unknown>,
  without: (path: string, text: string) => string,
): string[] {
  const imported = new Set(
    site.flatMap(([path, { text, imports }]) =>
      Object.keys(imports).length === 0
        ? []
        : importsIn(without(path, text)).flatMap(({ specifier }) => imports[specifier] ?? []),
    ),
  );
  const texts = new Map(site);
  return [...hooks.keys()].filter(
    (path) => !imported.has(path) && hasOnlyHooks(parse(texts.get(path)!.text, path)),
  );
}

function parse(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** Whether a file can be written again as it was read, and is understood. */
function isEditable(path: string, text: string): boolean {
  if (!/\.[cm]?[jt]sx?$/.test(path) || /\.d\.[cm]?ts$/.test(path)) return false;
  // A byte that is no UTF-8 was lost in reading.
  if (text.includes('\uFFFD') || !/next\/cache|\bafter(?:Change|Delete)\b/.test(text)) return false;
  return syntaxErrors(parse(text, path)).length === 0;
}

function isNextConfig(path: string): boolean {
  return NEXT_CONFIGS.some((name) => name === path);
}
