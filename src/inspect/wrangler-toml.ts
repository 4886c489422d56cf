/**
 * Reads as much TOML as wrangler configs use: tables, arrays of tables, strings, numbers, booleans, arrays and inline
 * tables, dotted keys, comments. Multi-line strings and dates are reported rather than guessed.
 */
import { keysAt, unquoted } from './toml-keys.js';

/** The config as plain data, with a problem in words where something could not be read. */
export function readWranglerToml(content: string): { config: Record<string, unknown>; problem?: string } {
  const config: Record<string, unknown> = {};
  let table = config;
  const lines = content.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const start = index;
    const line = withoutComment(lines[index] ?? '').trim();
    if (line === '') continue;
    const header = headerOf(line);
    if (header) {
      table = open(config, header.keys, header.isItem);
      continue;
    }
    const { keys: names, end } = keysAt(line, 0);
    if (names.length === 0 || line[end] !== '=') return { config, problem: problemAt(start) };
    let text = line.slice(end + 1).trim();
    // An array or inline table may go on over several lines.
    while (!balanced(text) && index + 1 < lines.length) {
      index++;
      text += ` ${withoutComment(lines[index] ?? '').trim()}`;
    }
    const value = parseValue(text);
    if (value === undefined) return { config, problem: problemAt(start) };
    const last = names.pop()!;
    open(table, names, false)[last] = value.data;
  }
  return { config };
}

/** What the head of a table names, `[env.production]` or `[[kv_namespaces]]`. */
function headerOf(line: string): { keys: string[]; isItem: boolean } | undefined {
  const isItem = line.startsWith('[[');
  const { keys, end } = keysAt(line, isItem ? 2 : 1);
  const isHeader = line.startsWith('[') && keys.length > 0 && line.slice(end) === (isItem ? ']]' : ']');
  return isHeader ? { keys, isItem } : undefined;
}

function problemAt(index: number): string {
  return `wrangler.toml:${index + 1} is written in a way that is not read here; nothing after it is known.`;
}

function open(root: Record<string, unknown>, names: string[], inList: boolean): Record<string, unknown> {
  let at = root;
  names.forEach((name, depth) => {
    const last = depth === names.length - 1;
    const there = at[name];
    if (last && inList) {
      const list = Array.isArray(there) ? there : [];
      const entry: Record<string, unknown> = {};
      list.push(entry);
      at[name] = list;
      at = entry;
    } else if (Array.isArray(there)) {
      at = (there.at(-1) ?? {}) as Record<string, unknown>;
    } else {
      const next = typeof there === 'object' && there !== null ? there : {};
      at[name] = next;
      at = next as Record<string, unknown>;
    }
  });
  return at;
}

/** The line up to a `#` that is not inside a string. */
function withoutComment(line: string): string {
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const character = line[index]!;
    if (quote) {
      if (character === '\\' && quote === '"') index++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '#') return line.slice(0, index);
  }
  return line;
}

function balanced(text: string): boolean {
  const bare = text.replaceAll(/"(?:\\.|[^"\\])*"|'[^']*'/g, '');
  const count = (character: string) => bare.split(character).length - 1;
  return count('[') === count(']') && count('{') === count('}');
}

/** A value, or `undefined` where it is none that is read here. */
function parseValue(text: string): { data: unknown } | undefined {
  let at = 0;
  const result = value();
  space();
  return result && at === text.length ? result : undefined;

  function space(): void {
    while (/\s/.test(text[at] ?? '')) at++;
  }

  function value(): { data: unknown } | undefined {
    space();
    const rest = text.slice(at);
    if (rest.startsWith('"""') || rest.startsWith("'''")) return undefined;
    if (rest.startsWith('[')) return list();
    if (rest.startsWith('{')) return inlineTable();
    const basic = /^"(?:\\.|[^"\\])*"/.exec(rest);
    if (basic) {
      at += basic[0].length;
      return { data: unquoted(basic[0]) };
    }
    const literal = /^'([^']*)'/.exec(rest) ?? undefined;
    if (literal) {
      at += literal[0].length;
      return { data: literal[1] };
    }
    const word = /^(?:true|false|[+-]?\d[\d_]*(?:\.\d+)?)(?=$|[\s,\]}])/.exec(rest);
    if (!word) return undefined;
    at += word[0].length;
    if (word[0] === 'true' || word[0] === 'false') return { data: word[0] === 'true' };
    return { data: Number(word[0].replaceAll('_', '')) };
  }

  function list(): { data: unknown } | undefined {
    const data: unknown[] = [];
    at++;
    for (;;) {
      space();
      if (text[at] === ']') break;
      const element = value();
      if (!element) return undefined;
      data.push(element.data);
      space();
      if (text[at] === ',') at++;
      else if (text[at] !== ']') return undefined;
    }
    at++;
    return { data };
  }

  function inlineTable(): { data: unknown } | undefined {
    const data: Record<string, unknown> = {};
    at++;
    for (;;) {
      space();
      if (text[at] === '}') break;
      const { keys: names, end } = keysAt(text, at);
      if (names.length === 0 || text[end] !== '=') return undefined;
      at = end + 1;
      const element = value();
      if (!element) return undefined;
      const last = names.pop()!;
      open(data, names, false)[last] = element.data;
      space();
      if (text[at] === ',') at++;
      else if (text[at] !== '}') return undefined;
    }
    at++;
    return { data };
  }
}
