/** Statements, run in order: what they return, and what names hold after them. */
import { ts } from '../typescript.js';
import { spreadItems } from './contents.js';
import { declare } from './declarations.js';
import { markTouched, runExpression } from './effects.js';
import type { Completion, Evaluation } from './evaluation.js';
import { bindPattern } from './patterns.js';
import { assignedBetween, lookup } from './scope.js';
import { choice, primitive, type Scope, truthy, unresolved, type Value } from './value.js';

/** Why a value is not known that a loop makes which is not followed. */
const LOOP = 'a loop decides it';

/** Runs statements in order, until one returns. */
export function run(evaluation: Evaluation, statements: readonly ts.Statement[], start: Scope): Completion {
  declare(evaluation, statements, start);
  let scope = start;
  const pending: Value[] = [];
  for (const statement of statements) {
    const result = runStatement(evaluation, statement, scope);
    scope = result.scope;
    pending.push(...result.pending);
    if (result.returned) return { returned: result.returned, scope, pending };
  }
  return { scope, pending };
}

function runStatement(evaluation: Evaluation, statement: ts.Statement, scope: Scope): Completion {
  const plainly: Completion = { scope, pending: [] };
  if (ts.isReturnStatement(statement)) {
    const returned = statement.expression
      ? evaluation.evaluate(statement.expression, scope)
      : primitive(statement, undefined);
    return { returned, scope, pending: [] };
  }
  if (ts.isVariableStatement(statement)) {
    for (const declaration of statement.declarationList.declarations) {
      const { initializer } = declaration;
      // Computed now: later statements may change what it is made of.
      const value = initializer ? evaluation.evaluate(initializer, scope) : primitive(declaration, undefined);
      bindPattern(evaluation, declaration.name, () => value, scope);
      if (initializer && ts.isIdentifier(declaration.name)) {
        const name = declaration.name.text;
        scope.names.set(name, { get: () => value, target: () => ({ node: initializer, scope }) });
      }
    }
    return plainly;
  }
  if (ts.isExpressionStatement(statement))
    return { scope: runExpression(evaluation, statement.expression, scope), pending: [] };
  if (ts.isBlock(statement))
    return run(evaluation, statement.statements, { names: new Map(), parent: scope });
  if (ts.isIfStatement(statement)) return runIf(evaluation, statement, scope);
  if (ts.isForOfStatement(statement)) return runForOf(evaluation, statement, scope);
  if (ts.isTryStatement(statement)) return runTry(evaluation, statement, scope);
  if (ts.isLabeledStatement(statement)) return runStatement(evaluation, statement.statement, scope);
  if (ts.isSwitchStatement(statement)) return runSwitch(evaluation, statement, scope);
  if (ts.isThrowStatement(statement)) {
    return { returned: unresolved(statement, 'the function throws'), scope, pending: [] };
  }
  if (ts.isIterationStatement(statement, false)) {
    markTouched(evaluation, statement, scope, LOOP);
    return { scope, pending: [unresolved(statement, LOOP)] };
  }
  return plainly;
}

function runIf(evaluation: Evaluation, statement: ts.IfStatement, scope: Scope): Completion {
  const known = truthy(evaluation.evaluate(statement.expression, scope));
  const otherwise: Completion = { scope, pending: [] };
  if (known === true) return runStatement(evaluation, statement.thenStatement, scope);
  if (known === false) {
    return statement.elseStatement ? runStatement(evaluation, statement.elseStatement, scope) : otherwise;
  }
  const then = runStatement(evaluation, statement.thenStatement, {
    names: new Map(),
    parent: scope,
    conditional: true,
  });
  const other = statement.elseStatement
    ? runStatement(evaluation, statement.elseStatement, {
        names: new Map(),
        parent: scope,
        conditional: true,
      })
    : otherwise;
  const pending = [...then.pending, ...other.pending];
  if (then.returned && other.returned) {
    return { returned: choice(statement, [then.returned, other.returned]), scope, pending };
  }
  const returned = then.returned ?? other.returned;
  // A branch that throws is no outcome: the config would not load.
  if (returned && !(returned.kind === 'unresolved' && ts.isThrowStatement(returned.node)))
    pending.push(returned);
  const changed = new Set<string>();
  const runs = [then, other].filter((each) => !each.returned);
  for (const { scope: after } of runs) for (const name of assignedBetween(after, scope)) changed.add(name);
  if (changed.size === 0) return { scope, pending };
  const merged: Scope = { names: new Map(), parent: scope };
  for (const name of changed) {
    const outcomes = runs.map(
      ({ scope: after }) => lookup(name, after)?.get() ?? primitive(statement, undefined),
    );
    const value = choice(statement, outcomes);
    merged.names.set(name, { get: () => value });
  }
  return { scope: merged, pending };
}

/** What is caught is not known: the `catch` counts as not run, but for what it may change. */
function runTry(evaluation: Evaluation, statement: ts.TryStatement, scope: Scope): Completion {
  const { tryBlock, catchClause, finallyBlock } = statement;
  const tried = run(evaluation, tryBlock.statements, { names: new Map(), parent: scope });
  if (catchClause) markTouched(evaluation, catchClause.block, scope);
  if (!finallyBlock) return tried;
  const last = run(evaluation, finallyBlock.statements, { names: new Map(), parent: tried.scope });
  return {
    returned: last.returned ?? tried.returned,
    scope: last.scope,
    pending: [...tried.pending, ...last.pending],
  };
}

function runForOf(evaluation: Evaluation, statement: ts.ForOfStatement, scope: Scope): Completion {
  const items = spreadItems(evaluation, evaluation.evaluate(statement.expression, scope));
  const { initializer } = statement;
  if (!ts.isVariableDeclarationList(initializer) || !initializer.declarations[0]) {
    markTouched(evaluation, statement, scope, LOOP);
    return { scope, pending: [unresolved(statement, LOOP)] };
  }
  const pending: Value[] = [];
  let at = scope;
  for (const item of items.slice(0, 1000)) {
    const inner: Scope = { names: new Map(), parent: at };
    bindPattern(evaluation, initializer.declarations[0].name, () => item, inner);
    const result = runStatement(evaluation, statement.statement, inner);
    pending.push(...result.pending);
    if (result.returned) return { returned: result.returned, scope, pending };
    at = result.scope;
  }
  return { scope: at, pending };
}

function runSwitch(evaluation: Evaluation, statement: ts.SwitchStatement, scope: Scope): Completion {
  const value = evaluation.evaluate(statement.expression, scope);
  const clauses = statement.caseBlock.clauses;
  if (value.kind === 'primitive') {
    const tests = clauses.map((clause) =>
      ts.isCaseClause(clause) ? evaluation.evaluate(clause.expression, scope) : undefined,
    );
    let from = tests.findIndex((test) => test?.kind === 'primitive' && test.value === value.value);
    if (from === -1) from = tests.indexOf(undefined);
    if (from === -1) return { scope, pending: [] };
    const statements = clauses.slice(from).flatMap((clause) => [...clause.statements]);
    const end = statements.findIndex((each) => ts.isBreakStatement(each));
    return run(evaluation, end === -1 ? statements : statements.slice(0, end), {
      names: new Map(),
      parent: scope,
    });
  }
  const pending: Value[] = [];
  for (const clause of clauses) {
    const result = run(evaluation, clause.statements, { names: new Map(), parent: scope, conditional: true });
    pending.push(...result.pending, ...(result.returned ? [result.returned] : []));
  }
  return { scope, pending };
}
