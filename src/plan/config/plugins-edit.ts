/**
 * The cache at the end of `plugins`, as edits of the config: into the array where it is one, around the value where that
 * is surely an array, and refused where something could replace it or it may be anything.
 */

import type { CodeStyle } from '../../inspect/code-style.js';
import type {
  ConfigObjectShape,
  ConfigShape,
  FileShape,
  PluginsShape,
  Span,
} from '../../inspect/config-shape/shape.js';
import { ts } from '../../inspect/typescript.js';
import type { TransformResult } from '../plan.js';
import { aroundOperand, orEmpty } from '../text/operand.js';
import { applyEdits, type Edit, insertMember, type ListSpan, skipTrivia } from '../text/splice.js';
import {
  aroundConfig,
  type ByHand,
  foreignLines,
  givenToBuildConfig,
  ofAccessor,
  ofFunction,
} from './plugins-by-hand.js';
import { isSurelyArray } from './surely-array.js';

/** The config, and what its `plugins` are to have. */
export interface PluginsWiring {
  shape: ConfigShape;
  style: CodeStyle;
  /** The cache as an element, e.g. `cache(cloudflare.env)`. */
  element: string;
  /** Leaves it to a person, with what to write. */
  refuse(reason: string, line: number | undefined, byHand: ByHand): TransformResult;
}

/** A `plugins` of one kind. */
type PluginsOf<Kind> = Extract<PluginsShape, { kind: Kind }>;
/** `plugins` that stand in the config, whatever they are. */
type PresentPlugins = Exclude<PluginsShape, { kind: 'absent' }>;

/** The edits that bring the cache into `plugins`, or why there are none. */
export function wirePlugins(wiring: PluginsWiring): Edit[] | TransformResult {
  const { shape, style, element, refuse } = wiring;
  const { object, plugins, config } = shape;
  if (!object) return refuseNoObject(wiring);
  if (plugins.kind === 'absent') return addPlugins(wiring, object);
  const winning = object.spreads.find(({ afterPlugins, hasPlugins }) => afterPlugins && hasPlugins !== false);
  if (winning) {
    return refuse(
      `\`${winning.text}\` stands after \`plugins\` and may replace it.`,
      winning.location.line,
      aroundConfig(expressionAt(config, object), element, config, style),
    );
  }
  if (plugins.kind === 'other' && plugins.setAs !== undefined) return refuseSetLater(wiring, plugins);
  const value = propertyValue(config.text, plugins.property);
  if (plugins.kind === 'array' && plugins.via === 'literal' && plugins.file.path === config.path) {
    if (!plugins.modifiedLater || isFilteredByTruth(value))
      return insertElement(wiring, { ...plugins.array, members: plugins.array.elements });
  }
  // The array may be used elsewhere or be added to later: ours comes last when the config spreads it.
  if (value) return extendValue(wiring, plugins, value);
  const written = config.text.slice(plugins.property.start, plugins.property.end);
  const lines = ofAccessor(written, element) ?? `plugins: [${element}]`;
  return refuse('`plugins` is a method or getter.', plugins.location.line, { lines, instead: written });
}

/** Refuses where Payload may not be given the object: what it is given is wired, or else the object as it would be. */
export function refuseUncertain(wiring: PluginsWiring, uncertain: string): TransformResult {
  const { shape, style, element, refuse } = wiring;
  const { config, object, plugins, objectLocation: at } = shape;
  const reason = sentence(uncertain);
  const line = at?.file === config.path ? at.line : undefined;
  const given = givenToBuildConfig(config);
  if (given && given.getStart() !== object?.start)
    return refuse(reason, line, aroundConfig(given, element, config, style));
  const found = wirePlugins({ ...wiring, refuse: (_reason, _line, byHand) => refuse(reason, line, byHand) });
  if (!Array.isArray(found)) return found;
  if (!object || plugins.kind === 'absent') return refuse(reason, line, { lines: `plugins: [${element}],` });
  const { start, end } = plugins.property;
  const edits = found.filter((edit) => edit.start >= start && edit.end <= end);
  const shifted = edits.map((edit) => ({ ...edit, start: edit.start - start, end: edit.end - start }));
  const instead = config.text.slice(start, end);
  return refuse(reason, line, { lines: applyEdits(instead, shifted), instead });
}

function refuseNoObject({ shape, style, element, refuse }: PluginsWiring): TransformResult {
  const { config, objectMissing, objectLocation: at, foreign } = shape;
  const given = givenToBuildConfig(config);
  return refuse(
    sentence(objectMissing ?? 'the config object is not an object literal'),
    at?.file === config.path ? at.line : foreign?.line,
    given
      ? aroundConfig(given, element, config, style)
      : { lines: foreign ? foreignLines(at?.file ?? 'there', element) : `plugins: [${element}],` },
  );
}

/** `plugins` in an object that has none; those that a spread may bring would be replaced. */
function addPlugins(
  { shape: { config }, style, element, refuse }: PluginsWiring,
  object: ConfigObjectShape,
): Edit[] | TransformResult {
  const members = [...object.properties, ...object.spreads].sort((a, b) => a.start - b.start);
  const list = { start: object.start, end: object.end, members };
  const add = (member: string) =>
    insertMember(config.text, list, member, { ...style, trailingComma: style.trailingCommas });
  const [hiding, ...more] = object.spreads.filter(({ hasPlugins }) => hasPlugins !== false);
  if (!hiding) return add(`plugins: [${element}]`);
  const source = config.text.slice(hiding.start, hiding.end).replace(/^\.\.\.\s*/, '');
  // A name, whose plugins are known: after the spread ours replaces them and has them all.
  if (more.length === 0 && hiding.hasPlugins === true && /^[\w$]+(?:\.[\w$]+)*$/.test(source))
    return add(`plugins: [...(${source}.plugins ?? []), ${element}]`);
  return refuse(
    `\`${hiding.text}\` may bring plugins, which a \`plugins\` of its own would replace.`,
    hiding.location.line,
    aroundConfig(expressionAt(config, object), element, config, style),
  );
}

/** Plugins that are set once the object is made. */
function refuseSetLater(
  { shape: { config }, style, element, refuse }: PluginsWiring,
  { setAs, statement, reason, location }: PluginsOf<'other'>,
): TransformResult {
  const instead = statement && config.text.slice(statement.start, statement.end);
  const line = `${setAs} = [...(${setAs} ?? []), ${element}]${style.semicolons ? ';' : ''}`;
  return refuse(`${reason}.`, location.line, {
    lines: instead === undefined ? line : `${instead}\n${line}`,
    instead,
  });
}

function insertElement({ shape: { config }, style, element }: PluginsWiring, list: ListSpan): Edit[] {
  return insertMember(config.text, list, element, { ...style, trailingComma: style.trailingCommas });
}

/** An array around a value of any form, which is spread into it: refused where it is not surely an array. */
function extendValue(
  wiring: PluginsWiring,
  plugins: PresentPlugins,
  value: PropertyValue,
): Edit[] | TransformResult {
  const { shape, element, refuse } = wiring;
  const { text } = shape.config;
  if (isUndefined(value.node)) return [{ start: value.start, end: value.end, text: `[${element}]` }];
  const outcomes = outcomesOfCondition(value.node);
  if (outcomes.length > 0) {
    const offset = plugins.property.start - WRAPPED.length;
    const at = ({ pos, end }: ts.TextRange) => ({ start: skipTrivia(text, offset + pos), end: offset + end });
    return outcomes.flatMap((outcome) =>
      ts.isArrayLiteralExpression(outcome)
        ? insertElement(wiring, { ...at(outcome), members: outcome.elements.map(at) })
        : [{ ...at(outcome), text: `[${element}]` }],
    );
  }
  const isArray = plugins.kind === 'other' ? plugins.isArray : plugins.mayBeNothing ? 'or-nothing' : 'always';
  if (isArray === 'unknown' && !isSurelyArray(value.node, text)) {
    const lines = ofFunction(value.node, element) ?? `plugins: [...${orEmpty(value.node)}, ${element}]`;
    const reason = plugins.kind === 'other' ? plugins.reason.replace(/\.?$/, '.') : '';
    return refuse(`${reason} It is not certain that it is an array.`.trim(), plugins.location.line, {
      lines,
      instead: text.slice(plugins.property.start, plugins.property.end),
    });
  }
  const [open, close] = aroundOperand(value.node);
  const [before, after] = isArray === 'or-nothing' ? [`(${open}`, `${close} ?? [])`] : [open, close];
  // Around the value, so that its key and the comments beside it stay.
  if (value.shorthand) return [insertAt(value.end, `: [...${before}${value.text}${after}, ${element}]`)];
  return [insertAt(value.start, `[...${before}`), insertAt(value.end, `${after}, ${element}]`)];
}

/** The expression of a span, parsed with its surroundings. */
function expressionAt({ path, text }: FileShape, { start, end }: Span): ts.Expression {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  let found: ts.Node = source;
  const visit = (node: ts.Node): void => {
    if (node.getStart(source) === start && node.end === end) found = node;
    else if (node.pos <= start && node.end >= end) ts.forEachChild(node, visit);
  };
  visit(source);
  return found as ts.Expression;
}

function sentence(reason: string): string {
  return `${reason.charAt(0).toUpperCase()}${reason.slice(1).replace(/\.$/, '')}.`;
}

function insertAt(position: number, text: string): Edit {
  return { start: position, end: position, text };
}

/**
 * The arrays that a condition chooses from, where each outcome is a literal or `undefined`: an element goes into each.
 * Behind a spread the elements would lose the type that `plugins` gives them.
 */
function outcomesOfCondition(node: ts.Expression): ts.Expression[] {
  if (ts.isParenthesizedExpression(node)) return outcomesOfCondition(node.expression);
  if (!ts.isConditionalExpression(node)) return [];
  const outcomes = [node.whenTrue, node.whenFalse].map((outcome) => {
    const inner = ts.isParenthesizedExpression(outcome) ? outcome.expression : outcome;
    return ts.isArrayLiteralExpression(inner) || isUndefined(inner) ? [inner] : outcomesOfCondition(inner);
  });
  return outcomes.every(({ length }) => length > 0) ? outcomes.flat() : [];
}

function isUndefined(node: ts.Expression): boolean {
  return ts.isIdentifier(node) && node.text === 'undefined';
}

/** What a property is put behind to be parsed alone. */
const WRAPPED = '({';

interface PropertyValue {
  node: ts.Expression;
  text: string;
  /** Where it stands in the file. */
  start: number;
  end: number;
  /** Just `plugins`, which is key and value. */
  shorthand: boolean;
}

/** The value of a `plugins` property; for the shorthand `plugins` its name. */
function propertyValue(text: string, property: Span): PropertyValue | undefined {
  const code = `${WRAPPED}${text.slice(property.start, property.end)}})`;
  const source = ts.createSourceFile('property.ts', code, ts.ScriptTarget.Latest, true);
  const statement = source.statements[0];
  if (!statement || !ts.isExpressionStatement(statement)) return undefined;
  const { expression } = statement;
  if (!ts.isParenthesizedExpression(expression) || !ts.isObjectLiteralExpression(expression.expression))
    return undefined;
  const member = expression.expression.properties[0];
  const shorthand = member !== undefined && ts.isShorthandPropertyAssignment(member);
  if (!member || !(shorthand || ts.isPropertyAssignment(member))) return undefined;
  const node = shorthand ? member.name : member.initializer;
  const offset = property.start - WRAPPED.length;
  const span = { start: offset + node.getStart(source), end: offset + node.end };
  return { node, text: node.getText(source), ...span, shorthand };
}

/** `[…].filter(Boolean)`: an element more in the literal stays one. */
function isFilteredByTruth(value: PropertyValue | undefined): boolean {
  if (!value || !ts.isCallExpression(value.node)) return false;
  const { expression, arguments: args } = value.node;
  return (
    ts.isPropertyAccessExpression(expression) &&
    ts.isArrayLiteralExpression(expression.expression) &&
    expression.name.text === 'filter' &&
    args.length === 1 &&
    args[0]!.getText() === 'Boolean'
  );
}
