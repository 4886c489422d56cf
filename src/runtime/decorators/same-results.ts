/** Methods of one class that would answer with each other's results. */
import { hiddenMethodsOf, holderOf, type Method, withOriginals } from './decorator.js';
import { invalidKey } from './template.js';

/** Where the results of a cached method are found. */
export interface Found {
  name: string | symbol;
  namespace: string;
  /** As its author wrote it; `undefined` where the arguments are the key. */
  key: unknown;
  payload: unknown;
  cache: unknown;
}

const found = new WeakMap<object, Found>();

/** Notes where the results of a method are found. */
export function noteResults(method: Method, where: Found): void {
  found.set(method, where);
}

/**
 * Refuses a method whose results are found where those of another method are, in the class of `self` or above it: one
 * would be answered with what the other returned. At its first call, since a decorator is not told of its class.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY`
 */
export function refuseSameResults(method: Method, self: unknown): void {
  const mine = found.get(method) as Found;
  for (const defined of methodsOf(self)) {
    for (const each of withOriginals(defined)) {
      const other = found.get(each);
      if (!other || each === method || !areSame(mine, other)) continue;
      const [one, another] = [String(mine.name), String(other.name)];
      throw invalidKey(
        one === another
          ? `Two methods "${one}", one in the place of the other, keep their results under the same keys of the namespace "${mine.namespace}".`
          : `The methods "${one}" and "${another}" keep their results under the same keys of the namespace "${mine.namespace}": their arguments.`,
        'Give one of them another namespace, or a key that tells them apart.',
      );
    }
  }
}

/** All methods and getters that the classes of an object define, and what a class defines itself. */
function* methodsOf(self: unknown): Generator<object | undefined> {
  let holder = holderOf(self);
  if (holder) yield* hiddenMethodsOf(holder);
  for (; holder && holder !== Object.prototype && holder !== Function.prototype; ) {
    for (const name of Reflect.ownKeys(holder)) {
      const { value, get } = Object.getOwnPropertyDescriptor(holder, name) as PropertyDescriptor;
      yield typeof value === 'function' ? value : get;
    }
    holder = Object.getPrototypeOf(holder);
  }
}

function areSame(one: Found, other: Found): boolean {
  const isHere =
    one.namespace === other.namespace && one.payload === other.payload && one.cache === other.cache;
  // Of two methods with the same key that somebody wrote, it is meant.
  return isHere && one.key === other.key && (one.key === undefined || one.name === other.name);
}
