/**
 * Text edits by position. A parser only says where things stand; what is written is a splice, so that every other
 * byte of the file stays as its owner left it. Works for TypeScript and for JSON with comments alike.
 */
import type { Span } from '../../inspect/config-shape/shape.js';

/** Replaces a piece of a text. */
export interface Edit extends Span {
  text: string;
}

/** A bracketed, comma-separated list: an array, an object literal, the members of a JSON object. */
export interface ListSpan extends Span {
  /** The members in order, without commas. `start` and `end` of the list include its brackets. */
  members: readonly Span[];
}

/** How a new member is to look. */
export interface InsertionStyle {
  /** One level of indentation. */
  indent: string;
  lineEnding: string;
  /** For a list that has no member yet and goes over several lines, or gets its first. */
  trailingComma: boolean;
  /** Insert before the member of that index; without it, at the end. */
  before?: number;
  /** Whether a member of an empty list gets a line of its own. Default `false`. */
  ownLine?: boolean;
}

/** Applies edits that do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = '';
  let position = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    if (edit.start < position) throw new Error('edits overlap');
    result += text.slice(position, edit.start) + edit.text;
    position = edit.end;
  }
  return result + text.slice(position);
}

/** The position after whitespace and comments from `position` on. */
export function skipTrivia(text: string, position: number): number {
  let at = position;
  for (;;) {
    if (/\s/.test(text[at] ?? '')) at++;
    else if (text.startsWith('//', at)) at = endOfLine(text, at);
    else if (text.startsWith('/*', at)) at = endOfBlockComment(text, at);
    else return at;
  }
}

/** The position after what belongs to a member on its own line: spaces and comments, up to the line's end. */
export function skipSameLineTrivia(text: string, position: number): number {
  let at = position;
  let kept = position;
  for (;;) {
    const char = text[at];
    if (char === ' ' || char === '\t') at++;
    else if (text.startsWith('//', at)) return trimmedEnd(text, endOfLine(text, at));
    else if (text.startsWith('/*', at)) {
      const end = endOfBlockComment(text, at);
      if (text.slice(at, end).includes('\n')) return kept;
      at = end;
      kept = end;
    } else if (char === '\n' || char === '\r') return kept;
    else return position;
  }
}

/** Leading whitespace of the line that `position` is in. */
export function indentationAt(text: string, position: number): string {
  const start = text.lastIndexOf('\n', position - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start))![0];
}

/** Adds an indentation to every line of a text but the first and empty ones. */
export function indentLines(text: string, indentation: string, lineEnding: string): string {
  return text
    .split(/\r?\n/)
    .map((line, index) => (index === 0 || line === '' ? line : indentation + line))
    .join(lineEnding);
}

/** Line of a position, counted from 1. */
export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/**
 * The edits that put a member into a list, in the list's own manner: on a line of its own or in line, with or without
 * a comma at the end. `member` is written with `\n` and no indentation of its own.
 */
export function insertMember(text: string, list: ListSpan, member: string, style: InsertionStyle): Edit[] {
  const { lineEnding } = style;
  if (list.members.length === 0) return insertFirst(text, list, member, style);

  const following = style.before === undefined ? undefined : list.members[style.before];
  if (following) {
    const onNewLine = /^[ \t]*$/.test(
      text.slice(text.lastIndexOf('\n', following.start - 1) + 1, following.start),
    );
    const indentation = indentationAt(text, following.start);
    const separator = onNewLine ? `${lineEnding}${indentation}` : ' ';
    return [insertion(following.start, `${indentLines(member, indentation, lineEnding)},${separator}`)];
  }

  const last = list.members.at(-1)!;
  const comma = skipTrivia(text, last.end);
  const hasComma = text[comma] === ',' && comma < list.end;
  const after = hasComma ? comma + 1 : last.end;
  const edits: Edit[] = hasComma ? [] : [insertion(last.end, ',')];
  const lineEnd = skipSameLineTrivia(text, after);
  const closesOnLine = !/^[ \t]*\r?\n/.test(text.slice(lineEnd));
  if (closesOnLine) {
    const indentation = indentationAt(text, last.start);
    edits.push(insertion(after, ` ${indentLines(member, indentation, lineEnding)}${hasComma ? ',' : ''}`));
  } else {
    const hugging = indentationAt(text, last.start) === indentationAt(text, list.end - 1);
    const indentation = hugging
      ? indentationAt(text, list.end - 1) + style.indent
      : indentationAt(text, last.start);
    const line = `${lineEnding}${indentation}${indentLines(member, indentation, lineEnding)}`;
    edits.push(insertion(lineEnd, line + (hasComma ? ',' : '')));
  }
  return mergeInsertions(edits);
}

function insertFirst(text: string, list: ListSpan, member: string, style: InsertionStyle): Edit[] {
  const { lineEnding } = style;
  const inside = text.slice(list.start + 1, list.end - 1);
  if (inside.trim() === '' && !style.ownLine) {
    const spaced = text[list.start] === '{';
    const indentation = indentationAt(text, list.start);
    const content = indentLines(member, indentation, lineEnding);
    return [{ start: list.start + 1, end: list.end - 1, text: spaced ? ` ${content} ` : content }];
  }
  const outer = indentationAt(text, inside.includes('\n') ? list.end - 1 : list.start);
  const indentation = outer + style.indent;
  const content = indentLines(member, indentation, lineEnding) + (style.trailingComma ? ',' : '');
  const closing = `${lineEnding}${outer}`;
  const kept = inside.trimEnd();
  return [
    {
      start: list.start + 1 + kept.length,
      end: list.end - 1,
      text: `${lineEnding}${indentation}${content}${closing}`,
    },
  ];
}

function insertion(position: number, text: string): Edit {
  return { start: position, end: position, text };
}

/** Two insertions at one position become one, in order. */
function mergeInsertions(edits: Edit[]): Edit[] {
  const [first, second] = edits;
  if (first && second && first.start === second.start)
    return [insertion(first.start, first.text + second.text)];
  return edits;
}

function endOfLine(text: string, position: number): number {
  const end = text.indexOf('\n', position);
  return end === -1 ? text.length : end;
}

function trimmedEnd(text: string, end: number): number {
  return text[end - 1] === '\r' ? end - 1 : end;
}

function endOfBlockComment(text: string, position: number): number {
  const end = text.indexOf('*/', position + 2);
  return end === -1 ? text.length : end + 2;
}

/** How a text ends its lines. */
export function lineEndingOf(text: string): '\n' | '\r\n' {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
