/** Objects merged. */
import type { ts } from '../../typescript.js';
import { array, type Lazy, object, type Value } from '../value.js';

/** What becomes of objects and arrays that both sides have. */
type MergeDepth = 'shallow' | 'arrays replaced' | 'arrays joined' | 'arrays by index';

/** The objects merged from left to right. */
export function merged(args: Lazy[], node: ts.Node, depth: MergeDepth): Value | undefined {
  const values = args
    .map((arg) => arg())
    .filter((value) => value.kind !== 'primitive' && value.kind !== 'function');
  const [first, ...rest] = values;
  if (!first) return undefined;
  let result: Value = first;
  for (const next of rest) result = mergeTwo(result, next, node, depth);
  if (result.kind !== 'object' || result === first) return result;
  return {
    ...result,
    merged: { parts: values, arraysReplaced: depth === 'shallow' || depth === 'arrays replaced' },
  };
}

function mergeTwo(one: Value, other: Value, node: ts.Node, depth: MergeDepth): Value {
  if (one.kind === 'array' && other.kind === 'array' && depth === 'arrays joined') {
    return array(node, () => [...one.items(), ...other.items()]);
  }
  if (one.kind === 'array' && other.kind === 'array' && depth === 'arrays by index') {
    return array(node, () => {
      const [mine, theirs] = [one.items(), other.items()];
      return Array.from({ length: Math.max(mine.length, theirs.length) }, (_, index) => {
        const [before, after] = [mine[index], theirs[index]];
        return before && after ? mergeWithin(before, after, node, depth) : (after ?? before)!;
      });
    });
  }
  if (one.kind !== 'object') return other;
  if (other.kind !== 'object') {
    return object(node, () => ({ entries: one.entries(), gaps: [...one.gaps(), other] }));
  }
  return object(node, () => {
    const entries = new Map(one.entries());
    for (const [name, entry] of other.entries()) {
      const before = entries.get(name);
      entries.set(
        name,
        before && depth !== 'shallow' ? () => mergeWithin(before(), entry(), node, depth) : entry,
      );
    }
    return { entries, gaps: [...one.gaps(), ...other.gaps()] };
  });
}

function mergeWithin(one: Value, other: Value, node: ts.Node, depth: MergeDepth): Value {
  const mergeable =
    (one.kind === 'object' && other.kind === 'object') || (one.kind === 'array' && other.kind === 'array');
  return mergeable ? mergeTwo(one, other, node, depth) : other;
}
