/**
 * Comes in: what stands behind an `@`, and a method as TC39's decorators or TypeScript's legacy ones hand it over. Goes
 * out: the method in whose place another stands. cached.ts, cache-put.ts and cache-evict.ts say what that one does.
 */
import { PayloadKVError } from '../../errors.js';
import { valueAt } from '../../platform/value-at.js';

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

/** What is marked of one method. */
interface Marked {
  positions: readonly number[];
  /** Whether a decorator has read them. */
  isTaken: boolean;
}

/** By class, or its prototype, and name of a method, what is marked of it. */
const marks = new WeakMap<object, Map<PropertyKey, Marked>>();
/** By class, or the prototype of its instances, the private methods that stand in the place of others: nobody can list them. */
const hidden = new WeakMap<object, Set<Method>>();
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

/** Where the methods of an object are: the class itself for static ones, else the prototype. */
export const holderOf = (self: unknown): object | null =>
  typeof self === 'function' ? self : Object.getPrototypeOf(Object(self));

/** The private methods that were decorated, of the class of an object. */
export const hiddenMethodsOf = (holder: object): Iterable<Method> => hidden.get(holder) ?? [];

/** Notes that a parameter is part of its method's key. The log names the method if no decorator asks for that. */
export function mark(target: object, name: PropertyKey, position: number): void {
  const ofTarget = valueAt(marks, target, () => new Map<PropertyKey, Marked>());
  const known = ofTarget.get(name);
  const marked = known ?? { positions: [], isTaken: false };
  marked.positions = [...marked.positions, position].sort((one, other) => one - other);
  ofTarget.set(name, marked);
  if (known) return;
  // Decorators of parameters are told of no class, and those of its methods come next, at once.
  queueMicrotask(() => {
    if (!marked.isTaken)
      console.warn(
        `payload-kv: @CacheKey() of "${String(name)}" does nothing: the method has none of @Cached, @CachePut and @CacheEvict.`,
      );
  });
}

/** The positions that are marked, for a decorator. */
function takeMarks(target: object, name: PropertyKey): readonly number[] {
  const marked = marks.get(target)?.get(name);
  if (!marked) return [];
  marked.isTaken = true;
  return marked.positions;
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
      if (kind === 'method' || (kind === 'getter' && getters)) {
        const made = replaced(target, name);
        if (second.private) {
          second.addInitializer(function (this: unknown) {
            const holder = holderOf(this);
            if (holder) valueAt(hidden, holder, () => new Set<Method>()).add(made);
          });
        }
        return made;
      }
      return refuse(`${kind === 'accessor' ? 'an' : 'a'} ${kind}`);
    }
    if (second === undefined) return refuse(typeof target === 'function' ? 'a class' : 'this');
    if (typeof descriptor === 'number') return refuse('a parameter');
    const name = second as string | symbol;
    const { value, get, set } = (descriptor ?? {}) as PropertyDescriptor;
    const marked = takeMarks(target, name);
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
