/** Takes bindings out of a wrangler config by their names; for a file in which the very lines of `init` are gone. */
import type { Node } from 'jsonc-parser';
import { TAGS_CLASS } from '../answers.js';
import { countPutIn, type Hunk } from '../text/hunks.js';
import { member, memberValue, parseJson } from '../text/json-edit.js';
import { removeMember } from '../text/splice-out.js';
import { type InPlace, inPlace } from '../text/toml-lists.js';

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
  const mainIn = (text: string) => /\bmain"?\s*[:=]\s*(["'])([^"'\n]+)\1/.exec(text)?.[2];
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

/** The text without what lists in place have of the binding, and without a list that has nothing else. */
function withoutInPlace(text: string, entries: string): string {
  const all = inPlace(text);
  const isNamespaces = ({ keys, kind }: InPlace) =>
    kind === 'list' && keys.at(-1) === 'kv_namespaces' && (keys.length === 1 || keys.length === 3);
  for (const list of all.filter(isNamespaces)) {
    const index = list.members.findIndex(({ start, end }) =>
      new RegExp(`[{,]\\s*binding\\s*=\\s*(["'])${escaped(entries)}\\1`).test(text.slice(start, end)),
    );
    if (index === -1) continue;
    const table = all.find(
      ({ kind, keys }) => kind === 'table' && keys.join('.') === list.keys.slice(0, -1).join('.'),
    );
    const owner = table?.members.findIndex(({ start, end }) => start < list.start && end >= list.end);
    const without =
      list.members.length === 1 && table && owner !== undefined && owner !== -1
        ? removeMember(text, table, owner)
        : removeMember(text, list, index);
    return withoutInPlace(without, entries);
  }
  return text;
}

function unbindToml(whole: string, { entries, tags, mains }: Unbinding): string {
  const text = entries === undefined ? whole : withoutInPlace(whole, entries);
  // Each line keeps the end that it has.
  const lines = text.split('\n');
  const isHeader = (line: string) => /^\s*\[/.test(line);
  const kept: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const header =
      /^\s*\[\[\s*(?:env\.[^\]]+\.)?(kv_namespaces|durable_objects\.bindings|migrations)\s*\]\]/.exec(
        lines[at]!,
      );
    let end = at + 1;
    while (end < lines.length && !isHeader(lines[end]!)) end++;
    const block = lines.slice(at, end);
    const has = (key: string, value: string) =>
      block.some((line) => {
        const pair = PAIR.exec(line);
        return pair?.[1] === key && new RegExp(`^${value}\\s*(#.*)?$`).test(pair[2]!.trim());
      });
    const text = (value: string) => `(["'])${escaped(value)}\\1`;
    const isOurs =
      header !== null &&
      ((header[1] === 'kv_namespaces' && entries !== undefined && has('binding', text(entries))) ||
        (header[1] === 'durable_objects.bindings' && tags !== undefined && has('name', text(tags))) ||
        (header[1] === 'migrations' &&
          tags !== undefined &&
          has('new_sqlite_classes', `\\[\\s*${text(TAGS_CLASS)}\\s*,?\\s*\\]`)));
    if (!isOurs) {
      kept.push(lines[at]!);
      at++;
      continue;
    }
    // All pairs of the block go, or they would be the table's above; a comment stays.
    const last = block.findLastIndex((line) => PAIR.test(line));
    kept.push(...block.slice(1, last).filter((line) => /^\s*#/.test(line)));
    at += last + 1;
    if (kept.at(-1)?.trim() === '' && (lines[at] ?? '').trim() === '') kept.pop();
  }
  let content = kept.join('\n');
  for (const { from, to } of mains) {
    content = content.replace(
      /^(\s*main\s*=\s*)(["'])(.*?)\2/gm,
      (whole, before: string, sign: string, value) =>
        value === to ? `${before}${sign}${from}${sign}` : whole,
    );
  }
  return content;
}

/** A key and its value on one line. */
const PAIR = /^\s*["']?([\w-]+)["']?\s*=([^\n]*)$/;

/** Where lines can be taken out of a file, for {@link undoHunks}; `undefined` where that is anywhere. */
export function canGoFrom(path: string): typeof canGoFromToml | undefined {
  return path.endsWith('.toml') ? canGoFromToml : undefined;
}

/**
 * Whether lines can be taken out of a TOML file where these stand behind: behind the head of a table, pairs would
 * become the table's above.
 */
function canGoFromToml(lines: string, behind: string): boolean {
  return !/^\s*\[/m.test(lines) || !/^(?:\s|#[^\n]*\n)*["'\w-]+\s*=/.test(behind);
}

/** A text as it stands in a regular expression. */
export function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
