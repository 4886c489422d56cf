/** Which fields a query compares with one value: those may be slices. */
import { isPlainObject } from '../../platform/is-object.js';
import { digestOf } from './digest.js';

/** Values of a field that are told apart. */
const MOST_VALUES = 16;
/** Fields that are looked at in one query, and kept of one shape; conditions within each other. */
const MOST_FIELDS = 8;
const DEEPEST = 4;
const NAME = /^[\w.]{1,60}$/;

/** A field, and the number that stands for the value that it is compared with. */
export type Equality = [field: string, value: number];

/** What all that a query finds has in common: `equals` outside of any `or`. */
export function equalitiesIn(where: unknown, found: Equality[] = [], depth = 0): Equality[] {
  if (!isPlainObject(where) || depth > DEEPEST) return found;
  for (const name in where) {
    if (found.length >= MOST_FIELDS) break;
    const condition = where[name];
    if (Array.isArray(condition)) {
      const isAll = /^and$/i.test(name) || (/^or$/i.test(name) && condition.length === 1);
      if (isAll) for (const each of condition.slice(0, MOST_FIELDS)) equalitiesIn(each, found, depth + 1);
    } else if (isPlainObject(condition) && NAME.test(name)) {
      const { equals } = condition as { equals?: unknown };
      if (typeof equals === 'string' || typeof equals === 'number' || typeof equals === 'boolean')
        found.push([name, digestOf(String(equals).slice(0, 200))]);
    }
  }
  return found;
}

/** Adds the values of one query to those that were seen. */
export function noteValues(seen: Map<string, Set<number>>, equalities: readonly Equality[]): void {
  for (const [field, value] of equalities) {
    let values = seen.get(field);
    if (!values) {
      if (seen.size >= MOST_FIELDS) continue;
      values = new Set();
      seen.set(field, values);
    }
    if (values.size < MOST_VALUES) values.add(value);
  }
}
