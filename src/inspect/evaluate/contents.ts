/** What is in objects and arrays: their spreads, and several objects as one. */
import type { ts } from '../typescript.js';
import type { Evaluation } from './evaluation.js';
import { nested, TOO_DEEP } from './limits.js';
import {
  choice,
  type Lazy,
  lazy,
  type ObjectValue,
  object,
  primitive,
  unresolved,
  type Value,
} from './value.js';

/** Adds what spreading a value brings: entries, and gaps for what is not known. */
export function spreadInto(
  evaluation: Evaluation,
  entries: Map<string, Lazy>,
  gaps: Value[],
  value: Value,
  node: ts.Node,
): void {
  switch (value.kind) {
    case 'object':
      for (const [name, entry] of nested(evaluation, value.entries, () => new Map<string, Lazy>()))
        entries.set(name, entry);
      gaps.push(...nested(evaluation, value.gaps, () => [unresolved(value.node, TOO_DEEP)]));
      return;
    case 'primitive':
    case 'function':
      return;
    case 'choice': {
      // Each option on its own, then a choice for every property that differs between them.
      const options = value.options.map((option) => {
        const own = new Map<string, Lazy>();
        spreadInto(evaluation, own, gaps, option, node);
        return own;
      });
      const names = new Set(options.flatMap((own) => [...own.keys()]));
      for (const name of names) {
        const before = entries.get(name);
        const outcomes = options.map((own) => own.get(name) ?? before ?? (() => primitive(node, undefined)));
        entries.set(
          name,
          lazy(node, () =>
            choice(
              value.node,
              outcomes.map((outcome) => outcome()),
            ),
          ),
        );
      }
      return;
    }
    case 'external': {
      // What a function of a package is given is most of what it gives back, where that is a config.
      const given = (value.args ?? []).map((arg) => arg()).find(isConfigLike);
      if (given) spreadInto(evaluation, entries, gaps, given, node);
      gaps.push(value);
      return;
    }
    default:
      gaps.push(value);
  }
}

/** The elements of an array, spreads resolved; an unresolved value for what is none. */
export function spreadItems(evaluation: Evaluation, value: Value): Value[] {
  switch (value.kind) {
    case 'array':
      return nested(evaluation, value.items, () => [unresolved(value.node, TOO_DEEP)]);
    case 'primitive':
      return typeof value.value === 'string'
        ? [...value.value].map((character) => primitive(value.node, character))
        : [];
    case 'choice':
      return value.options.flatMap((option) =>
        spreadItems(evaluation, option).map((item) =>
          choice(value.node, [primitive(value.node, undefined), item]),
        ),
      );
    case 'object':
      return [unresolved(value.node, 'it is no array')];
    default:
      return [value];
  }
}

/** One object of several that a condition chooses from: where they differ, a choice. */
export function asOne(evaluation: Evaluation, options: ObjectValue[], node: ts.Node): ObjectValue {
  const [only, ...others] = options;
  if (only && others.length === 0) return only;
  return object(node, () => {
    const entries = new Map<string, Lazy>();
    const gaps: Value[] = [];
    spreadInto(evaluation, entries, gaps, { kind: 'choice', node, options }, node);
    return { entries, gaps };
  });
}

function isConfigLike(value: Value): boolean {
  return value.kind === 'object' && ['collections', 'globals', 'db'].some((key) => value.entries().has(key));
}
