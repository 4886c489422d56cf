/** Methods of arrays, of which elements may not be known, or may be there or not. */
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import {
  type ArrayValue,
  array,
  choice,
  type Lazy,
  nullish,
  plain,
  primitive,
  truthy,
  unresolved,
  type Value,
} from '../value.js';

/** A call of a method. */
interface ArrayCall {
  evaluator: Evaluator;
  target: ArrayValue;
  args: Lazy[];
  node: ts.Node;
}

/** The methods by name. Each gives `undefined` where its result is not known. */
const METHODS = new Map<string, (called: ArrayCall) => Value | undefined>([
  ['map', map],
  ['flatMap', flatMap],
  ['filter', filter],
  ['concat', concat],
  ['flat', flat],
  ['slice', slice],
  ['reverse', ({ target }) => target],
  ['toReversed', sameItems],
  ['sort', ({ target }) => target],
  ['toSorted', sameItems],
  ['find', find],
  ['includes', includes],
  ['some', (called) => decided(called, true)],
  ['every', (called) => decided(called, false)],
  ['join', join],
  ['at', at],
  ['reduce', reduce],
]);

/** Calls a method of an array; `undefined` where the method is not known. */
export function arrayMethod(
  evaluator: Evaluator,
  target: ArrayValue,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  return METHODS.get(name)?.({ evaluator, target, args, node });
}

/** What the callback gives for an item. */
function applied({ evaluator, target, args, node }: ArrayCall, item: Value, index: number): Value {
  const [callback] = args;
  if (!callback) return unresolved(node, 'it has no callback');
  return evaluator.call(callback(), [() => item, () => primitive(node, index), () => target], node);
}

/** Applies the callback to an item that may be there or not, and keeps it that way. */
function mapped(called: ArrayCall, item: Value, index: number): Value {
  if (item.kind === 'unresolved') return item;
  if (item.kind !== 'choice') return applied(called, item, index);
  return choice(
    item.node,
    item.options.map((option) =>
      option.kind === 'primitive' && nullish(option) ? option : applied(called, option, index),
    ),
  );
}

function map(called: ArrayCall): Value {
  return array(called.node, () => called.target.items().map((item, index) => mapped(called, item, index)));
}

function flatMap(called: ArrayCall): Value {
  return array(called.node, () =>
    called.target.items().flatMap((item, index) => flattened(called, mapped(called, item, index))),
  );
}

function filter(called: ArrayCall): Value {
  const { target, node } = called;
  return array(node, () =>
    target.items().flatMap((item, index) => {
      if (item.kind === 'unresolved') return [item];
      const kept = truthy(applied(called, item, index));
      if (kept === true) return [item];
      if (kept === false) return [];
      return [choice(node, [primitive(node, undefined), item])];
    }),
  );
}

function concat(called: ArrayCall): Value {
  const { target, args, node } = called;
  return array(node, () => [...target.items(), ...args.flatMap((arg) => flattened(called, arg()))]);
}

function flat(called: ArrayCall): Value {
  return array(called.node, () => called.target.items().flatMap((item) => flattened(called, item)));
}

function slice({ target, args, node }: ArrayCall): Value {
  const [from, to] = args.map((arg) => plain(arg()));
  return array(node, () => {
    const items = target.items();
    // One that is not known may stand for several, and so nothing is known of where the others are.
    if (items.some(({ kind }) => kind === 'unresolved')) return [...items];
    return items.slice(typeof from === 'number' ? from : undefined, typeof to === 'number' ? to : undefined);
  });
}

function sameItems({ target, node }: ArrayCall): Value {
  return array(node, () => [...target.items()]);
}

function find(called: ArrayCall): Value {
  const { target, node } = called;
  const unsure: Value[] = [];
  for (const [index, item] of target.items().entries()) {
    const matches = truthy(applied(called, item, index));
    if (matches === true) return choice(node, [...unsure, item]);
    if (matches === undefined) unsure.push(item);
  }
  return choice(node, [...unsure, primitive(node, undefined)]);
}

function includes({ target, args, node }: ArrayCall): Value | undefined {
  const wanted = args[0]?.();
  const items = target.items();
  if (wanted?.kind !== 'primitive') return undefined;
  if (items.some((item) => item.kind === 'primitive' && item.value === wanted.value))
    return primitive(node, true);
  return items.every((item) => item.kind === 'primitive') ? primitive(node, false) : undefined;
}

/** Of `some` a callback that holds decides, of `every` one that does not. */
function decided(called: ArrayCall, decisive: boolean): Value | undefined {
  const { target, node } = called;
  const outcomes = target.items().map((item, index) => truthy(applied(called, item, index)));
  if (outcomes.includes(decisive)) return primitive(node, decisive);
  return outcomes.includes(undefined) ? undefined : primitive(node, !decisive);
}

function join({ target, args, node }: ArrayCall): Value | undefined {
  const separator = args[0] ? plain(args[0]()) : ',';
  const items = target.items();
  if (typeof separator !== 'string' || !items.every((item) => item.kind === 'primitive')) return undefined;
  return primitive(node, items.map((item) => plain(item)).join(separator));
}

function at({ target, args, node }: ArrayCall): Value | undefined {
  const index = args[0] ? plain(args[0]()) : undefined;
  if (typeof index !== 'number') return undefined;
  return target.items().at(index) ?? primitive(node, undefined);
}

function reduce({ evaluator, target, args, node }: ArrayCall): Value | undefined {
  const [callback, initial] = args;
  if (!callback || !initial) return undefined;
  let value = initial();
  for (const [index, item] of target.items().entries()) {
    const sofar = value;
    value = evaluator.call(callback(), [() => sofar, () => item, () => primitive(node, index)], node);
  }
  return value;
}

/** The elements of an array, or what is none as it is. */
function flattened({ evaluator }: ArrayCall, value: Value): Value[] {
  return value.kind === 'array' || value.kind === 'choice' ? evaluator.spreadItems(asItems(value)) : [value];
}

/** A choice of arrays and single items, as a choice of arrays. */
function asItems(value: Value): Value {
  if (value.kind !== 'choice') return value;
  return choice(
    value.node,
    value.options.map((option) => (option.kind === 'array' ? option : array(option.node, () => [option]))),
  );
}
