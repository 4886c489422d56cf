/** Plugins that statements below the config object set or add to. */

import type { Evaluator } from '../evaluate/evaluator.js';
import { nullish } from '../evaluate/value.js';
import { propertyName } from '../property-name.js';
import { shorten, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { arrayness } from './arrayness.js';
import { arrayShape } from './literals.js';
import type { Place } from './place.js';
import type { FileShape, PluginsShape } from './shape.js';

/**
 * Plugins that statements below the object set or add to: `config.plugins = […]`, which is as good a place as a
 * property, or anything else.
 */
export function setLater(
  evaluator: Evaluator,
  { literal, scope, value }: Place,
  config: FileShape,
): PluginsShape | undefined {
  const source = literal.getSourceFile();
  const changes = changesOfPlugins(literal);
  const last = changes.at(-1);
  if (!last) {
    const inLiteral = literal.properties.some(
      (member) => ts.isSpreadAssignment(member) || (member.name && propertyName(member.name) === 'plugins'),
    );
    const final = value.entries().get('plugins')?.();
    if (inLiteral || !final || nullish(final)) return undefined;
    const span = { start: final.node.getStart(), end: final.node.end };
    const location = evaluator.files.locate(final.node);
    const reason = 'plugins is set after the config object is made';
    return { kind: 'other', reason, location, property: span, text: shorten(final.node), isArray: 'unknown' };
  }
  const property = { start: last.node.getStart(source), end: last.node.end };
  const location = evaluator.files.locate(last.node);
  const array = last.assigned ? unwrap(last.assigned) : undefined;
  if (changes.length === 1 && last.always && array && ts.isArrayLiteralExpression(array)) {
    const shape = arrayShape(array);
    return {
      kind: 'array',
      via: 'literal',
      file: config,
      array: shape,
      location,
      property,
      modifiedLater: false,
    };
  }
  return {
    kind: 'other',
    reason: 'plugins is set or added to after the config object is made',
    location,
    property,
    text: changes.map(({ node }) => node.getText(source)).join('\n'),
    isArray: last.assigned ? arrayness(evaluator.evaluate(last.assigned, scope)) : 'unknown',
    setAs: last.setAs,
    statement: { start: last.statement.getStart(source), end: last.statement.end },
  };
}

interface PluginsChange {
  node: ts.Node;
  /** E.g. `config.plugins`. */
  setAs: string;
  /** The value, where it is assigned. */
  assigned?: ts.Expression;
  /** Whether it is a statement beside the object's declaration, not under a condition. */
  always: boolean;
  /** The statement beside the object's declaration that it is in. */
  statement: ts.Node;
}

/** The statements that set or add to `plugins` of the constant that holds the object. */
function changesOfPlugins(literal: ts.ObjectLiteralExpression): PluginsChange[] {
  let declaration: ts.Node = literal.parent;
  while (
    ts.isParenthesizedExpression(declaration) ||
    ts.isAsExpression(declaration) ||
    ts.isSatisfiesExpression(declaration)
  )
    declaration = declaration.parent;
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return [];
  const name = declaration.name.text;
  const block = declaration.parent.parent.parent;
  const found: PluginsChange[] = [];
  const isPlugins = (node: ts.Expression): boolean => {
    const at = unwrap(node);
    if (ts.isPropertyAccessExpression(at)) return at.name.text === 'plugins' && isName(at.expression);
    return (
      ts.isElementAccessExpression(at) &&
      ts.isStringLiteralLike(at.argumentExpression) &&
      at.argumentExpression.text === 'plugins' &&
      isName(at.expression)
    );
  };
  const isName = (node: ts.Expression): boolean => {
    const at = unwrap(node);
    return ts.isIdentifier(at) && at.text === name;
  };
  function visit(node: ts.Node): void {
    const always = ts.isExpressionStatement(node.parent) && node.parent.parent === block;
    let statement = node;
    while (statement.parent && statement.parent !== block) statement = statement.parent;
    if (ts.isBinaryExpression(node) && isPlugins(node.left)) {
      const isSet = node.operatorToken.kind === ts.SyntaxKind.EqualsToken;
      if (isSet) found.push({ node, setAs: node.left.getText(), assigned: node.right, always, statement });
      else if (/=$/.test(node.operatorToken.getText()))
        found.push({ node, setAs: node.left.getText(), always, statement });
    } else if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { expression, name: method } = node.expression;
      if (/^(?:push|unshift|splice)$/.test(method.text) && isPlugins(expression)) {
        found.push({ node, setAs: unwrap(expression).getText(), always, statement });
      }
    }
    ts.forEachChild(node, visit);
  }
  ts.forEachChild(block, visit);
  return found;
}
