/**
 * What else a site keeps by itself, and hooks that revalidate are the only ones to make stale: as long as there is any of
 * it, they stay.
 */
import { ts } from 'ts-morph';
import { propertyName } from '../../inspect/property-name.js';
import { lineAt } from '../text/splice.js';
import { namedImports } from './next-cache.js';

/** A place at which a site keeps something by itself. */
export interface OwnCache {
  path: string;
  /** Line, counted from 1. */
  line: number;
  /** What stands there. */
  what: string;
}

/** One of these is in every file that keeps something; few have one. */
const WORDS = /unstable_cache|use cache|cacheTag|force-cache|\bnext\b|\/api\/|graphql/;
const CACHES = new Set([
  'unstable_cache',
  'cacheTag',
  'unstable_cacheTag',
  'cacheLife',
  'unstable_cacheLife',
]);
/** What asks over HTTP. */
const ASKS = /\bfetch\s*\(|\baxios\b|\bgraphql-request\b|@apollo\/client|\burql\b/;

/** The first such place in a file. */
export function ownCacheIn(text: string, path: string): OwnCache | undefined {
  if (!WORDS.test(text)) return undefined;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const overHTTP = asksOverHTTP(source);
  const visit = (node: ts.Node): OwnCache | undefined => {
    const what = cacheAt(node) ?? (overHTTP && isAddress(node) ? 'a request to an API' : undefined);
    return what === undefined
      ? ts.forEachChild(node, visit)
      : { path, line: lineAt(text, node.getStart(source)), what };
  };
  return visit(source);
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
