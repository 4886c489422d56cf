/** Methods of arrays and strings. */
import type { ts } from '../../typescript.js';
import type { Evaluator } from '../evaluator.js';
import type { ArrayValue, Lazy, PrimitiveValue, Value } from '../value.js';
import { arrayMethod } from './array-methods.js';
import { stringMethod } from './string-methods.js';

/** Calls a method of an array or a string; `undefined` where the method is not known. */
export function callMethod(
  evaluator: Evaluator,
  target: ArrayValue | PrimitiveValue,
  name: string,
  args: Lazy[],
  node: ts.Node,
): Value | undefined {
  return target.kind === 'array'
    ? arrayMethod(evaluator, target, name, args, node)
    : stringMethod(target, name, args, node);
}
