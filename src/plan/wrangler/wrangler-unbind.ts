/** Takes bindings out of a wrangler config by their names; for a file in which the very lines of `init` are gone. */
import type { Node } from 'jsonc-parser';
import { keysAt } from '../../inspect/toml-keys.js';
import { TAGS_CLASS } from '../answers.js';
import { countPutIn, type Hunk } from '../text/hunks.js';
import { member, memberValue, parseJson } from '../text/json-edit.js';
import { removeMember } from '../text/splice-out.js';
import { isAt, locateToml, type TomlPlaces, type TomlTable, type TomlValue } from '../text/toml-lists.js';
import { withMainsInToml } from './wrangler-durable-object.js';

/** What is to be taken out. */
export interface Unbinding {
  /** Binding of the KV namespace. */
  entries?: string;
  /** Binding of the Durable Objects; their migration goes with it. */
  tags?: string;
  /** Main modules that get back what they were. */
  mains: readonly { from: string; to: string }[];
}

/** The wrangler config without the bindings; `undefined` where it cannot be read well enough. */
export function unbind(text: string, format: 'json' | 'jsonc' | 'toml', what: Unbinding): string | undefined {
  return format === 'toml' ? unbindToml(text, what) : unbindJson(text, what);
}

/** Whether a path is that of a wrangler config. */
export function isWranglerConfig(path: string): boolean {
  return /(?:^|\/)wrangler\.(?:jsonc?|toml)$/.test(path);
}

/** The format of a wrangler config by its path. */
export function formatOf(path: string): 'json' | 'jsonc' | 'toml' {
  return path.endsWith('.toml') ? 'toml' : path.endsWith('.json') ? 'json' : 'jsonc';
}

/** What is left of a wrangler config, or why nothing can be taken out of it. */
export type WithoutPutIn =
  | { ok: true; content: string }
  /** `foreign`: a binding that is declared more often than it was put in. Without it, the file cannot be read. */
  | { ok: false; names: string[]; foreign?: string };

/**
 * A wrangler config without what hunks put in, by the names of the bindings.
 * @param mains main modules that get back what they were, besides those that the hunks tell
 */
export function withoutPutIn(
  text: string,
  format: 'json' | 'jsonc' | 'toml',
  hunks: readonly Hunk[],
  mains: Unbinding['mains'] = [],
): WithoutPutIn {
  const put = hunks.map(({ added }) => added).join('');
  const timesPutIn = (name: string) => countPutIn(hunks, (piece) => declarationsOf(piece, name));
  const isOurs = (name: string) => timesPutIn(name) > 0;
  // By what was put in, not by the wrapper: its answers may be others by now.
  const entries = namesIn(put, 'binding').filter(isOurs);
  const tags = put.includes(TAGS_CLASS) ? namesIn(put, 'name').filter(isOurs) : [];
  const names = [...entries, ...tags];
  // More of them than were put in: some are the person's own.
  const foreign = names.find((name) => declarationsOf(text, name) > timesPutIn(name));
  if (foreign !== undefined) return { ok: false, names, foreign };
  const all = [...mains, ...hunks.flatMap(mainsOf)];
  const each = [...entries.map((name) => ({ entries: name })), ...tags.map((name) => ({ tags: name })), {}];
  let content: string | undefined = text;
  for (const what of each)
    content = content === undefined ? undefined : unbind(content, format, { ...what, mains: all });
  return content === undefined ? { ok: false, names } : { ok: true, content };
}

/** The main module that a hunk replaced. */
function mainsOf({ removed, added }: Hunk): Unbinding['mains'] {
  const mainIn = (text: string) => /\bmain["']?\s*[:=]\s*(["'])([^"'\n]+)\1/.exec(text)?.[2];
  const [from, to] = [mainIn(removed), mainIn(added)];
  return from !== undefined && to !== undefined && from !== to ? [{ from, to }] : [];
}

/** What bindings are called in pieces of a wrangler config. */
export function namesIn(text: string, key: 'binding' | 'name'): string[] {
  const found = text.matchAll(new RegExp(`\\b${key}"?\\s*[:=]\\s*"([^"]+)"`, 'g'));
  return [...new Set([...found].map((match) => match[1]!))];
}

/** How often a wrangler config declares something by that name. */
export function declarationsOf(text: string, name: string): number {
  return text
    .split(/\r?\n/)
    .filter((line) => new RegExp(`\\b(binding|name)"?\\s*[:=]\\s*(["'])${escaped(name)}\\2`).test(line))
    .length;
}

function unbindJson(text: string, what: Unbinding): string | undefined {
  let content = text;
  // One after the other: each is located in the text that the one before has left.
  for (;;) {
    const parsed = parseJson(content);
    if (!('root' in parsed)) return undefined;
    const next = blocksOf(parsed.root)
      .map((block) => withoutNext(content, block, what))
      .find((it) => it !== undefined);
    if (next === undefined) return content;
    content = next;
  }
}

function blocksOf(root: Node): Node[] {
  const environments = memberValue(root, 'env');
  const blocks = (environments?.children ?? []).flatMap(({ children }) => children?.[1] ?? []);
  return [root, ...blocks.filter(({ type }) => type === 'object')];
}

function withoutNext(text: string, block: Node, { entries, tags, mains }: Unbinding): string | undefined {
  const main = memberValue(block, 'main');
  const replaced = mains.find(({ to }) => main?.type === 'string' && main.value === to);
  if (main && replaced) {
    return text.slice(0, main.offset) + JSON.stringify(replaced.from) + text.slice(main.offset + main.length);
  }
  const objects = memberValue(block, 'durable_objects');
  const lists: [list: Node | undefined, parent: string, isOurs: (item: Node) => boolean][] = [
    [
      memberValue(block, 'kv_namespaces'),
      'kv_namespaces',
      (item) => entries !== undefined && memberValue(item, 'binding')?.value === entries,
    ],
    [
      objects && memberValue(objects, 'bindings'),
      'durable_objects',
      (item) => tags !== undefined && memberValue(item, 'name')?.value === tags,
    ],
    [
      memberValue(block, 'migrations'),
      'migrations',
      (item) => {
        const classes = memberValue(item, 'new_sqlite_classes')?.children ?? [];
        return tags !== undefined && classes.length === 1 && classes[0]!.value === TAGS_CLASS;
      },
    ],
  ];
  for (const [list, parent, isOurs] of lists) {
    const items = list?.children ?? [];
    const index = items.findIndex(isOurs);
    if (!list || index === -1) continue;
    const owner = member(block, parent)!;
    const isAlone = items.length === 1 && (parent !== 'durable_objects' || objects?.children?.length === 1);
    return isAlone
      ? removeMember(text, spanOf(block), block.children!.indexOf(owner))
      : removeMember(text, spanOf(list), index);
  }
  return undefined;
}

function spanOf({ offset, length, children = [] }: Node) {
  const members = children.map((it) => ({ start: it.offset, end: it.offset + it.length }));
  return { start: offset, end: offset + length, members };
}

/** The lists that `init` puts something into, by the keys behind those of the environment. */
const LISTS = ['kv_namespaces', 'durable_objects.bindings', 'migrations'];

/** Which of the lists some keys lead to. */
function listAt(keys: readonly string[]): string | undefined {
  const own = keys[0] === 'env' ? keys.slice(2) : keys;
  return own.length > 2 ? undefined : LISTS.find((list) => list === own.join('.'));
}

/** Whether an entry of a list is what is to be taken out. `keys` are those that its members have before their names. */
function isPutIn(
  list: string,
  { start, end, keys }: Pick<TomlTable, 'start' | 'end' | 'keys'>,
  { values }: TomlPlaces,
  { entries, tags }: Omit<Unbinding, 'mains'>,
): boolean {
  const within = values.filter((each) => each.start > start && each.end <= end);
  const member = (...names: string[]) => within.find((each) => isAt(each.keys, [...keys, ...names]));
  if (list === 'kv_namespaces') return entries !== undefined && member('binding')?.text === entries;
  if (tags === undefined) return false;
  if (list === 'durable_objects.bindings') return member('name')?.text === tags;
  return (
    member('new_sqlite_classes')?.members.length === 1 &&
    member('new_sqlite_classes', '0')?.text === TAGS_CLASS
  );
}

/** The text without what lists in place have of ours, and without a list in a table on one line that has nothing else. */
function withoutInPlace(text: string, what: Omit<Unbinding, 'mains'>): string {
  const places = locateToml(text);
  for (const list of places.values) {
    const name = list.kind === 'list' ? listAt(list.keys) : undefined;
    const index = list.members.findIndex(
      (span, at) => name && isPutIn(name, { ...span, keys: [...list.keys, String(at)] }, places, what),
    );
    if (index === -1) continue;
    const holds = ({ start, end }: Pick<TomlValue, 'start' | 'end'>) => start < list.start && end >= list.end;
    const table = places.values.findLast((each) => each.kind === 'table' && holds(each));
    const without =
      list.members.length === 1 && table
        ? removeMember(text, table, table.members.findIndex(holds))
        : removeMember(text, list, index);
    return withoutInPlace(without, what);
  }
  return text;
}

function unbindToml(whole: string, { mains, ...what }: Unbinding): string {
  const text = withoutInPlace(whole, what);
  const places = locateToml(text);
  const lineOf = (position: number) => text.slice(0, position).split('\n').length - 1;
  const ours = places.tables.filter(
    (table) => table.isItem && isPutIn(listAt(table.keys) ?? '', table, places, what),
  );
  // Each line keeps the end that it has.
  const lines = text.split('\n');
  const kept: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const table = ours.find(({ start }) => lineOf(start) === at);
    if (!table) {
      kept.push(lines[at]!);
      at++;
      continue;
    }
    // All pairs of the table go, or they would be those of the table above; a comment stays.
    const pairs = places.values.filter(({ start, end }) => start > table.start && end <= table.end);
    const last = lineOf(Math.max(table.start, ...pairs.map(({ end }) => end)));
    kept.push(...lines.slice(at + 1, last).filter((line) => /^\s*#/.test(line)));
    at = last + 1;
    if (kept.at(-1)?.trim() === '' && (lines[at] ?? '').trim() === '') kept.pop();
  }
  return withMainsInToml(
    kept.join('\n'),
    mains.map(({ from, to }) => ({ from: to, to: from })),
  );
}

/** Where lines can be taken out of a file, for {@link undoHunks}; `undefined` where that is anywhere. */
export function canGoFrom(path: string): typeof canGoFromToml | undefined {
  return path.endsWith('.toml') ? canGoFromToml : undefined;
}

/**
 * Whether lines can be taken out of a TOML file where these stand behind: behind the head of a table, pairs would
 * become the table's above.
 */
function canGoFromToml(lines: string, behind: string): boolean {
  const { end } = keysAt(behind, /^(?:\s|#[^\n]*\n)*/.exec(behind)![0].length);
  return !/^\s*\[/m.test(lines) || behind[end] !== '=';
}

/** A text as it stands in a regular expression. */
export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
