/**
 * What else a site has that `nextPages()` knows nothing of: what it keeps by itself, what it reads past Payload, what it
 * makes stale by tags of its own. Hooks that revalidate may be what that needs.
 */

import { propertyName } from '../../inspect/property-name.js';
import { ts } from '../../inspect/typescript.js';
import { lineAt } from '../text/splice.js';
import { namedImports } from './next-cache.js';

/** A place in the files of a site. */
export interface Place {
  path: string;
  /** Line, counted from 1. */
  line: number;
  /** What stands there. */
  what: string;
}

/** One of these is in every file that keeps something; few have one. */
const WORDS =
  /unstable_cache|use cache|cacheTag|cacheLife|force-cache|\bnext['"]?\s*:|\/api\/|graphql|drizzle/;
const CACHES = new Set([
  'unstable_cache',
  'cacheTag',
  'unstable_cacheTag',
  'cacheLife',
  'unstable_cacheLife',
]);
/** What asks over HTTP. */
const ASKS = /\bfetch\s*\(|\baxios\b|\bgraphql-request\b|@apollo\/client|\burql\b/;

/** The first place in a file at which something is kept, or read past Payload. */
export function ownCacheIn(text: string, path: string): Place | undefined {
  if (!WORDS.test(text)) return undefined;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const overHTTP = asksOverHTTP(source);
  const isMigration = /(^|\/)migrations\//.test(path);
  return placeIn(
    source,
    path,
    (node) =>
      cacheAt(node) ??
      (overHTTP && isAddress(node) ? 'a request to an API' : undefined) ??
      (!isMigration && isQueryPast(node) ? '`drizzle`' : undefined),
  );
}

const TELLS = new Set(['revalidateTag', 'updateTag', 'expireTag', 'unstable_expireTag']);

/** The place in a route or a server action at which something is made stale by a tag, on whosever demand. */
export function tellsByTag(text: string, path: string): Place | undefined {
  if (!/Tag\b/.test(text) || !/next\/cache/.test(text)) return undefined;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const isAction = placeIn(source, path, (node) =>
    ts.isStringLiteral(node) && node.text === 'use server' ? node.text : undefined,
  );
  if (!isAction && !/(^|\/)route\.[cm]?[jt]sx?$/.test(path)) return undefined;
  return placeIn(source, path, (node) =>
    ts.isIdentifier(node) && TELLS.has(node.text) && !ts.isImportSpecifier(node.parent)
      ? `\`${node.text}\``
      : undefined,
  );
}

function placeIn(
  source: ts.SourceFile,
  path: string,
  whatAt: (node: ts.Node) => string | undefined,
): Place | undefined {
  const visit = (node: ts.Node): Place | undefined => {
    const what = whatAt(node);
    return what === undefined
      ? ts.forEachChild(node, visit)
      : { path, line: lineAt(source.text, node.getStart(source)), what };
  };
  return visit(source);
}

/** What Drizzle answers has no tags. */
function isQueryPast(node: ts.Node): boolean {
  return ts.isPropertyAccessExpression(node) && node.name.text === 'drizzle';
}

function cacheAt(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) && CACHES.has(node.text)) return `\`${node.text}\``;
  if (ts.isStringLiteralLike(node) && /^use cache\b/.test(node.text)) return `'${node.text}'`;
  if (ts.isStringLiteralLike(node) && node.text === 'force-cache') return "'force-cache'";
  if (!ts.isPropertyAssignment(node) || propertyName(node.name) !== 'next') return undefined;
  const { initializer } = node;
  const isOfFetch =
    ts.isObjectLiteralExpression(initializer) &&
    initializer.properties.some(
      (it) => it.name && ['tags', 'revalidate'].includes(propertyName(it.name) ?? ''),
    );
  return isOfFetch ? '`next` of a fetch' : undefined;
}

/**
 * Whether a file may put answers of the site's own API on a page that is kept. The browser's requests are not on it, and
 * who reads cookies or headers is rendered for each visitor.
 */
function asksOverHTTP(source: ts.SourceFile): boolean {
  const [first] = source.statements;
  const isOfBrowser =
    first !== undefined &&
    ts.isExpressionStatement(first) &&
    ts.isStringLiteral(first.expression) &&
    first.expression.text === 'use client';
  const isPerVisitor = [...namedImports(source).values()].some(
    ({ module, exported }) => module === 'next/headers' && ['cookies', 'headers'].includes(exported),
  );
  return !isOfBrowser && !isPerVisitor && ASKS.test(source.text);
}

function isAddress(node: ts.Node): boolean {
  const isText =
    ts.isStringLiteralLike(node) ||
    node.kind === ts.SyntaxKind.TemplateHead ||
    node.kind === ts.SyntaxKind.TemplateMiddle ||
    node.kind === ts.SyntaxKind.TemplateTail;
  if (!isText || ts.isImportDeclaration(node.parent) || ts.isExportDeclaration(node.parent)) return false;
  return /\/api\/|\/graphql\b/.test((node as ts.StringLiteralLike).text);
}
