/** Taking members out of a list, as if they had never been put in: the inverse of `insertMember`. */
import { applyEdits, type Edit, type ListSpan, skipTrivia } from './splice.js';

/** The text without one member of a list, its comma, and its line where it had one of its own. Comments stay. */
export function removeMember(text: string, list: ListSpan, index: number): string {
  const { members } = list;
  const member = members[index]!;
  const [previous, next] = [members[index - 1], members[index + 1]];
  const comma = commaAfter(text, list, member.end);
  const end = comma === undefined ? member.end : comma + 1;
  const lineStart = text.lastIndexOf('\n', member.start - 1) + 1;
  const startsLine = /^[ \t]*$/.test(text.slice(lineStart, member.start));
  const ownLine = startsLine && /^[ \t]*(\r?\n|$)/.test(text.slice(end));
  const edits: Edit[] = [];
  // What was given a comma for our sake loses it again.
  const before = previous && commaAfter(text, list, previous.end);
  if (!next && comma === undefined && before !== undefined) edits.push(cut(before, before + 1));

  if (ownLine && lineStart > list.start) {
    const from = text[lineStart - 2] === '\r' ? lineStart - 2 : lineStart - 1;
    const to = end + /^[ \t]*/.exec(text.slice(end))![0].length;
    edits.push(cut(from, to));
  } else if (startsLine && /^[ \t]*\/[/*]/.test(text.slice(end))) {
    // The comment behind it takes its place.
    edits.push(cut(member.start, end + /^[ \t]*/.exec(text.slice(end))![0].length));
  } else if (next) {
    const blank = /^[ \t]*$/.test(text.slice(end, next.start));
    edits.push(cut(member.start, blank ? next.start : end));
  } else {
    const from = member.start - /[ \t]*$/.exec(text.slice(0, member.start))![0].length;
    const floor = before === undefined ? list.start + 1 : before + 1;
    edits.push(cut(Math.max(from, floor), end));
  }
  const result = applyEdits(text, edits);
  if (members.length > 1) return result;
  const close = list.end - (text.length - result.length);
  const inside = result.slice(list.start + 1, close - 1);
  return inside.trim() === '' ? result.slice(0, list.start + 1) + result.slice(close - 1) : result;
}

function commaAfter(text: string, list: ListSpan, position: number): number | undefined {
  const at = skipTrivia(text, position);
  return text[at] === ',' && at < list.end ? at : undefined;
}

function cut(start: number, end: number): Edit {
  return { start, end, text: '' };
}
