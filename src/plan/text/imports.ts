/** Names in the import declarations of a file: what binds one, and how it comes out of them. */
import { ts } from '../../inspect/typescript.js';
import { isUse } from './identifiers.js';
import type { ListSpan } from './splice.js';
import { removeMember } from './splice-out.js';
import { removeStatement } from './splice-statement.js';

/** What binds a name in an import: one of its values, or all of the module. */
export type ImportBinding = ts.ImportSpecifier | ts.NamespaceImport;

/** The list of names of an import, where it has one and is not for types alone. */
export function valuesOf({ importClause }: ts.ImportDeclaration): ts.NamedImports | undefined {
  const bindings = importClause?.namedBindings;
  return bindings && !importClause.isTypeOnly && ts.isNamedImports(bindings) ? bindings : undefined;
}

/** The module that an import names. */
export function moduleOf({ moduleSpecifier }: ts.ImportDeclaration): string | undefined {
  return ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

/** The list of names of an import, to be edited. */
export function spanOf(list: ts.NamedImports): ListSpan {
  const members = list.elements.map((it) => ({ start: it.getStart(), end: it.end }));
  return { start: list.getStart(), end: list.end, members };
}

/** What binds a name in a file; `isIt` tells whether an import of that module counts. Default any. */
export function bindingOf(
  source: ts.SourceFile,
  name: string,
  isIt: (module: string) => boolean = () => true,
): ImportBinding | undefined {
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) || !isIt(moduleOf(statement) ?? '')) continue;
    const bindings = statement.importClause?.isTypeOnly ? undefined : statement.importClause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings) && bindings.name.text === name) return bindings;
    const element = valuesOf(statement)?.elements.find((it) => it.name.text === name);
    if (element) return element;
  }
  return undefined;
}

/** Whether a file uses a name anywhere but in its imports. */
export function isUsed(source: ts.SourceFile, name: string): boolean {
  const uses = (node: ts.Node): boolean =>
    !ts.isImportDeclaration(node) &&
    (isUse(node, name) || ts.forEachChild(node, (child) => uses(child) || undefined) === true);
  return uses(source);
}

/**
 * The text without what binds a name, and without its import where that has nothing else; `undefined` where the import
 * cannot go without anything else going.
 */
export function withoutBinding(
  text: string,
  source: ts.SourceFile,
  binding: ImportBinding,
): string | undefined {
  if (ts.isImportSpecifier(binding) && binding.parent.elements.length > 1)
    return removeMember(text, spanOf(binding.parent), binding.parent.elements.indexOf(binding));
  const statement = ts.findAncestor(binding, ts.isImportDeclaration);
  return !statement || statement.importClause?.name ? undefined : removeStatement(text, source, statement);
}

/**
 * The text without a name that it imports as it is called there, once nothing uses it; as it is where the name cannot go.
 *
 * @param isIt tells from which modules
 */
export function withoutName(
  text: string,
  path: string,
  name: string,
  isIt: (module: string) => boolean,
): string {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const binding = bindingOf(source, name, isIt);
  if (!binding || isUsed(source, name)) return text;
  if (ts.isImportSpecifier(binding) && binding.propertyName) return text;
  return withoutBinding(text, source, binding) ?? text;
}
