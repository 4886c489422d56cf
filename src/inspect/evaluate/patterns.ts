/** Patterns that bind names: of declarations, parameters and loops. */
import { ts } from '../typescript.js';
import { spreadItems } from './contents.js';
import type { Evaluation } from './evaluation.js';
import { property, propertyName } from './properties.js';
import {
  array,
  choice,
  type Lazy,
  lazy,
  object,
  primitive,
  type Scope,
  unresolved,
  type Value,
} from './value.js';

/** Binds the names of a pattern to the parts of a value. */
export function bindPattern(
  evaluation: Evaluation,
  pattern: ts.BindingName,
  value: Lazy,
  scope: Scope,
): void {
  if (ts.isIdentifier(pattern)) {
    scope.names.set(pattern.text, { get: value });
    return;
  }
  const taken: string[] = [];
  pattern.elements.forEach((element, index) => {
    if (ts.isOmittedExpression(element)) return;
    let part: Lazy;
    if (ts.isArrayBindingPattern(pattern)) {
      part = element.dotDotDotToken
        ? lazy(element, () => array(element, () => spreadItems(evaluation, value()).slice(index)))
        : lazy(element, () => spreadItems(evaluation, value())[index] ?? primitive(element, undefined));
    } else if (element.dotDotDotToken) {
      part = lazy(element, () => without(value(), taken, element));
    } else {
      const named = element.propertyName ?? element.name;
      const name = ts.isIdentifier(named)
        ? named.text
        : propertyName(evaluation, named as ts.PropertyName, scope);
      if (name === undefined) {
        part = () => unresolved(element, 'its key is computed');
      } else {
        taken.push(name);
        part = lazy(element, () => property(evaluation, value(), name, element));
      }
    }
    const { initializer } = element;
    bindPattern(
      evaluation,
      element.name,
      initializer ? withDefault(evaluation, part, initializer, scope) : part,
      scope,
    );
  });
}

/** The value, or its default where it is or may be undefined. */
export function withDefault(
  evaluation: Evaluation,
  part: Lazy,
  initializer: ts.Expression,
  scope: Scope,
): Lazy {
  return lazy(initializer, () => {
    const value = part();
    if (value.kind === 'primitive') {
      return value.value === undefined ? evaluation.evaluate(initializer, scope) : value;
    }
    if (value.kind === 'unresolved')
      return choice(initializer, [value, evaluation.evaluate(initializer, scope)]);
    if (value.kind === 'choice') {
      return choice(
        initializer,
        value.options.map((option) =>
          option.kind === 'primitive' && option.value === undefined
            ? evaluation.evaluate(initializer, scope)
            : option,
        ),
      );
    }
    return value;
  });
}

function without(value: Value, names: string[], node: ts.Node): Value {
  if (value.kind !== 'object') return value;
  return object(node, () => {
    const entries = new Map([...value.entries()].filter(([name]) => !names.includes(name)));
    return { entries, gaps: value.gaps() };
  });
}
