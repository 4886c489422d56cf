/** Operators, of which a side may not be known. */
import { ts } from '../typescript.js';
import type { Evaluation } from './evaluation.js';
import {
  choice,
  nullish,
  plain,
  primitive,
  reasonOf,
  type Scope,
  truthy,
  unresolved,
  type Value,
} from './value.js';

/** `a ? b : c`: of a condition that is not known both. */
export function conditional(evaluation: Evaluation, node: ts.ConditionalExpression, scope: Scope): Value {
  const known = truthy(evaluation.evaluate(node.condition, scope));
  if (known === true) return evaluation.evaluate(node.whenTrue, scope);
  if (known === false) return evaluation.evaluate(node.whenFalse, scope);
  return choice(node, [
    evaluation.evaluate(node.whenTrue, scope),
    evaluation.evaluate(node.whenFalse, scope),
  ]);
}

/** Operators of two sides; `&&`, `||` and `??` evaluate the right one only where it counts. */
export function binary(evaluation: Evaluation, node: ts.BinaryExpression, scope: Scope): Value {
  const operator = node.operatorToken.kind;
  if (operator === ts.SyntaxKind.CommaToken)
    return evaluation.evaluate(node.right, evaluation.runExpression(node.left, scope));
  if (operator >= ts.SyntaxKind.FirstAssignment && operator <= ts.SyntaxKind.LastAssignment)
    return evaluation.evaluate(node.left, evaluation.runExpression(node, scope));
  const left = evaluation.evaluate(node.left, scope);
  switch (operator) {
    case ts.SyntaxKind.AmpersandAmpersandToken: {
      const known = truthy(left);
      if (known === true) return evaluation.evaluate(node.right, scope);
      if (known === false) return left;
      return choice(node, [primitive(node, false), evaluation.evaluate(node.right, scope)]);
    }
    case ts.SyntaxKind.BarBarToken: {
      const known = truthy(left);
      if (known === true) return left;
      if (known === false) return evaluation.evaluate(node.right, scope);
      return choice(node, [...usable(left), evaluation.evaluate(node.right, scope)]);
    }
    case ts.SyntaxKind.QuestionQuestionToken: {
      const known = nullish(left);
      if (known === false) return left;
      if (known === true) return evaluation.evaluate(node.right, scope);
      return choice(node, [...usable(left), evaluation.evaluate(node.right, scope)]);
    }
  }
  const right = evaluation.evaluate(node.right, scope);
  if (operator === ts.SyntaxKind.InKeyword && left.kind === 'primitive' && right.kind === 'object') {
    if (right.entries().has(String(left.value))) return primitive(node, true);
    if (right.gaps().length === 0) return primitive(node, false);
  }
  const equal = operator === ts.SyntaxKind.EqualsEqualsEqualsToken;
  if (equal || operator === ts.SyntaxKind.ExclamationEqualsEqualsToken) {
    const known = sameValue(left, right);
    if (known !== undefined) return primitive(node, known === equal);
  }
  if (left.kind !== 'primitive' || right.kind !== 'primitive') {
    return unresolved(node, reasonOf(left) ?? reasonOf(right) ?? 'it is computed at run time');
  }
  const [a, b] = [left.value, right.value] as [any, any];
  switch (operator) {
    case ts.SyntaxKind.EqualsEqualsEqualsToken:
    case ts.SyntaxKind.EqualsEqualsToken:
      return primitive(node, a === b);
    case ts.SyntaxKind.ExclamationEqualsEqualsToken:
    case ts.SyntaxKind.ExclamationEqualsToken:
      return primitive(node, a !== b);
    case ts.SyntaxKind.PlusToken:
      return primitive(node, a + b);
    case ts.SyntaxKind.MinusToken:
      return primitive(node, a - b);
    case ts.SyntaxKind.AsteriskToken:
      return primitive(node, a * b);
    case ts.SyntaxKind.SlashToken:
      return primitive(node, a / b);
    case ts.SyntaxKind.LessThanToken:
      return primitive(node, a < b);
    case ts.SyntaxKind.LessThanEqualsToken:
      return primitive(node, a <= b);
    case ts.SyntaxKind.GreaterThanToken:
      return primitive(node, a > b);
    case ts.SyntaxKind.GreaterThanEqualsToken:
      return primitive(node, a >= b);
    default:
      return unresolved(node, 'it is computed at run time');
  }
}

/** Whether two values are the same, of a choice whichever it is; `undefined` where that is not known. */
function sameValue(one: Value, other: Value): boolean | undefined {
  if (one.kind === 'choice' || other.kind === 'choice') {
    const [ones, others] = [one, other].map((each) => (each.kind === 'choice' ? each.options : [each]));
    const all = new Set(ones!.flatMap((mine) => others!.map((theirs) => sameValue(mine, theirs))));
    return all.size === 1 ? [...all][0] : undefined;
  }
  if (one.kind === 'primitive' && other.kind === 'primitive') return one.value === other.value;
  const differ = (isMade(one) && other.kind === 'primitive') || (one.kind === 'primitive' && isMade(other));
  return differ ? false : undefined;
}

/** Whether it is certainly no primitive. */
function isMade({ kind }: Value): boolean {
  return kind === 'object' || kind === 'array' || kind === 'function';
}

/** Of the left side of `||` and `??`: what may come out of it. */
function usable(left: Value): Value[] {
  const options = left.kind === 'choice' ? left.options : [left];
  return options.filter((option) => option.kind !== 'primitive' || truthy(option) === true);
}

/** `!`, `-` and `+`. */
export function unary(evaluation: Evaluation, node: ts.PrefixUnaryExpression, scope: Scope): Value {
  const value = evaluation.evaluate(node.operand, scope);
  if (node.operator === ts.SyntaxKind.ExclamationToken) {
    const known = truthy(value);
    return known === undefined
      ? unresolved(node, reasonOf(value) ?? 'it depends on a condition')
      : primitive(node, !known);
  }
  const number = plain(value);
  if (typeof number === 'number' && node.operator === ts.SyntaxKind.MinusToken)
    return primitive(node, -number);
  if (typeof number === 'number' && node.operator === ts.SyntaxKind.PlusToken) return primitive(node, number);
  return unresolved(node, 'it is computed at run time');
}

/** Of what is there whenever it runs; what the surroundings have, such as `window`, is not known. */
export function typeOf(evaluation: Evaluation, node: ts.TypeOfExpression, scope: Scope): Value {
  const value = evaluation.evaluate(node.expression, scope);
  switch (value.kind) {
    case 'primitive':
      return primitive(node, typeof value.value);
    case 'function':
      return primitive(node, 'function');
    case 'object':
    case 'array':
      return primitive(node, 'object');
    default:
      return unresolved(node, 'it depends on what there is at run time');
  }
}

/** A template literal. */
export function template(evaluation: Evaluation, node: ts.TemplateExpression, scope: Scope): Value {
  let text = node.head.text;
  for (const span of node.templateSpans) {
    const value = evaluation.evaluate(span.expression, scope);
    if (value.kind !== 'primitive') {
      return unresolved(node, reasonOf(value) ?? 'a part of the text is not known');
    }
    text += `${value.value}${span.literal.text}`;
  }
  return primitive(node, text);
}
