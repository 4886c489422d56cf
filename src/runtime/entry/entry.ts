/**
 * Comes in: a result, with its key, tags, versions and times. Goes out: text without loss, and the result again, a copy
 * at each call. entry-form.ts says what stands in front of the text; envelope.ts and sealing.ts write and read that.
 */

import { isBare, isObject } from '../../platform/is-object.js';
import type { Serializer } from './entry-form.js';

/** What an entry says about its result. */
export interface EntryHeader {
  /** The key it was stored under: a store that mixes up its keys must not answer one query with another's result. */
  key: string;
  /** The tags the result depends on, sorted. */
  tags: readonly string[];
  /** The version of each tag before the database was read. */
  versions: readonly string[];
  /** When the database was asked: a write since then may be missing in the result. In milliseconds since 1970. */
  askedAt: number;
  /** For how long since then it may be served, in seconds. */
  ttl: number;
  /** Tells whose it is to those who list a store that several sites share: within the key that is hashed. */
  site?: string | undefined;
  /** How long it took to make it, in milliseconds; of functions only. */
  cost?: number | undefined;
}

interface StoredHeader {
  k: string;
  t: readonly string[];
  v: readonly string[];
  s: number;
  e: number;
  o?: string | undefined;
  c?: number | undefined;
  /** Values that the serializer does not have, by path. */
  x?: SpecialValue[];
}

type SpecialValue = [
  path: (string | number)[],
  kind: 'undefined' | 'date' | 'number' | 'bigint' | 'bytes' | 'text' | 'bare',
  text: string,
];

/** A result in the form it is stored in. */
export interface EncodedResult {
  body: string;
  special: SpecialValue[] | undefined;
  /** What made the body; `undefined` for JSON. */
  serializer: Serializer | undefined;
}

const NOT_ENCODABLE = Symbol('not encodable');
/** Objects and lists in one result. One that holds the same over and over has few of its own, and a text without end. */
const MOST_VALUES = 2_000_000;

/** What a walk through a result knows. */
interface Walk {
  /** What holds the value that is looked at. */
  above: Set<object>;
  /** Objects and lists that may still come. */
  left: number;
}

/**
 * Encodes a result without loss: what JSON has by the serializer, and undefined, dates, special numbers, bigints, bytes
 * and objects without a prototype beside it.
 *
 * @param serializer makes the result text; without one it becomes JSON
 * @returns `undefined` if it holds anything else, such as a function or an instance of a class
 */
export function encodeResult(result: unknown, serializer?: Serializer): EncodedResult | undefined {
  const special: SpecialValue[] = [];
  try {
    findSpecialValues(result, [], special, { above: new Set(), left: MOST_VALUES }, serializer !== undefined);
    const plain = special.length > 0 ? withoutSpecialValues(result, special) : result;
    const body = serializer ? serializer.encode(plain) : JSON.stringify(plain);
    return { body, special: special.length > 0 ? special : undefined, serializer };
  } catch (error) {
    if (error === NOT_ENCODABLE || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The result with null in the places of special values; what is above those is copied. */
function withoutSpecialValues(result: unknown, special: readonly SpecialValue[]): unknown {
  type Holder = Record<string | number, unknown>;
  const root: Holder = { result };
  const copies = new Set<unknown>([root]);
  for (const [path, kind] of special) {
    let holder = root;
    let name: string | number = 'result';
    const enter = (): void => {
      const next = holder[name] as Holder;
      if (!copies.has(next)) {
        holder[name] = Array.isArray(next) ? [...next] : { ...next };
        copies.add(holder[name]);
      }
      holder = holder[name] as Holder;
    };
    for (const step of path) {
      enter();
      name = step;
    }
    if (kind === 'bare') enter();
    else holder[name] = null;
  }
  return root.result;
}

function findSpecialValues(
  value: unknown,
  path: (string | number)[],
  found: SpecialValue[],
  walk: Walk,
  isForBytes: boolean,
): void {
  switch (typeof value) {
    case 'string':
      // JSON escapes a lone surrogate, UTF-8 has none.
      if (isForBytes && !value.isWellFormed()) found.push([[...path], 'text', value]);
      return;
    case 'boolean':
      return;
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0))
        found.push([[...path], 'number', Object.is(value, -0) ? '-0' : `${value}`]);
      return;
    case 'undefined':
      found.push([[...path], 'undefined', '']);
      return;
    case 'bigint':
      found.push([[...path], 'bigint', `${value}`]);
      return;
    case 'object':
      break;
    default:
      throw NOT_ENCODABLE;
  }
  if (value === null) return;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Date.prototype) {
    if (Reflect.ownKeys(value).length > 0) throw NOT_ENCODABLE;
    found.push([[...path], 'date', `${(value as Date).getTime()}`]);
    return;
  }
  if (value instanceof Uint8Array) {
    if (prototype !== Uint8Array.prototype && prototype !== Buffer.prototype) throw NOT_ENCODABLE;
    found.push([
      [...path],
      'bytes',
      `${Buffer.isBuffer(value) ? 'b' : 'u'}${Buffer.from(value).toString('base64')}`,
    ]);
    return;
  }
  // A circle has no text.
  const { above } = walk;
  walk.left -= 1;
  if (above.has(value) || walk.left < 0) throw NOT_ENCODABLE;
  above.add(value);
  const names = Object.keys(value);
  if (Array.isArray(value)) {
    // Neither holes nor properties of its own.
    if (prototype !== Array.prototype || names.length !== value.length || hasSymbols(value))
      throw NOT_ENCODABLE;
    for (let index = 0; index < value.length; index++) {
      if (!(index in value)) throw NOT_ENCODABLE;
      path.push(index);
      findSpecialValues(value[index], path, found, walk, isForBytes);
      path.pop();
    }
  } else {
    if ((prototype !== Object.prototype && !isBare(prototype)) || hasSymbols(value)) throw NOT_ENCODABLE;
    if ('toJSON' in value && typeof value.toJSON === 'function') throw NOT_ENCODABLE;
    if (prototype !== Object.prototype) found.push([[...path], 'bare', '']);
    for (const name of names) {
      // JSON.parse makes `__proto__` an own property, assignment while restoring would not.
      if (name === '__proto__' || (isForBytes && !name.isWellFormed())) throw NOT_ENCODABLE;
      path.push(name);
      findSpecialValues((value as Record<string, unknown>)[name], path, found, walk, isForBytes);
      path.pop();
    }
  }
  above.delete(value);
}

const hasSymbols = (value: object): boolean => Object.getOwnPropertySymbols(value).length > 0;

/** The body of an entry. JSON is one text; what a serializer made stands in the line below its header. */
export function encodeEntry(header: EntryHeader, result: EncodedResult): string {
  const stored: StoredHeader = {
    k: header.key,
    t: header.tags,
    v: header.versions,
    s: header.askedAt,
    e: header.ttl,
    o: header.site,
    c: header.cost,
  };
  if (result.special) stored.x = result.special;
  const text = JSON.stringify(stored);
  return result.serializer ? `${inAscii(text)}\n${result.body}` : `${text.slice(0, -1)},"r":${result.body}}`;
}

/** JSON of which every character is a byte, as are those of a serializer. */
function inAscii(json: string): string {
  return json.replace(
    /[^\0-~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** An entry that was read. */
export interface DecodedEntry extends EntryHeader {
  /** Characters of the text it was read from, as that is stored. */
  length: number;
  /** The result. It belongs to the caller, who may change it: the next read of the entry makes another. */
  result(): unknown;
}

/**
 * Reads an entry. JSON is parsed once and as a whole: a hit is then little more than the parsing of its result.
 *
 * @param serializer the one that made it; `undefined` for JSON
 * @param length characters of the text that the body was in
 * @returns `undefined` if the body is no entry
 */
export function decodeEntry(
  body: string,
  serializer?: Serializer,
  length = body.length,
): DecodedEntry | undefined {
  const end = serializer ? body.indexOf('\n') : body.length;
  if (end < 0) return undefined;
  let stored: StoredHeader & { r?: unknown };
  try {
    stored = JSON.parse(serializer ? body.slice(0, end) : body);
  } catch {
    return undefined;
  }
  const isEntry =
    isObject(stored) &&
    typeof stored.k === 'string' &&
    Array.isArray(stored.t) &&
    Array.isArray(stored.v) &&
    typeof stored.s === 'number' &&
    typeof stored.e === 'number' &&
    (serializer !== undefined || 'r' in stored);
  if (!isEntry) return undefined;
  return {
    key: stored.k,
    tags: stored.t,
    versions: stored.v,
    askedAt: stored.s,
    ttl: stored.e,
    site: typeof stored.o === 'string' ? stored.o : undefined,
    cost: typeof stored.c === 'number' ? stored.c : undefined,
    length,
    result() {
      const result = serializer ? serializer.decode(body.slice(end + 1)) : stored.r;
      return stored.x ? restoreSpecialValues(result, stored.x) : result;
    },
  };
}

/** Reads a result from its encoded form: a fresh copy at each call. */
export function decodeResult({ body, special, serializer }: EncodedResult): unknown {
  const result: unknown = serializer ? serializer.decode(body) : JSON.parse(body);
  return special ? restoreSpecialValues(result, special) : result;
}

function restoreSpecialValues(result: unknown, special: readonly SpecialValue[]): unknown {
  const root = { result };
  for (const [path, kind, text] of special) {
    let holder: Record<string | number, unknown> = root as Record<string, unknown>;
    let name: string | number = 'result';
    for (const step of path) {
      holder = ownValue(holder, name) as Record<string | number, unknown>;
      name = step;
    }
    const value = ownValue(holder, name);
    holder[name] = kind === 'bare' ? Object.setPrototypeOf(value, null) : restore(kind, text);
  }
  return root.result;
}

/** Whoever can write to the store must not reach what all objects share. */
function ownValue(holder: Record<string | number, unknown>, name: string | number): unknown {
  if (!Object.hasOwn(holder, name)) throw new Error('the entry holds a value without a place');
  return holder[name];
}

function restore(kind: Exclude<SpecialValue[1], 'bare'>, text: string): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'undefined':
      return undefined;
    case 'date':
      return new Date(Number(text));
    case 'number':
      return Number(text);
    case 'bigint':
      return BigInt(text);
    case 'bytes': {
      const bytes = Buffer.from(text.slice(1), 'base64');
      return text[0] === 'b' ? bytes : new Uint8Array(bytes);
    }
  }
}
