/** The fields of a collection or global, by their paths. */

import { nullish, type ObjectValue, plain, type Value } from '../evaluate/value.js';
import { add } from '../fields.js';
import { field } from '../implicit-fields.js';
import type { FieldSchema } from '../schema.js';
import type { ts } from '../typescript.js';
import { note, noteGaps } from './notes.js';
import type { Reading } from './reading.js';
import { asObject, flag, get, list, mayBeList, text, texts } from './values.js';

const DEEPEST_FIELD = 24;

/** Where fields stand. */
interface Place {
  part: string;
  /** Path of the enclosing named field with a dot at its end, or nothing. */
  prefix: string;
  insideList: boolean;
  localizedAbove: boolean;
  depth: number;
  /** Blocks that lead here: one may contain itself. */
  blocks: ts.Node[];
}

/** The fields read so far. */
export interface Fields {
  byPath: Map<string, FieldSchema>;
  /** Joins to be connected with the collections that they read. */
  joins: { field: FieldSchema; orderName?: string }[];
}

/** The fields of a collection or global. */
export function readConfigFields(reading: Reading, value: Value, part: string): Fields {
  const into: Fields = { byPath: new Map(), joins: [] };
  readFields(
    reading,
    value,
    { part, prefix: '', insideList: false, localizedAbove: false, depth: 0, blocks: [] },
    into,
  );
  return into;
}

function readFields(reading: Reading, value: Value, place: Place, into: Fields): void {
  if (place.depth > DEEPEST_FIELD) {
    note(reading, place.part, value.node, 'the fields are nested too deep to follow');
    return;
  }
  for (const item of list(reading, value, place.part)) readField(reading, item, place, into);
}

function readField(reading: Reading, item: Value, place: Place, into: Fields): void {
  const owner = asObject(reading, item, place.part, ['type']);
  if (!owner) return;
  noteGaps(reading, owner, place.part);
  const type = text(reading, get(owner, 'type'), `${place.part}.type`);
  const nameValue = get(owner, 'name');
  const name = nullish(nameValue) ? undefined : text(reading, nameValue, `${place.part}.name`);
  if (type === undefined) {
    const untold = owner.gaps().length === 0 && nullish(get(owner, 'type'));
    if (untold) note(reading, place.part, owner.node, 'the field has no type that could be read');
    return;
  }
  switch (type) {
    case 'ui':
      return;
    case 'row':
    case 'collapsible':
      readFields(reading, get(owner, 'fields'), { ...place, depth: place.depth + 1 }, into);
      return;
    case 'tabs':
      for (const tab of list(reading, get(owner, 'tabs'), place.part)) readTab(reading, tab, place, into);
      return;
    case 'group':
      if (name === undefined)
        readFields(reading, get(owner, 'fields'), { ...place, depth: place.depth + 1 }, into);
      else readContainer(reading, owner, name, type, place, into);
      return;
  }
  if (name === undefined) {
    const untold = owner.gaps().length === 0 && nullish(nameValue);
    if (untold) note(reading, place.part, owner.node, `the ${type} field has no name that could be read`);
    return;
  }
  if (type === 'array') readContainer(reading, owner, name, type, place, into);
  else if (type === 'blocks') readBlocks(reading, owner, name, place, into);
  else readLeaf(reading, owner, name, type, place, into);
}

function readTab(reading: Reading, item: Value, place: Place, into: Fields): void {
  const tab = asObject(reading, item, place.part, ['fields']);
  if (!tab) return;
  noteGaps(reading, tab, place.part);
  const name = get(tab, 'name');
  if (nullish(name)) readFields(reading, get(tab, 'fields'), { ...place, depth: place.depth + 1 }, into);
  else {
    const named = text(reading, name, `${place.part}.name`);
    if (named !== undefined) readContainer(reading, tab, named, 'tab', place, into);
  }
}

function readContainer(
  reading: Reading,
  owner: ObjectValue,
  name: string,
  type: string,
  place: Place,
  into: Fields,
): void {
  const own = base(reading, owner, name, type, place);
  add(into, own);
  const inner = within(place, own, name, type === 'array');
  readFields(reading, get(owner, 'fields'), inner, into);
  if (type === 'array') addImplicit(into, field({ path: `${own.path}.id`, type: 'text', insideList: true }));
}

function readBlocks(reading: Reading, owner: ObjectValue, name: string, place: Place, into: Fields): void {
  const own = base(reading, owner, name, 'blocks', place);
  add(into, own);
  const inner = within(place, own, name, true);
  const references = get(owner, 'blockReferences');
  const blocks = nullish(references) ? get(owner, 'blocks') : references;
  for (const item of list(reading, blocks, inner.part)) {
    const slug = plain(item);
    const shared = typeof slug === 'string' ? reading.sharedBlocks.get(slug) : undefined;
    if (typeof slug === 'string' && !shared) {
      note(reading, inner.part, item.node, `the config has no block '${slug}'`);
      continue;
    }
    const block = shared ?? asObject(reading, item, inner.part, ['slug', 'fields']);
    if (!block) continue;
    noteGaps(reading, block, inner.part);
    if (inner.blocks.includes(block.node)) {
      note(reading, inner.part, block.node, 'the block contains itself; its fields are listed once');
      continue;
    }
    readFields(reading, get(block, 'fields'), { ...inner, blocks: [...inner.blocks, block.node] }, into);
  }
  for (const implicit of ['blockName', 'blockType', 'id']) {
    addImplicit(into, field({ path: `${own.path}.${implicit}`, type: 'text', insideList: true }));
  }
}

function readLeaf(
  reading: Reading,
  owner: ObjectValue,
  name: string,
  type: string,
  place: Place,
  into: Fields,
): void {
  const own = base(reading, owner, name, type, place);
  const part = `${place.part}.${name}`;
  if (type === 'relationship' || type === 'upload') {
    const targets = get(owner, 'relationTo');
    own.relationTo = texts(reading, targets, `${part}.relationTo`).sort();
    if (mayBeList(targets)) own.polymorphic = true;
    if (own.relationTo.length === 0 && !owner.gaps().length && nullish(get(owner, 'relationTo'))) {
      note(reading, `${part}.relationTo`, owner.node, 'the field has no relationTo that could be read');
    }
  }
  if (type === 'join') {
    own.join = {
      collection: texts(reading, get(owner, 'collection'), `${part}.collection`).sort(),
      on: text(reading, get(owner, 'on'), `${part}.on`) ?? '',
      hasWhere: !nullish(get(owner, 'where')),
    };
    const ordered = flag(reading, owner, 'orderable', part);
    const [target] = own.join.collection;
    const orderName = ordered && target ? `_${target}_${own.path.replaceAll('.', '_')}_order` : undefined;
    into.joins.push({ field: own, orderName });
  }
  add(into, own);
  if (type === 'date' && flag(reading, owner, 'timezone', part)) {
    addImplicit(into, field({ path: `${own.path}_tz`, type: 'select', insideList: place.insideList }));
  }
}

function base(reading: Reading, owner: ObjectValue, name: string, type: string, place: Place): FieldSchema {
  const part = `${place.part}.${name}`;
  const virtual = get(owner, 'virtual');
  const virtualPath = plain(virtual);
  return field({
    path: `${place.prefix}${name}`,
    type,
    localized: flag(reading, owner, 'localized', part) && reading.localized && !place.localizedAbove,
    unique: flag(reading, owner, 'unique', part),
    index: flag(reading, owner, 'index', part),
    hasMany: flag(reading, owner, 'hasMany', part),
    virtual:
      typeof virtualPath === 'string' && virtualPath !== ''
        ? virtualPath
        : flag(reading, owner, 'virtual', part),
    insideList: place.insideList,
  });
}

function within(place: Place, own: FieldSchema, name: string, insideList: boolean): Place {
  return {
    part: `${place.part}.${name}`,
    prefix: `${own.path}.`,
    insideList: place.insideList || insideList,
    localizedAbove: place.localizedAbove || own.localized,
    depth: place.depth + 1,
    blocks: place.blocks,
  };
}

/** A field that Payload adds where the project has none of that name. */
export function addImplicit(into: { byPath: Map<string, FieldSchema> }, implicit: FieldSchema): void {
  const own = into.byPath.get(implicit.path);
  if (!own) into.byPath.set(implicit.path, { ...implicit });
  else if (
    own.path === '_status' ||
    own.path === 'filename' ||
    own.path === 'email' ||
    own.path === 'username'
  ) {
    own.unique ||= implicit.unique;
    own.index ||= implicit.index;
  }
}
