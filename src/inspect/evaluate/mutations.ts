/** Changes of arrays and objects in place: those that are followed, and a mark where one is not. */
import type { ts } from '../typescript.js';
import { spreadItems } from './contents.js';
import type { Evaluation } from './evaluation.js';
import { nested } from './limits.js';
import { type ArrayValue, choice, type Lazy, primitive, unresolved, type Value } from './value.js';

/** Methods that change the array that they are called of, other than its order. */
export const CHANGING_METHODS = new Set(['push', 'unshift', 'splice', 'pop', 'shift', 'fill', 'copyWithin']);

/** Why a value is not known that something changes which is not followed. */
const CHANGED = 'it may change what was written, and is not followed';

/** Calls a method that changes the array: what it adds is added, what it takes away is not known. */
export function changeArray(
  into: ArrayValue,
  method: string,
  args: Lazy[],
  node: ts.Node,
  unsure: boolean,
): Value {
  const adds = method === 'push' || method === 'unshift';
  const given = adds ? args : method === 'splice' ? args.slice(2) : [];
  const items = given.map((each) => (unsure ? choice(node, [primitive(node, undefined), each()]) : each()));
  if (method === 'unshift') into.items().unshift(...items);
  else into.items().push(...items);
  if (!adds) markChanged(into, node);
  return unresolved(node, `the result of .${method}() is not known without running it`);
}

/** Marks an array or object as changed by something that is not followed, and the arrays that an object holds. */
export function markChanged(value: Value, node: ts.Node, reason = CHANGED): void {
  if (value.kind === 'choice') for (const option of value.options) markChanged(option, node, reason);
  if (value.kind !== 'array' && value.kind !== 'object') return;
  const marked = value.kind === 'array' ? value.items() : value.gaps();
  if (marked.some((each) => isChange(each) && each.node === node)) return;
  marked.push({ ...unresolved(node, reason), changes: true });
  if (value.kind === 'array') return;
  for (const entry of value.entries().values()) {
    const held = entry();
    if (held.kind === 'array') markChanged(held, node, reason);
  }
}

/** Whether it stands for a change that is not followed. */
export function isChange(value: Value): boolean {
  return value.kind === 'unresolved' && value.changes === true;
}

/** Fills an array or object now: what it is made of is about to change. */
export function settle(evaluation: Evaluation, value: Value): void {
  if (value.kind === 'object') nested(evaluation, value.entries, () => new Map());
  if (value.kind === 'array')
    for (const item of spreadItems(evaluation, value)) if (item.kind === 'object') settle(evaluation, item);
}
