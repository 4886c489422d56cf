/** What Nest's decorators say of a handler. */
import type { ExecutionContext } from '@nestjs/common';

// Nest exports these names in other places with each major version.
const ROUTE_ARGUMENTS = '__routeArguments__';
const PASSTHROUGH = '__responsePassthrough__';
const SSE = '__sse__';
/** `@Version()`, and `version` of `@Controller()`. */
export const VERSION = '__version__';
/** `@Res()` and `@Next()`, of the numbers by which Nest knows parameters. */
const ANSWERING = ['1', '2'];

const known = new WeakMap<object, boolean>();

/** Whether a handler answers by itself, or goes on answering: `@Res()` without `passthrough`, `@Next()`, `@Sse()`. */
export function answersItself(context: ExecutionContext): boolean {
  const handler = context.getHandler();
  let answers = known.get(handler);
  if (answers === undefined) {
    answers = isAnswering(context.getClass(), handler);
    known.set(handler, answers);
  }
  return answers;
}

function isAnswering(controller: { prototype: object }, handler: object): boolean {
  if (metadata(SSE, handler)) return true;
  const name = methodOf(controller.prototype, handler);
  if (name === undefined || metadata(PASSTHROUGH, controller, name)) return false;
  const given = (metadata(ROUTE_ARGUMENTS, controller, name) ?? {}) as object;
  return Object.keys(given).some((key) => ANSWERING.includes(key.split(':', 1)[0] ?? ''));
}

/** The name of a method: a decorator may have put another function in its place, of another name. */
function methodOf(prototype: object, handler: object): string | undefined {
  for (let each: object | null = prototype; each; each = Object.getPrototypeOf(each) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each)))
      if (value === handler) return name;
  }
  return undefined;
}

/** What a decorator has said. */
export function metadata(key: string, target: object, property?: string): unknown {
  const reflect = Reflect as unknown as {
    getMetadata(key: string, target: object, property?: string): unknown;
  };
  return property === undefined
    ? reflect.getMetadata(key, target)
    : reflect.getMetadata(key, target, property);
}
