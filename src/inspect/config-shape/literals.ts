/** Object and array literals: their members, and how they are laid out. */

import { lineIndent } from '../code-style.js';
import type { Evaluator } from '../evaluate/evaluator.js';
import type { Scope } from '../evaluate/value.js';
import { shorten, unwrap } from '../syntax.js';
import { ts } from '../typescript.js';
import type { ArrayShape, ConfigObjectShape, ElementShape, Span, SpreadShape } from './shape.js';

/** The shape of the config object. */
export function objectShape(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  scope: Scope,
): ConfigObjectShape {
  const source = literal.getSourceFile();
  const properties: (Span & { name: string })[] = [];
  for (const member of literal.properties) {
    const { name } = member;
    if (!name) continue;
    const text = ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : name.getText(source);
    properties.push({ name: text, start: member.getStart(source), end: member.end });
  }
  const plugins = properties.find((property) => property.name === 'plugins');
  const spreads = literal.properties.filter(ts.isSpreadAssignment).map((spread): SpreadShape => {
    const value = evaluator.evaluate(spread.expression, scope);
    const options = value.kind === 'choice' ? value.options : [value];
    const outcomes = options.map((option) => {
      if (option.kind === 'primitive') return false;
      if (option.kind !== 'object') return 'unknown' as const;
      if (option.entries().has('plugins')) return true;
      return option.gaps().length > 0 ? ('unknown' as const) : false;
    });
    return {
      start: spread.getStart(source),
      end: spread.end,
      text: shorten(spread),
      location: evaluator.files.locate(spread),
      afterPlugins: plugins !== undefined && spread.getStart(source) > plugins.start,
      hasPlugins:
        outcomes.includes(true) || isGivenAConfig(spread.expression)
          ? true
          : outcomes.includes('unknown')
            ? 'unknown'
            : false,
    };
  });
  return {
    ...listShape(literal, literal.properties),
    size: literal.properties.length,
    propertyIndent: memberIndent(literal, literal.properties),
    properties,
    spreads,
  };
}

/** Whether it is a parameter whose type allows for plugins: another call may bring some than the one that was read. */
function isGivenAConfig(node: ts.Expression): boolean {
  const name = unwrap(node);
  if (!ts.isIdentifier(name)) return false;
  const declares = (parameter: ts.ParameterDeclaration) =>
    ts.isIdentifier(parameter.name) && parameter.name.text === name.text;
  for (let at: ts.Node | undefined = name; at; at = at.parent) {
    if (!ts.isFunctionLike(at)) continue;
    const parameter = at.parameters.find(declares);
    if (!parameter) continue;
    return /^(?:Partial<\s*)?(?:Config|SanitizedConfig)\s*>?$/.test(parameter.type?.getText() ?? '');
  }
  return false;
}

/** The shape of an array literal. */
export function arrayShape(node: ts.ArrayLiteralExpression): ArrayShape {
  const source = node.getSourceFile();
  const elements = node.elements.map(
    (element): ElementShape => ({
      start: element.getStart(source),
      end: element.end,
      spread: ts.isSpreadElement(element),
      text: source.text.slice(element.getStart(source), element.end),
    }),
  );
  return { ...listShape(node, node.elements), elements, elementIndent: memberIndent(node, node.elements) };
}

function listShape(literal: ts.Node, members: ts.NodeArray<ts.Node>) {
  const source = literal.getSourceFile();
  const start = literal.getStart(source);
  return {
    start,
    end: literal.end,
    trailingComma: members.hasTrailingComma === true,
    multiLine: lineOf(source, start) !== lineOf(source, literal.end - 1),
  };
}

function memberIndent(literal: ts.Node, members: ts.NodeArray<ts.Node>): string | undefined {
  const source = literal.getSourceFile();
  const opening = lineOf(source, literal.getStart(source));
  for (const member of members) {
    const start = member.getStart(source);
    if (lineOf(source, start) !== opening) return lineIndent(source.text, start);
  }
  return undefined;
}

function lineOf(source: ts.SourceFile, position: number): number {
  return source.getLineAndCharacterOfPosition(position).line;
}
