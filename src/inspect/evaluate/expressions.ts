/** Expressions, by their kind. */
import path from 'node:path';
import { ts } from '../typescript.js';
import { callExpression } from './calls.js';
import { spreadInto, spreadItems } from './contents.js';
import type { Evaluation } from './evaluation.js';
import { nested, TOO_DEEP } from './limits.js';
import { binary, conditional, template, typeOf, unary } from './operators.js';
import { property, propertyName } from './properties.js';
import { lookup } from './scope.js';
import { awaited, hasThen } from './thenables.js';
import {
  array,
  choice,
  type Lazy,
  lazy,
  object,
  plain,
  primitive,
  type Scope,
  unresolved,
  type Value,
} from './value.js';

/** Evaluates an expression. */
export function evaluate(evaluation: Evaluation, node: ts.Expression, scope: Scope): Value {
  return nested(
    evaluation,
    () => evaluateExpression(evaluation, node, scope),
    () => unresolved(node, TOO_DEEP),
  );
}

function evaluateExpression(evaluation: Evaluation, node: ts.Expression, scope: Scope): Value {
  if (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isTypeAssertionExpression(node) ||
    ts.isNonNullExpression(node)
  ) {
    return evaluate(evaluation, node.expression, scope);
  }
  if (ts.isAwaitExpression(node)) {
    const value = evaluate(evaluation, node.expression, scope);
    return hasThen(value) ? awaited(evaluation, value, node) : value;
  }
  if (ts.isStringLiteralLike(node)) return primitive(node, node.text);
  if (ts.isNumericLiteral(node)) return primitive(node, Number(node.text));
  if (ts.isIdentifier(node)) return identifier(node, scope);
  if (ts.isObjectLiteralExpression(node)) return objectLiteral(evaluation, node, scope);
  if (ts.isArrayLiteralExpression(node)) return array(node, () => arrayItems(evaluation, node, scope));
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) return { kind: 'function', node, scope };
  if (ts.isPropertyAccessExpression(node)) return propertyAccess(evaluation, node, scope);
  if (ts.isElementAccessExpression(node)) return elementAccess(evaluation, node, scope);
  if (ts.isCallExpression(node)) return callExpression(evaluation, node, scope);
  if (ts.isConditionalExpression(node)) return conditional(evaluation, node, scope);
  if (ts.isBinaryExpression(node)) return binary(evaluation, node, scope);
  if (ts.isPrefixUnaryExpression(node)) return unary(evaluation, node, scope);
  if (ts.isTemplateExpression(node)) return template(evaluation, node, scope);
  if (ts.isVoidExpression(node)) return primitive(node, undefined);
  if (ts.isTypeOfExpression(node)) return typeOf(evaluation, node, scope);
  if (ts.isMetaProperty(node)) {
    return { kind: 'external', node, packageName: '', name: 'import.meta' };
  }
  switch (node.kind) {
    case ts.SyntaxKind.TrueKeyword:
      return primitive(node, true);
    case ts.SyntaxKind.FalseKeyword:
      return primitive(node, false);
    case ts.SyntaxKind.NullKeyword:
      return primitive(node, null);
    case ts.SyntaxKind.ThisKeyword:
      return unresolved(node, 'it depends on `this`');
    case ts.SyntaxKind.NewExpression:
      return unresolved(node, 'it is made by a class');
    default:
      return unresolved(node, 'it is no value that can be read without running the code');
  }
}

function identifier(node: ts.Identifier, scope: Scope): Value {
  const binding = lookup(node.text, scope);
  if (binding) return binding.get();
  switch (node.text) {
    case 'undefined':
      return primitive(node, undefined);
    case '__dirname':
      return primitive(node, path.dirname(node.getSourceFile().fileName));
    case '__filename':
      return primitive(node, node.getSourceFile().fileName);
    default:
      return LANGUAGE_NAMES.has(node.text)
        ? { kind: 'external', node, packageName: '', name: node.text }
        : unresolved(node, `'${node.text}' is not declared where it could be read`);
  }
}

/**
 * Names of the language that a config is likely to use; nothing is run of them but what `known-calls/language.ts` lists.
 */
const LANGUAGE_NAMES = new Set(
  'Object Array Promise Boolean String Number JSON Math Date Set Map console process globalThis URL structuredClone'.split(
    ' ',
  ),
);

function objectLiteral(evaluation: Evaluation, node: ts.ObjectLiteralExpression, scope: Scope): Value {
  return object(
    node,
    () => {
      const entries = new Map<string, Lazy>();
      const gaps: Value[] = [];
      for (const member of node.properties) {
        if (ts.isSpreadAssignment(member)) {
          spreadInto(evaluation, entries, gaps, evaluate(evaluation, member.expression, scope), member);
          continue;
        }
        const name = propertyName(evaluation, member.name, scope);
        if (name === undefined) {
          gaps.push(unresolved(member, 'its key is computed'));
        } else if (ts.isPropertyAssignment(member)) {
          entries.set(
            name,
            lazy(member.initializer, () => evaluate(evaluation, member.initializer, scope)),
          );
        } else if (ts.isShorthandPropertyAssignment(member)) {
          entries.set(
            name,
            lazy(member.name, () => identifier(member.name, scope)),
          );
        } else if (ts.isMethodDeclaration(member)) {
          entries.set(name, () => ({ kind: 'function', node: member, scope }));
        } else if (ts.isGetAccessor(member)) {
          entries.set(
            name,
            lazy(member, () => evaluation.call({ kind: 'function', node: member, scope }, [], member)),
          );
        }
      }
      return { entries, gaps };
    },
    scope,
  );
}

function arrayItems(evaluation: Evaluation, node: ts.ArrayLiteralExpression, scope: Scope): Value[] {
  return node.elements.flatMap((element) => {
    if (ts.isOmittedExpression(element)) return [];
    if (ts.isSpreadElement(element))
      return spreadItems(evaluation, evaluate(evaluation, element.expression, scope));
    return [evaluate(evaluation, element, scope)];
  });
}

function propertyAccess(evaluation: Evaluation, node: ts.PropertyAccessExpression, scope: Scope): Value {
  return property(evaluation, evaluate(evaluation, node.expression, scope), node.name.text, node);
}

function elementAccess(evaluation: Evaluation, node: ts.ElementAccessExpression, scope: Scope): Value {
  const target = evaluate(evaluation, node.expression, scope);
  const key = evaluate(evaluation, node.argumentExpression, scope);
  if (key.kind === 'choice') {
    return choice(
      node,
      key.options.map((option) => property(evaluation, target, String(plain(option)), node)),
    );
  }
  const name = plain(key);
  if (typeof name !== 'string' && typeof name !== 'number') return unresolved(node, 'its key is computed');
  return property(evaluation, target, String(name), node);
}
