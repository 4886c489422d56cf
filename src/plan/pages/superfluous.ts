/**
 * What `nextPages()` makes superfluous in a site made from Payload's website template: hooks that do nothing but make
 * pages stale, and `unstable_cache` around queries. What is not surely that stays, and `doctor` names it.
 */

import type { SiteFile, SiteFiles } from '../../inspect/site-files.js';
import { syntaxErrors } from '../../inspect/syntax.js';
import { ts } from '../../inspect/typescript.js';
import { importsIn } from '../../inspect/written-imports.js';
import { NEXT_CONFIGS } from '../config/next-config-edit.js';
import { lineAt } from '../text/splice.js';
import { withoutCachedQueries } from './cached-query.js';
import { type TakenHooks, useOfLists, withoutHooks } from './hook-lists.js';
import { ownCacheIn, type Place, tellsByTag } from './own-caches.js';
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
  /** What keeps the hooks from going although they are recognised, or everything. */
  kept?: Place & { all: boolean };
}

/** Finds what is superfluous. Files below `directory`, which are the tool's, are left out. */
export function findSuperfluous(all: SiteFiles, directory: string): Superfluous {
  const site = Object.entries(all).filter(([path]) => !path.startsWith(`${directory}/`));
  const hooks = hooksOf(site);
  const editable = new Map(site.filter(([path, { text }]) => isEditable(path, text)));
  const cachesOut = (path: string, text: string) =>
    text.includes('unstable_cache') && editable.has(path)
      ? withoutCachedQueries(text, path)
      : { text, count: 0 };
  const hooksOut = hooksTaker(site, hooks, editable);
  const took = (taker: (path: string, text: string) => SuperfluousIn) =>
    [...editable].map(([path, { text }]) => taker(path, text)).filter(({ names }) => names.length > 0);
  const takeCaches = (path: string, text: string): SuperfluousIn => {
    const { text: content, count } = cachesOut(path, text);
    return { path, text: content, names: Array<string>(count).fill('unstable_cache') };
  };
  const takeHooks = (path: string, text: string): SuperfluousIn => ({ path, ...hooksOut(path, text) });
  const takeAll = (path: string, text: string): SuperfluousIn => {
    const caches = takeCaches(path, text);
    const { text: content, names } = takeHooks(path, caches.text);
    return { path, text: content, names: [...names, ...caches.names] };
  };

  const hasCaches = took(takeCaches).length > 0;
  const forAll =
    firstOf(site, wantsCaches) ??
    (hasCaches ? firstOf(site, (path, text) => tellsByTag(text, path)) : undefined);
  const forHooks = firstOf(site, (path, text) => ownCacheIn(cachesOut(path, text).text, path));
  const taker = forAll ? asIs : forHooks ? takeCaches : takeAll;
  const without = (path: string, text: string) => taker(path, text).text;
  const kept = forAll ?? forHooks;
  const now = unusedOf(site, hooks, (_path, text) => text);
  return {
    files: took(taker).map(({ path, names }) => ({ path, names, text: editable.get(path)!.text })),
    without,
    unused: { now, later: unusedOf(site, hooks, without).filter((path) => !now.includes(path)) },
    ...(kept && (took(takeHooks).length > 0 || (forAll && hasCaches))
      ? { kept: { ...kept, all: kept === forAll } }
      : {}),
  };
}

const asIs = (path: string, text: string): SuperfluousIn => ({ path, text, names: [] });

type Site = readonly [path: string, file: SiteFile][];

function firstOf(site: Site, find: (path: string, text: string) => Place | undefined): Place | undefined {
  for (const [path, { text }] of site) {
    const place = find(path, text);
    if (place) return place;
  }
  return undefined;
}

/** Where Next is told that whatever a page waits for is to be kept. */
function wantsCaches(path: string, text: string): Place | undefined {
  const found = NEXT_CONFIGS.some((name) => name === path)
    ? /\b(cacheComponents|dynamicIO)\b/.exec(text)
    : null;
  return found ? { path, line: lineAt(text, found.index), what: `\`${found[0]}\`` } : undefined;
}

/** Takes hooks out of the lists of a file. */
function hooksTaker(
  site: Site,
  hooks: ReadonlyMap<string, ReadonlySet<string>>,
  editable: ReadonlyMap<string, SiteFile>,
): (path: string, text: string) => TakenHooks {
  const readers = site.filter(([, { text }]) => /\bhooks\b|\bafter(?:Change|Delete)\b/.test(text));
  const uses = readers.map(([path, { text }]) => useOfLists(parse(text, path)));
  return (path, text) => {
    const imports = editable.get(path)?.imports ?? {};
    if (uses.includes('place') || Object.keys(imports).length === 0) return { text, names: [] };
    return withoutHooks(text, path, {
      goes: (module, exported) => hooks.get(imports[module] ?? '')?.has(exported) === true,
      keepsLists: uses.includes('list'),
    });
  };
}

/** The hooks that do nothing but make pages stale, by the file that exports them. */
function hooksOf(site: Site): Map<string, Set<string>> {
  return new Map(
    site
      .filter(([path, { text }]) => text.includes('next/cache') && isEditable(path, text))
      .map(([path, { text }]) => [path, revalidatingHooks(parse(text, path))] as const)
      .filter(([, names]) => names.size > 0),
  );
}

/** Files of hooks that nothing imports once files are what `without` makes of them. */
function unusedOf(
  site: Site,
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
