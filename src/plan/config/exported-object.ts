/** What the edits of configs of Next and OpenNext have in common: the object that is exported, and an import. */

import type { CodeStyle } from '../../inspect/code-style.js';
import { ts } from '../../inspect/typescript.js';
import { unwrapped } from '../../inspect/written-value.js';
import type { Edit, ListSpan } from '../text/splice.js';

/** Behind the last import; without any above all else but what has to come first. */
export function importEdit(
  text: string,
  source: ts.SourceFile,
  statement: string,
  { lineEnding }: CodeStyle,
): Edit {
  const last = source.statements.filter(ts.isImportDeclaration).at(-1);
  if (last) return { start: last.end, end: last.end, text: lineEnding + statement };
  const first = /^\uFEFF?(?:#!.*\r?\n)?(?:\/\/ *@ts-.*\r?\n)?/.exec(text)?.[0].length ?? 0;
  return { start: first, end: first, text: statement + lineEnding + lineEnding };
}

/** The object literal that a config exports, through the functions that are called with it. */
export function exportedObject(source: ts.SourceFile): ts.ObjectLiteralExpression | undefined {
  const exported = source.statements.flatMap((statement) => {
    if (ts.isExportAssignment(statement)) return [statement.expression];
    const right = ts.isExpressionStatement(statement) && assignedTo(statement.expression, 'module.exports');
    return right ? [right] : [];
  });
  // The last one of several may be made of the others.
  const [only, ...others] = exported;
  return only && others.length === 0 ? objectOf(only, source, 0) : undefined;
}

/** An object literal as a list of members, to be added to. */
export function membersOf(object: ts.ObjectLiteralExpression): ListSpan {
  const members = object.properties.map((member) => ({ start: member.getStart(), end: member.end }));
  return { start: object.getStart(), end: object.end, members };
}

/** What an assignment gives to something of that text. */
function assignedTo(node: ts.Node, text: string): ts.Expression | undefined {
  const isAssignment =
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    node.left.getText() === text;
  return isAssignment ? node.right : undefined;
}

/** Names through which an object is followed. */
const MOST_STEPS = 10;

function objectOf(
  node: ts.Expression,
  source: ts.SourceFile,
  steps: number,
): ts.ObjectLiteralExpression | undefined {
  const expression = unwrapped(node);
  if (steps > MOST_STEPS) return undefined;
  if (ts.isObjectLiteralExpression(expression)) return expression;
  // withPayload(config, options), withBundleAnalyzer({ … })(config)
  if (ts.isCallExpression(expression)) {
    const [first] = expression.arguments;
    return first && takesConfig(expression, first) ? objectOf(first, source, steps + 1) : undefined;
  }
  if (!ts.isIdentifier(expression)) return undefined;
  if (nodeIn(source, (it) => assignedTo(it, expression.text) !== undefined)) return undefined;
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name) && name.text === expression.text && initializer)
        return objectOf(initializer, source, steps + 1);
    }
  }
  return undefined;
}

/** Whether a function is surely called with the config: what an unknown one is given in place may be options of its own. */
function takesConfig({ expression }: ts.CallExpression, argument: ts.Expression): boolean {
  if (ts.isCallExpression(expression) || !ts.isObjectLiteralExpression(unwrapped(argument))) return true;
  return /(^|\.)(with|define)[A-Z]\w*$/.test(expression.getText());
}

/** The first node of a file of which something holds. */
export function nodeIn(node: ts.Node, holds: (node: ts.Node) => boolean): ts.Node | undefined {
  return holds(node) ? node : ts.forEachChild(node, (child) => nodeIn(child, holds));
}

/** Whether a node gives something a name: a variable, a function, an import. */
export function declares(node: ts.Node, name: string): boolean {
  return (
    ts.isIdentifier(node) &&
    node.text === name &&
    (node.parent as Partial<ts.NamedDeclaration>).name === node &&
    !ts.isPropertyAccessExpression(node.parent) &&
    !ts.isPropertyAssignment(node.parent)
  );
}
