/** Whether a value has properties: an object or a list, and not `null`. */
export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether a value is an object of nothing but properties: no list, and no instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || isBare(prototype);
}

/** Whether objects of a prototype have nothing of it: of none, or of an empty one, as some parsers make them. */
export const isBare = (prototype: object | null): boolean =>
  prototype === null ||
  (Object.getPrototypeOf(prototype) === null &&
    prototype !== Object.prototype &&
    Reflect.ownKeys(prototype).length === 0);
