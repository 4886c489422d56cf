/**
 * What an edit did to a file, small enough to be kept and exact enough to be undone: the lines that it put in, those
 * that gave way, and one line on either side to find the place by.
 */
import { diffArrays } from 'diff';
import { lineEndingOf } from './splice.js';

/** One place of an edit. Texts are whole lines with their line ends; the last one of a file may have none. */
export interface Hunk {
  /** The line before; empty at the beginning of the file. */
  lead: string;
  /** Lines that gave way. */
  removed: string;
  /** Lines put in. */
  added: string;
  /** The line after; empty at the end of the file. */
  trail: string;
  /** How many lines stand before what was put in: decides where the same lines occur several times. */
  line: number;
}

/** The places in which two texts differ. */
export function hunksOf(before: string, after: string): Hunk[] {
  const hunks: Hunk[] = [];
  let open: Hunk | undefined;
  let last = '';
  let line = 0;
  for (const { value, added, removed } of diffArrays(linesOf(before), linesOf(after))) {
    if (!added && !removed) {
      if (open) open.trail = value[0]!;
      open = undefined;
      last = value.at(-1)!;
      line += value.length;
      continue;
    }
    if (!open) {
      open = { lead: last, removed: '', added: '', trail: '', line };
      hunks.push(open);
    }
    if (added) {
      open.added += value.join('');
      line += value.length;
    } else open.removed += value.join('');
  }
  return hunks;
}

/**
 * The text without what the hunks put in, and those hunks whose place was not found.
 * @param canGo whether lines may be taken out where others stand behind them; default wherever they are found
 */
export function undoHunks(
  text: string,
  hunks: readonly Hunk[],
  canGo: (lines: string, behind: string) => boolean = () => true,
): { text: string; missed: Hunk[] } {
  const missed: Hunk[] = [];
  let result = text;
  // The last one first: what a later run put in may lean on what an earlier one did.
  for (const hunk of [...hunks].reverse()) {
    const undone = undo(result, hunk, canGo) ?? undo(result, inPlace(hunk, result), canGo);
    if (undone === undefined) missed.push(hunk);
    else result = undone;
  }
  return { text: result, missed };
}

/**
 * How often hunks put something in, by a function that counts it in a text. A line beside ours that only got a comma is
 * put in and gives way: it is none of ours.
 */
export function countPutIn(hunks: readonly Hunk[], count: (text: string) => number): number {
  return hunks.reduce((sum, { added, removed }) => sum + count(added) - count(removed), 0);
}

function undo(
  text: string,
  { lead, removed, added, trail, line }: Hunk,
  canGo: (lines: string, behind: string) => boolean,
): string | undefined {
  const whole = placesOf(text, lead + added + trail)
    .filter(
      (at) => (lead !== '' || at === 0) && (trail !== '' || at + lead.length + added.length === text.length),
    )
    .map((at) => at + lead.length);
  // Its neighbours may have changed: then the lines themselves must be enough.
  const places = whole.length > 0 || added.trim() === '' ? whole : placesOf(text, added);
  const distance = (at: number) => Math.abs(linesOf(text.slice(0, at)).length - line);
  const [at, ...others] = places.sort((one, other) => distance(one) - distance(other));
  if (at === undefined || (whole.length === 0 && others.length > 0)) return undefined;
  if (!canGo(added, text.slice(at + added.length))) return undefined;
  return text.slice(0, at) + removed + text.slice(at + added.length);
}

/** Where a piece of whole lines begins in a text. */
function placesOf(text: string, piece: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(piece); at !== -1; at = text.indexOf(piece, at + 1)) {
    if (at === 0 || text[at - 1] === '\n') places.push(at);
    if (piece === '') break;
  }
  return places;
}

/** The same as a checkout elsewhere, or a formatter, may have made it: with other line ends, or otherwise indented. */
function inPlace(hunk: Hunk, text: string): Hunk {
  const ended = withLineEnds(hunk, text);
  return indentedAs(ended, text) ?? ended;
}

/** The hunk with the indentation that its lines have in a text; `undefined` where they are not there all together. */
function indentedAs(hunk: Hunk, text: string): Hunk | undefined {
  const all = linesOf(text);
  const own = linesOf(hunk.lead + hunk.added + hunk.trail);
  const places = all.flatMap((_line, at) =>
    own.every((line, index) => all[at + index]?.trim() === line.trim()) ? [at] : [],
  );
  const [at] = places;
  if (at === undefined || places.length > 1) return undefined;
  const indentations = new Map<string, string>();
  for (const [index, line] of own.entries()) {
    const [before, now] = [indentOf(line), indentOf(all[at + index]!)];
    if (line.trim() !== '' && (indentations.get(before) ?? now) !== now) return undefined;
    if (line.trim() !== '') indentations.set(before, now);
  }
  const isKnown = (line: string) => line.trim() === '' || indentations.has(indentOf(line));
  if (!linesOf(hunk.removed).every(isKnown)) return undefined;
  const indented = (piece: string) =>
    linesOf(piece)
      .map((line) => (indentations.get(indentOf(line)) ?? indentOf(line)) + line.slice(indentOf(line).length))
      .join('');
  const [lead, added, removed, trail] = [hunk.lead, hunk.added, hunk.removed, hunk.trail].map(indented);
  return { ...hunk, lead: lead!, added: added!, removed: removed!, trail: trail! };
}

function indentOf(line: string): string {
  return /^[ \t]*/.exec(line)![0];
}

/** The same with the line ends of a text. */
function withLineEnds({ lead, removed, added, trail, line }: Hunk, text: string): Hunk {
  const lineEnd = lineEndingOf(text);
  const convert = (piece: string) => piece.replace(/\r?\n/g, lineEnd);
  return {
    lead: convert(lead),
    removed: convert(removed),
    added: convert(added),
    trail: convert(trail),
    line,
  };
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}
