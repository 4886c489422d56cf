/** What a file takes from `next/cache`, and whether it can go. */
import { ts } from '../../inspect/typescript.js';
import { bindingOf, type ImportBinding, isUsed, valuesOf, withoutBinding } from '../text/imports.js';

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
 * cannot go without anything else going, a comment on it included.
 */
export function withoutImported(text: string, path: string, name: string): string | undefined {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const binding = bindingOf(source, name);
  if (!binding || isUsed(source, name)) return text;
  return mayHaveWords(source, binding) ? undefined : withoutBinding(text, source, binding);
}

/** Whether a comment may be about an import, or tell the compiler or a linter something of it. */
function mayHaveWords(source: ts.SourceFile, binding: ImportBinding): boolean {
  const { text } = source;
  const statement = ts.findAncestor(binding, ts.isImportDeclaration) as ts.ImportDeclaration;
  const start = statement.getStart(source);
  if (hasComment(source, start, lineEnd(text, statement.end))) return true;
  // Of what goes out of a list the line stays.
  if ((valuesOf(statement)?.elements.length ?? 1) > 1) return false;
  const isWhole =
    /(^|\n|^\uFEFF)$/.test(text.slice(0, start)) && /^[ \t]*(\r?\n|$)/.test(text.slice(statement.end));
  const above = ts.getLeadingCommentRanges(text, statement.getFullStart())?.at(-1);
  return !isWhole || (above !== undefined && !/\n[ \t]*\r?\n/.test(text.slice(above.end, start)));
}
