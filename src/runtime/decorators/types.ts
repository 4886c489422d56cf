/** The types of the decorators: each takes what TC39's decorators are given, and what TypeScript's legacy ones are. */
import type { Method } from './decorator.js';

/** Says in the compiler's message why a method cannot be decorated, or nothing. */
export type Fits<Decorated, Args, Result, Self, This> = Decorated extends (
  ...args: infer Given
) => infer Returned
  ? [Promise<Awaited<Returned>>] extends [Returned]
    ? [Given] extends [Args]
      ? [Awaited<Returned>] extends [Result]
        ? [This] extends [Self]
          ? unknown
          : 'the options take another this'
        : 'the options take another result'
      : 'the options take other arguments'
    : 'what is decorated returns a promise'
  : 'what is decorated is a method';

/** Decorates a method. */
export interface DecoratesMethods<Args, Result, Self> {
  <This, Value extends Method>(
    value: Value & Fits<Value, Args, Result, Self, This>,
    context: ClassMethodDecoratorContext<This, Value>,
  ): Value;
  <This extends object, Value extends Method>(
    target: This,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Value> & Fits<Value, Args, Result, Self, This>,
  ): TypedPropertyDescriptor<Value>;
}

/** Decorates a getter that returns a promise. */
export interface DecoratesGetters<Result, Self> {
  <This, Value extends Promise<any>>(
    value: ((this: This) => Value) & Fits<() => Value, any, Result, Self, This>,
    context: ClassGetterDecoratorContext<This, Value>,
  ): (this: This) => Value;
  <This extends object, Value extends Promise<any>>(
    target: This,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Value> & Fits<() => Value, any, Result, Self, This>,
  ): TypedPropertyDescriptor<Value>;
}
