/** The Durable Objects of the tag versions in the wrangler config: binding, migration, and a changed `main`. */
import type { Node } from 'jsonc-parser';
import type { WranglerConfig, WranglerEnvironment, WranglerMigration } from '../../inspect/wrangler.js';
import { TAGS_CLASS } from '../answers.js';
import type { TransformResult } from '../plan.js';
import { addItem, type JsonStyle, jsonStyle, member, memberValue, parseJson } from '../text/json-edit.js';
import { applyEdits, type Edit, lineEndingOf } from '../text/splice.js';
import { dotted, itemInPlace, locateToml } from '../text/toml-lists.js';
import { pathTo, withTables } from './wrangler-edit.js';

/** What is to be bound. */
export interface DurableObjectEdit {
  wrangler: WranglerConfig;
  /** Name of the binding. */
  binding: string;
  /** Main modules that give way to others. */
  mains: readonly { from: string; to: string }[];
}

/** Name of the top level among the places, which no environment can have. */
const TOP = undefined;

/** The wrangler config with all of it. */
export function bindDurableObject(edit: DurableObjectEdit): TransformResult {
  const { wrangler, binding } = edit;
  const steps = {
    bindings: placesWithoutBinding(wrangler, binding),
    migrations: placesWithoutMigration(wrangler),
    mains: edit.mains,
  };
  if (steps.bindings.length + steps.migrations.length + steps.mains.length === 0) {
    return { ok: true, content: wrangler.content, modified: false };
  }
  return wrangler.format === 'toml' ? bindInToml(edit, steps) : bindInJson(edit, steps);
}

interface Steps {
  bindings: (string | undefined)[];
  migrations: (string | undefined)[];
  mains: DurableObjectEdit['mains'];
}

/** The environments that need the binding and lack it. */
export function placesWithoutBinding(wrangler: WranglerConfig, name: string): (string | undefined)[] {
  const lacks = ({ durableObjects }: WranglerEnvironment) => !durableObjects.some((it) => it.name === name);
  const envs = Object.entries(wrangler.env).filter(([, env]) => env.hasBindings && lacks(env));
  return [...(lacks(wrangler) ? [TOP] : []), ...envs.map(([name]) => name)];
}

/** The places with migrations, of which none begins the class. An environment without has those of the top level. */
export function placesWithoutMigration(
  wrangler: WranglerConfig,
  className = TAGS_CLASS,
): (string | undefined)[] {
  const lacks = (migrations: WranglerMigration[]) =>
    !migrations.some(({ newClasses }) => newClasses.includes(className));
  const envs = Object.entries(wrangler.env).filter(([, { migrations }]) => migrations && lacks(migrations));
  return [...(lacks(wrangler.migrations ?? []) ? [TOP] : []), ...envs.map(([name]) => name)];
}

function environmentAt(wrangler: WranglerConfig, place: string | undefined): WranglerEnvironment {
  return place === undefined ? wrangler : wrangler.env[place]!;
}

/** A tag that no migration of the place has, counting on where they are counted. */
function newTag(migrations: readonly WranglerMigration[]): string {
  const tags = migrations.flatMap(({ tag }) => tag ?? []);
  const numbers = tags.map((tag) => /^v(\d+)$/.exec(tag)?.[1]);
  if (numbers.every((number) => number !== undefined)) return `v${Math.max(0, ...numbers.map(Number)) + 1}`;
  for (let count = 1; ; count++) {
    const tag = count === 1 ? 'payload-kv' : `payload-kv-${count}`;
    if (!tags.includes(tag)) return tag;
  }
}

// ---- JSON ---------------------------------------------------------------------------------------------------------

/** A value to be printed, on one line or over several. */
type Json = string | readonly Json[] | { readonly [name: string]: Json };

function bindInJson(edit: DurableObjectEdit, steps: Steps): TransformResult {
  const { wrangler, binding } = edit;
  let text = wrangler.content;
  const paste = jsonPaste(edit, steps);
  const refuse = (reason: string, line?: number): TransformResult => ({
    ok: false,
    reason,
    ...(line === undefined ? {} : { line }),
    paste,
  });

  const entry = { name: binding, class_name: TAGS_CLASS };
  const changes: [place: string | undefined, change: (at: Place) => Edit[] | string][] = [
    ...steps.mains.flatMap(({ from, to }) =>
      [TOP, ...Object.keys(wrangler.env)]
        .filter((place) => environmentAt(wrangler, place).main === from)
        .map((place): (typeof changes)[number] => [place, (at) => replaceText(at, 'main', to)]),
    ),
    ...steps.bindings.map((place): (typeof changes)[number] => [
      place,
      (at) => addTo(at, ['durable_objects', 'bindings'], entry),
    ]),
    ...steps.migrations.map((place): (typeof changes)[number] => [
      place,
      (at) =>
        addTo(at, ['migrations'], {
          tag: newTag(environmentAt(wrangler, place).migrations ?? []),
          new_sqlite_classes: [TAGS_CLASS],
        }),
    ]),
  ];
  // One after the other, each on the text that the one before has left.
  for (const [place, change] of changes) {
    const parsed = parseJson(text);
    if (!('root' in parsed))
      return refuse(`${wrangler.path} cannot be edited: ${parsed.reason}.`, parsed.line);
    const envs = memberValue(parsed.root, 'env');
    const object = place === undefined ? parsed.root : envs && memberValue(envs, place);
    if (object?.type !== 'object') return refuse(`env.${place} of ${wrangler.path} is no object.`);
    const edits = change({ text, object, style: jsonStyle(text, parsed.root) });
    if (typeof edits === 'string')
      return refuse(`${edits} of ${wrangler.path} is not what wrangler expects.`);
    text = applyEdits(text, edits);
  }
  return { ok: true, content: text, modified: true };
}

interface Place {
  text: string;
  object: Node;
  style: JsonStyle;
}

function replaceText({ object }: Place, name: string, value: string): Edit[] | string {
  const node = memberValue(object, name);
  if (node?.type !== 'string') return `\`${name}\``;
  return [{ start: node.offset, end: node.offset + node.length, text: JSON.stringify(value) }];
}

/** Adds an item to the list at a path of members, which are made where they are not there. */
function addTo({ text, object, style }: Place, path: readonly string[], item: Json): Edit[] | string {
  let at = object;
  for (const [depth, name] of path.entries()) {
    const value = memberValue(at, name);
    if (!value) {
      const missing = path.slice(depth + 1).reduceRight<Json>((inner, each) => ({ [each]: inner }), [item]);
      const isInline = !text.slice(at.offset, at.offset + at.length).includes('\n');
      const list = depth === 0 ? upToNeighbour(at) : at;
      return addItem(text, list, `${JSON.stringify(name)}: ${print(missing, style, isInline)}`, style);
    }
    if (value.type !== (depth === path.length - 1 ? 'array' : 'object')) return `\`${name}\``;
    at = value;
  }
  const isInline = at.children?.some(
    ({ offset, length }) => !text.slice(offset, offset + length).includes('\n'),
  );
  return addItem(text, at, print(item, style, isInline === true), style);
}

/** Members that new ones stand well after, the last that is there. */
const NEIGHBOURS = [
  'd1_databases',
  'r2_buckets',
  'kv_namespaces',
  'services',
  'durable_objects',
  'migrations',
];

/** The object up to its last neighbour: what is added then stands behind that one. */
function upToNeighbour(object: Node): Node {
  const children = object.children ?? [];
  const after = NEIGHBOURS.flatMap((name) => member(object, name) ?? []).map((it) => children.indexOf(it));
  const index = Math.max(-1, ...after) + 1;
  return index > 0 && index < children.length ? { ...object, children: children.slice(0, index) } : object;
}

function print(value: Json, style: JsonStyle, isInline: boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((item: Json) => print(item, style, isInline))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${print(item, style, isInline)}`);
  const isShort = isInline || (isList && value.every((item: Json) => typeof item === 'string'));
  if (isShort) return isList ? `[${items.join(', ')}]` : `{ ${items.join(', ')} }`;
  const lines = items.map((item) => style.indent + item.split('\n').join(`\n${style.indent}`)).join(',\n');
  const comma = style.trailingComma ? ',' : '';
  return isList ? `[\n${lines}${comma}\n]` : `{\n${lines}${comma}\n}`;
}

function jsonPaste({ wrangler, binding }: DurableObjectEdit, steps: Steps): string {
  const style: JsonStyle = { indent: '  ', lineEnding: '\n', trailingComma: false };
  const line = (name: string, value: Json) => `${JSON.stringify(name)}: ${print(value, style, true)},`;
  const lines = steps.mains.map(({ to }) => line('main', to));
  if (steps.bindings.length > 0)
    lines.push(line('durable_objects', { bindings: [{ name: binding, class_name: TAGS_CLASS }] }));
  const [place] = steps.migrations;
  if (steps.migrations.length > 0) {
    const tag = newTag(environmentAt(wrangler, place).migrations ?? []);
    lines.push(line('migrations', [{ tag, new_sqlite_classes: [TAGS_CLASS] }]));
  }
  return lines.join('\n');
}

// ---- TOML ---------------------------------------------------------------------------------------------------------

function bindInToml(edit: DurableObjectEdit, steps: Steps): TransformResult {
  const { wrangler } = edit;
  const text = wrangler.content;
  const lineEnding = lineEndingOf(text);
  const items = tomlItems(edit, steps);
  const paste = [
    ...steps.mains.map(({ to }) => `main = ${JSON.stringify(to)}`),
    ...items.map((item) => tableOf(item, '\n')),
  ].join('\n\n');
  const refuse = (reason: string): TransformResult => ({ ok: false, reason, paste });
  if (/'''|"""/.test(text))
    return refuse(`${wrangler.path} has texts of several lines, in which nothing can be located for sure.`);
  if (!wrangler.valid) return refuse(`${wrangler.path}: ${wrangler.warnings[0]}`);

  let content = withMainsInToml(text, steps.mains);
  const tables: string[] = [];
  // One after the other, each on the text that the one before has left.
  for (const item of items) {
    const edits = itemInPlace(content, item.list, `{ ${pairsOf(item).join(', ')} }`, lineEnding);
    if (edits === 'misplaced')
      return refuse(`\`${dotted(item.list)}\` of ${wrangler.path} is not what wrangler expects.`);
    if (edits === 'table') tables.push(tableOf(item, lineEnding));
    else content = applyEdits(content, edits);
  }
  content = withTables(content, tables.join(lineEnding + lineEnding), lineEnding);
  return { ok: true, content, modified: content !== text };
}

/** The text with other main modules, at the top level and in the environments that name one of their own. */
export function withMainsInToml(text: string, mains: DurableObjectEdit['mains']): string {
  const edits = locateToml(text).values.flatMap(({ keys, kind, text: value, start, end }): Edit[] => {
    const isMain = keys.at(-1) === 'main' && (keys.length === 1 || (keys.length === 3 && keys[0] === 'env'));
    const replaced = isMain && kind === 'text' ? mains.find(({ from }) => from === value) : undefined;
    if (!replaced) return [];
    const isLiteral = text[start] === "'" && !/['\n]/.test(replaced.to);
    return [{ start, end, text: isLiteral ? `'${replaced.to}'` : JSON.stringify(replaced.to) }];
  });
  return applyEdits(text, edits);
}

/** What a list is to have besides what it has. */
interface TomlItem {
  /** The keys that lead to the list. */
  list: string[];
  /** Keys and values as they are written. */
  members: [key: string, value: string][];
}

function tomlItems({ wrangler, binding }: DurableObjectEdit, steps: Steps): TomlItem[] {
  return [
    ...steps.bindings.map(
      (place): TomlItem => ({
        list: pathTo(place, ['durable_objects', 'bindings']),
        members: [
          ['name', JSON.stringify(binding)],
          ['class_name', `"${TAGS_CLASS}"`],
        ],
      }),
    ),
    ...steps.migrations.map(
      (place): TomlItem => ({
        list: pathTo(place, ['migrations']),
        members: [
          ['tag', JSON.stringify(newTag(environmentAt(wrangler, place).migrations ?? []))],
          ['new_sqlite_classes', `["${TAGS_CLASS}"]`],
        ],
      }),
    ),
  ];
}

function pairsOf({ members }: TomlItem): string[] {
  return members.map(([key, value]) => `${key} = ${value}`);
}

function tableOf(item: TomlItem, lineEnding: string): string {
  return [`[[${dotted(item.list)}]]`, ...pairsOf(item)].join(lineEnding);
}
