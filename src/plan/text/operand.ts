/** An expression of a person's file beside an operator that is put there. */
import { ts } from '../../inspect/typescript.js';

/** What goes around an expression so that it is read as one: nothing, or parentheses. */
export function aroundOperand(node: ts.Expression): readonly [before: string, after: string] {
  return isOneOperand(node) ? ['', ''] : ['(', ')'];
}

/** `x ?? []` in parentheses, with parentheses of its own around an `x` that is not read as one. */
export function orEmpty(node: ts.Expression): string {
  const [before, after] = aroundOperand(node);
  return `(${before}${node.getText()}${after} ?? [])`;
}

/** Whether an operator beside the expression takes all of it, and it reads well. */
function isOneOperand(node: ts.Expression): boolean {
  return (
    ts.isIdentifier(node) ||
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isArrayLiteralExpression(node)
  );
}
