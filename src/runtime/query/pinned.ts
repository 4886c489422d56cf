/** The ids and values that a `where` pins its results to. */

import { isObject } from '../../platform/is-object.js';
import type { Take } from './analysis.js';
import { HEX_ID, isLogical } from './canonical-arguments.js';

/** Most documents or slice values one query depends on one by one; with more it depends on the collection. */
export const MOST_PINNED = 40;

/** The text of a value that a slice or document tag has; `undefined` where it is not certain. */
export type Canonical = (value: unknown, inList: boolean) => string | undefined;

/**
 * The one condition on a path that all results must meet, if it is an `equals` or `in` that every adapter takes at
 * its word. SQL adapters skip operators after some others on the same path, and of `and` beside `or` use the later
 * one: so only a sole operator counts, and only a sole logical key is looked into.
 */
export function pinnedValues(
  where: unknown,
  path: string,
  canonical: Canonical,
  take: Take,
): string[] | undefined {
  if (!isObject(where) || Array.isArray(where)) return undefined;
  const conditions = where as Record<string, unknown>;
  const values = valuesOf(conditions[path], canonical, take);
  if (values) return values;
  const names = Object.keys(conditions);
  take(1 + names.length);
  const logical = names.filter(isLogical);
  const [only] = logical;
  if (logical.length !== 1 || only?.toLowerCase() !== 'and') return undefined;
  const parts = conditions[only];
  if (!Array.isArray(parts)) return undefined;
  for (const part of parts) {
    const values = pinnedValues(part, path, canonical, take);
    if (values) return values;
  }
  return undefined;
}

/** The values that a condition allows, where it is one that names them. */
function valuesOf(condition: unknown, canonical: Canonical, take: Take): string[] | undefined {
  if (!isObject(condition)) return undefined;
  const operators = Object.keys(condition);
  take(1 + operators.length);
  if (operators.length !== 1) return undefined;
  const { equals, in: list } = condition as { equals?: unknown; in?: unknown };
  if (operators[0] === 'equals') {
    const value = canonical(equals, false);
    return value === undefined ? undefined : [value];
  }
  if (operators[0] !== 'in' || !Array.isArray(list)) return undefined;
  const values = new Set<string>();
  for (const each of list) {
    take();
    const value = canonical(each, true);
    if (value === undefined) return undefined;
    values.add(value);
    if (values.size > MOST_PINNED) return undefined;
  }
  return values.size > 0 ? [...values].sort() : undefined;
}

/** The ids that a condition on a path of ids names. */
export function pinnedIds(where: unknown, path: string, numeric: boolean, take: Take): string[] | undefined {
  return pinnedValues(where, path, (value) => canonicalId(value, numeric), take);
}

/** An id as text, if every adapter takes the value for that very id. */
function canonicalId(value: unknown, numeric: boolean): string | undefined {
  if (numeric) return canonicalNumber(value, Number.isSafeInteger);
  if (typeof value !== 'string' || value === '' || value === 'null') return undefined;
  return isUnusualUuid(value) ? undefined : value;
}

/** A number as text, if every adapter takes the value for that very number. */
export function canonicalNumber(value: unknown, isKnown: (number: unknown) => boolean): string | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  if (!isKnown(number) || Object.is(number, -0)) return undefined;
  const text = String(number);
  return typeof value === 'string' && text !== value ? undefined : text;
}

/** The id that a condition on a relation compares with. */
export function canonicalRelation(value: unknown, numeric: boolean, inList: boolean): string | undefined {
  const id = canonicalId(value, numeric);
  // In a list SQL adapters take `5-steps` for the text `5` as well.
  const isAmbiguous =
    inList && !numeric && id !== undefined && /^\s*[+-]?\d/.test(id) && !UUID.test(id) && !HEX_ID.test(id);
  return isAmbiguous && String(Number.parseInt(id, 10)) !== id ? undefined : id;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** PostgreSQL takes UUIDs in braces and with hyphens elsewhere or nowhere. */
function isUnusualUuid(text: string): boolean {
  return /^\{?([0-9a-f]{4}-?){8}\}?$/i.test(text) && !UUID.test(text);
}
