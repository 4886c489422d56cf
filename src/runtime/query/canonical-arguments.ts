import { isPlainObject } from '../../platform/is-object.js';

/** Thrown inside this module only: the arguments hold something that has no canonical form, or too much. */
const NO_CANONICAL_FORM = Symbol('no canonical form');

/** Whether a property combines conditions. The length first: this is asked of every property. */
export const isLogical = (name: string): boolean => name.length <= 3 && /^(and|or)$/i.test(name);
/** An id of MongoDB. */
export const HEX_ID = /^[0-9a-f]{24}$/i;
/** Writing out a bigint takes more than linear time, and no database has larger ones. */
const WIDEST_BIGINT = 1024;

/**
 * Bounds of a query that is cached. A visitor writes queries, so that what their analysis costs must not be up to them.
 * All are far above what an application asks: the population of a list of 5,000 documents asks for as many ids at once.
 */
/** Most characters, of names and values together. */
export const LONGEST_QUERY = 250_000;
/** Most values and properties. */
export const MOST_PARTS = 25_000;
/** Most objects and lists inside one another; one nested `and` or `or` takes two. */
export const DEEPEST_QUERY = 64;

/** What a walk through arguments has come to: its cost is these two, and nothing else. */
export interface Work {
  /** Values and properties visited. */
  parts: number;
  /** Characters of names and values. */
  characters: number;
}

/**
 * Canonical text of database arguments: different for any two that can differ, and equal for arguments that are the
 * same but for the order of their names. `req` is left out, for it holds the caller and not the question.
 *
 * Only the names of the arguments themselves are sorted: adapters take each by its name. Below them order is kept,
 * because it has a meaning somewhere in each argument that is an object:
 *
 * - `select`: include or exclude is what the first nested value says.
 * - `where`, also of joins and `relatedAccess`: SQL adapters stop at some operators, let the later of `and` and `or`
 *   win, and join tables in the order of the paths, where the first path decides by which locale a table is joined and
 *   the last by which table rich text is read. MongoDB's lets the later of two spellings of a path win.
 * - operands: JSON and MongoDB compare objects property by property.
 * - `joins`, `projection` and what a custom adapter takes: not proven to be without one.
 *
 * @param work counts what the walk visits
 * @returns `undefined` for arguments beyond the bounds, and for those that hold a function, a symbol or an object
 *   without a canonical form, or throw when they are read
 */
export function canonicalArguments(args: Readonly<Record<string, unknown>>, work?: Work): string | undefined {
  const walk = walkArguments(args, work);
  return walk && textOf(walk);
}

/**
 * Walks through arguments. Two walks are alike exactly where their canonical texts are, which takes longer to tell.
 *
 * @param work counts what the walk visits
 * @returns `undefined` for arguments without a canonical text
 */
export function walkArguments(
  args: Readonly<Record<string, unknown>>,
  work: Work = { parts: 0, characters: 0 },
): Walk | undefined {
  const walk: Walk = { tokens: [], text: '', work };
  try {
    const names = Object.keys(args);
    countParts(names.length, work);
    for (const name of names.sort()) {
      const value = args[name];
      // An absent argument and an undefined one are the same to a destructuring adapter.
      if (name === 'req' || value === undefined) continue;
      // REST leaves it out where the Local API says no: for both the same is asked, and one entry answers.
      if (name === 'draftsEnabled' && value === false) continue;
      writeText(name, walk);
      write(value, walk, DEEPEST_QUERY);
    }
    return walk;
  } catch {
    // A getter or a proxy of the site's own may throw anything. It will throw it at the adapter too.
    return undefined;
  }
}

/**
 * What a value is made of, one after the other. JSON turns a row of them into one flat text, many times faster than the
 * text can be put together. Texts, booleans and null stand for themselves; before all else stands a number that says
 * what follows, and of how many parts, so that no two values have the same row.
 */
export type Token = string | number | boolean | null;
const NUMBER = 0;
const NOT_IN_JSON = 1;
const ARRAY = 2;
const OBJECT = 3;
const DATE = 4;
const REGEXP = 5;
const BYTES = 6;
const OBJECT_ID = 7;

/** What a walk has found. */
export interface Walk {
  /** Those that are not in the text yet: all of a query that is not very long. */
  tokens: Token[];
  /** One JSON array after the other: of each text it can be told where it ends. */
  text: string;
  work: Work;
}

/** Longest row of tokens: longer ones outgrow what V8 keeps at hand, and take several times as long. */
const LONGEST_ROW = 500;

/** The canonical text of what was walked through. */
export const textOf = ({ text, tokens }: Walk): string => text + JSON.stringify(tokens);

function countParts(count: number, work: Work): void {
  if (count > MOST_PARTS - work.parts) throw NO_CANONICAL_FORM;
  work.parts += count;
}

function countCharacters(count: number, work: Work): void {
  if (count > LONGEST_QUERY - work.characters) throw NO_CANONICAL_FORM;
  work.characters += count;
}

function writeText(text: string, { tokens, work }: Walk): void {
  countCharacters(text.length, work);
  tokens.push(text);
}

/** @param depth how many objects and lists may be inside one another from here on */
function write(value: unknown, walk: Walk, depth: number): void {
  const { tokens } = walk;
  if (tokens.length > LONGEST_ROW) {
    walk.text = textOf(walk);
    tokens.length = 0;
  }
  switch (typeof value) {
    case 'string':
      writeText(value, walk);
      return;
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
      if (BigInt.asIntN(WIDEST_BIGINT, value) !== value) throw NO_CANONICAL_FORM;
      tokens.push(NOT_IN_JSON, `${value}n`);
      return;
    case 'object':
      break;
    default:
      throw NO_CANONICAL_FORM;
  }
  if (value === null) {
    tokens.push(null);
    return;
  }
  // Without end for what holds itself.
  if (depth === 0) throw NO_CANONICAL_FORM;
  if (Array.isArray(value)) {
    const { length } = value;
    // Before anything is read: an array of a thousand million holes is quickly made.
    countParts(length, walk.work);
    tokens.push(ARRAY, length);
    for (let index = 0; index < length; index++) write(value[index], walk, depth - 1);
  } else if (isPlainObject(value)) {
    const names = Object.keys(value);
    countParts(names.length, walk.work);
    if (Object.getOwnPropertySymbols(value).length > 0) throw NO_CANONICAL_FORM;
    tokens.push(OBJECT, names.length);
    for (const name of names) {
      writeText(name, walk);
      write(value[name], walk, depth - 1);
    }
  } else writeInstance(value, walk);
}

/** Instances that database arguments are known to hold: dates, expressions, MongoDB's ObjectId and binary data. */
function writeInstance(value: object, walk: Walk): void {
  const { tokens, work } = walk;
  if (value instanceof Date) tokens.push(DATE, value.getTime());
  else if (value instanceof RegExp) {
    countCharacters(value.source.length, work);
    tokens.push(REGEXP, value.source, value.flags);
  } else if (value instanceof Uint8Array) {
    countCharacters(value.byteLength, work);
    tokens.push(BYTES, Buffer.from(value).toString('base64'));
  } else {
    const { toHexString } = value as { toHexString?: () => unknown };
    const hex = typeof toHexString === 'function' ? toHexString.call(value) : undefined;
    if (typeof hex !== 'string' || !HEX_ID.test(hex)) throw NO_CANONICAL_FORM;
    tokens.push(OBJECT_ID, hex);
  }
}
