/** The KV namespace in the wrangler config: at the top level and in each `env` that has bindings of its own. */
import type { Node } from 'jsonc-parser';
import type { WranglerConfig, WranglerEnvironment } from '../../inspect/wrangler.js';
import type { TransformResult } from '../plan.js';
import { addItem, type JsonStyle, jsonStyle, member, memberValue, parseJson } from '../text/json-edit.js';
import { applyEdits, type Edit, insertMember } from '../text/splice.js';
import { inPlace } from '../text/toml-lists.js';

/** What is to be bound. */
export interface KVBindingEdit {
  wrangler: WranglerConfig;
  binding: string;
  /** Whether the project's wrangler creates a namespace without an id at deploy (from 4.45 on). */
  provisions: boolean;
  /** Ids of namespaces by the place they are for; a place without gets none, or a placeholder. */
  ids?: NamespaceIds;
}

/** Ids of namespaces by environment; the top level is `''`. */
export type NamespaceIds = Readonly<Record<string, string>>;

/** An environment of a wrangler config; `undefined` is the top level. */
export type Place = string | undefined;

/** What stands for an id until somebody has created the namespace; doctor reports it. */
export function placeholderId(binding: string): string {
  return `<id of: wrangler kv namespace create ${binding}>`;
}

/** The wrangler config with the binding in it. */
export function bindKVNamespace(edit: KVBindingEdit): TransformResult {
  const { wrangler, binding, ids = {} } = edit;
  const filled = placesWithPlaceholder(wrangler, binding).flatMap((place): [Place, string][] => {
    const id = ids[place ?? ''];
    return id === undefined ? [] : [[place, id]];
  });
  const content = filled.reduce(
    (text, [place, id]) => withId(text, wrangler.format, place, binding, id),
    wrangler.content,
  );
  const places = placesWithoutNamespace(wrangler, binding);
  if (places.length === 0) return { ok: true, content, modified: content !== wrangler.content };
  const rest = { ...edit, wrangler: { ...wrangler, content } };
  return wrangler.format === 'toml' ? bindInToml(rest, places) : bindInJson(rest, places);
}

/** The members of an entry: the binding, and the id that is known or has to be written by somebody. */
function entryOf({ binding, provisions, ids }: KVBindingEdit, place: Place): [name: string, value: string][] {
  const id = ids?.[place ?? ''] ?? (provisions ? undefined : placeholderId(binding));
  return [['binding', binding], ...(id === undefined ? [] : [['id', id] as [string, string]])];
}

/** The environments that need the binding and lack it; `undefined` is the top level. */
export function placesWithoutNamespace(wrangler: WranglerConfig, name: string): Place[] {
  const lacks = ({ kvNamespaces }: WranglerEnvironment) =>
    !kvNamespaces.some(({ binding }) => binding === name);
  const places: Place[] = lacks(wrangler) ? [undefined] : [];
  for (const [env, environment] of Object.entries(wrangler.env)) {
    if ((environment.hasBindings || environment.hasKVNamespaces) && lacks(environment)) places.push(env);
  }
  return places;
}

/** The environments whose namespace has a placeholder for an id, ours or another, that can be filled in. */
export function placesWithPlaceholder(wrangler: WranglerConfig, name: string): Place[] {
  const { content, format } = wrangler;
  const places: [Place, WranglerEnvironment][] = [[undefined, wrangler], ...Object.entries(wrangler.env)];
  if (!wrangler.valid || (format === 'toml' && /'''|"""/.test(content))) return [];
  return places.flatMap(([place, { kvNamespaces }]) => {
    const namespace = kvNamespaces.find(({ binding }) => binding === name);
    const isOpen = namespace?.id !== undefined && isPlaceholder(namespace.id);
    return isOpen && withId(content, format, place, name, 'an id') !== content ? [place] : [];
  });
}

/** `<id of: …>`, `<your id>`, nothing, zeros: what stands where somebody is to write an id. */
function isPlaceholder(id: string): boolean {
  return /^<.*>$|^$|^(.)\1+$|\byour\b/i.test(id);
}

/** The ids of a binding by place, real ones only. */
export function idsOf(wrangler: WranglerConfig, name: string): NamespaceIds {
  const places: [string, WranglerEnvironment][] = [['', wrangler], ...Object.entries(wrangler.env)];
  return Object.fromEntries(
    places.flatMap(([place, { kvNamespaces }]) => {
      const id = kvNamespaces.find(({ binding }) => binding === name)?.id;
      return id === undefined || isPlaceholder(id) ? [] : [[place, id]];
    }),
  );
}

/** The text with another id in the entry of a binding; as it is where the entry is not written as wrangler has it. */
function withId(
  text: string,
  format: WranglerConfig['format'],
  place: Place,
  binding: string,
  id: string,
): string {
  if (format === 'toml') return withIdInToml(text, place, binding, id);
  const parsed = parseJson(text);
  if (!('root' in parsed)) return text;
  const envs = memberValue(parsed.root, 'env');
  const object = place === undefined ? parsed.root : envs && memberValue(envs, place);
  const entry = (object && memberValue(object, 'kv_namespaces'))?.children?.find(
    (item) => memberValue(item, 'binding')?.value === binding,
  );
  const value = entry && memberValue(entry, 'id');
  if (!value) return text;
  return text.slice(0, value.offset) + JSON.stringify(id) + text.slice(value.offset + value.length);
}

function withIdInToml(text: string, place: Place, binding: string, id: string): string {
  const list = inPlace(text).find(({ keys }) => isAt(keys, place, ['kv_namespaces']));
  for (const { start, end } of list?.members ?? []) {
    const entry = text.slice(start, end);
    if (/[{,]\s*binding\s*=\s*["']([^"']*)["']/.exec(entry)?.[1] !== binding) continue;
    const filled = entry.replace(
      /([{,]\s*id\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*')/,
      (_whole, before: string) => before + JSON.stringify(id),
    );
    return text.slice(0, start) + filled + text.slice(end);
  }
  const header =
    place === undefined
      ? /^\s*\[\[kv_namespaces\]\]/
      : new RegExp(`^\\s*\\[\\[env\\.(["']?)${place.replace(/[^\w-]/g, '\\$&')}\\1\\.kv_namespaces\\]\\]`);
  const lines = text.split('\n');
  for (let at = lines.findIndex((line) => header.test(line)); at !== -1; ) {
    let end = at + 1;
    while (end < lines.length && !/^\s*\[/.test(lines[end]!)) end++;
    const block = lines.slice(at, end);
    const row = block.findIndex((line) => /^\s*id\s*=/.test(line));
    if (row !== -1 && block.some((line) => bindingIn(line) === binding)) {
      lines[at + row] = lines[at + row]!.replace(
        /^(\s*id\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*')/,
        (_whole, before: string) => before + JSON.stringify(id),
      );
      break;
    }
    const next = lines.slice(end).findIndex((line) => header.test(line));
    at = next === -1 ? -1 : end + next;
  }
  return lines.join('\n');
}

function bindingIn(line: string): string | undefined {
  return /^\s*binding\s*=\s*["']([^"']*)["']/.exec(line)?.[1];
}

/** Bindings that a new `kv_namespaces` stands well after, the last one that is there. */
const neighbours = ['d1_databases', 'r2_buckets', 'kv_namespaces', 'hyperdrive', 'queues', 'services'];

function bindInJson(edit: KVBindingEdit, places: Place[]): TransformResult {
  const { wrangler, binding } = edit;
  const text = wrangler.content;
  const paste = `"kv_namespaces": [{ "binding": ${JSON.stringify(binding)} }]`;
  const parsed = parseJson(text);
  if (!('root' in parsed))
    return {
      ok: false,
      reason: `${wrangler.path} cannot be edited: ${parsed.reason}.`,
      line: parsed.line,
      paste,
    };
  const style = jsonStyle(text, parsed.root);
  const envs = memberValue(parsed.root, 'env');
  const edits: Edit[] = [];
  for (const place of places) {
    const object = place === undefined ? parsed.root : envs && memberValue(envs, place);
    if (object?.type !== 'object')
      return { ok: false, reason: `env.${place} of ${wrangler.path} is no object.`, paste };
    edits.push(...bindInObject(text, object, entryOf(edit, place), style));
  }
  return { ok: true, content: applyEdits(text, edits), modified: true };
}

function bindInObject(text: string, object: Node, members: [string, string][], style: JsonStyle): Edit[] {
  const { indent } = style;
  const comma = style.trailingComma ? ',' : '';
  const pairs = members.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`);
  const entry = `{\n${pairs.map((pair) => indent + pair).join(',\n')}${comma}\n}`;
  const short = `{ ${pairs.join(', ')} }`;
  const onOneLine = !text.slice(object.offset, object.offset + object.length).includes('\n');
  const namespaces = memberValue(object, 'kv_namespaces');
  if (namespaces?.type === 'array') {
    const inline =
      (onOneLine && namespaces.children?.length === 0) ||
      namespaces.children?.some(({ offset, length }) => !text.slice(offset, offset + length).includes('\n'));
    return addItem(text, namespaces, inline ? short : entry, style);
  }
  const list = onOneLine
    ? `"kv_namespaces": [${short}]`
    : `"kv_namespaces": [\n${indent}${entry.split('\n').join(`\n${indent}`)}${comma}\n]`;
  const children = object.children ?? [];
  const after = neighbours
    .flatMap((name) => member(object, name) ?? [])
    .map((found) => children.indexOf(found));
  const index = Math.max(-1, ...after) + 1;
  // Behind the last member is the end of the list; in between, the list up to there ends behind its neighbour.
  const partial =
    index > 0 && index < children.length ? { ...object, children: children.slice(0, index) } : object;
  return addItem(text, partial, list, style);
}

function bindInToml(edit: KVBindingEdit, places: Place[]): TransformResult {
  const { wrangler } = edit;
  const text = wrangler.content;
  const lineEnding = text.includes('\r\n') ? '\r\n' : '\n';
  const refuse = (reason: string): TransformResult => ({
    ok: false,
    reason,
    paste: tomlBlocks(places, edit, '\n'),
  });
  if (/'''|"""/.test(text))
    return refuse(`${wrangler.path} has texts of several lines, in which nothing can be located for sure.`);
  if (!wrangler.valid) return refuse(`${wrangler.path}: ${wrangler.warnings[0]}`);
  const lists = inPlace(text);
  const edits: Edit[] = [];
  const others: Place[] = [];
  for (const place of places) {
    const list = lists.find(({ kind, keys }) => kind === 'list' && isAt(keys, place, ['kv_namespaces']));
    const table = lists.find(({ kind, keys }) => kind === 'table' && isAt(keys, place, []));
    const style = { indent: '  ', lineEnding, trailingComma: false };
    const entry = `{ ${pairsOf(edit, place).join(', ')} }`;
    if (list) edits.push(...insertMember(text, list, entry, style));
    else if (table) edits.push(...insertMember(text, table, `kv_namespaces = [${entry}]`, style));
    else others.push(place);
  }
  const content = applyEdits(text, edits);
  if (others.length === 0) return { ok: true, content, modified: true };
  const gap = content.trim() === '' ? '' : /\r?\n$/.test(content) ? lineEnding : lineEnding + lineEnding;
  const blocks = tomlBlocks(others, edit, lineEnding);
  return { ok: true, content: `${content}${gap}${blocks}${lineEnding}`, modified: true };
}

/** Whether keys of a file lead to something of a place. */
function isAt(keys: readonly string[], place: Place, rest: readonly string[]): boolean {
  const wanted = place === undefined ? rest : ['env', place, ...rest];
  return keys.length === wanted.length && wanted.every((key, index) => keys[index] === key);
}

function pairsOf(edit: KVBindingEdit, place: Place): string[] {
  return entryOf(edit, place).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
}

function tomlBlocks(places: Place[], edit: KVBindingEdit, lineEnding: string): string {
  return places
    .map((place) => {
      const path =
        place === undefined ? '' : `env.${/^[\w-]+$/.test(place) ? place : JSON.stringify(place)}.`;
      return [`[[${path}kv_namespaces]]`, ...pairsOf(edit, place)].join(lineEnding);
    })
    .join(lineEnding + lineEnding);
}
