/** The names at the top level of a file, and the statements there that change what they hold. */

import { namesOf, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { declare } from './declarations.js';
import type { Evaluation } from './evaluation.js';
import { settle } from './mutations.js';
import { bindPattern } from './patterns.js';
import { assignedBetween, lookup } from './scope.js';
import { hasChanges } from './touched.js';
import { type Binding, lazy, primitive, type Scope, type Value } from './value.js';

/**
 * Binds the names of a file, whose values are computed when asked for. Where statements of the file may change any, all
 * are run in order before the first is given: what it returns does so.
 */
export function declareTopLevel(
  evaluation: Evaluation,
  statements: readonly ts.Statement[],
  scope: Scope,
): () => void {
  declare(evaluation, statements, scope);
  /** The names as they are declared; the scopes above it have those that were set since. */
  const declared: Scope = { names: new Map(), parent: scope };
  let at = declared;
  let started = !mayChange(statements);
  const reassigned = new Set(started ? [] : statements.flatMap(namesSet));

  function start(): void {
    if (started) return;
    started = true;
    for (const statement of statements) {
      if (ts.isVariableStatement(statement)) {
        const names = statement.declarationList.declarations.flatMap(({ name }) => namesOf(name));
        for (const name of names) settle(evaluation, declared.names.get(name)!.get());
      } else if (isBareImport(statement)) {
        loadForEffect(evaluation, statement);
      } else if (isRun(statement)) {
        const before = at;
        const { scope: after } = evaluation.run([statement], { names: new Map(), parent: before });
        const names = new Map<string, Binding>();
        for (const name of assignedBetween(after, before)) names.set(name, lookup(name, after)!);
        if (names.size > 0) at = { names, parent: at };
      }
    }
  }

  /** The value as the statements leave it that were run so far. */
  function current(name: string): Value {
    start();
    return lookup(name, at)!.get();
  }

  if (!started) {
    for (const [name, binding] of scope.names) {
      scope.names.set(name, { ...binding, get: () => current(name) });
      declared.names.set(name, binding);
    }
  }
  for (const statement of statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name: pattern, initializer } of statement.declarationList.declarations) {
      const base = lazy(pattern.parent, () =>
        initializer ? evaluation.evaluate(initializer, scope) : primitive(pattern.parent, undefined),
      );
      bindPattern(evaluation, pattern, base, declared);
      for (const name of namesOf(pattern)) {
        scope.names.set(name, {
          get: () => current(name),
          set(value: Value) {
            at = { names: new Map([[name, { get: () => value }]]), parent: at };
          },
          target: () =>
            initializer && ts.isIdentifier(pattern) && !reassigned.has(name)
              ? { node: initializer, scope }
              : undefined,
        });
      }
    }
  }
  return start;
}

/** Whether loading the file may change what its names hold, or what those of other files do. */
function mayChange(statements: readonly ts.Statement[]): boolean {
  const changing = new Set(statements.flatMap(changingFunctions));
  const isChanging = (node: ts.Node): boolean =>
    !ts.isFunctionLike(node) &&
    ((ts.isCallExpression(node) && ts.isIdentifier(node.expression) && changing.has(node.expression.text)) ||
      (ts.forEachChild(node, isChanging) ?? false));
  return statements.some(
    (statement) =>
      isRun(statement) ||
      isBareImport(statement) ||
      (ts.isVariableStatement(statement) && (hasChanges(statement, false) || isChanging(statement))),
  );
}

/** The names of functions that change something. */
function changingFunctions(statement: ts.Statement): string[] {
  if (ts.isFunctionDeclaration(statement))
    return statement.name && hasChanges(statement, true) ? [statement.name.text] : [];
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations
    .filter(({ initializer }) => {
      const value = initializer && unwrap(initializer);
      return (
        value && (ts.isArrowFunction(value) || ts.isFunctionExpression(value)) && hasChanges(value, true)
      );
    })
    .flatMap(({ name }) => namesOf(name));
}

/** Whether a statement does something other than to declare, to export or to say `'use strict'`. */
function isRun(statement: ts.Statement): boolean {
  if (ts.isExpressionStatement(statement)) {
    const expression = unwrap(statement.expression);
    return !ts.isStringLiteral(expression) && !/^(?:module\.)?exports\b/.test(expression.getText());
  }
  return (
    ts.isIfStatement(statement) ||
    ts.isIterationStatement(statement, false) ||
    ts.isTryStatement(statement) ||
    ts.isSwitchStatement(statement) ||
    ts.isBlock(statement) ||
    ts.isLabeledStatement(statement)
  );
}

/** Whether a file is imported for what it does, not for what it exports. */
function isBareImport(statement: ts.Statement): statement is ts.ImportDeclaration {
  return (
    ts.isImportDeclaration(statement) &&
    !statement.importClause &&
    ts.isStringLiteral(statement.moduleSpecifier) &&
    /^[.#@~/]/.test(statement.moduleSpecifier.text) &&
    !/\.(?:s?css|sass|less|json|svg|png)$/.test(statement.moduleSpecifier.text)
  );
}

function loadForEffect(evaluation: Evaluation, statement: ts.ImportDeclaration): void {
  const { text } = statement.moduleSpecifier as ts.StringLiteral;
  const target = evaluation.files.resolve(text, statement.getSourceFile().fileName);
  if (target.kind === 'file' && /\.[cm]?[jt]sx?$/.test(target.path)) evaluation.load(target.path).start();
}

/** The names that a statement gives another value. */
function namesSet(statement: ts.Statement): string[] {
  const names: string[] = [];
  function visit(node: ts.Node): void {
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isIdentifier(node.left)
    ) {
      names.push(node.left.text);
    }
    ts.forEachChild(node, visit);
  }
  visit(statement);
  return names;
}
