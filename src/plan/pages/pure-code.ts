/**
 * Code that does nothing but compute: a closed grammar. What is not in it counts as doing something, so that nobody's
 * code goes for what the tool does not know.
 */

import { unwrap } from '../../inspect/syntax.js';
import { ts } from '../../inspect/typescript.js';

/** What an expression may use. */
export interface Pure {
  /** Names that stand for values. */
  names: ReadonlySet<string>;
  /** A call that does nothing either; default none is one. */
  isPureCall?(call: ts.CallExpression | ts.NewExpression): boolean;
}

const OPERATORS = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.LessThanToken,
  ts.SyntaxKind.LessThanEqualsToken,
  ts.SyntaxKind.GreaterThanToken,
  ts.SyntaxKind.GreaterThanEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.PlusToken,
  ts.SyntaxKind.MinusToken,
  ts.SyntaxKind.AsteriskToken,
  ts.SyntaxKind.SlashToken,
]);

/** Whether an expression only computes. */
export function isPure(node: ts.Expression, pure: Pure): boolean {
  const at = unwrap(node);
  const each = (nodes: readonly ts.Expression[]) => nodes.every((it) => isPure(it, pure));
  if (ts.isIdentifier(at)) return at.text === 'undefined' || pure.names.has(at.text);
  if (isLiteral(at)) return true;
  if (ts.isTemplateExpression(at)) return each(at.templateSpans.map(({ expression }) => expression));
  if (ts.isPropertyAccessExpression(at)) return isPure(at.expression, pure);
  if (ts.isElementAccessExpression(at)) return each([at.expression, at.argumentExpression]);
  if (ts.isBinaryExpression(at)) return OPERATORS.has(at.operatorToken.kind) && each([at.left, at.right]);
  if (ts.isConditionalExpression(at)) return each([at.condition, at.whenTrue, at.whenFalse]);
  if (ts.isPrefixUnaryExpression(at))
    return (
      [ts.SyntaxKind.ExclamationToken, ts.SyntaxKind.MinusToken].includes(at.operator) && each([at.operand])
    );
  if (ts.isTypeOfExpression(at)) return isPure(at.expression, pure);
  if (ts.isArrayLiteralExpression(at))
    return each(at.elements.map((it) => (ts.isSpreadElement(it) ? it.expression : it)));
  if (ts.isObjectLiteralExpression(at)) return at.properties.every((it) => isPureMember(it, pure));
  if (ts.isCallExpression(at) || ts.isNewExpression(at)) return pure.isPureCall?.(at) ?? false;
  return false;
}

function isLiteral(node: ts.Expression): boolean {
  return (
    ts.isStringLiteralLike(node) ||
    ts.isNumericLiteral(node) ||
    node.kind === ts.SyntaxKind.TrueKeyword ||
    node.kind === ts.SyntaxKind.FalseKeyword ||
    node.kind === ts.SyntaxKind.NullKeyword
  );
}

function isPureMember(member: ts.ObjectLiteralElementLike, pure: Pure): boolean {
  if (ts.isShorthandPropertyAssignment(member)) return pure.names.has(member.name.text);
  if (!ts.isPropertyAssignment(member)) return false;
  const { name } = member;
  return (
    (!ts.isComputedPropertyName(name) || isPure(name.expression, pure)) && isPure(member.initializer, pure)
  );
}

/** The names that a pattern binds with what each is of the value: `req.payload` for `{ req: { payload } }`. */
export function boundPaths(pattern: ts.BindingName, path: string): Map<string, string> | undefined {
  if (ts.isIdentifier(pattern)) return new Map([[pattern.text, path]]);
  if (!ts.isObjectBindingPattern(pattern)) return undefined;
  const paths = new Map<string, string>();
  for (const { dotDotDotToken, initializer, propertyName, name } of pattern.elements) {
    const key = propertyName ?? name;
    // A default may do anything, and what the rest holds has no name.
    if (dotDotDotToken || initializer || !ts.isIdentifier(key)) return undefined;
    const inner = boundPaths(name, path === '' ? key.text : `${path}.${key.text}`);
    if (!inner) return undefined;
    for (const [bound, at] of inner) {
      if (paths.has(bound)) return undefined;
      paths.set(bound, at);
    }
  }
  return paths;
}

/** The names that the declarations of a `const` bind, each of which has an initialiser; `undefined` for anything else. */
export function constants(
  statement: ts.Statement,
): readonly { name: ts.BindingName; initializer: ts.Expression }[] | undefined {
  if (!ts.isVariableStatement(statement) || statement.modifiers) return undefined;
  const { flags, declarations } = statement.declarationList;
  if ((flags & ts.NodeFlags.BlockScoped) !== ts.NodeFlags.Const) return undefined;
  return declarations.flatMap(({ name, initializer }) => (initializer ? [{ name, initializer }] : []));
}
