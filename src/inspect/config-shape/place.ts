/** The object literal in which an edit reaches the config, through merges and helpers. */

import type { Evaluator } from '../evaluate/evaluator.js';
import { nullish, type ObjectValue, type Scope, type Value } from '../evaluate/value.js';
import { propertyName } from '../property-name.js';
import { shorten } from '../syntax.js';
import { ts } from '../typescript.js';

/** The object literal in which an edit reaches the config, and its value. */
export interface Place {
  literal: ts.ObjectLiteralExpression;
  scope: Scope;
  value: ObjectValue;
}

/**
 * Where `plugins` of the config can be written: its literal; the last literal of a merge, if it wins; the literal in
 * the config file that a helper passes through.
 */
export function editablePlace(
  evaluator: Evaluator,
  value: ObjectValue,
  configFile: string,
): Place | { missing: { reason: string; node: ts.Node } } {
  const { merged } = value;
  if (merged) {
    const part = partForPlugins(merged);
    if (part) return editablePlace(evaluator, part, configFile);
    const others = merged.parts.slice(0, -1).filter(mayHavePlugins);
    const why =
      merged.arraysReplaced && others.length > 0
        ? ', in which plugins of one part would replace those of another'
        : '';
    const reason = `the config object is the result of ${shorten(value.node)}${why}`;
    return { missing: { reason: why ? reason : `${reason}, not an object literal`, node: value.node } };
  }
  const { node: literal, scope } = value;
  if (!ts.isObjectLiteralExpression(literal) || !scope) {
    const reason = `the config object is the result of ${shorten(literal)}, not an object literal`;
    return { missing: { reason, node: literal } };
  }
  return passedThrough(evaluator, literal, scope, configFile) ?? { literal, scope, value };
}

/**
 * The part of a merge in which plugins reach the config and replace none: the last one, or one before it where what
 * follows surely has no plugins. An empty object, such as the one of `overrides ?? {}`, is nobody's place for them.
 */
function partForPlugins({
  parts,
  arraysReplaced,
}: NonNullable<ObjectValue['merged']>): ObjectValue | undefined {
  for (const [at, part] of [...parts.entries()].reverse()) {
    if (part.kind !== 'object') return undefined;
    // Where it has plugins of its own, those replace the others already.
    const replaces =
      arraysReplaced && !part.entries().has('plugins') && parts.slice(0, at).some(mayHavePlugins);
    const isEmpty = part.entries().size === 0 && part.gaps().length === 0;
    if (!replaces && (!isEmpty || at === 0)) return part;
    if (part.entries().has('plugins') || part.gaps().length > 0) return undefined;
  }
  return undefined;
}

/** `{ ...config, more }` of a helper to which the config file hands a literal: that literal. */
function passedThrough(
  evaluator: Evaluator,
  literal: ts.ObjectLiteralExpression,
  scope: Scope,
  configFile: string,
): Place | undefined {
  if (literal.getSourceFile().fileName === configFile || isGivenToBuildConfig(literal)) return undefined;
  if (literal.properties.some((member) => member.name && propertyName(member.name) === 'plugins'))
    return undefined;
  const spreads = literal.properties
    .filter(ts.isSpreadAssignment)
    .map((spread) => evaluator.evaluate(spread.expression, scope));
  const given = spreads.filter((value) => value.node.getSourceFile().fileName === configFile);
  const [only, ...more] = given;
  if (only?.kind !== 'object' || more.length > 0) return undefined;
  if (spreads.some((value) => value !== only && mayHavePlugins(value))) return undefined;
  const place = editablePlace(evaluator, only, configFile);
  return 'missing' in place ? undefined : place;
}

/** A factory builds the config from what it is given: its own literal is the config. */
function isGivenToBuildConfig(literal: ts.Expression): boolean {
  let at: ts.Node = literal.parent;
  while (ts.isParenthesizedExpression(at) || ts.isAsExpression(at) || ts.isSatisfiesExpression(at))
    at = at.parent;
  return ts.isCallExpression(at) && /(?:^|\.)buildConfig$/.test(at.expression.getText());
}

/** Whether an object has plugins that would be lost with `plugins` of another one; an empty array is no loss. */
function mayHavePlugins(value: Value): boolean {
  if (value.kind === 'choice') return value.options.some(mayHavePlugins);
  if (value.kind === 'primitive') return false;
  if (value.kind !== 'object') return true;
  const plugins = value.entries().get('plugins')?.();
  if (!plugins) return value.gaps().length > 0;
  if (plugins.kind === 'primitive') return !nullish(plugins);
  return plugins.kind !== 'array' || plugins.items().length > 0;
}
