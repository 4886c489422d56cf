/** The KV namespace in the wrangler config: at the top level and in each `env` that has bindings of its own. */
import type { Node } from 'jsonc-parser';
import type { WranglerConfig, WranglerEnvironment } from '../../inspect/wrangler.js';
import type { TransformResult } from '../plan.js';
import { addItem, type JsonStyle, jsonStyle, member, memberValue, parseJson } from '../text/json-edit.js';
import { applyEdits, type Edit, lineEndingOf } from '../text/splice.js';
import { dotted, isAt, itemInPlace, locateToml } from '../text/toml-lists.js';

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
  const { values, tables } = locateToml(text);
  const list = pathTo(place, ['kv_namespaces']);
  const inPlace = values.find(({ keys, kind }) => kind === 'list' && isAt(keys, list));
  const entries = inPlace
    ? inPlace.members.map((span, index) => ({ ...span, keys: [...list, String(index)] }))
    : tables.filter(({ keys, isItem }) => isItem && isAt(keys, list));
  for (const { start, end, keys } of entries) {
    const member = (name: string) =>
      values.find(
        (each) =>
          each.kind === 'text' && each.start > start && each.end <= end && isAt(each.keys, [...keys, name]),
      );
    const value = member('id');
    if (value && member('binding')?.text === binding)
      return text.slice(0, value.start) + JSON.stringify(id) + text.slice(value.end);
  }
  return text;
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
  const lineEnding = lineEndingOf(text);
  const refuse = (reason: string): TransformResult => ({
    ok: false,
    reason,
    paste: tomlBlocks(places, edit, '\n'),
  });
  if (/'''|"""/.test(text))
    return refuse(`${wrangler.path} has texts of several lines, in which nothing can be located for sure.`);
  if (!wrangler.valid) return refuse(`${wrangler.path}: ${wrangler.warnings[0]}`);
  let content = text;
  const others: Place[] = [];
  // One after the other, each on the text that the one before has left.
  for (const place of places) {
    const entry = `{ ${pairsOf(edit, place).join(', ')} }`;
    const edits = itemInPlace(content, pathTo(place, ['kv_namespaces']), entry, lineEnding);
    if (edits === 'misplaced')
      return refuse(`\`kv_namespaces\` of ${wrangler.path} is not what wrangler expects.`);
    if (edits === 'table') others.push(place);
    else content = applyEdits(content, edits);
  }
  return {
    ok: true,
    content: withTables(content, tomlBlocks(others, edit, lineEnding), lineEnding),
    modified: true,
  };
}

/** The text with tables behind everything else. */
export function withTables(text: string, tables: string, lineEnding: string): string {
  if (tables === '') return text;
  const gap = text.trim() === '' ? '' : /\r?\n$/.test(text) ? lineEnding : lineEnding + lineEnding;
  return `${text}${gap}${tables}${lineEnding}`;
}

/** The keys that lead to something of a place. */
export function pathTo(place: Place, rest: readonly string[]): string[] {
  return place === undefined ? [...rest] : ['env', place, ...rest];
}

function pairsOf(edit: KVBindingEdit, place: Place): string[] {
  return entryOf(edit, place).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
}

function tomlBlocks(places: Place[], edit: KVBindingEdit, lineEnding: string): string {
  return places
    .map((place) =>
      [`[[${dotted(pathTo(place, ['kv_namespaces']))}]]`, ...pairsOf(edit, place)].join(lineEnding),
    )
    .join(lineEnding + lineEnding);
}
