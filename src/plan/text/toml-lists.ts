/**
 * Where lists stand in TOML that are written in place, `kv_namespaces = [{ … }]`, next to which no table may stand: at
 * the top level, in a table of an environment, behind a dotted key, in an environment on one line. Nothing is read of
 * texts of several lines; who edits has refused them.
 */
import type { ListSpan } from './splice.js';

/** A list in place, or a table on one line, by the keys that lead to it. */
export interface InPlace extends ListSpan {
  keys: string[];
  kind: 'list' | 'table';
}

const KEY = /\s*("(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)\s*/y;

/** Every list and table of a file that is written in place, outer ones first. */
export function inPlace(text: string): InPlace[] {
  const found: InPlace[] = [];
  let table: string[] = [];
  let at = 0;
  while (at < text.length) {
    at = skipBlank(text, at);
    if (text[at] === '[') {
      const header = /\[\[?([^\]\n]*)\]\]?/y;
      header.lastIndex = at;
      const names = header.exec(text)?.[1];
      if (names === undefined) return found;
      table = keysAt(names, 0).keys;
      at = header.lastIndex;
      continue;
    }
    const { keys, end } = keysAt(text, at);
    if (keys.length === 0 || text[end] !== '=') return found;
    at = value(end + 1, [...table, ...keys]);
  }
  return found;

  /** Passes over a value, and notes what is in place; the position behind it. */
  function value(from: number, keys: string[]): number {
    const start = skipBlank(text, from);
    const open = text[start];
    if (open === '"' || open === "'") return endOfText(text, start);
    if (open !== '[' && open !== '{') {
      const bare = /[^\s,\]}#]*/y;
      bare.lastIndex = start;
      bare.exec(text);
      return Math.max(bare.lastIndex, start + 1);
    }
    const entry: InPlace = {
      keys,
      kind: open === '[' ? 'list' : 'table',
      start,
      end: text.length,
      members: [],
    };
    found.push(entry);
    const members: { start: number; end: number }[] = [];
    for (let inner = skipSeparators(text, start + 1); inner < text.length; ) {
      if (text[inner] === ']' || text[inner] === '}') {
        Object.assign(entry, { end: inner + 1, members });
        return inner + 1;
      }
      let end: number;
      if (open === '[') end = value(inner, [...keys, String(members.length)]);
      else {
        const key = keysAt(text, inner);
        end = value(key.end + 1, [...keys, ...key.keys]);
      }
      members.push({ start: inner, end });
      inner = skipSeparators(text, end);
    }
    return text.length;
  }
}

/** The parts of a dotted key, and where it ends. */
function keysAt(text: string, from: number): { keys: string[]; end: number } {
  const keys: string[] = [];
  let end = from;
  for (;;) {
    KEY.lastIndex = end;
    const name = KEY.exec(text)?.[1];
    if (name === undefined) return { keys, end };
    keys.push(name.replace(/^(["'])(.*)\1$/, '$2'));
    end = KEY.lastIndex;
    if (text[end] !== '.') return { keys, end };
    end++;
  }
}

function endOfText(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) return at + 1;
  }
  return text.length;
}

function skipBlank(text: string, from: number): number {
  const blank = /(?:\s|#[^\n]*)*/y;
  blank.lastIndex = from;
  blank.exec(text);
  return blank.lastIndex;
}

function skipSeparators(text: string, from: number): number {
  const between = /(?:[\s,]|#[^\n]*)*/y;
  between.lastIndex = from;
  between.exec(text);
  return between.lastIndex;
}
