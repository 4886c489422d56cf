/** What a file takes from `next/cache`, and how names come out of imports. */
import { ts } from '../../inspect/typescript.js';
import { nodeIn } from '../config/exported-object.js';
import { isUse } from '../text/identifiers.js';
import { removeMember } from '../text/splice-out.js';
import { valuesOf } from '../wrapper/import-edit.js';

/** A name that an import binds. */
export interface ImportedName {
  /** The module as it is written. */
  module: string;
  /** The name by which the module exports it. */
  exported: string;
}

/** The values that named imports bind, by their local name. A name that is declared a second time is none of them. */
export function namedImports(source: ts.SourceFile): Map<string, ImportedName> {
  const names = new Map<string, ImportedName>();
  for (const statement of source.statements) {
    const bindings = ts.isImportDeclaration(statement) && valuesOf(statement);
    if (!bindings) continue;
    const module = ((statement as ts.ImportDeclaration).moduleSpecifier as ts.StringLiteral).text;
    for (const { isTypeOnly, name, propertyName } of bindings.elements) {
      if (!isTypeOnly) names.set(name.text, { module, exported: (propertyName ?? name).text });
    }
  }
  const declared = declaredNames(source);
  for (const name of names.keys()) if (declared.get(name) !== 1) names.delete(name);
  return names;
}

/** The local names under which a file has some of the exports of `next/cache`. */
export function fromNextCache(source: ts.SourceFile, exports: readonly string[]): Set<string> {
  const found = [...namedImports(source)].filter(
    ([, { module, exported }]) => isNextCache(module) && exports.includes(exported),
  );
  return new Set(found.map(([name]) => name));
}

/** Whether a specifier means Next's cache. */
export function isNextCache(module: string): boolean {
  return module === 'next/cache' || module === 'next/cache.js';
}

/** How often each name is declared in a file, by an import, a variable, a parameter, a function or a class. */
function declaredNames(source: ts.SourceFile): Map<string, number> {
  const counts = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    const isDeclaration =
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node) ||
      ts.isNamespaceImport(node) ||
      ts.isImportEqualsDeclaration(node) ||
      ts.isVariableDeclaration(node) ||
      ts.isBindingElement(node) ||
      ts.isParameter(node) ||
      ts.isFunctionLike(node) ||
      ts.isClassLike(node) ||
      ts.isEnumDeclaration(node) ||
      ts.isModuleDeclaration(node);
    const name = isDeclaration ? (node as ts.NamedDeclaration).name : undefined;
    const isMember = ts.isMethodDeclaration(node) || ts.isAccessor(node) || ts.isTypeElement(node);
    if (name && ts.isIdentifier(name) && !isMember) counts.set(name.text, (counts.get(name.text) ?? 0) + 1);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return counts;
}

/** Whether a file declares a name in any place. */
export function isDeclared(source: ts.SourceFile, name: string): boolean {
  return declaredNames(source).has(name);
}

/** Whether a comment stands between two positions of a text, outside of what is code. */
export function hasComment(source: ts.SourceFile, start: number, end: number): boolean {
  const { text } = source;
  const comments: ts.TextRange[] = [];
  const visit = (node: ts.Node): void => {
    if (node.getFullStart() >= end || node.end < start) return;
    comments.push(
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
    );
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return comments.some(({ pos, end: until }) => pos < end && until > start);
}

/** The end of the line that a position is in, without its line end. */
export function lineEnd(text: string, position: number): number {
  const at = text.indexOf('\n', position);
  return at === -1 ? text.length : at;
}

/**
 * The text without a name among its imports. As it is where something still uses the name; `undefined` where the import
 * cannot go without anything else going.
 */
export function withoutImported(text: string, path: string, name: string): string | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  for (const statement of source.statements) {
    const bindings = ts.isImportDeclaration(statement) ? valuesOf(statement) : undefined;
    const index = bindings?.elements.findIndex((it) => it.name.text === name) ?? -1;
    if (!bindings || index === -1) continue;
    if (isUsed(source, name)) return text;
    const { importClause } = statement as ts.ImportDeclaration;
    const start = statement.getStart(source);
    if (importClause?.name || hasComment(source, start, lineEnd(text, statement.end))) return undefined;
    if (bindings.elements.length > 1) {
      const members = bindings.elements.map((it) => ({ start: it.getStart(source), end: it.end }));
      return removeMember(text, { start: bindings.getStart(source), end: bindings.end, members }, index);
    }
    // A comment on the line above may be about this import, or tell the compiler or a linter something.
    const above = ts.getLeadingCommentRanges(text, statement.getFullStart())?.at(-1);
    if (above && !/\n[ \t]*\r?\n/.test(text.slice(above.end, start))) return undefined;
    return withoutLines(text, start, statement.end);
  }
  return text;
}

/** The text without whole lines, and without one of two empty lines that meet; `undefined` where they are no whole lines. */
function withoutLines(text: string, start: number, end: number): string | undefined {
  const before = text.slice(0, start);
  const behind = /^[ \t]*(\r?\n|$)/.exec(text.slice(end));
  if (!behind || !/(^|\n|^\uFEFF)$/.test(before)) return undefined;
  const rest = text.slice(end + behind[0].length);
  const meets = /^(\uFEFF)?$|\n\r?\n$/.test(before);
  return before + (meets ? rest.replace(/^\r?\n/, '') : rest);
}

function isUsed(source: ts.SourceFile, name: string): boolean {
  return nodeIn(source, (node) => isUse(node, name) && !ts.isImportSpecifier(node.parent)) !== undefined;
}
