/** Imports of this package in a file that the user owns: names come into those that are there, and go out of them. */

import type { CodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';
import { restyle } from '../text/restyle.js';
import { applyEdits, insertMember } from '../text/splice.js';
import { removeMember } from '../text/splice-out.js';

/** The text with a name imported from a module of this package. */
export function withImport(
  text: string,
  path: string,
  { name, module }: { name: string; module: string },
  style: CodeStyle,
): string {
  const imports = importsOf(parse(text, path));
  const bindings = imports
    .filter((it) => leadsTo(it, module))
    .map(valuesOf)
    .find(Boolean);
  if (bindings) {
    const names = bindings.elements.map((it) => it.name.text);
    if (names.includes(name)) return text;
    const next = names.findIndex((it) => it > name);
    const edits = insertMember(text, spanOf(bindings), name, {
      ...style,
      trailingComma: false,
      ...(next === -1 ? {} : { before: next }),
    });
    return applyEdits(text, edits);
  }
  const last = imports.filter(isOfPackage).at(-1);
  const line = restyle(`import { ${name} } from '${module}';`, { ...style, lineEnding: '\n' });
  const at = last ? last.end : 0;
  return text.slice(0, at) + (last ? style.lineEnding + line : line + style.lineEnding) + text.slice(at);
}

/** The text without a name of this package among its imports, once nothing uses it. */
export function withoutImport(text: string, path: string, name: string): string {
  const source = parse(text, path);
  if (isUsed(source, name)) return text;
  for (const statement of importsOf(source)) {
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings) || !isOfPackage(statement)) continue;
    const index = bindings.elements.findIndex((it) => it.name.text === name && it.propertyName === undefined);
    if (index === -1) continue;
    if (bindings.elements.length > 1) return removeMember(text, spanOf(bindings), index);
    const rest = /^[ \t]*\r?\n/.exec(text.slice(statement.end))?.[0] ?? '';
    return text.slice(0, statement.getStart()) + text.slice(statement.end + rest.length);
  }
  return text;
}

function parse(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function importsOf(source: ts.SourceFile): ts.ImportDeclaration[] {
  return source.statements.filter(ts.isImportDeclaration);
}

/** The list of names of an import, where it has one and is not for types alone. */
export function valuesOf({ importClause }: ts.ImportDeclaration): ts.NamedImports | undefined {
  const bindings = importClause?.namedBindings;
  return bindings && !importClause.isTypeOnly && ts.isNamedImports(bindings) ? bindings : undefined;
}

function leadsTo({ moduleSpecifier }: ts.ImportDeclaration, module: string): boolean {
  return ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === module;
}

/** Whether an import is of this package: one of the same name from elsewhere is the person's. */
function isOfPackage({ moduleSpecifier }: ts.ImportDeclaration): boolean {
  return ts.isStringLiteral(moduleSpecifier) && /^payload-kv(\/|$)/.test(moduleSpecifier.text);
}

function isUsed(node: ts.Node, name: string): boolean {
  if (ts.isIdentifier(node) && node.text === name && !ts.isImportSpecifier(node.parent)) return true;
  return ts.forEachChild(node, (child) => isUsed(child, name) || undefined) === true;
}

function spanOf(bindings: ts.NamedImports) {
  const members = bindings.elements.map((it) => ({ start: it.getStart(), end: it.end }));
  return { start: bindings.getStart(), end: bindings.end, members };
}
