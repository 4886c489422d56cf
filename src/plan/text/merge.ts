/** Merging three ways, by lines: what two sides did to a common base, as long as they did not do it in one place. */
import { diffArrays } from 'diff';

/** A place in which both sides changed the base, each in its own way. */
export interface MergeConflict {
  /** Line in `theirs`, counted from 1. */
  line: number;
  theirs: string;
  ours: string;
}

/** Lines of the base, from `start` up to `end`, that one side has replaced. */
interface Replacement {
  start: number;
  end: number;
  lines: string[];
}

/** Both changes in one text, or the places where they meet. */
export function mergeTexts(
  base: string,
  theirs: string,
  ours: string,
): { ok: true; text: string } | { ok: false; conflicts: MergeConflict[] } {
  const lines = linesOf(base);
  const sides = [replacements(lines, linesOf(theirs)), replacements(lines, linesOf(ours))] as const;
  const result: string[] = [];
  const conflicts: MergeConflict[] = [];
  const next = [0, 0];
  let at = 0;
  let shift = 0;
  for (;;) {
    const [left, right] = [sides[0][next[0]!], sides[1][next[1]!]];
    const first = !right || (left && isBefore(left, right)) ? left : right;
    if (!first) break;
    const { start } = first;
    let { end } = first;
    // What overlaps is one place; what only stands side by side is not: a line here is a thing of its own.
    const place = sides.map((side, index) => {
      const taken: Replacement[] = [];
      return { side, index, taken };
    });
    for (let grown = true; grown; ) {
      grown = false;
      for (const { side, index, taken } of place) {
        const it = side[next[index]!];
        if (!it || (it !== first && it.start >= end && !(it.end === start && end === start))) continue;
        taken.push(it);
        next[index]!++;
        end = Math.max(end, it.end);
        grown = true;
      }
    }
    const [theirPart, ourPart] = place.map(({ taken }) => spliced(lines, start, end, taken)) as [
      string[],
      string[],
    ];
    const [isTheirs, isOurs] = place.map(({ taken }) => taken.length > 0);
    result.push(...lines.slice(at, start));
    if (!isOurs || (isTheirs && theirPart.join('') === ourPart.join(''))) result.push(...theirPart);
    else if (!isTheirs) result.push(...ourPart);
    else conflicts.push({ line: start + shift + 1, theirs: theirPart.join(''), ours: ourPart.join('') });
    shift += theirPart.length - (end - start);
    at = end;
  }
  result.push(...lines.slice(at));
  return conflicts.length > 0 ? { ok: false, conflicts } : { ok: true, text: result.join('') };
}

/** Whether one stands before the other; what is put in before a line goes before what becomes of it. */
function isBefore(one: Replacement, other: Replacement): boolean {
  return one.start < other.start || (one.start === other.start && one.end < other.end);
}

function replacements(base: string[], side: string[]): Replacement[] {
  const all: Replacement[] = [];
  let open: Replacement | undefined;
  let at = 0;
  for (const { value, added, removed } of diffArrays(base, side)) {
    if (!added && !removed) {
      open = undefined;
      at += value.length;
      continue;
    }
    if (!open) {
      open = { start: at, end: at, lines: [] };
      all.push(open);
    }
    if (added) open.lines.push(...value);
    else {
      at += value.length;
      open.end = at;
    }
  }
  return all;
}

/** The lines of the base from `start` up to `end`, as one side has them. */
function spliced(base: string[], start: number, end: number, side: Replacement[]): string[] {
  const lines: string[] = [];
  let at = start;
  for (const replacement of side) {
    lines.push(...base.slice(at, replacement.start), ...replacement.lines);
    at = replacement.end;
  }
  return [...lines, ...base.slice(at, end)];
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
