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
  const tokens: Token[] = [];
  try {
    for (const name of Object.keys(args).sort()) {
      const value = args[name];
      // An absent argument and an undefined one are the same to a destructuring adapter.
      if (name === 'req' || value === undefined) continue;
      tokens.push(name);
      if (name === 'where' || name === 'relatedAccess') writeWhere(value, tokens);
      else write(value, tokens);
    }
    return JSON.stringify(tokens);
  } catch (error) {
    if (error === NO_CANONICAL_FORM || error instanceof RangeError) return undefined;
    throw error;
  }
}

/**
 * What a value is made of, one after the other. JSON turns the whole row into one flat text, many times faster than the
 * text can be put together. Texts, booleans and null stand for themselves; before all else stands a number that says
 * what follows, and of how many parts, so that no two values have the same row.
 */
type Token = string | number | boolean | null;
const NUMBER = 0;
const NOT_IN_JSON = 1;
const ARRAY = 2;
const OBJECT = 3;
const DATE = 4;
const REGEXP = 5;
const BYTES = 6;
const OBJECT_ID = 7;

function write(value: unknown, tokens: Token[]): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      tokens.push(value);
      return;
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) tokens.push(NUMBER, value);
      else tokens.push(NOT_IN_JSON, Object.is(value, -0) ? '-0' : `${value}`);
      return;
    case 'undefined':
      tokens.push(NOT_IN_JSON, 'undefined');
      return;
    case 'bigint':
      tokens.push(NOT_IN_JSON, `${value}n`);
      return;
    case 'object':
      break;
    default:
      throw NO_CANONICAL_FORM;
  }
  if (value === null) tokens.push(null);
  else if (Array.isArray(value)) {
    tokens.push(ARRAY, value.length);
    for (let index = 0; index < value.length; index++) write(value[index], tokens);
  } else if (isPlainObject(value)) {
    const names = beginObject(value, tokens);
    for (const name of names.length > 1 ? names.sort() : names) {
      tokens.push(name);
      if (name === 'where' || isLogical(name)) writeWhere(value[name], tokens);
      else write(value[name], tokens);
    }
  } else writeInstance(value, tokens);
}

/** A where, or an array of them: paths in any order, operators and competing logical keys in the order written. */
function writeWhere(where: unknown, tokens: Token[]): void {
  if (Array.isArray(where)) {
    tokens.push(ARRAY, where.length);
    for (const part of where) writeWhere(part, tokens);
    return;
  }
  if (!isPlainObject(where)) {
    write(where, tokens);
    return;
  }
  const names = beginObject(where, tokens);
  const logical = names.filter(isLogical);
  const paths = logical.length === 0 ? names : names.filter((name) => !isLogical(name));
  for (const name of paths.length > 1 ? paths.sort() : paths) {
    tokens.push(name);
    writeOperators(where[name], tokens);
  }
  for (const name of logical) {
    tokens.push(name);
    writeWhere(where[name], tokens);
  }
}

function writeOperators(operators: unknown, tokens: Token[]): void {
  if (!isPlainObject(operators)) {
    write(operators, tokens);
    return;
  }
  for (const name of beginObject(operators, tokens)) {
    tokens.push(name);
    // `contains` may hold a nested where; every operand is treated as one, which at worst keeps an order it could drop.
    writeWhere(operators[name], tokens);
  }
}

function beginObject(value: object, tokens: Token[]): string[] {
  if (Object.getOwnPropertySymbols(value).length > 0) throw NO_CANONICAL_FORM;
  const names = Object.keys(value);
  tokens.push(OBJECT, names.length);
  return names;
}

/** Instances that database arguments are known to hold: dates, expressions, MongoDB's ObjectId and binary data. */
function writeInstance(value: object, tokens: Token[]): void {
  if (value instanceof Date) tokens.push(DATE, value.getTime());
  else if (value instanceof RegExp) tokens.push(REGEXP, value.source, value.flags);
  else if (value instanceof Uint8Array) tokens.push(BYTES, Buffer.from(value).toString('base64'));
  else {
    const { toHexString } = value as { toHexString?: () => unknown };
    const hex = typeof toHexString === 'function' ? toHexString.call(value) : undefined;
    if (typeof hex !== 'string' || !HEX_ID.test(hex)) throw NO_CANONICAL_FORM;
    tokens.push(OBJECT_ID, hex);
  }
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
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
