/** Which statements at the top level of a file change what a name holds. */
import { ts } from 'ts-morph';
import { unwrap } from '../syntax.js';

/** Whether a statement of the top level changes what the name holds: assigns, pushes, perhaps under a condition. */
export function changesOf(statement: ts.Statement, name: string): boolean {
  if (ts.isExpressionStatement(statement)) return expressionChanges(statement.expression, name);
  if (ts.isBlock(statement)) return statement.statements.some((each) => changesOf(each, name));
  if (ts.isIfStatement(statement)) {
    return (
      changesOf(statement.thenStatement, name) ||
      (statement.elseStatement !== undefined && changesOf(statement.elseStatement, name))
    );
  }
  if (ts.isForOfStatement(statement)) return changesOf(statement.statement, name);
  if (ts.isTryStatement(statement)) return changesOf(statement.tryBlock, name);
  return false;
}

function expressionChanges(expression: ts.Expression, name: string): boolean {
  const node = unwrap(expression);
  if (ts.isBinaryExpression(node)) {
    if (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken)
      return expressionChanges(node.right, name);
    const assigns =
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken ||
      node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionEqualsToken ||
      node.operatorToken.kind === ts.SyntaxKind.BarBarEqualsToken;
    return assigns && rootName(node.left) === name;
  }
  if (!ts.isCallExpression(node)) return false;
  const callee = unwrap(node.expression);
  if (!ts.isPropertyAccessExpression(callee)) return false;
  if (callee.name.text === 'push' || callee.name.text === 'unshift')
    return rootName(callee.expression) === name;
  if (callee.name.text === 'assign')
    return node.arguments[0] !== undefined && rootName(node.arguments[0]) === name;
  if (callee.name.text === 'forEach') {
    const callback = node.arguments[0];
    if (!callback || !(ts.isArrowFunction(callback) || ts.isFunctionExpression(callback))) return false;
    return ts.isBlock(callback.body)
      ? callback.body.statements.some((each) => changesOf(each, name))
      : expressionChanges(callback.body, name);
  }
  return false;
}

/** Whether a statement gives the name another value. */
export function reassigns(statement: ts.Statement, name: string): boolean {
  let found = false;
  function visit(node: ts.Node): void {
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      ts.isIdentifier(node.left) &&
      node.left.text === name
    ) {
      found = true;
    }
    ts.forEachChild(node, visit);
  }
  visit(statement);
  return found;
}

function rootName(expression: ts.Expression): string | undefined {
  let at = unwrap(expression);
  while (ts.isPropertyAccessExpression(at) || ts.isElementAccessExpression(at)) at = unwrap(at.expression);
  return ts.isIdentifier(at) ? at.text : undefined;
}
