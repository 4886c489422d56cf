/** An entry as text: JSON with tags, versions, times and the result. */

/** Version of the format; part of every key's scope, so that no release reads another's entries. */
export const ENTRY_FORMAT = 3;

/** What an entry says about its result. */
export interface EntryHeader {
  /** The key it was stored under: a store that mixes up its keys must not answer one query with another's result. */
  key: string;
  /** The tags the result depends on, sorted. */
  tags: readonly string[];
  /** The version of each tag before the database was read. */
  versions: readonly string[];
  /** When the entry was stored, in milliseconds since 1970. */
  storedAt: number;
  /** For how long it may be served, in seconds. */
  ttl: number;
}

interface StoredEntry {
  k: string;
  t: readonly string[];
  v: readonly string[];
  s: number;
  e: number;
  /** Values that JSON does not have, by path. */
  x?: SpecialValue[];
  r: unknown;
}

type SpecialValue = [
  path: (string | number)[],
  kind: 'undefined' | 'date' | 'number' | 'bigint' | 'bytes',
  text: string,
];

/** A result in the form it is stored in. */
export interface EncodedResult {
  body: string;
  special: SpecialValue[] | undefined;
}

const NOT_ENCODABLE = Symbol('not encodable');

/**
 * Encodes a result without loss: what JSON has as JSON, and undefined, dates, special numbers, bigints and bytes beside
 * it.
 *
 * @returns `undefined` if it holds anything else, such as a function or an instance of a class
 */
export function encodeResult(result: unknown): EncodedResult | undefined {
  const special: SpecialValue[] = [];
  try {
    findSpecialValues(result, [], special, new Set());
    const body = JSON.stringify(
      result === undefined ? null : result,
      special.length > 0 ? replaceBigint : undefined,
    );
    return { body, special: special.length > 0 ? special : undefined };
  } catch (error) {
    if (error === NOT_ENCODABLE || error instanceof RangeError) return undefined;
    throw error;
  }
}

function replaceBigint(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? null : value;
}

function findSpecialValues(
  value: unknown,
  path: (string | number)[],
  found: SpecialValue[],
  above: Set<object>,
): void {
  switch (typeof value) {
    case 'string':
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
  if (value instanceof Date) {
    found.push([[...path], 'date', `${value.getTime()}`]);
    return;
  }
  if (value instanceof Uint8Array) {
    if (Object.getPrototypeOf(value) !== Uint8Array.prototype && !Buffer.isBuffer(value)) throw NOT_ENCODABLE;
    found.push([
      [...path],
      'bytes',
      `${Buffer.isBuffer(value) ? 'b' : 'u'}${Buffer.from(value).toString('base64')}`,
    ]);
    return;
  }
  // A circle has no text.
  if (above.has(value)) throw NOT_ENCODABLE;
  above.add(value);
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      path.push(index);
      findSpecialValues(value[index], path, found, above);
      path.pop();
    }
  } else {
    const prototype = Object.getPrototypeOf(value);
    if (
      (prototype !== Object.prototype && prototype !== null) ||
      Object.getOwnPropertySymbols(value).length > 0
    )
      throw NOT_ENCODABLE;
    if ('toJSON' in value && typeof value.toJSON === 'function') throw NOT_ENCODABLE;
    for (const name of Object.keys(value)) {
      // JSON.parse makes `__proto__` an own property, assignment while restoring would not.
      if (name === '__proto__') throw NOT_ENCODABLE;
      path.push(name);
      findSpecialValues((value as Record<string, unknown>)[name], path, found, above);
      path.pop();
    }
  }
  above.delete(value);
}

/** The text of an entry. */
export function encodeEntry(header: EntryHeader, result: EncodedResult): string {
  const stored: Omit<StoredEntry, 'r'> = {
    k: header.key,
    t: header.tags,
    v: header.versions,
    s: header.storedAt,
    e: header.ttl,
  };
  if (result.special) stored.x = result.special;
  return `${JSON.stringify(stored).slice(0, -1)},"r":${result.body}}`;
}

/** An entry that was read. */
export interface DecodedEntry extends EntryHeader {
  /** The result. It belongs to the caller, who may change it: the next read of the entry makes another. */
  result(): unknown;
}

/**
 * Reads an entry. The text is parsed once and as a whole: a hit is then little more than the parsing of its result.
 *
 * @returns `undefined` if the text is no entry
 */
export function decodeEntry(text: string): DecodedEntry | undefined {
  let stored: StoredEntry;
  try {
    stored = JSON.parse(text) as StoredEntry;
  } catch {
    return undefined;
  }
  const isEntry =
    typeof stored === 'object' &&
    stored !== null &&
    typeof stored.k === 'string' &&
    Array.isArray(stored.t) &&
    Array.isArray(stored.v) &&
    typeof stored.s === 'number' &&
    typeof stored.e === 'number' &&
    'r' in stored;
  if (!isEntry) return undefined;
  return {
    key: stored.k,
    tags: stored.t,
    versions: stored.v,
    storedAt: stored.s,
    ttl: stored.e,
    result: () => (stored.x ? restoreSpecialValues(stored.r, stored.x) : stored.r),
  };
}

/** Reads a result from its encoded form: a fresh copy at each call. */
export function decodeResult(body: string, special: SpecialValue[] | undefined): unknown {
  const result: unknown = JSON.parse(body);
  return special ? restoreSpecialValues(result, special) : result;
}

function restoreSpecialValues(result: unknown, special: readonly SpecialValue[]): unknown {
  const root = { result };
  for (const [path, kind, text] of special) {
    let holder: Record<string | number, unknown> = root as Record<string, unknown>;
    let name: string | number = 'result';
    for (const step of path) {
      // Whoever can write to the store must not reach what all objects share.
      if (!Object.hasOwn(holder, name)) throw new Error('the entry holds a value without a place');
      holder = holder[name] as Record<string | number, unknown>;
      name = step;
    }
    holder[name] = restore(kind, text);
  }
  return root.result;
}

function restore(kind: SpecialValue[1], text: string): unknown {
  switch (kind) {
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
