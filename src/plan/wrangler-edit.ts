/** The KV namespace in the wrangler config: at the top level and in each `env` that has bindings of its own. */
import type { Node } from 'jsonc-parser';
import type { WranglerConfig, WranglerEnvironment } from '../inspect/wrangler.js';
import { addItem, type JsonStyle, jsonStyle, member, memberValue, parseJson } from './json-edit.js';
import type { TransformResult } from './plan.js';
import { applyEdits, type Edit } from './splice.js';

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
  const { wrangler, binding } = edit;
  const places = placesWithoutNamespace(wrangler, binding);
  if (places.length === 0) return { ok: true, content: wrangler.content, modified: false };
  return wrangler.format === 'toml' ? bindInToml(edit, places) : bindInJson(edit, places);
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
  const { wrangler, binding } = edit;
  const text = wrangler.content;
  const lineEnding = text.includes('\r\n') ? '\r\n' : '\n';
  const blocks = tomlBlocks(places, edit, lineEnding);
  const refuse = (reason: string): TransformResult => ({
    ok: false,
    reason,
    paste: tomlBlocks(places, edit, '\n'),
  });
  if (/'''|"""/.test(text))
    return refuse(`${wrangler.path} has texts of several lines, in which nothing can be located for sure.`);
  if (!wrangler.valid) return refuse(`${wrangler.path}: ${wrangler.warnings[0]}`);
  const inline = text.split('\n').findIndex((line) => /^\s*(env\.[\w"'-]+\.)?kv_namespaces\s*=/.test(line));
  const inlineEnv = text
    .split('\n')
    .findIndex((line) => /^\s*(env|[\w"'-]+)\s*=\s*\{.*(kv_namespaces|env)/.test(line));
  const found = Math.max(inline, inlineEnv);
  if (found !== -1) {
    return {
      ok: false,
      reason: `${wrangler.path} has \`kv_namespaces\` as an inline array, next to which no table may stand.`,
      line: found + 1,
      paste: `kv_namespaces = [ …, { binding = "${binding}" } ]`,
    };
  }
  const gap = text.trim() === '' ? '' : /\r?\n$/.test(text) ? lineEnding : lineEnding + lineEnding;
  return { ok: true, content: `${text}${gap}${blocks}${lineEnding}`, modified: true };
}

function tomlBlocks(places: Place[], edit: KVBindingEdit, lineEnding: string): string {
  return places
    .map((place) => {
      const path =
        place === undefined ? '' : `env.${/^[\w-]+$/.test(place) ? place : JSON.stringify(place)}.`;
      const pairs = entryOf(edit, place).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
      return [`[[${path}kv_namespaces]]`, ...pairs].join(lineEnding);
    })
    .join(lineEnding + lineEnding);
}
