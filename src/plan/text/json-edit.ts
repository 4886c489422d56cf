/** Members of a JSON file, with or without comments: located by the parser, written by a splice. */
import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type Edit, indentationAt, insertMember, lineAt, lineEndingOf, skipTrivia } from './splice.js';

/** How a JSON file is written. */
export interface JsonStyle {
  indent: string;
  lineEnding: string;
  trailingComma: boolean;
}

/** The tree of a JSON file, or why there is none. */
export function parseJson(text: string): { root: Node } | { reason: string; line: number } {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  const [error] = errors;
  if (error)
    return {
      reason: `it does not parse (${printParseErrorCode(error.error)})`,
      line: lineAt(text, error.offset),
    };
  if (root?.type !== 'object') return { reason: 'it holds no object', line: 1 };
  return { root };
}

/** Indentation, line ends and comma habit of a JSON file. */
export function jsonStyle(text: string, root: Node): JsonStyle {
  const first = root.children?.[0];
  const indent = first && text.slice(0, first.offset).includes('\n') ? indentationAt(text, first.offset) : '';
  return {
    indent: indent || '  ',
    lineEnding: lineEndingOf(text),
    trailingComma: endsWithComma(text, root),
  };
}

/** The member of an object, if it's there. */
export function member(object: Node, name: string): Node | undefined {
  return object.children?.find(({ children }) => children?.[0]?.value === name);
}

/** The value of an object's member, if it's there. */
export function memberValue(object: Node, name: string): Node | undefined {
  return member(object, name)?.children?.[1];
}

/** The edits that add an item to an object or array; `text` is written without indentation of its own. */
export function addItem(
  source: string,
  list: Node,
  text: string,
  style: JsonStyle & { before?: number },
): Edit[] {
  const members = (list.children ?? []).map(({ offset, length }) => ({
    start: offset,
    end: offset + length,
  }));
  const span = { start: list.offset, end: list.offset + list.length, members };
  return insertMember(source, span, text, {
    ...style,
    ownLine: list.type === 'object' || text.includes('\n'),
  });
}

function endsWithComma(text: string, node: Node): boolean {
  const last = node.children?.at(-1);
  if (!last) return false;
  return text[skipTrivia(text, last.offset + last.length)] === ',';
}
