/**
 * Hooks that do nothing but make pages of Next stale, as those of Payload's website template do: under conditions, they
 * log what they are about to do and call `revalidatePath` and `revalidateTag`, and they return the document that they
 * were given. By what they do, not by their text.
 */

import { unwrap } from '../../inspect/syntax.js';
import { ts } from '../../inspect/typescript.js';
import { fromNextCache, isNextCache } from './next-cache.js';
import { boundPaths, constants, isPure } from './pure-code.js';

/**
 * The names under which a module exports such hooks; none where the module does anything by being loaded, which it would
 * no longer be.
 */
export function revalidatingHooks(source: ts.SourceFile): Set<string> {
  const hooks = new Set<string>();
  if (!source.statements.every((statement) => isQuiet(statement, source))) return hooks;
  const calls = fromNextCache(source, ['revalidatePath', 'revalidateTag']);
  for (const statement of source.statements) {
    if (!isExported(statement)) continue;
    if (ts.isFunctionDeclaration(statement) && statement.name && isHook(statement, calls))
      hooks.add(statement.name.text);
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && initializer && isFunction(initializer) && isHook(initializer, calls))
        hooks.add(name.text);
    }
  }
  return hooks;
}

/** Whether a module has nothing but such hooks, so that it is of no use once nothing imports it. */
export function hasOnlyHooks(source: ts.SourceFile): boolean {
  const hooks = revalidatingHooks(source);
  const names = source.statements.filter(isExported).flatMap((statement) => {
    if (ts.isVariableStatement(statement))
      return statement.declarationList.declarations.map(({ name }) => name.getText());
    return ts.isFunctionDeclaration(statement) ? [statement.name?.text ?? ''] : [];
  });
  return hooks.size > 0 && names.every((name) => hooks.has(name));
}

/** Whether a statement of a module does nothing by being there. */
function isQuiet(statement: ts.Statement, source: ts.SourceFile): boolean {
  if (ts.isImportDeclaration(statement)) return isQuietImport(statement, source);
  if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) return true;
  if (ts.isFunctionDeclaration(statement)) return !hasModifier(statement, ts.SyntaxKind.DefaultKeyword);
  if (!ts.isVariableStatement(statement) || hasModifier(statement, ts.SyntaxKind.DeclareKeyword))
    return false;
  const { flags, declarations } = statement.declarationList;
  return (
    (flags & ts.NodeFlags.BlockScoped) === ts.NodeFlags.Const &&
    declarations.every(
      ({ name, initializer }) =>
        ts.isIdentifier(name) &&
        initializer !== undefined &&
        (isFunction(initializer) || isPure(initializer, { names: new Set() })),
    )
  );
}

/** Whether an import loads nothing but Next's cache, or types. */
function isQuietImport(
  { importClause, moduleSpecifier }: ts.ImportDeclaration,
  source: ts.SourceFile,
): boolean {
  if (!importClause) return false;
  if (importClause.isTypeOnly) return true;
  if (isNextCache((moduleSpecifier as ts.StringLiteral).text)) return true;
  const bindings = importClause.namedBindings;
  if (importClause.name || !bindings || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.every(({ isTypeOnly, name }) => isTypeOnly || isOnlyType(name.text, source));
}

/** Whether a name stands for a type wherever it is used. */
function isOnlyType(name: string, source: ts.SourceFile): boolean {
  const visit = (node: ts.Node): boolean => {
    if (ts.isTypeReferenceNode(node) || ts.isImportDeclaration(node)) return false;
    if (ts.isIdentifier(node) && node.text === name) return true;
    return ts.forEachChild(node, (child) => visit(child) || undefined) === true;
  };
  return !visit(source);
}

function isFunction(node: ts.Expression): node is ts.ArrowFunction | ts.FunctionExpression {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

function isExported(statement: ts.Statement): boolean {
  return hasModifier(statement, ts.SyntaxKind.ExportKeyword);
}

function hasModifier(node: ts.Node, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((it) => it.kind === kind) === true;
}

/** What is known inside a hook. */
interface Inside {
  /** The local names of `revalidatePath` and `revalidateTag`. */
  calls: ReadonlySet<string>;
  /** What each name is of the hook's argument; of what was computed, an empty text. */
  paths: Map<string, string>;
  /** Whether something was made stale by now. */
  revalidates: boolean;
}

function isHook(
  node: ts.ArrowFunction | ts.FunctionExpression | ts.FunctionDeclaration,
  calls: ReadonlySet<string>,
): boolean {
  const [parameter, ...others] = node.parameters;
  if (!parameter || others.length > 0 || node.asteriskToken || !node.body || !ts.isBlock(node.body))
    return false;
  const { name, initializer, dotDotDotToken } = parameter;
  if (initializer || dotDotDotToken || !ts.isObjectBindingPattern(name)) return false;
  const paths = boundPaths(name, '');
  if (!paths || [...paths.keys()].some((it) => calls.has(it))) return false;
  const inside: Inside = { calls, paths, revalidates: false };
  return node.body.statements.every((statement) => isAllowed(statement, inside)) && inside.revalidates;
}

function isAllowed(statement: ts.Statement, inside: Inside): boolean {
  const isPureHere = (node: ts.Expression) => isPure(node, { names: new Set(inside.paths.keys()) });
  const declared = constants(statement);
  if (declared) return declared.length > 0 && declared.every((it) => declare(it, inside, isPureHere));
  if (ts.isBlock(statement)) return statement.statements.every((it) => isAllowed(it, inside));
  if (ts.isIfStatement(statement)) {
    const { expression, thenStatement, elseStatement } = statement;
    return (
      isPureHere(expression) &&
      isAllowed(thenStatement, inside) &&
      (!elseStatement || isAllowed(elseStatement, inside))
    );
  }
  if (ts.isReturnStatement(statement))
    return !statement.expression || pathOf(statement.expression, inside) === 'doc';
  return ts.isExpressionStatement(statement) && isAllowedCall(statement.expression, inside, isPureHere);
}

function declare(
  { name, initializer }: { name: ts.BindingName; initializer: ts.Expression },
  inside: Inside,
  isPureHere: (node: ts.Expression) => boolean,
): boolean {
  const from = pathOf(initializer, inside);
  if (!isPureHere(initializer) || (from === undefined && !ts.isIdentifier(name))) return false;
  const bound = boundPaths(name, from ?? '');
  // A name of a second meaning would have to be told from the first.
  if (!bound || [...bound.keys()].some((it) => inside.calls.has(it) || inside.paths.has(it))) return false;
  for (const [it, path] of bound) inside.paths.set(it, path);
  return true;
}

function isAllowedCall(
  expression: ts.Expression,
  inside: Inside,
  isPureHere: (node: ts.Expression) => boolean,
): boolean {
  if (!ts.isCallExpression(expression) || expression.questionDotToken) return false;
  const { expression: callee, arguments: args } = expression;
  if (!args.every(isPureHere)) return false;
  if (ts.isIdentifier(callee) && inside.calls.has(callee.text)) {
    inside.revalidates = true;
    return true;
  }
  return pathOf(callee, inside) === 'req.payload.logger.info';
}

/** What an expression is of the hook's argument, e.g. `req.payload`. */
function pathOf(node: ts.Expression, inside: Inside): string | undefined {
  const at = unwrap(node);
  if (ts.isIdentifier(at)) return inside.paths.get(at.text) || undefined;
  if (!ts.isPropertyAccessExpression(at) || at.questionDotToken) return undefined;
  const of = pathOf(at.expression, inside);
  return of === undefined ? undefined : `${of}.${at.name.text}`;
}
