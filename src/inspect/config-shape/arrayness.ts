/** Whether `plugins` is an array whatever happens, by its value and by its declared type. */

import type { Evaluator } from '../evaluate/evaluator.js';
import { nullish, type Scope, type Value } from '../evaluate/value.js';
import { unwrap } from '../syntax.js';
import { ts } from '../typescript.js';

/** Whether a value is an array whatever happens. */
export function arrayness(value: Value): 'always' | 'or-nothing' | 'unknown' {
  const options = value.kind === 'choice' ? value.options : [value];
  if (options.every(({ kind }) => kind === 'array')) return 'always';
  const known = options.every((option) => option.kind === 'array' || nullish(option) === true);
  return known ? 'or-nothing' : 'unknown';
}

/** Whether a type allows for `undefined`: the compiler asks what becomes of it where the value is spread. */
export function typeMayBeNothing(type: ts.TypeNode | undefined): boolean {
  if (!type) return false;
  const text = type.getText();
  if (/\b(?:NonNullable|Required|Exclude)</.test(text)) return false;
  return /\b(?:undefined|null)\b/.test(text) || /\[\s*['"]plugins['"]\s*\]$/.test(text);
}

/** As of {@link typeMayBeNothing}, of what a call of a function of the project returns. */
export function mayReturnNothing(evaluator: Evaluator, call: ts.Expression, scope: Scope): boolean {
  const written = unwrap(call);
  if (!ts.isCallExpression(written)) return false;
  const { node } = evaluator.follow(written.expression, scope);
  const declared = declarationAround(node)?.type;
  const type = ts.isFunctionLike(node) && node.type ? node.type : declared;
  return typeMayBeNothing(type && ts.isFunctionTypeNode(type) ? type.type : type);
}

/** The variable that an expression is the value of, whatever is asserted in between. */
export function declarationAround(node: ts.Node): ts.VariableDeclaration | undefined {
  let at = node.parent;
  while (at && (ts.isParenthesizedExpression(at) || ts.isAsExpression(at) || ts.isSatisfiesExpression(at)))
    at = at.parent;
  return at && ts.isVariableDeclaration(at) ? at : undefined;
}
