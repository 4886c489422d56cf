/** What code may change, as far as its text tells: for code that is not followed. */

import { namesOf, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { CHANGING_METHODS } from './mutations.js';

/** Functions of the language that change nothing of what they are given. */
const HARMLESS =
  /^(?:console|JSON|Math|Number|String|Boolean|Date|Array\.(?:isArray|from|of)|Object\.(?:keys|values|entries|freeze|seal|preventExtensions|is\w*|get\w+|fromEntries|hasOwn)|structuredClone|assert|require)\b/;

/** Methods that leave what they are called of as it is; what their callback does is looked at. */
const READING_METHODS = new Set(
  (
    'map flatMap filter forEach some every find findIndex findLast includes indexOf lastIndexOf join slice concat flat at ' +
    'reduce reduceRight keys values entries sort reverse toSorted toReversed toString then catch finally'
  ).split(' '),
);

/** Whether a call changes nothing of what it is given. */
export function isHarmless(callee: ts.Expression): boolean {
  return HARMLESS.test(callee.getText());
}

/** Whether a method of an array changes nothing by itself. */
export function isReading(method: string): boolean {
  return READING_METHODS.has(method);
}

/** Whether the text of a function or expression has anything that changes a value in place or sets a name. */
export function hasChanges(node: ts.Node, throughFunctions: boolean): boolean {
  if (!throughFunctions && ts.isFunctionLike(node)) return false;
  if (ts.isDeleteExpression(node) || isStep(node) || isAssignment(node)) return true;
  if (ts.isPropertyAccessExpression(node) && CHANGING_METHODS.has(node.name.text)) return true;
  return ts.forEachChild(node, (child) => hasChanges(child, throughFunctions)) ?? false;
}

/** Whether it assigns, with or without an operator. */
export function isAssignment(node: ts.Node): node is ts.BinaryExpression {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}

/** Whether it is `++` or `--`. */
export function isStep(node: ts.Node): node is ts.PrefixUnaryExpression | ts.PostfixUnaryExpression {
  return (
    (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) &&
    (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
  );
}

/** The name that a path such as `config.collections[0]` begins with. */
export function rootName(expression: ts.Expression): string | undefined {
  let at = unwrap(expression);
  while (ts.isPropertyAccessExpression(at) || ts.isElementAccessExpression(at)) at = unwrap(at.expression);
  return ts.isIdentifier(at) ? at.text : undefined;
}

/**
 * The names and paths of what a piece of code may change: what it assigns to or deletes of, what it calls methods of, what
 * it hands to functions.
 */
export function touched(code: ts.Node): ts.Expression[] {
  const found: ts.Expression[] = [];
  const declared = new Map<string, ts.Expression | undefined>();
  function declares(name: ts.BindingName, value?: ts.Expression): void {
    for (const each of namesOf(name)) declared.set(each, value);
  }
  function visit(node: ts.Node): void {
    if (ts.isFunctionLike(node)) for (const { name } of node.parameters) bindParameter(name);
    if (ts.isVariableDeclaration(node)) {
      const loop = node.parent.parent;
      declares(
        node.name,
        ts.isForOfStatement(loop) || ts.isForInStatement(loop) ? loop.expression : node.initializer,
      );
    }
    if (isAssignment(node)) owner(node.left);
    else if (ts.isDeleteExpression(node)) owner(node.expression);
    else if (isStep(node)) owner(node.operand);
    else if ((ts.isCallExpression(node) || ts.isNewExpression(node)) && !isHarmless(node.expression)) {
      const callee = unwrap(node.expression);
      const method = ts.isPropertyAccessExpression(callee) ? callee.name.text : undefined;
      if (method === undefined || !READING_METHODS.has(method)) owner(callee);
      for (const argument of node.arguments ?? []) paths(argument);
    }
    ts.forEachChild(node, visit);
  }
  function bindParameter(name: ts.Node): void {
    if (ts.isIdentifier(name) || ts.isObjectBindingPattern(name) || ts.isArrayBindingPattern(name))
      declares(name);
  }
  function owner(expression: ts.Expression): void {
    const at = unwrap(expression);
    if (ts.isPropertyAccessExpression(at) || ts.isElementAccessExpression(at)) paths(at.expression);
  }
  function paths(node: ts.Node): void {
    if (ts.isFunctionLike(node)) return;
    if (ts.isIdentifier(node)) found.push(node);
    else if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
      if (rootName(node) === undefined) paths(node.expression);
      else found.push(node);
    } else if (ts.isPropertyAssignment(node)) paths(node.initializer);
    else if (ts.isShorthandPropertyAssignment(node)) found.push(node.name);
    // What a call gives is its own; what it is given is looked at where it stands.
    else if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) ts.forEachChild(node, paths);
  }
  visit(code);
  // Of a name that the code declares itself, what it was declared with.
  for (let at = 0; at < found.length && at < 1000; at++) {
    const name = rootName(found[at]!);
    if (name === undefined || !declared.has(name)) continue;
    const value = declared.get(name);
    declared.set(name, undefined);
    if (value) paths(value);
  }
  return found.filter((path) => !declared.has(rootName(path) ?? ''));
}
