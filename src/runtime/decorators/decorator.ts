/**
 * Comes in: what stands behind an `@`, and a method as TC39's decorators or TypeScript's legacy ones hand it over. Goes
 * out: the method in whose place another stands. cached.ts, cache-put.ts and cache-evict.ts say what that one does.
 */
import { PayloadKVError } from '../../errors.js';

/** Any method, as it is called. */
export type Method = (this: any, ...args: any[]) => any;

/** A method that is being decorated. */
export interface Decorated {
  method: Method;
  name: string | symbol;
  /** For messages: `@Cached of "byId"`. */
  label: string;
  /** Positions of the parameters that `@CacheKey()` marks, in their order. */
  marked: readonly number[];
}

/** By class, or its prototype, and name of a method, the positions that are marked. */
const marks = new WeakMap<object, Map<PropertyKey, number[]>>();
/** By what stands in the place of a method, the method. */
const originals = new WeakMap<object, Method>();

/** The method that the author wrote, below all decorators of ours. */
export function originalOf(method: Method): Method {
  let original = method;
  for (let below = originals.get(original); below; below = originals.get(original)) original = below;
  return original;
}

/** A method, and those below it that it stands in the place of. */
export function* withOriginals(method: object | undefined): Generator<object> {
  for (let each = method; each; each = originals.get(each)) yield each;
}

/** Notes that a parameter is part of its method's key. */
export function mark(target: object, name: PropertyKey, position: number): void {
  const ofTarget = marks.get(target) ?? new Map<PropertyKey, number[]>();
  marks.set(target, ofTarget);
  ofTarget.set(
    name,
    [...(ofTarget.get(name) ?? []), position].sort((one, other) => one - other),
  );
}

/** Whether this is the second argument of a decorator as TC39 has them. */
export const isContext = (value: unknown): value is DecoratorContext =>
  typeof value === 'object' && value !== null && 'kind' in value;

/**
 * Makes a decorator of both kinds.
 *
 * @param what its name, with the `@`
 * @param replace makes what stands in the place of a method
 * @param getters whether a getter may be decorated
 */
export function methodDecorator(
  what: string,
  replace: (decorated: Decorated) => Method,
  { getters }: { getters: boolean },
): (...given: any[]) => any {
  const methods = getters ? 'a method, or a getter that returns a promise' : 'a method';
  const refuse = (place: string): never => {
    throw new PayloadKVError({
      code: 'INVALID_DECORATOR',
      message: `${what} decorates ${methods}, and not ${place}.`,
      nextStep: `Write it in front of ${methods}.`,
    });
  };

  function replaced(method: unknown, name: string | symbol, marked: readonly number[] = []): Method {
    if (typeof method !== 'function') return refuse('what is no function');
    if (/Generator/.test(Object.prototype.toString.call(method))) {
      throw new PayloadKVError({
        code: 'INVALID_DECORATOR',
        message: `${what} cannot decorate "${String(name)}": a generator has no result that could be kept, it yields one value after the other while it is read.`,
        nextStep: 'Decorate a method that returns a promise of them all in a list.',
      });
    }
    const original = method as Method;
    const made = replace({ method: original, name, label: `${what} of "${String(name)}"`, marked });
    return standIn(made, original);
  }

  return (...given) => {
    const [target, second, descriptor] = given as [any, unknown, unknown];
    if (isContext(second)) {
      const { kind, name } = second;
      if (kind === 'method' || (kind === 'getter' && getters)) return replaced(target, name);
      return refuse(`${kind === 'accessor' ? 'an' : 'a'} ${kind}`);
    }
    if (second === undefined) return refuse(typeof target === 'function' ? 'a class' : 'this');
    if (typeof descriptor === 'number') return refuse('a parameter');
    const name = second as string | symbol;
    const { value, get, set } = (descriptor ?? {}) as PropertyDescriptor;
    const marked = marks.get(target)?.get(name) ?? [];
    // Changed in place as well as returned: Nest's applyDecorators leaves aside what is returned.
    const changed = descriptor as PropertyDescriptor;
    if (typeof value === 'function') changed.value = replaced(value, name, marked);
    else if (get && getters) changed.get = replaced(get, name);
    else return refuse(get ? 'a getter' : set ? 'a setter' : 'a field');
    return changed;
  };
}

/** Reflect with what `reflect-metadata` adds to it. */
interface Metadata {
  getOwnMetadataKeys?(target: object): unknown[];
  getOwnMetadata?(key: unknown, target: object): unknown;
  defineMetadata?(key: unknown, value: unknown, target: object): void;
}

/** Gives what stands in the place of a method all that others may look for on it. */
function standIn(made: Method, original: Method): Method {
  for (const name of ['name', 'length']) {
    const descriptor = Object.getOwnPropertyDescriptor(original, name);
    if (descriptor) Object.defineProperty(made, name, descriptor);
  }
  // Nest keeps its routes there.
  const reflect = Reflect as Metadata;
  for (const key of reflect.getOwnMetadataKeys?.(original) ?? [])
    reflect.defineMetadata?.(key, reflect.getOwnMetadata?.(key, original), made);
  originals.set(made, original);
  return made;
}
