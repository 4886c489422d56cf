/**
 * Takes the cache out of a source file by what is recognisably ours: the import of the wrapper, the elements that use
 * it, the export of the Durable Objects' class. For files in which the very lines of `init` are no longer found.
 */

import { propertyName } from '../../inspect/property-name.js';
import { ts } from '../../inspect/typescript.js';
import { TAGS_CLASS } from '../answers.js';
import type { TransformResult } from '../plan.js';
import { isPropertyName } from '../text/identifiers.js';
import { lineAt } from '../text/splice.js';
import { removeMember } from '../text/splice-out.js';
import { removeStatement } from '../text/splice-statement.js';

/** The file without the cache. `isWrapper` tells whether a specifier leads to the generated wrapper. */
export function unwire(
  text: string,
  path: string,
  isWrapper: (specifier: string) => boolean,
): TransformResult {
  let content = text;
  const names = importedNames(parse(content, path), isWrapper);
  // One element after the other, each in the text that the one before has left.
  for (let next = withoutElement(content, path, names); next !== undefined; ) {
    content = next;
    next = withoutElement(content, path, names);
  }
  const source = parse(content, path);
  const left = useOf(source, names, isWrapper);
  if (left) {
    const line = lineAt(content, left.getStart(source));
    return {
      ok: false,
      reason: `\`${left.text}\` is used in a way that cannot be taken out safely.`,
      line: lineAt(text, text.indexOf(lineText(content, line))),
      paste: lineText(content, line).trim(),
    };
  }
  content = withoutStatements(content, path, isWrapper);
  return { ok: true, content, modified: content !== text };
}

function parse(text: string, path: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function lineText(text: string, line: number): string {
  return text.split(/\r?\n/)[line - 1] ?? '';
}

function importedNames(source: ts.SourceFile, isWrapper: (specifier: string) => boolean): Set<string> {
  const names = new Set<string>();
  for (const statement of source.statements) {
    const required = requiredName(statement, isWrapper);
    if (required && ts.isIdentifier(required)) names.add(required.text);
    for (const { name } of required && ts.isObjectBindingPattern(required) ? required.elements : []) {
      if (ts.isIdentifier(name)) names.add(name.text);
    }
    if (!ts.isImportDeclaration(statement) || !leadsTo(statement, isWrapper)) continue;
    const clause = statement.importClause;
    if (clause?.name) names.add(clause.name.text);
    const bindings = clause?.namedBindings;
    if (bindings && ts.isNamespaceImport(bindings)) names.add(bindings.name.text);
    else for (const element of bindings?.elements ?? []) names.add(element.name.text);
  }
  return names;
}

/** What a statement binds that does nothing but `require` the wrapper, or a member of it. */
function requiredName(
  statement: ts.Statement,
  isWrapper: (specifier: string) => boolean,
): ts.BindingName | undefined {
  if (!ts.isVariableStatement(statement)) return undefined;
  const [declaration, ...others] = statement.declarationList.declarations;
  if (!declaration?.initializer || others.length > 0) return undefined;
  const { initializer } = declaration;
  const call = ts.isPropertyAccessExpression(initializer) ? initializer.expression : initializer;
  const isRequire =
    ts.isCallExpression(call) && ts.isIdentifier(call.expression) && call.expression.text === 'require';
  const specifier = isRequire ? call.arguments[0] : undefined;
  return specifier && ts.isStringLiteralLike(specifier) && isWrapper(specifier.text)
    ? declaration.name
    : undefined;
}

function leadsTo(
  { moduleSpecifier }: ts.ImportDeclaration | ts.ExportDeclaration,
  isWrapper: (specifier: string) => boolean,
): boolean {
  return (
    moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) && isWrapper(moduleSpecifier.text)
  );
}

/** The text without the first element of an array that is the cache, or `undefined`. */
function withoutElement(text: string, path: string, names: Set<string>): string | undefined {
  const source = parse(text, path);
  const isOurs = (node: ts.Expression): boolean =>
    ts.isIdentifier(node)
      ? names.has(node.text)
      : ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.has(node.expression.text);
  const find = (node: ts.Node): ts.ArrayLiteralExpression | undefined =>
    ts.isArrayLiteralExpression(node) && node.elements.some(isOurs) ? node : ts.forEachChild(node, find);
  const array = find(source);
  if (!array) return undefined;

  const { parent, elements } = array;
  const others = elements.filter((it) => !isOurs(it));
  const isPlugins = ts.isPropertyAssignment(parent) && propertyName(parent.name) === 'plugins';
  const hasComment = /\/[/*]/.test(text.slice(array.getStart(source), array.end));
  if (isPlugins && others.length === 0 && !hasComment) {
    const { properties } = parent.parent;
    return removeMember(text, spanOf(parent.parent, properties, source), properties.indexOf(parent));
  }
  const [only] = others;
  if (isPlugins && only && others.length === 1 && ts.isSpreadElement(only) && !hasComment) {
    // `[...plugins, cache]` was `plugins`.
    const inner = withoutParentheses(only.expression);
    const value = orNothing(inner) ?? inner;
    if (isSpreadBefore(parent, value, source)) {
      const { properties } = parent.parent;
      return removeMember(text, spanOf(parent.parent, properties, source), properties.indexOf(parent));
    }
    const whole = ts.isIdentifier(value) && value.text === 'plugins' ? 'plugins' : undefined;
    const start = whole ? parent.getStart(source) : array.getStart(source);
    return text.slice(0, start) + (whole ?? value.getText(source)) + text.slice(array.end);
  }
  return removeMember(text, spanOf(array, elements, source), elements.findIndex(isOurs));
}

/** Whether `plugins: base.plugins` says what `...base` in front of it says already. */
function isSpreadBefore(
  plugins: ts.PropertyAssignment,
  value: ts.Expression,
  source: ts.SourceFile,
): boolean {
  if (!ts.isPropertyAccessExpression(value) || value.name.text !== 'plugins') return false;
  const { properties } = plugins.parent;
  const base = value.expression.getText(source);
  return properties
    .slice(0, properties.indexOf(plugins))
    .some((it) => ts.isSpreadAssignment(it) && it.expression.getText(source) === base);
}

/** The `x` of `x ?? []`: where the config may have no plugins, the array is for the spread alone. */
function orNothing(node: ts.Expression): ts.Expression | undefined {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.QuestionQuestionToken)
    return undefined;
  const { left, right } = node;
  if (!ts.isArrayLiteralExpression(right) || right.elements.length > 0) return undefined;
  return withoutParentheses(left);
}

/** What stands in parentheses; a list of the comma operator is none without them. */
function withoutParentheses(node: ts.Expression): ts.Expression {
  if (!ts.isParenthesizedExpression(node)) return node;
  const { expression: inner } = node;
  const isList = ts.isBinaryExpression(inner) && inner.operatorToken.kind === ts.SyntaxKind.CommaToken;
  return isList ? node : inner;
}

function spanOf(list: ts.Node, members: ts.NodeArray<ts.Node>, source: ts.SourceFile) {
  return {
    start: list.getStart(source),
    end: list.end,
    members: members.map((it) => ({ start: it.getStart(source), end: it.end })),
  };
}

/** Where a name is still used, besides its import. */
function useOf(
  source: ts.SourceFile,
  names: Set<string>,
  isWrapper: (specifier: string) => boolean,
): ts.Identifier | undefined {
  const visit = (node: ts.Node): ts.Identifier | undefined => {
    if (ts.isImportDeclaration(node) || (ts.isStatement(node) && requiredName(node, isWrapper)))
      return undefined;
    if (ts.isIdentifier(node) && names.has(node.text) && !isPropertyName(node)) return node;
    return ts.forEachChild(node, visit);
  };
  return visit(source);
}

/** Without imports of the wrapper and without the export of the class, each with its line. */
function withoutStatements(text: string, path: string, isWrapper: (specifier: string) => boolean): string {
  const source = parse(text, path);
  let content = text;
  for (const statement of [...source.statements].reverse()) {
    const isOurs =
      (ts.isImportDeclaration(statement) && leadsTo(statement, isWrapper)) ||
      requiredName(statement, isWrapper) !== undefined ||
      (ts.isExportDeclaration(statement) && isClassExport(statement));
    if (!isOurs) continue;
    content = removeStatement(content, source, statement);
  }
  return content;
}

function isClassExport({ exportClause, moduleSpecifier }: ts.ExportDeclaration): boolean {
  return (
    moduleSpecifier !== undefined &&
    ts.isStringLiteral(moduleSpecifier) &&
    moduleSpecifier.text === 'payload-kv/cloudflare' &&
    exportClause !== undefined &&
    ts.isNamedExports(exportClause) &&
    exportClause.elements.length === 1 &&
    exportClause.elements[0]!.name.text === TAGS_CLASS
  );
}
