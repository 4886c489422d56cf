/** What Next keeps, as text and back without loss: bytes, maps and `undefined` have no form in JSON. */
import { isUtf8 } from 'node:buffer';

/** Begins the name of what is not plain. */
const MARK = '$';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Text for a value. Throws where there would be a loss. */
export function encodeValue(value: unknown): string {
  return JSON.stringify(encoded(value));
}

/** The value again, a fresh copy at each call. */
export function decodeValue(text: string): unknown {
  return decoded(JSON.parse(text) as Json);
}

function encoded(value: unknown): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.isWellFormed() ? value : { $units: units(value) };
  if (typeof value === 'number')
    return isPlain(value) ? value : { $number: String(Object.is(value, -0) ? '-0' : value) };
  if (value === undefined) return { $undefined: true };
  if (Array.isArray(value)) return Array.from(value, encoded);
  if (value instanceof Uint8Array) return bytes(value);
  if (value instanceof Map) return { $map: [...value].map(([key, each]) => [encoded(key), encoded(each)]) };
  if (value instanceof Date) return { $date: value.getTime() };
  if (typeof value === 'object') {
    const prototype = Object.getPrototypeOf(value);
    // Next's own objects may come of another realm.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
      throw new TypeError('Not a plain object.');
    const entries = Object.entries(value).map(([name, each]): [string, Json] => [
      name.startsWith(MARK) ? MARK + name : name,
      encoded(each),
    ]);
    return Object.fromEntries(entries);
  }
  throw new TypeError(`No text form: ${typeof value}.`);
}

const isPlain = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0);

/** Most of what Next keeps as bytes is text, which is a third shorter so. */
function bytes(value: Uint8Array): Json {
  const buffer = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return isUtf8(buffer) ? { $text: buffer.toString('utf8') } : { $bytes: buffer.toString('base64') };
}

const units = (text: string): Json =>
  Array.from({ length: text.length }, (_, index) => text.charCodeAt(index));

function decoded(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(decoded);
  const names = Object.keys(value);
  const [name = ''] = names;
  if (names.length === 1 && name.startsWith(MARK) && !name.startsWith(MARK + MARK)) {
    const inner = value[name] as never;
    switch (name) {
      case '$undefined':
        return undefined;
      case '$text':
        return Buffer.from(inner, 'utf8');
      case '$bytes':
        return Buffer.from(inner, 'base64');
      case '$map':
        return new Map((inner as [Json, Json][]).map(([key, each]) => [decoded(key), decoded(each)]));
      case '$date':
        return new Date(inner);
      case '$number':
        return Number(inner);
      case '$units':
        return String.fromCharCode(...(inner as number[]));
    }
  }
  const result: Record<string, unknown> = {};
  for (const each of names) {
    Object.defineProperty(result, each.startsWith(MARK + MARK) ? each.slice(1) : each, {
      value: decoded(value[each] as Json),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}
