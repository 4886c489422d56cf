import * as crypto from 'node:crypto';

/** Thrown inside this module only: the arguments hold something that has no canonical form. */
const NO_CANONICAL_FORM = Symbol('no canonical form');

/** Whether a property combines conditions. The length first: this is asked of every property. */
export const isLogical = (name: string): boolean => name.length <= 3 && /^(and|or)$/i.test(name);
const HEX_ID = /^[0-9a-f]{24}$/i;

/**
 * Canonical text of database arguments: equal for arguments that mean the same whatever their property order, and
 * different for any two that can differ. `req` is left out, for it holds the caller and not the question.
 *
 * A `where` keeps the order of its operators, and of `and` and `or` where both stand side by side: Payload's SQL
 * adapters stop at some operators and let the later of `and` and `or` win.
 *
 * @returns `undefined` for arguments that hold a function, a symbol or an object without a canonical form
 */
export function canonicalArguments(args: Readonly<Record<string, unknown>>): string | undefined {
  try {
    let text = '';
    for (const name of Object.keys(args).sort()) {
      const value = args[name];
      // An absent argument and an undefined one are the same to a destructuring adapter.
      if (name === 'req' || value === undefined) continue;
      text += `${JSON.stringify(name)}:${name === 'where' || name === 'relatedAccess' ? canonicalWhere(value) : canonical(value)},`;
    }
    return text;
  } catch (error) {
    if (error === NO_CANONICAL_FORM || error instanceof RangeError) return undefined;
    throw error;
  }
}

function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
      return Object.is(value, -0) ? '-0' : `${value}`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return 'undefined';
    case 'bigint':
      return `${value}n`;
    case 'object':
      break;
    default:
      throw NO_CANONICAL_FORM;
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) {
    let text = '[';
    for (let index = 0; index < value.length; index++) text += `${canonical(value[index])},`;
    return `${text}]`;
  }
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof RegExp) return `RegExp(${JSON.stringify(value.source)},${value.flags})`;
  if (!isPlainObject(value)) return canonicalInstance(value as object);
  return canonicalObject(value);
}

function canonicalObject(value: Record<string, unknown>): string {
  if (Object.getOwnPropertySymbols(value).length > 0) throw NO_CANONICAL_FORM;
  const names = Object.keys(value);
  if (names.length > 1) names.sort();
  let text = '{';
  for (const name of names) {
    const property = value[name];
    const isWhere = name === 'where' || isLogical(name);
    text += `${JSON.stringify(name)}:${isWhere ? canonicalWhere(property) : canonical(property)},`;
  }
  return `${text}}`;
}

/** A where, or an array of them: paths in any order, operators and competing logical keys in the order written. */
function canonicalWhere(where: unknown): string {
  if (Array.isArray(where)) {
    let text = '[';
    for (const part of where) text += `${canonicalWhere(part)},`;
    return `${text}]`;
  }
  if (typeof where !== 'object' || where === null || !isPlainObject(where)) return canonical(where);
  if (Object.getOwnPropertySymbols(where).length > 0) throw NO_CANONICAL_FORM;
  const names = Object.keys(where);
  const logical = names.filter(isLogical);
  const paths = logical.length === 0 ? names : names.filter((name) => !isLogical(name));
  let text = '{';
  for (const name of paths.length > 1 ? paths.sort() : paths) {
    text += `${JSON.stringify(name)}:${canonicalOperators(where[name])},`;
  }
  for (const name of logical) text += `${JSON.stringify(name)}:${canonicalWhere(where[name])},`;
  return `${text}}`;
}

function canonicalOperators(operators: unknown): string {
  if (typeof operators !== 'object' || operators === null || !isPlainObject(operators))
    return canonical(operators);
  if (Object.getOwnPropertySymbols(operators).length > 0) throw NO_CANONICAL_FORM;
  let text = '{';
  // `contains` may hold a nested where; every operand is treated as one, which at worst keeps an order it could drop.
  for (const name of Object.keys(operators))
    text += `${JSON.stringify(name)}:${canonicalWhere(operators[name])},`;
  return `${text}}`;
}

/** Instances that database arguments are known to hold: MongoDB's ObjectId and binary data. */
function canonicalInstance(value: object): string {
  if (value instanceof Uint8Array) return `Bytes(${Buffer.from(value).toString('base64')})`;
  const { toHexString } = value as { toHexString?: () => unknown };
  if (typeof toHexString === 'function') {
    const hex = toHexString.call(value);
    if (typeof hex === 'string' && HEX_ID.test(hex)) return `ObjectId(${hex})`;
  }
  throw NO_CANONICAL_FORM;
}

function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** SHA-256 in 43 characters. Cryptographic, because a visitor who could make two queries collide could read another's. */
export function hash(text: string): string {
  // In one call where the platform has that: Node from 20.12 on.
  return typeof crypto.hash === 'function'
    ? crypto.hash('sha256', text, 'base64url')
    : crypto.createHash('sha256').update(text).digest('base64url');
}

/** Longest readable part of a key, in characters: with prefix and hash a key stays far below KV's 512 bytes. */
const READABLE_LENGTH = 120;
/** What `encodeURIComponent` would leave as it is, with `:` and `@`. */
const PLAIN_READABLE = /^[\w:@.-]{0,120}$/;

/** Prefix of everything this package puts into a store. `payload-kv:` belongs to Payload's own Redis adapter. */
export const KEY_PREFIX = 'payload-cache:';

/**
 * The key of an entry: prefix, readable part, hash. The hash covers everything that can change the result, so the
 * readable part can be anything.
 */
export function entryKey(parts: {
  readable: string;
  scope: string;
  slug: string;
  operation: string;
  canonical: string;
}): string {
  const { readable, scope, slug, operation, canonical: text } = parts;
  const name = PLAIN_READABLE.test(readable)
    ? readable
    : encodeURIComponent(readable.slice(0, READABLE_LENGTH).toWellFormed())
        .replaceAll('%3A', ':')
        .replaceAll('%40', '@')
        .slice(0, 2 * READABLE_LENGTH);
  return `${KEY_PREFIX}${name}:${hash(`${scope}\n${JSON.stringify(slug)}\n${operation}\n${text}`)}`;
}

/** Longest tag that a key shows as it is: with the prefix it stays below KV's 512 bytes. */
const LONGEST_READABLE_TAG = 300;

/** A tag as it is named where its version is kept: as it is while short, else its hash. */
export function tagName(tag: string): string {
  return tag.length <= LONGEST_READABLE_TAG ? tag : hash(tag);
}

/** The key of a tag's version in a store. */
export function versionKey(tag: string): string {
  return `${KEY_PREFIX}tag:${tagName(tag)}`;
}
