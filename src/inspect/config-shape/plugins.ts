/** What the config has as `plugins`. */

import type { Evaluator } from '../evaluate/evaluator.js';
import { propertyName } from '../property-name.js';
import { shorten, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import { arrayness, declarationAround, mayReturnNothing, typeMayBeNothing } from './arrayness.js';
import { fileShape } from './files.js';
import { arrayShape } from './literals.js';
import type { Place } from './place.js';
import { setLater } from './plugins-set-later.js';
import type { FileShape, PluginsShape } from './shape.js';

/** Calls of an array that leave its literal a good place for one more element. */
const KEEPS_ELEMENTS = new Set(['concat', 'filter', 'flat']);

/** What the config has as `plugins`, at the place that an edit reaches. */
export function readPlugins(evaluator: Evaluator, place: Place, config: FileShape): PluginsShape {
  const { literal, scope } = place;
  const source = literal.getSourceFile();
  const later = setLater(evaluator, place, config);
  if (later) return later;
  const members = literal.properties.filter(
    (member) => member.name && propertyName(member.name) === 'plugins',
  );
  const member = members.at(-1);
  if (!member) return { kind: 'absent' };
  const property = { start: member.getStart(source), end: member.end };
  const location = evaluator.files.locate(member);
  let written: ts.Expression;
  if (ts.isPropertyAssignment(member)) written = member.initializer;
  else if (ts.isShorthandPropertyAssignment(member)) written = member.name;
  else {
    const reason = 'plugins is a method or a getter of the config';
    return { kind: 'other', reason, location, property, text: member.getText(source), isArray: 'unknown' };
  }
  const value = { start: written.getStart(source), end: written.end };
  const declaredArrayness = (found: 'always' | 'or-nothing' | 'unknown', of: ts.Expression) =>
    found === 'always' && mayReturnNothing(evaluator, of, scope) ? 'or-nothing' : found;
  const other = (reason: string): PluginsShape => ({
    kind: 'other',
    reason,
    location,
    property,
    value,
    text: source.text.slice(value.start, value.end),
    isArray: declaredArrayness(arrayness(evaluator.evaluate(written, scope)), written),
  });
  let modifiedLater = false;
  let { node, scope: at } = evaluator.follow(written, scope);
  let via: 'literal' | 'identifier' = node === unwrap(written) ? 'literal' : 'identifier';
  // The literal in front of `.filter(Boolean)` and the like is as good a place.
  for (let step = 0; step < 10 && ts.isCallExpression(node); step++) {
    const callee = unwrap(node.expression);
    if (!ts.isPropertyAccessExpression(callee) || !KEEPS_ELEMENTS.has(callee.name.text)) break;
    if (callee.name.text === 'filter' && node.arguments[0]?.getText() !== 'Boolean') break;
    modifiedLater = true;
    const followed = evaluator.follow(callee.expression, at);
    if (followed.node !== unwrap(callee.expression)) via = 'identifier';
    ({ node, scope: at } = followed);
  }
  if (!ts.isArrayLiteralExpression(node)) return other(whyNoArray(node));
  const arraySource = node.getSourceFile();
  const file = arraySource === source ? config : fileShape(evaluator, arraySource);
  if (via === 'identifier' && pushedTo(node)) modifiedLater = true;
  return {
    kind: 'array',
    via,
    file,
    array: arrayShape(node),
    location: evaluator.files.locate(node),
    property,
    modifiedLater,
    ...(via === 'identifier' && typeMayBeNothing(declarationAround(node)?.type)
      ? { mayBeNothing: true }
      : {}),
  };
}

function whyNoArray(node: ts.Expression): string {
  if (ts.isConditionalExpression(node)) return 'plugins is chosen by a condition';
  if (ts.isCallExpression(node)) return `plugins is the result of a call, ${shorten(node)}`;
  if (ts.isIdentifier(node)) {
    return `plugins is ${node.text}, which leads to no array literal in the project`;
  }
  return `plugins is no array literal, but ${shorten(node)}`;
}

/** Whether the constant that holds the literal is pushed to at the top level of its file. */
function pushedTo(literal: ts.ArrayLiteralExpression): boolean {
  let declaration: ts.Node = literal;
  while (declaration.parent && !ts.isVariableDeclaration(declaration)) declaration = declaration.parent;
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return false;
  const name = declaration.name.text;
  let found = false;
  function visit(node: ts.Node): void {
    if (
      ts.isPropertyAccessExpression(node) &&
      (node.name.text === 'push' || node.name.text === 'unshift') &&
      ts.isIdentifier(node.expression) &&
      node.expression.text === name
    ) {
      found = true;
    }
    ts.forEachChild(node, visit);
  }
  visit(literal.getSourceFile());
  return found;
}
