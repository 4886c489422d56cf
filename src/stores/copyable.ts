/**
 * Copies of results that are kept decoded. A copy shares its strings with the result and nothing else, and takes a tenth of
 * the time that decoding its text takes.
 */
import type { Copyable, DecodedText } from '../interfaces/store.js';
import { isLatin1 } from '../platform/latin1.js';

/**
 * The objects of a result, those above before those below, each with the function that copies it and its place in the one
 * above. Four lists take less memory, and less time, than a tree of nodes.
 */
interface Plan {
  objects: object[];
  clones: Clone[];
  parents: number[];
  names: (string | number)[];
}

/** A plan in the making. */
interface Draft extends Plan {
  bytes: number;
  /** Shapes with names that were never seen before, with the first object of each. */
  newShapes: Map<string, number>;
}

type Clone = (value: object) => object;

/** What V8 takes for an object of no properties, for one of some without them, and for an array and its elements. */
const EMPTY_OBJECT = 56;
const OBJECT = 24;
const ARRAY = 48;
const WORD = 8;
/** A number that is no 32-bit integer, outside of an array of nothing else. */
const NUMBER = 16;
const DATE = 96;
/** Beside the bytes themselves. */
const BYTES = 200;
/** A plan and its lists, without what is in them; and an object's places there. */
const PLAN = 400;
const PLACES = 4 * WORD;
/**
 * A property that no object with the same names before it shares: its name, its place in the description of the
 * object's shape, and the shape. Measured, as are those above, by what the heap grew.
 */
const OWN_PROPERTY = 140;
/** An object of more properties than V8 gives a shape has a table of its own: three words each, filled by half. */
const MOST_IN_SHAPE = 120;
const TABLE_PROPERTY = 56;

const NOT_COPYABLE = Symbol('not copyable');

/**
 * Looks through a result that was just decoded, and makes it one that copies are made of. It must not be handed out
 * itself from then on.
 *
 * @returns `undefined` if a copy would not be exact
 */
export function copyable(result: unknown): Copyable | undefined {
  const root = { result };
  const draft: Draft = { objects: [], clones: [], parents: [], names: [], bytes: PLAN, newShapes: new Map() };
  try {
    include(root, 0, '', draft);
    for (let index = 0; index < draft.objects.length; index++) includeParts(index, draft);
  } catch (error) {
    if (error === NOT_COPYABLE) return undefined;
    throw error;
  }
  const { objects, clones, parents, names, bytes } = draft;
  // Lists that grow have room for more, of which small ones take most.
  const plan = {
    objects: objects.slice(),
    clones: clones.slice(),
    parents: parents.slice(),
    names: names.slice(),
  };
  const copy = (): unknown => copyOf(plan);
  return {
    bytes,
    copy,
    entry: (decoded) => ({ form: { ...decoded, result: copy }, bytes: bytes + bytesOfEntry(decoded) }),
  };
}

/** Bytes that an entry takes beside its texts and its result: two objects and a list. */
const ENTRY = 200;
/** Bytes that one of its texts takes beside its characters, with its place in a list. They are all ASCII. */
const TEXT = 32;

function bytesOfEntry({ key, tags, versions }: DecodedText): number {
  let bytes = ENTRY;
  for (const text of [key, ...tags, ...versions]) bytes += TEXT + text.length;
  return bytes;
}

/** Bytes that V8 takes for a text. */
function bytesOfText(text: string): number {
  return 24 + text.length * (isLatin1(text) ? 1 : 2);
}

function include(value: object, parent: number, name: string | number, draft: Draft): void {
  const prototype = Object.getPrototypeOf(value);
  let clone: Clone | undefined;
  if (Array.isArray(value)) {
    if (prototype === Array.prototype) clone = cloneArray;
    draft.bytes += ARRAY + WORD * value.length;
  } else if (prototype === Object.prototype) clone = cloneOfShape(value, draft);
  else if (prototype === null) {
    cloneOfShape(value, draft);
    clone = cloneBare;
  } else if (prototype === Date.prototype) {
    clone = cloneDate;
    draft.bytes += DATE;
  } else if (prototype === Buffer.prototype || prototype === Uint8Array.prototype) {
    clone = cloneBytes;
    draft.bytes += BYTES + (value as Uint8Array).byteLength;
  }
  if (!clone) throw NOT_COPYABLE;
  draft.bytes += PLACES;
  draft.objects.push(value);
  draft.clones.push(clone);
  draft.parents.push(parent);
  draft.names.push(name);
}

function includeParts(index: number, draft: Draft): void {
  const value = draft.objects[index] as object;
  if (Array.isArray(value)) {
    for (let place = 0; place < value.length; place++) includePart(value[place], index, place, draft);
  } else if (!(value instanceof Date || value instanceof Uint8Array)) {
    for (const name of Object.keys(value))
      includePart((value as Record<string, unknown>)[name], index, name, draft);
  }
}

function includePart(part: unknown, parent: number, name: string | number, draft: Draft): void {
  switch (typeof part) {
    case 'string':
      draft.bytes += bytesOfText(part);
      break;
    case 'number':
      if ((part | 0) !== part) draft.bytes += NUMBER;
      break;
    case 'bigint':
      draft.bytes += NUMBER + part.toString(16).length;
      break;
    case 'object':
      if (part !== null) include(part, parent, name, draft);
  }
}

function copyOf({ objects, clones, parents, names }: Plan): unknown {
  const { length } = objects;
  const copies: Record<string | number, unknown>[] = new Array(length);
  for (let index = 0; index < length; index++) {
    const copy = (clones[index] as Clone)(objects[index] as object) as Record<string, unknown>;
    copies[index] = copy;
    if (index > 0)
      (copies[parents[index] as number] as Record<string | number, unknown>)[names[index] as string] = copy;
  }
  return copies[0]?.result;
}

const cloneArray: Clone = (value) => (value as unknown[]).slice();
const cloneBare: Clone = (value) => Object.assign(Object.create(null), value);
const cloneDate: Clone = (value) => new Date((value as Date).getTime());
const cloneBytes: Clone = (value) =>
  Buffer.isBuffer(value) ? Buffer.from(value) : (value as Uint8Array).slice();
const cloneAny: Clone = (value) => ({ ...value });

/**
 * All the same to the eye. V8 remembers at each place in the code the shapes of the objects that were cloned there, up to
 * four; beyond that it looks through the properties one by one, which takes three times as long. So the shapes of a
 * site's documents are dealt out to many places.
 */
const PLACES_TO_CLONE: readonly Clone[] = [
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
  (value) => ({ ...value }),
];
/** Shapes that V8 remembers in one place. */
const SHAPES_IN_PLACE = 4;

/** Names of properties seen in any result, of which each describes itself once: those of the site's fields. */
const namesSeen = new Set<string>();
/** Most that are remembered; any other is counted as its object's own. */
const MOST_NAMES = 5_000;
/** The place where objects with the same names in the same order are cloned. */
const clonesByShape = new Map<string, Clone>();

function cloneOfShape(value: object, draft: Draft): Clone {
  const names = Object.keys(value);
  const isTable = names.length > MOST_IN_SHAPE;
  let isNew = false;
  draft.bytes += names.length === 0 ? EMPTY_OBJECT : OBJECT;
  for (const name of names) {
    // Whoever can write to the store may have written it; no entry of ours holds one.
    if (name === '__proto__') throw NOT_COPYABLE;
    if (isSeen(name)) draft.bytes += isTable ? TABLE_PROPERTY : WORD;
    else {
      draft.bytes += OWN_PROPERTY;
      isNew = true;
    }
  }
  if (isTable) return cloneAny;
  const shape = names.join('\n');
  // One whose names are data is never seen again: it must not take the place of another.
  if (isNew) {
    draft.newShapes.set(shape, draft.objects.length);
    return cloneAny;
  }
  const clone = placeOf(shape);
  const first = draft.newShapes.get(shape);
  if (first !== undefined) {
    draft.clones[first] = clone;
    draft.newShapes.delete(shape);
  }
  return clone;
}

function placeOf(shape: string): Clone {
  const known = clonesByShape.get(shape);
  if (known) return known;
  const next = clonesByShape.size;
  if (next >= PLACES_TO_CLONE.length * SHAPES_IN_PLACE) return cloneAny;
  const place = PLACES_TO_CLONE[next % PLACES_TO_CLONE.length] as Clone;
  clonesByShape.set(shape, place);
  return place;
}

/** Whether the name of a property is known to be shared. Names like indices are never part of a shape. */
function isSeen(name: string): boolean {
  if (namesSeen.has(name)) return true;
  const first = name.charCodeAt(0);
  const isLikeIndex = first >= 48 && first <= 57;
  if (namesSeen.size < MOST_NAMES && !isLikeIndex) namesSeen.add(name);
  return false;
}
