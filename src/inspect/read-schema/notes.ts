/** What could not be read, noted where the project can change it. */

import { type ChoiceValue, type ObjectValue, reasonOf } from '../evaluate/value.js';
import { officialPackage } from '../official-plugins.js';
import { shorten } from '../syntax.js';
import type { ts } from '../typescript.js';
import type { Reading } from './reading.js';

/** What is said of a condition: both outcomes count. */
export const CONDITION = 'it depends on a condition that is only known at run time; taken as present';

/** What is said where a value goes through a function that is not followed: the value is known, not what becomes of it. */
export const PASSED = 'it is passed through';

/** Notes that a part could not be read in full, once. */
export function note(reading: Reading, part: string, from: ts.Node, reason: string): void {
  const node = inProject(reading, from);
  if (['collections', 'collections.slug', 'config', 'globals', 'globals.slug'].includes(part))
    reading.unread ||= reason !== CONDITION && !reason.startsWith(PASSED);
  const location = reading.evaluator.files.locate(node);
  const expression = shorten(node);
  const key = JSON.stringify([part, expression, location, reason]);
  if (!reading.notices.has(key)) reading.notices.set(key, { part, expression, location, reason });
}

/** Notes a condition, unless an outcome cannot be read: that is noted then. */
export function noteCondition(reading: Reading, value: ChoiceValue, part: string): void {
  if (!value.options.some(({ kind }) => kind === 'unresolved')) note(reading, part, value.node, CONDITION);
}

/** Notes the spreads of an object that could not be resolved. */
export function noteGaps(reading: Reading, owner: ObjectValue, part: string): void {
  for (const gap of owner.gaps()) note(reading, part, gap.node, reasonOf(gap) ?? 'it could not be read');
}

/** The node, or the plugin in the config that stands for it. */
export function inProject(reading: Reading, node: ts.Node): ts.Node {
  const official = officialPackage(node.getSourceFile().fileName);
  return (official === undefined ? undefined : reading.pluginNodes.get(official)) ?? node;
}

/** Whether something may add to the schema that is not in the config, or a part was not read. */
export function isOpen(reading: Reading): boolean {
  return reading.pluginsNotRun || [...reading.notices.values()].some(({ reason }) => reason !== CONDITION);
}
