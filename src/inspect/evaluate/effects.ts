/** Expressions that are run for their effect: assignments, `push`, `Object.assign`, `forEach`. */
import { ts } from 'ts-morph';
import { unwrap } from '../syntax.js';
import { argumentsOf } from './calls.js';
import { spreadInto, spreadItems } from './contents.js';
import type { Evaluation } from './evaluation.js';
import { nested } from './limits.js';
import { isConditional, lookup } from './scope.js';
import {
  choice,
  type Lazy,
  nullish,
  type ObjectValue,
  plain,
  primitive,
  type Scope,
  truthy,
  unresolved,
  type Value,
} from './value.js';

/** Runs an expression for its effect: an assignment, a push, `Object.assign`, `forEach`. */
export function runExpression(evaluation: Evaluation, expression: ts.Expression, scope: Scope): Scope {
  const node = unwrap(expression);
  if (ts.isAwaitExpression(node)) return runExpression(evaluation, node.expression, scope);
  if (ts.isBinaryExpression(node)) {
    if (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) {
      const known = truthy(evaluation.evaluate(node.left, scope));
      if (known === false) return scope;
      return runExpression(
        evaluation,
        node.right,
        known ? scope : { names: new Map(), parent: scope, conditional: true },
      );
    }
    return assign(evaluation, node, scope);
  }
  if (!ts.isCallExpression(node)) return scope;
  const callee = unwrap(node.expression);
  if (ts.isPropertyAccessExpression(callee)) {
    const method = callee.name.text;
    if (method === 'push' || method === 'unshift') {
      pushInto(
        evaluation.evaluate(callee.expression, scope),
        argumentsOf(evaluation, node, scope),
        method,
        node,
        scope,
      );
      return scope;
    }
    if (method === 'assign' && callee.expression.getText() === 'Object') {
      const [target, ...sources] = argumentsOf(evaluation, node, scope);
      const into = target?.();
      if (into?.kind === 'object') {
        for (const source of sources) spreadInto(evaluation, into.entries(), into.gaps(), source(), node);
      }
      return scope;
    }
    if (method === 'forEach') {
      const [callback] = argumentsOf(evaluation, node, scope);
      spreadItems(evaluation, evaluation.evaluate(callee.expression, scope)).forEach((item, index) => {
        if (callback) evaluation.call(callback(), [() => item, () => primitive(node, index)], node);
      });
      return scope;
    }
  }
  evaluation.evaluate(node, scope);
  return scope;
}

function pushInto(target: Value, args: Lazy[], method: string, node: ts.Node, scope: Scope): void {
  for (const into of target.kind === 'choice' ? target.options : [target]) {
    if (into.kind !== 'array') continue;
    const unsure = isConditional(scope) || target.kind === 'choice';
    const items = args.map((each) => (unsure ? choice(node, [primitive(node, undefined), each()]) : each()));
    if (method === 'push') into.items().push(...items);
    else into.items().unshift(...items);
  }
}

function assign(evaluation: Evaluation, node: ts.BinaryExpression, scope: Scope): Scope {
  const operator = node.operatorToken.kind;
  const defaulting =
    operator === ts.SyntaxKind.QuestionQuestionEqualsToken || operator === ts.SyntaxKind.BarBarEqualsToken;
  if (operator !== ts.SyntaxKind.EqualsToken && !defaulting) return scope;
  const target = unwrap(node.left);
  if (ts.isIdentifier(target)) {
    const before = lookup(target.text, scope);
    if (defaulting && before && nullish(before.get()) === false) return scope;
    const value = evaluation.evaluate(node.right, scope);
    // A scope on top, so that what was made before keeps the value that it saw.
    return { names: new Map([[target.text, { get: () => value }]]), parent: scope };
  }
  let owner: Value | undefined;
  let name: string | undefined;
  if (ts.isPropertyAccessExpression(target)) {
    owner = evaluation.evaluate(target.expression, scope);
    name = target.name.text;
  } else if (ts.isElementAccessExpression(target)) {
    owner = evaluation.evaluate(target.expression, scope);
    const key = plain(evaluation.evaluate(target.argumentExpression, scope));
    name = key === undefined ? undefined : String(key);
  }
  for (const into of owner?.kind === 'choice' ? owner.options : owner ? [owner] : []) {
    if (into.kind !== 'object') continue;
    setProperty(evaluation, into, name, node, scope, defaulting, owner?.kind === 'choice');
  }
  return scope;
}

function setProperty(
  evaluation: Evaluation,
  into: ObjectValue,
  name: string | undefined,
  node: ts.BinaryExpression,
  scope: Scope,
  defaulting: boolean,
  unsure: boolean,
): void {
  if (name === undefined) {
    into.gaps().push(unresolved(node, 'its key is computed'));
    return;
  }
  const before = into.entries().get(name)?.();
  if (defaulting && before && nullish(before) === false) return;
  const value = evaluation.evaluate(node.right, scope);
  settle(evaluation, value);
  const after =
    unsure || isConditional(scope) ? choice(node, [before ?? primitive(node, undefined), value]) : value;
  into.entries().set(name, () => after);
}

/** Fills an array or object now: what it is made of is about to change. */
function settle(evaluation: Evaluation, value: Value): void {
  if (value.kind === 'object') nested(evaluation, value.entries, () => new Map());
  if (value.kind === 'array')
    for (const item of spreadItems(evaluation, value)) if (item.kind === 'object') settle(evaluation, item);
}
