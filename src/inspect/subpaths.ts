/**
 * The subpath patterns of `imports` and `exports` in package.json, as Node has them: the longest match wins, `*` stands
 * for the rest wherever it is, conditions nest, an array is tried in order, `null` forbids.
 */

/** Conditions that hold where Payload runs, whatever runs it; the declarations of `types` are no values. */
export const CONDITIONS: ReadonlySet<string> = new Set([
  'import',
  'node',
  'node-addons',
  'module',
  'module-sync',
  'default',
]);

/**
 * The targets that a map names for a subpath (`./posts` of `exports`, `#posts` of `imports`), likeliest first: those of
 * the conditions that hold, then those of others, which may name the source. None where it is forbidden.
 */
export function subpathTargets(map: unknown, subpath: string): string[] {
  const found = matched(map, subpath);
  if (!found) return [];
  const fill = (target: string) =>
    found.rest === undefined
      ? target
      : target.endsWith('/')
        ? target + found.rest
        : target.replaceAll('*', found.rest);
  const likely = targetsOf(found.target, true);
  // A condition that holds and says `null` is the answer.
  if (likely === null) return [];
  return [...new Set([...likely, ...(targetsOf(found.target, false) ?? [])].map(fill))];
}

/** The entry of the map for a subpath, and what `*` stands for. */
function matched(map: unknown, subpath: string): { target: unknown; rest?: string } | undefined {
  const isTable =
    typeof map === 'object' &&
    map !== null &&
    !Array.isArray(map) &&
    Object.keys(map).some((key) => /^[.#]/.test(key));
  if (!isTable) return subpath === '.' ? { target: map } : undefined;
  const entries = Object.entries(map);
  const exact = entries.find(([key]) => key === subpath && !key.includes('*'));
  if (exact) return { target: exact[1] };
  let best: { target: unknown; rest: string; before: number; length: number } | undefined;
  for (const [key, target] of entries) {
    // A folder, as Node had them before patterns.
    const [before, after, ...more] = key.endsWith('/') ? [key, ''] : key.split('*');
    if (before === undefined || after === undefined || more.length > 0) continue;
    if (subpath.length < before.length + after.length + 1) continue;
    if (!subpath.startsWith(before) || !subpath.endsWith(after)) continue;
    const isBetter =
      !best || before.length > best.before || (before.length === best.before && key.length > best.length);
    if (!isBetter) continue;
    const rest = subpath.slice(before.length, subpath.length - after.length);
    best = { target, rest, before: before.length, length: key.length };
  }
  return best;
}

/** The texts of a target in order; `null` where the first that applies forbids. */
function targetsOf(target: unknown, onlyHolding: boolean): string[] | null {
  if (typeof target === 'string') return [target];
  if (target === null) return null;
  if (typeof target !== 'object') return [];
  if (Array.isArray(target)) return target.flatMap((each) => targetsOf(each, onlyHolding) ?? []);
  const found: string[] = [];
  for (const [condition, value] of Object.entries(target)) {
    if (onlyHolding && !CONDITIONS.has(condition)) continue;
    const inner = targetsOf(value, onlyHolding);
    if (onlyHolding && inner === null) return null;
    found.push(...(inner ?? []));
    // Of the conditions that hold the first counts, unless nothing of it does.
    if (onlyHolding && found.length > 0) break;
  }
  return found;
}
