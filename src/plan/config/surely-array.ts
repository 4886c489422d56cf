/** Proof that an expression is an array, as far as the text of its file alone can give it. */
import { ts } from '../../inspect/typescript.js';

/** Whether an expression is an array whatever happens, as far as this file alone can tell. */
export function isSurelyArray(node: ts.Expression, fileText: string): boolean {
  if (ts.isArrayLiteralExpression(node)) return true;
  if (ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node) || ts.isNonNullExpression(node)) {
    return isSurelyArray(node.expression, fileText);
  }
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node))
    return isSurelyArray(node.expression, fileText);
  if (ts.isConditionalExpression(node)) {
    return isSurelyArray(node.whenTrue, fileText) && isSurelyArray(node.whenFalse, fileText);
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken) {
    // `x ?? []` has the type of `plugins`, and that is an array or nothing.
    return isSurelyArray(node.right, fileText);
  }
  if (!ts.isCallExpression(node)) return false;
  const { expression } = node;
  if (ts.isPropertyAccessExpression(expression)) {
    return arrayMethods.has(expression.name.text) && isSurelyArray(expression.expression, fileText);
  }
  if (ts.isParenthesizedExpression(expression)) return isArrayFunction(expression.expression, fileText);
  return (
    ts.isIdentifier(expression) &&
    functionsNamed(expression.text, fileText).some((it) => isArrayFunction(it, fileText))
  );
}

const arrayMethods = new Set([
  'filter',
  'map',
  'concat',
  'flat',
  'flatMap',
  'slice',
  'toSorted',
  'toReversed',
]);

function functionsNamed(name: string, fileText: string): ts.Node[] {
  const source = ts.createSourceFile('config.ts', fileText, ts.ScriptTarget.Latest, true);
  return source.statements.flatMap((statement): ts.Node[] => {
    if (ts.isFunctionDeclaration(statement) && statement.name?.text === name) return [statement];
    if (!ts.isVariableStatement(statement) || !(statement.declarationList.flags & ts.NodeFlags.Const))
      return [];
    return statement.declarationList.declarations.flatMap((declaration) =>
      ts.isIdentifier(declaration.name) && declaration.name.text === name && declaration.initializer
        ? [declaration.initializer]
        : [],
    );
  });
}

/** Whether every way out of a plain function returns an array literal, or its declared type says so. */
function isArrayFunction(node: ts.Node, fileText: string): boolean {
  if (!ts.isFunctionDeclaration(node) && !ts.isArrowFunction(node) && !ts.isFunctionExpression(node))
    return false;
  if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) || node.asteriskToken)
    return false;
  if (node.type) return ts.isArrayTypeNode(node.type) || /^(Readonly)?Array</.test(node.type.getText());
  if (!node.body) return false;
  if (!ts.isBlock(node.body)) return isSurelyArray(node.body, fileText);
  const last = node.body.statements.at(-1);
  if (!last || !ts.isReturnStatement(last)) return false;
  const returned: (ts.Expression | undefined)[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child)) return;
    if (ts.isReturnStatement(child)) returned.push(child.expression);
    ts.forEachChild(child, visit);
  };
  visit(node.body);
  return returned.every((value) => value !== undefined && isSurelyArray(value, fileText));
}
