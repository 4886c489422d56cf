/**
 * Expressions that are run for their effect: assignments, calls that add to a list, `delete`. What is not followed marks
 * all that it may change.
 */

import { unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { argumentsOf, call, isFollowed } from './calls.js';
import { spreadInto, spreadItems } from './contents.js';
import type { Evaluation } from './evaluation.js';
import { CHANGING_METHODS, markChanged, settle } from './mutations.js';
import { property } from './properties.js';
import { assignedBetween, isConditional, lookup, ownerOf } from './scope.js';
import { isAssignment, isHarmless, isReading, isStep, rootName, touched } from './touched.js';
import {
  type ArrayValue,
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

/** Functions of `Object` that change what they are given, and are followed. */
const OBJECT_METHODS = new Map([
  ['assign', assignInto],
  ['defineProperty', define],
]);

/** Runs an expression for its effect; gives the names as they are after it. */
export function runExpression(evaluation: Evaluation, expression: ts.Expression, scope: Scope): Scope {
  const node = unwrap(expression);
  if (ts.isAwaitExpression(node) || ts.isVoidExpression(node))
    return runExpression(evaluation, node.expression, scope);
  if (isAssignment(node)) return assign(evaluation, node, scope);
  if (ts.isBinaryExpression(node)) return runBinary(evaluation, node, scope);
  if (ts.isConditionalExpression(node)) {
    const known = truthy(evaluation.evaluate(node.condition, scope));
    if (known !== undefined) return runExpression(evaluation, known ? node.whenTrue : node.whenFalse, scope);
    const after = perhaps(evaluation, node.whenTrue, scope);
    return perhaps(evaluation, node.whenFalse, after);
  }
  if (ts.isDeleteExpression(node)) remove(evaluation, node, scope);
  else if (isStep(node)) return step(evaluation, node, scope);
  else if (ts.isCallExpression(node)) runCall(evaluation, node, scope);
  else if (ts.isNewExpression(node) || ts.isYieldExpression(node)) markTouched(evaluation, node, scope);
  return scope;
}

/** Marks what code may change that is not followed. */
export function markTouched(evaluation: Evaluation, code: ts.Node, scope: Scope, reason?: string): void {
  for (const path of touched(code)) {
    if (lookup(rootName(path) ?? '', scope)) markChanged(evaluation.evaluate(path, scope), code, reason);
  }
}

function runBinary(evaluation: Evaluation, node: ts.BinaryExpression, scope: Scope): Scope {
  const operator = node.operatorToken.kind;
  const after = runExpression(evaluation, node.left, scope);
  if (operator === ts.SyntaxKind.CommaToken) return runExpression(evaluation, node.right, after);
  const left = evaluation.evaluate(node.left, after);
  const needed =
    operator === ts.SyntaxKind.AmpersandAmpersandToken
      ? truthy(left)
      : operator === ts.SyntaxKind.BarBarToken
        ? negated(truthy(left))
        : operator === ts.SyntaxKind.QuestionQuestionToken
          ? nullish(left)
          : true;
  if (needed === false) return after;
  return needed ? runExpression(evaluation, node.right, after) : perhaps(evaluation, node.right, after);
}

function negated(known: boolean | undefined): boolean | undefined {
  return known === undefined ? undefined : !known;
}

/** Runs an expression under a condition that is not known: names that it sets may have either value. */
function perhaps(evaluation: Evaluation, node: ts.Expression, scope: Scope): Scope {
  const after = runExpression(evaluation, node, { names: new Map(), parent: scope, conditional: true });
  const names = new Map<string, { get: Lazy }>();
  for (const name of assignedBetween(after, scope)) {
    const value = choice(
      node,
      [scope, after].map((at) => lookup(name, at)!.get()),
    );
    names.set(name, { get: () => value });
  }
  return names.size === 0 ? scope : { names, parent: scope };
}

function runCall(evaluation: Evaluation, node: ts.CallExpression, scope: Scope): void {
  const callee = unwrap(node.expression);
  const unsure = isConditional(scope);
  let called: Value[];
  if (ts.isPropertyAccessExpression(callee)) {
    const method = callee.name.text;
    if (callee.expression.getText() === 'Object' && !lookup('Object', scope)) {
      const known = OBJECT_METHODS.get(method);
      if (known) {
        known(evaluation, node, scope);
        return;
      }
    }
    // Promises are transparent: what is to happen then happens.
    if (/^(?:then|catch|finally)$/.test(method)) {
      evaluation.evaluate(node, scope);
      return;
    }
    const targets = optionsOf(evaluation.evaluate(callee.expression, scope));
    const isArray = targets.every(({ kind }) => kind === 'array');
    if (method === 'forEach' && targets.some(({ kind }) => kind === 'array')) {
      forEach(evaluation, node, targets, scope);
      return;
    }
    if (isArray && (CHANGING_METHODS.has(method) || isReading(method))) {
      settle(evaluation, evaluation.evaluate(node, scope));
      return;
    }
    called = targets.map((target) =>
      target.kind === 'array' || target.kind === 'primitive'
        ? target
        : property(evaluation, target, method, callee),
    );
  } else {
    called = optionsOf(evaluation.evaluate(callee, scope));
  }
  for (const each of called) {
    // A method of a text changes nothing, and nothing is called by `undefined?.()`.
    if (each.kind === 'primitive') continue;
    if (each.kind === 'function' && isFollowed(each)) {
      const args = argumentsOf(evaluation, node, scope);
      call(evaluation, each, args, node, { conditional: unsure || called.length > 1 });
    } else if (!isHarmless(callee)) {
      markTouched(evaluation, node, scope);
      return;
    }
  }
}

function forEach(evaluation: Evaluation, node: ts.CallExpression, targets: Value[], scope: Scope): void {
  const callback = argumentsOf(evaluation, node, scope)[0]?.();
  const conditional = isConditional(scope) || targets.length > 1;
  for (const target of targets) {
    spreadItems(evaluation, target).forEach((item, index) => {
      if (callback?.kind === 'function' && isFollowed(callback)) {
        call(evaluation, callback, [() => item, () => primitive(node, index)], node, { conditional });
      } else if (callback && !isHarmless(node.arguments[0]!)) {
        markChanged(item, node);
      }
    });
  }
}

function assignInto(evaluation: Evaluation, node: ts.CallExpression, scope: Scope): void {
  const [target, ...sources] = argumentsOf(evaluation, node, scope);
  const into = target ? optionsOf(target()) : [];
  for (const each of into) {
    if (each.kind !== 'object') {
      markChanged(each, node);
      continue;
    }
    for (const source of sources) {
      const value = source();
      const given =
        isConditional(scope) || into.length > 1 ? choice(node, [primitive(node, undefined), value]) : value;
      spreadInto(evaluation, each.entries(), each.gaps(), given, node);
    }
  }
}

function define(evaluation: Evaluation, node: ts.CallExpression, scope: Scope): void {
  const [target, key, descriptor] = argumentsOf(evaluation, node, scope).map((each) => each());
  const into = target ? optionsOf(target) : [];
  const name = key && plain(key);
  const value = descriptor?.kind === 'object' ? descriptor.entries().get('value')?.() : undefined;
  for (const each of into) {
    if (each.kind !== 'object' || !value || (typeof name !== 'string' && typeof name !== 'number')) {
      markChanged(each, node);
      continue;
    }
    const unsure = isConditional(scope) || into.length > 1;
    setProperty(evaluation, each, String(name), node, value, unsure);
  }
}

function remove(evaluation: Evaluation, node: ts.DeleteExpression, scope: Scope): void {
  const place = placeOf(evaluation, unwrap(node.expression), scope);
  for (const into of place?.owners ?? []) {
    const unsure = isConditional(scope) || place!.owners.length > 1;
    // What would be written as `plugins` later on would be removed as well.
    if (into.kind !== 'object' || unsure || place?.name === undefined || place.name === 'plugins')
      markChanged(into, node);
    if (into.kind === 'object' && !unsure && place?.name !== undefined) into.entries().delete(place.name);
  }
}

function step(
  evaluation: Evaluation,
  node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  scope: Scope,
): Scope {
  const target = unwrap(node.operand);
  const before = plain(evaluation.evaluate(target, scope));
  const by = node.operator === ts.SyntaxKind.PlusPlusToken ? 1 : -1;
  const value: Value =
    typeof before === 'number' ? primitive(node, before + by) : unresolved(node, 'it is counted at run time');
  return store(evaluation, target, node, value, scope);
}

function assign(evaluation: Evaluation, node: ts.BinaryExpression, scope: Scope): Scope {
  const operator = node.operatorToken.kind;
  const target = unwrap(node.left);
  if (operator === ts.SyntaxKind.EqualsToken) {
    // Statements that are run assign in a chain, such as `a = b = c`.
    const inner = unwrap(node.right);
    const at = isAssignment(inner) ? assign(evaluation, inner, scope) : scope;
    const value = evaluation.evaluate(isAssignment(inner) ? inner.left : node.right, at);
    return store(evaluation, target, node, value, at);
  }
  const before = evaluation.evaluate(target, scope);
  const kept =
    operator === ts.SyntaxKind.QuestionQuestionEqualsToken
      ? negated(nullish(before))
      : operator === ts.SyntaxKind.BarBarEqualsToken
        ? truthy(before)
        : operator === ts.SyntaxKind.AmpersandAmpersandEqualsToken
          ? negated(truthy(before))
          : false;
  if (kept === true) return scope;
  const right = evaluation.evaluate(node.right, scope);
  if (isDefaulting(operator)) return store(evaluation, target, node, right, scope);
  const [one, other] = [before, right].map(plain) as [any, any];
  const isKnown = before.kind === 'primitive' && right.kind === 'primitive';
  const value: Value =
    isKnown && operator === ts.SyntaxKind.PlusEqualsToken
      ? primitive(node, one + other)
      : unresolved(node, 'it is computed at run time');
  return store(evaluation, target, node, value, scope);
}

function isDefaulting(operator: ts.SyntaxKind): boolean {
  return (
    operator === ts.SyntaxKind.QuestionQuestionEqualsToken ||
    operator === ts.SyntaxKind.BarBarEqualsToken ||
    operator === ts.SyntaxKind.AmpersandAmpersandEqualsToken
  );
}

/** Gives a name, a property or an element another value; gives the names as they are after it. */
function store(
  evaluation: Evaluation,
  target: ts.Expression,
  node: ts.Expression,
  value: Value,
  scope: Scope,
): Scope {
  if (ts.isIdentifier(target)) {
    const owner = ownerOf(target.text, scope);
    const before = owner?.binding;
    if (before?.set && owner?.isOutside) {
      before.set(isConditional(scope) ? choice(node, [before.get(), value]) : value);
      return scope;
    }
    // A scope on top, so that what was made before keeps the value that it saw.
    return { names: new Map([[target.text, { get: () => value }]]), parent: scope };
  }
  if (ts.isArrayLiteralExpression(target) || ts.isObjectLiteralExpression(target)) {
    const names = new Map<string, { get: Lazy }>();
    const visit = (each: ts.Node): void => {
      if (ts.isIdentifier(each))
        names.set(each.text, { get: () => unresolved(node, 'a pattern assigns it') });
      else ts.forEachChild(each, visit);
    };
    visit(target);
    return { names, parent: scope };
  }
  const place = placeOf(evaluation, target, scope);
  const owners = place?.owners ?? [];
  for (const into of owners) {
    const unsure = isConditional(scope) || owners.length > 1;
    if (into.kind === 'array') setItem(into, place?.name, node, value, unsure);
    if (into.kind === 'object') setProperty(evaluation, into, place?.name, node, value, unsure);
  }
  return scope;
}

/** What has the property or element, and its name where that is known. */
function placeOf(
  evaluation: Evaluation,
  target: ts.Expression,
  scope: Scope,
): { owners: Value[]; name?: string } | undefined {
  if (ts.isPropertyAccessExpression(target)) {
    return { owners: optionsOf(evaluation.evaluate(target.expression, scope)), name: target.name.text };
  }
  if (!ts.isElementAccessExpression(target)) return undefined;
  const owners = optionsOf(evaluation.evaluate(target.expression, scope));
  const key = plain(evaluation.evaluate(target.argumentExpression, scope));
  return { owners, ...(typeof key === 'string' || typeof key === 'number' ? { name: String(key) } : {}) };
}

function setProperty(
  evaluation: Evaluation,
  into: ObjectValue,
  name: string | undefined,
  node: ts.Expression,
  value: Value,
  unsure: boolean,
): void {
  if (name === undefined) {
    into.gaps().push(unresolved(node, 'its key is computed'));
    return;
  }
  const before = into.entries().get(name)?.();
  settle(evaluation, value);
  const after = unsure ? choice(node, [before ?? primitive(node, undefined), value]) : value;
  into.entries().set(name, () => after);
}

/** Sets an element; where the index or the elements before it are not known, it counts as one more. */
function setItem(
  into: ArrayValue,
  name: string | undefined,
  node: ts.Expression,
  value: Value,
  unsure: boolean,
): void {
  const items = into.items();
  const index = name !== undefined && /^\d+$/.test(name) ? Number(name) : undefined;
  if (name !== undefined && name !== 'length' && index === undefined) return;
  const isKnown = (item: Value) => item.kind !== 'unresolved' && item.kind !== 'choice';
  if (index !== undefined && index <= items.length && items.slice(0, index).every(isKnown)) {
    items[index] = unsure ? choice(node, [items[index] ?? primitive(node, undefined), value]) : value;
    return;
  }
  if (name !== 'length') items.push(value);
  markChanged(into, node);
}

function optionsOf(value: Value): Value[] {
  return value.kind === 'choice' ? value.options : [value];
}
