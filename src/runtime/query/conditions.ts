/** Follows what the conditions and the order of a query name. */
import { isObject, isPlainObject } from '../../platform/is-object.js';
import { type Analysis, MOST_STEPS } from './analysis.js';
import { isLogical } from './canonical-arguments.js';
import type { Walker } from './paths.js';

/** Follows every path of a where; `false` if it cannot be understood. */
export function walkWhere(analysis: Analysis, where: unknown, from: Walker): boolean {
  analysis.take();
  // Access control that allows everything reaches `findGlobal` as `true`.
  if (where === undefined || where === null || where === true) return true;
  if (typeof where !== 'object' || Array.isArray(where)) return false;
  for (const name of Object.keys(where)) {
    analysis.take();
    if (name === '') continue;
    const condition = (where as Record<string, unknown>)[name];
    if (isLogical(name)) {
      if (!Array.isArray(condition) || !condition.every((part) => walkWhere(analysis, part, from)))
        return false;
      continue;
    }
    const path = from.follow(name);
    if (!path) return false;
    if (!isObject(condition)) continue;
    for (const operand of Object.values(condition)) {
      analysis.take();
      // `contains` on a relation or join may hold a where of the related documents.
      if (!isNestedWhere(operand)) continue;
      if (!walkWhere(analysis, operand, from.below(path))) return false;
    }
  }
  return true;
}

/** Follows every path of a sort. */
export function walkSort(analysis: Analysis, sort: unknown, from: Walker): boolean {
  analysis.take();
  if (sort === undefined || sort === null || sort === '') return true;
  if (Array.isArray(sort)) return sort.every((part) => walkSort(analysis, part, from));
  if (typeof sort !== 'string') return false;
  // SQL adapters ignore a sort they cannot resolve, and so it depends on nothing.
  for (const part of sort.split(',', MOST_STEPS)) {
    const path = part.trim();
    from.follow(/^[-+]/.test(path) ? path.slice(1) : path);
  }
  return true;
}

function isNestedWhere(operand: unknown): operand is Record<string, unknown> {
  return isPlainObject(operand) && !('relationTo' in operand && 'value' in operand);
}
