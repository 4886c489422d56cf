/** What a read asks, without its values: they may be anybody's, and no two visitors' are alike. */
import { isObject, isPlainObject } from '../../platform/is-object.js';
import { isLogical } from '../query/canonical-arguments.js';

/** Longest shape in characters, and most conditions in it: visitors write queries. */
const LONGEST = 160;
const MOST_CONDITIONS = 12;
/** Parts of a query that are looked at, whether conditions or not. */
const MOST_PARTS = 200;
/** What a path of fields and an operator are made of; all else may hold anything. */
const NAME = /^[\w.$-]{1,60}$/;

/**
 * The shape of a read's arguments, e.g. `slug equals, limit 1` or `author in, sort -createdAt, limit 10`. Arguments in
 * another order have another one only where the order is the caller's own.
 */
export function shapeOf(args: Readonly<Record<string, unknown>>): string {
  const parts: string[] = [];
  addConditions(args.where, parts, '', { left: MOST_PARTS });
  const { sort, limit, page, locale, versions, draftsEnabled, select, joins, pagination, field, id } = args;
  if (id !== undefined && id !== null) parts.push('id');
  if (typeof field === 'string') parts.push(`of ${named(field)}`);
  const sorts = (Array.isArray(sort) ? sort : typeof sort === 'string' ? sort.split(',', 5) : []).slice(0, 5);
  if (sorts.length > 0) parts.push(`sort ${sorts.map((path) => named(String(path).trim())).join(' ')}`);
  if (typeof limit === 'number' && limit > 0) parts.push(`limit ${limit}`);
  else if (pagination === false) parts.push('all');
  if (typeof page === 'number' && page > 1) parts.push('page');
  if (typeof locale === 'string') parts.push(`locale ${named(locale)}`);
  if (versions === true || draftsEnabled === true) parts.push('drafts');
  if (isObject(select) && Object.keys(select).length > 0) parts.push('select');
  if (isObject(joins) && Object.keys(joins).length > 0) parts.push('joins');
  const text = parts.join(', ');
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

function addConditions(where: unknown, parts: string[], before: string, looked: { left: number }): void {
  looked.left -= 1;
  if (!isPlainObject(where)) return;
  for (const [name, condition] of Object.entries(where)) {
    if (parts.length >= MOST_CONDITIONS || looked.left < 0) {
      if (parts.at(-1) !== '…') parts.push('…');
      return;
    }
    if (isLogical(name) && Array.isArray(condition)) {
      const word = name.toLowerCase() === 'or' && condition.length > 1 ? 'or ' : '';
      for (const each of condition) {
        if (looked.left < 0) break;
        addConditions(each, parts, word, looked);
      }
    } else if (isPlainObject(condition)) {
      for (const operator of Object.keys(condition)) parts.push(`${before}${named(name)} ${named(operator)}`);
    }
  }
}

const named = (name: string): string => (NAME.test(name) ? name : '?');
