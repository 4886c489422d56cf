/**
 * Where things stand in TOML: each value with the keys that lead to it, whether these are written in a header, behind
 * dots or in a table on one line; and each table. A list may be written in place, `kv_namespaces = [{ … }]`: next to it
 * no table of its name may stand. Every edit of TOML asks here, so that what is read and what is edited are one.
 */
import type { Span } from '../../inspect/config-shape/shape.js';
import { keysAt, unquoted } from '../../inspect/toml-keys.js';
import { type Edit, insertMember, type ListSpan } from './splice.js';

/** A value by the keys that lead to it; members of a list count from `0`. */
export interface TomlValue extends ListSpan {
  keys: string[];
  kind: 'list' | 'table' | 'text' | 'other';
  /** What a text of one line says. */
  text?: string;
}

/** A table with a header: from that to the next one. */
export interface TomlTable extends Span {
  keys: string[];
  /** Whether it is one of a list, `[[…]]`. */
  isItem: boolean;
}

/** What a file has, in order, outer values first. */
export interface TomlPlaces {
  values: TomlValue[];
  tables: TomlTable[];
}

/** Where the values and tables of a file stand. */
export function locateToml(text: string): TomlPlaces {
  const values: TomlValue[] = [];
  const tables: TomlTable[] = [];
  let table: string[] = [];
  let at = 0;
  while (at < text.length) {
    at = skipBlank(text, at);
    if (text[at] === '[') {
      const isItem = text[at + 1] === '[';
      const { keys, end } = keysAt(text, at + (isItem ? 2 : 1));
      const close = isItem ? ']]' : ']';
      if (keys.length === 0 || !text.startsWith(close, end)) break;
      closeTable(at);
      table = keys;
      tables.push({ keys, isItem, start: at, end: text.length });
      at = end + close.length;
      continue;
    }
    const { keys, end } = keysAt(text, at);
    if (keys.length === 0 || text[end] !== '=') break;
    at = endOfLine(text, value(end + 1, [...table, ...keys]));
  }
  return { values, tables };

  function closeTable(end: number): void {
    const last = tables.at(-1);
    if (last) last.end = end;
  }

  /** Passes over a value and notes it; the position behind it. */
  function value(from: number, keys: string[]): number {
    const start = skipBlank(text, from);
    const open = text[start];
    const entry: TomlValue = { keys, kind: 'other', start, end: text.length, members: [] };
    values.push(entry);
    if (open !== '[' && open !== '{') {
      entry.end = endOfPlain(text, start);
      const written = text.slice(start, entry.end);
      if (/^["']/.test(written) && !/^("""|''')/.test(written))
        Object.assign(entry, { kind: 'text', text: unquoted(written) });
      return entry.end;
    }
    entry.kind = open === '[' ? 'list' : 'table';
    const members: Span[] = [];
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

/** Whether keys are the same, one by one. */
export function isAt(keys: readonly string[], wanted: readonly string[]): boolean {
  return keys.length === wanted.length && wanted.every((key, index) => keys[index] === key);
}

/** Keys as they are written, with dots between them. */
export function dotted(keys: readonly string[]): string {
  return keys.map((key) => (/^[\w-]+$/.test(key) ? key : JSON.stringify(key))).join('.');
}

/**
 * The edits that put an item into the list at some keys where it stands in place, or into the table in place that is to
 * have it. `table` where a table of the list's name can be added, `misplaced` where neither can be.
 */
export function itemInPlace(
  text: string,
  keys: readonly string[],
  item: string,
  lineEnding: string,
): Edit[] | 'table' | 'misplaced' {
  const { values, tables } = locateToml(text);
  const style = { indent: '  ', lineEnding, trailingComma: false };
  // The innermost of those that lead there.
  const found = values.findLast((each) => isAt(each.keys, keys.slice(0, each.keys.length)));
  if (!found) return tables.some((each) => !each.isItem && isAt(each.keys, keys)) ? 'misplaced' : 'table';
  const rest = keys.slice(found.keys.length);
  if (found.kind === (rest.length === 0 ? 'list' : 'table')) {
    return insertMember(text, found, rest.length === 0 ? item : `${dotted(rest)} = [${item}]`, style);
  }
  return 'misplaced';
}

function endOfPlain(text: string, start: number): number {
  const long = ['"""', "'''"].find((sign) => text.startsWith(sign, start));
  if (long) {
    const close = new RegExp(long === '"""' ? '(?:[^"\\\\]|\\\\[^]|"(?!""))*"{3,5}' : "[^]*?'{3,5}", 'y');
    close.lastIndex = start + 3;
    return close.exec(text) ? close.lastIndex : text.length;
  }
  const plain = /"(?:[^"\\]|\\.)*"|'[^']*'|[^\s,\]}#"']+/y;
  plain.lastIndex = start;
  return plain.exec(text) ? plain.lastIndex : start + 1;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
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
