import { hash } from '../../platform/hash.js';
import { isLogical } from './canonical-arguments.js';
import type { CachedOperation } from './operations.js';
import { type Field, nestedFields, type SiteSchema } from './site-schema.js';

/**
 * Tags: what a result depends on, and what a write makes stale.
 *
 * A tag belongs to an entity: a collection (`posts`), the versions of one (`posts~versions`), a global (`@header`) or
 * the versions of one. Of an entity `posts`:
 *
 * - `posts` changes with every write to it,
 * - `posts#5` changes with every write to document 5,
 * - `posts?slug=hello` changes with every write to a document whose slug was or becomes `hello`,
 * - `posts*` changes with a write that does not tell which documents it touched,
 * - `posts?` and `posts?` with the name of a set of slices change with writes of processes that have other slices, or
 *   none: see slice-sets.ts.
 *
 * A query on `posts` depends either on `posts` alone or on documents or slices together with `posts*`.
 */
const PLAIN = /^[\w-]*$/;

/** Longest value that a tag shows as it is; a longer one is hashed, so that tags stay short. */
const LONGEST_READABLE_VALUE = 80;

/** Most documents or slice values one query depends on one by one; with more it depends on the collection. */
export const MOST_PINNED = 40;

function escapeName(text: string): string {
  if (PLAIN.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replace(
    /[*~'()!]/g,
    (character) => `%${character.charCodeAt(0).toString(16)}`,
  );
}

/**
 * A value within a tag: readable while short, else its hash. An unpaired surrogate is hashed as well, never merged.
 * In lower case, because databases may take two spellings for one: UUIDs, MongoDB's ids, columns whose collation says so.
 */
function escapeValue(value: string): string {
  const folded = value.toLowerCase();
  return folded.length <= LONGEST_READABLE_VALUE && folded.isWellFormed()
    ? escapeName(folded)
    : `:${hash(JSON.stringify(folded))}`;
}

/** The entity of a collection's documents, and its tag. */
export const collectionTag = (slug: string): string => escapeName(slug);
/** The entity of a global, and its tag. */
export const globalTag = (slug: string): string => `@${escapeName(slug)}`;
/** The entity of the versions (drafts, autosaves) of a collection or global, and its tag. */
export const versionsTag = (entity: string): string => `${entity}~versions`;
/** Changes with a write that does not tell its documents. */
export const starTag = (entity: string): string => `${entity}*`;
/** Changes with every write to one document. */
export const documentTag = (entity: string, id: string | number): string =>
  `${entity}#${escapeValue(String(id))}`;
/** Changes with every write to a document that has, or had, the value in the field. */
export const sliceTag = (entity: string, field: string, value: string): string =>
  `${entity}?${escapeName(field)}=${escapeValue(value)}`;
/** Tells under which sets of slices there are writes, and changes with each write of a process without slices. */
export const sliceSetsTag = (entity: string): string => `${entity}?`;
/** Changes with every write of a process that has this set of slices. */
export const sliceSetTag = (entity: string, set: string): string => `${entity}?${set}`;

/** The entity of a tag that belongs to one document or slice of it. No entity's own name holds these signs. */
export function entityOfSingle(tag: string): string | undefined {
  const end = tag.search(/[#?]/);
  return end < 0 ? undefined : tag.slice(0, end);
}

/** A slice field of a collection: its path and how its values are read. */
export interface SliceField {
  path: string;
  field: Field;
}

/** What the analysis asks of the policy. */
export interface TagContext {
  schema: SiteSchema;
  /** The slice fields of a collection; empty where it has none. */
  slicesOf(slug: string): readonly SliceField[];
  /** Tags that a dependence on slices of a collection brings along. Default none. */
  guardsOf?(slug: string): readonly string[];
}

/** The question whose dependencies are asked. */
export interface Query {
  operation: CachedOperation;
  slug: string;
  args: Readonly<Record<string, unknown>>;
}

type Fields = readonly Field[];

/** Most segments of a path; a query with a longer one is not cached. */
export const MOST_SEGMENTS = 64;
/**
 * Most steps of the analysis of one query; one that takes more is not cached. Beyond the paths of a query, blocks and
 * relations that lead to one another cost steps.
 */
export const MOST_STEPS = 20_000;
/** Most virtual fields that lead to one another; in a circle they never end. */
const MOST_VIRTUALS = 32;

const LIST_INDEX = /^\d+$/;

/** Thrown inside this module only: the query is beyond the bounds. */
const TOO_MUCH = Symbol('too much');

/** How many steps an analysis has taken: segments, properties, values, and the fields and blocks looked at for each. */
export interface Steps {
  taken: number;
}

/** Throws {@link TOO_MUCH} beyond {@link MOST_STEPS}. */
type Take = (steps?: number) => void;

/** A path that is followed, with what is known of the places it has come to. */
interface Path {
  segments: readonly string[];
  /** Whether each segment is a list index, as MongoDB has it. */
  isIndex: readonly boolean[];
  /** How many virtual fields led to it. */
  virtuals: number;
  /** By the fields that virtual ones start from. Few paths come to where that is asked. */
  known?: Map<Fields, Known>;
}

/** Whether a path can be followed from a segment on. */
interface Known {
  places: Map<Fields, boolean[]>;
  virtuals: Map<string, boolean>;
}

/** Follows one path from some starting point and notes the collections it passes; `false` if it cannot be followed. */
type Walk = (path: Path) => boolean;

/** Follows paths from some starting point, each of them once. */
interface Walker {
  /** The segments of a path that can be followed. */
  follow(path: string): readonly string[] | undefined;
  /** Follows paths that begin with some segments. */
  below(segments: readonly string[]): Walker;
}

const DOCUMENT_COLUMNS = new Set([
  'id',
  '_id',
  '_status',
  '_order',
  'createdAt',
  'updatedAt',
  'deletedAt',
  'globalType',
  '_uuid',
]);
const VERSION_COLUMNS = new Set([
  'id',
  '_id',
  'parent',
  'latest',
  'autosave',
  'snapshot',
  'publishedLocale',
  'createdAt',
  'updatedAt',
  'globalType',
]);

/**
 * The tags of a query, from its arguments and the schema alone. Sorted, without repetition.
 *
 * @param steps counts what the analysis costs
 * @returns `undefined` if an argument cannot be understood, or takes too much to be: the query is then not cached
 */
export function tagsOf(query: Query, context: TagContext, steps: Steps = { taken: 0 }): string[] | undefined {
  try {
    return tagsWithin(query, context, (more = 1) => {
      if (more > MOST_STEPS - steps.taken) throw TOO_MUCH;
      steps.taken += more;
    });
  } catch (error) {
    if (error === TOO_MUCH) return undefined;
    throw error;
  }
}

function tagsWithin(query: Query, context: TagContext, take: Take): string[] | undefined {
  const { schema } = context;
  const { operation, slug, args } = query;
  const tags = new Set<string>();

  const isGlobal =
    operation === 'findGlobal' || operation === 'findGlobalVersions' || operation === 'countGlobalVersions';
  const ofVersions =
    operation === 'findVersions' ||
    operation === 'countVersions' ||
    operation === 'queryDrafts' ||
    operation === 'findGlobalVersions' ||
    operation === 'countGlobalVersions';
  const owner = isGlobal ? schema.globals.get(slug) : schema.collections.get(slug);
  if (!owner) return undefined;

  const walker = ofVersions
    ? walkerOf((path) => walkVersionPath(owner.flattenedFields, isGlobal ? undefined : slug, path))
    : walkerFrom(owner.flattenedFields);

  function walkerFrom(fields: Fields): Walker {
    return walkerOf((path) => walkPath(fields, fields, path, 0));
  }

  function walkerOf(walk: Walk, before: readonly string[] = []): Walker {
    const followed = new Map<string, readonly string[] | false>();
    const tried = (path: string): readonly string[] | false => {
      const segments = path.split('.', MOST_SEGMENTS + 1);
      const all = before.length === 0 ? segments : [...before, ...segments];
      return walk(pathOf(all)) && all;
    };
    return {
      follow(path) {
        take();
        let segments = followed.get(path);
        if (segments === undefined) {
          // Adapters read `__` as a dot; a field may have it in its name all the same.
          segments = path.includes('__') ? tried(path.replaceAll('__', '.')) || tried(path) : tried(path);
          followed.set(path, segments);
        }
        return segments || undefined;
      },
      below: (segments) => walkerOf(walk, segments),
    };
  }

  function pathOf(segments: readonly string[], virtuals = 0): Path {
    if (segments.length > MOST_SEGMENTS) throw TOO_MUCH;
    take(segments.length);
    return {
      segments,
      isIndex: segments.map((segment) => LIST_INDEX.test(segment)),
      virtuals,
    };
  }

  // Blocks and relations that lead to one another offer more ways than anyone can walk: each place is visited once.
  function walkPath(fields: Fields, root: Fields, path: Path, at: number): boolean {
    // No way leads back to where a path begins.
    if (at === 0) return walkSegments(fields, root, path, at);
    const { places } = knownFrom(root, path);
    const ofFields = valueAt(places, fields, (): boolean[] => []);
    ofFields[at] ??= walkSegments(fields, root, path, at);
    return ofFields[at];
  }

  function knownFrom(root: Fields, path: Path): Known {
    take();
    path.known ??= new Map();
    return valueAt(path.known, root, () => ({ places: new Map(), virtuals: new Map() }));
  }

  function walkSegments(fields: Fields, root: Fields, path: Path, from: number): boolean {
    const { segments, isIndex } = path;
    let at = from;
    while (isIndex[at]) at += 1;
    take(1 + at - from);
    const name = segments[at];
    if (name === undefined) return true;
    const candidates = fieldsNamed(fields, name);
    if (candidates.length === 0) return DOCUMENT_COLUMNS.has(name) && at + 1 === segments.length;
    let understood = false;
    for (const field of candidates) if (walkField(field, root, path, at + 1)) understood = true;
    return understood;
  }

  /** @param from the segment behind the field's name */
  function walkField(field: Field, root: Fields, path: Path, from: number): boolean {
    const { segments } = path;
    let at = from;
    while (isLocale(segments[at]) && hasNoFieldNamed(field, segments[at] as string)) at += 1;
    const next = segments[at];
    const { virtual } = field as { virtual?: unknown };
    if (typeof virtual === 'string') return walkVirtual(virtual, root, path, at);
    switch (field.type) {
      case 'relationship':
      case 'upload': {
        const beyond = next === 'value' ? at + 1 : at;
        if (beyond === segments.length || next === 'relationTo') return true;
        return walkInto([field.relationTo].flat(), path, beyond);
      }
      case 'join':
        return walkInto([field.collection].flat(), path, at);
      case 'blocks': {
        if (next === undefined || next === 'blockType' || next === 'blockName') return true;
        let understood = false;
        for (const block of schema.blocksOf(field)) {
          if (walkPath(block.flattenedFields, root, path, next === block.slug ? at + 1 : at))
            understood = true;
        }
        return understood;
      }
      default: {
        const lists = nestedFields(field, schema.blocksOf);
        // What lies below a scalar is inside the value itself: JSON, rich text, a point.
        return lists.length === 0 || lists.some((list) => walkPath(list, root, path, at));
      }
    }
  }

  function walkVirtual(virtual: string, root: Fields, path: Path, at: number): boolean {
    if (path.virtuals === MOST_VIRTUALS) return false;
    const { virtuals } = knownFrom(root, path);
    const place = `${at} ${virtual}`;
    let understood = virtuals.get(place);
    if (understood === undefined) {
      const segments = [...virtual.split('.'), ...path.segments.slice(at)];
      understood = walkPath(root, root, pathOf(segments, path.virtuals + 1), 0);
      virtuals.set(place, understood);
    }
    return understood;
  }

  function walkInto(targets: readonly string[], path: Path, at: number): boolean {
    let understood = false;
    for (const target of targets) {
      tags.add(collectionTag(target));
      const fields = schema.collections.get(target)?.flattenedFields;
      if (fields && walkPath(fields, fields, path, at)) understood = true;
    }
    return understood;
  }

  function isLocale(segment: string | undefined): boolean {
    return segment !== undefined && (segment === 'all' || schema.locales.has(segment));
  }

  function hasNoFieldNamed(field: Field, name: string): boolean {
    const lists = nestedFields(field, schema.blocksOf);
    take(1 + lists.length);
    return lists.every((list) => fieldsNamed(list, name).length === 0);
  }

  function walkVersionPath(fields: Fields, parent: string | undefined, path: Path): boolean {
    const { segments } = path;
    const [name] = segments;
    if (name === undefined) return true;
    if (name === 'version') return walkPath(fields, fields, path, 1);
    if (name === 'parent' && parent && segments.length > 1) return walkInto([parent], path, 1);
    return VERSION_COLUMNS.has(name) && segments.length === 1;
  }

  /** Follows every path of a where. */
  function walkWhere(where: unknown, from: Walker): boolean {
    take();
    // Access control that allows everything reaches `findGlobal` as `true`.
    if (where === undefined || where === null || where === true) return true;
    if (typeof where !== 'object' || Array.isArray(where)) return false;
    for (const name of Object.keys(where)) {
      take();
      if (name === '') continue;
      const condition = (where as Record<string, unknown>)[name];
      if (isLogical(name)) {
        if (!Array.isArray(condition) || !condition.every((part) => walkWhere(part, from))) return false;
        continue;
      }
      const path = from.follow(name);
      if (!path) return false;
      if (typeof condition !== 'object' || condition === null) continue;
      for (const operand of Object.values(condition)) {
        take();
        // `contains` on a relation or join may hold a where of the related documents.
        if (!isNestedWhere(operand)) continue;
        if (!walkWhere(operand, from.below(path))) return false;
      }
    }
    return true;
  }

  function walkSort(sort: unknown, from: Walker): boolean {
    take();
    if (sort === undefined || sort === null || sort === '') return true;
    if (Array.isArray(sort)) return sort.every((part) => walkSort(part, from));
    if (typeof sort !== 'string') return false;
    // SQL adapters ignore a sort they cannot resolve, and so it depends on nothing.
    for (const part of sort.split(',', MOST_STEPS)) {
      const path = part.trim();
      from.follow(/^[-+]/.test(path) ? path.slice(1) : path);
    }
    return true;
  }

  // 1. The documents themselves.
  const entity = isGlobal ? globalTag(slug) : collectionTag(slug);
  if (isGlobal) {
    tags.add(ofVersions ? versionsTag(entity) : entity);
  } else {
    const pinned = ofVersions ? pinnedVersions(slug, args.where) : pinnedDocuments(slug, args.where);
    if (pinned) for (const tag of pinned) tags.add(tag);
    else tags.add(ofVersions ? versionsTag(entity) : entity);
  }

  // 2. What their conditions and order reach.
  if (!walkWhere(args.where, walker)) return undefined;
  if (!walkSort(args.sort, walker)) return undefined;
  if (
    'defaultSort' in owner &&
    (args.sort === undefined || args.sort === null) &&
    !walkSort(owner.defaultSort, walker)
  ) {
    return undefined;
  }
  if (operation === 'findDistinct') {
    if (typeof args.field !== 'string' || !walker.follow(args.field)) return undefined;
    const { relatedAccess } = args;
    if (relatedAccess !== undefined && relatedAccess !== null) {
      if (typeof relatedAccess !== 'object') return undefined;
      for (const [path, where] of Object.entries(relatedAccess)) {
        if (!walkWhere(where, walker.below(path.split('.', MOST_SEGMENTS)))) return undefined;
      }
    }
  }

  // 3. What their joins bring along.
  if (operation === 'find' || operation === 'findOne' || operation === 'queryDrafts') {
    if (!addJoins()) return undefined;
  }

  function addJoins(): boolean {
    const { joins } = args;
    if (joins === false) return true;
    if (joins !== undefined && joins !== null && typeof joins !== 'object') return false;
    const requested = (joins ?? {}) as Record<string, unknown>;
    const known = joinsOf(slug, schema);
    const paths = new Set(known.map((join) => join.path));
    const names = Object.keys(requested);
    take(known.length + names.length);
    if (names.some((path) => !paths.has(path))) return false;
    const excludes = once(() => excludesAny(args.select, take));
    const ids = once(() =>
      ofVersions ? undefined : pinnedIds(args.where, 'id', schema.hasNumericIds(slug), take),
    );
    const walkers = new Map<Fields, Walker>();
    for (const { path, targets, on, field } of known) {
      const request = requested[path];
      if (request === false || !isSelected(args.select, path, ofVersions, excludes)) continue;
      if (request !== undefined && (typeof request !== 'object' || request === null)) return false;
      const { where, sort } = (request ?? {}) as { where?: unknown; sort?: unknown };
      const beforeJoin = tags.size;
      for (const target of targets) {
        const fields = schema.collections.get(target)?.flattenedFields;
        if (!fields) return false;
        const ofTarget = valueAt(walkers, fields, () => walkerFrom(fields));
        const ofDrafts = ofVersions || args.draftsEnabled === true;
        // A join of several collections offers their common fields, so an unknown path of one is no misunderstanding.
        const followed = walkWhere(where, ofTarget) && walkWhere(field.where, ofTarget);
        if (!followed && targets.length === 1) return false;
        walkSort(sort ?? field.defaultSort ?? schema.collections.get(target)?.defaultSort, ofTarget);
        if (!followed) for (const reached of relationTargets(fields)) tags.add(collectionTag(reached));
        if (ofDrafts && schema.collections.get(target)?.versions)
          tags.add(versionsTag(collectionTag(target)));
      }
      const staysInside = tags.size === beforeJoin;
      const slices =
        staysInside && targets.length === 1 ? joinedSlices(targets[0] as string, on, ids) : undefined;
      if (slices) for (const tag of slices) tags.add(tag);
      else for (const target of targets) tags.add(collectionTag(target));
    }
    return true;
  }

  function relationTargets(fields: Fields, seen: Set<unknown> = new Set()): string[] {
    take(fields.length);
    return fields.flatMap((field) => {
      if (field.type === 'relationship' || field.type === 'upload') return [field.relationTo].flat();
      if (field.type === 'join') return [field.collection].flat();
      return nestedFields(field, schema.blocksOf).flatMap((list) =>
        seen.has(list) ? [] : relationTargets(list, seen.add(list)),
      );
    });
  }

  /** A join of known owners over a slice field depends on the slices that point to them. */
  function joinedSlices(
    target: string,
    on: string,
    idsOfOwners: () => string[] | undefined,
  ): string[] | undefined {
    const slice = context.slicesOf(target).find((candidate) => candidate.path === on);
    if (slice?.field.type !== 'relationship' || Array.isArray(slice.field.relationTo)) return undefined;
    const ids = idsOfOwners();
    if (!ids) return undefined;
    const targetEntity = collectionTag(target);
    return [...sliceGuards(target), ...ids.map((id) => sliceTag(targetEntity, on, id))];
  }

  function pinnedDocuments(collection: string, where: unknown): string[] | undefined {
    const ids = pinnedIds(where, 'id', schema.hasNumericIds(collection), take);
    const name = collectionTag(collection);
    if (ids) return [starTag(name), ...ids.map((id) => documentTag(name, id))];
    for (const slice of context.slicesOf(collection)) {
      const canonical: Canonical = (value, inList) => sliceValueOfQuery(slice.field, value, inList, schema);
      const values = pinnedValues(where, slice.path, canonical, take);
      if (values)
        return [...sliceGuards(collection), ...values.map((value) => sliceTag(name, slice.path, value))];
    }
    return undefined;
  }

  function sliceGuards(collection: string): string[] {
    return [starTag(collectionTag(collection)), ...(context.guardsOf?.(collection) ?? [])];
  }

  function pinnedVersions(collection: string, where: unknown): string[] | undefined {
    const numeric = schema.hasNumericIds(collection);
    const canonical: Canonical = (value, inList) => canonicalRelation(value, numeric, inList);
    const ids = pinnedValues(where, 'parent', canonical, take);
    const name = versionsTag(collectionTag(collection));
    return ids && [starTag(name), ...ids.map((id) => documentTag(name, id))];
  }

  return [...tags].sort();
}

/** The fields of each list by name: a path asks for one of them at each of its segments. */
const indexes = new WeakMap<Fields, Map<string, Field[]>>();
const NONE: readonly Field[] = [];

function fieldsNamed(fields: Fields, name: string): readonly Field[] {
  let index = indexes.get(fields);
  if (!index) {
    index = new Map();
    for (const field of fields) valueAt(index, field.name, (): Field[] => []).push(field);
    indexes.set(fields, index);
  }
  return index.get(name) ?? NONE;
}

/** Finds something out when it is first asked for. */
function once<Value>(find: () => Value): () => Value {
  let found: { value: Value } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

function valueAt<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function isNestedWhere(operand: unknown): operand is Record<string, unknown> {
  if (typeof operand !== 'object' || operand === null || Array.isArray(operand)) return false;
  const prototype = Object.getPrototypeOf(operand);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return !('relationTo' in operand && 'value' in operand);
}

interface KnownJoin {
  path: string;
  targets: string[];
  on: string;
  field: { where?: unknown; defaultSort?: unknown };
}

function joinsOf(slug: string, schema: SiteSchema): KnownJoin[] {
  const collection = schema.collections.get(slug);
  if (!collection) return [];
  const single = Object.entries(collection.joins ?? {}).flatMap(([target, joins]) =>
    joins.map((join) => ({ path: join.joinPath, targets: [target], on: join.field.on, field: join.field })),
  );
  const several = (collection.polymorphicJoins ?? []).map((join) => ({
    path: join.joinPath,
    targets: [join.field.collection].flat(),
    on: join.field.on,
    field: join.field,
  }));
  return [...single, ...several];
}

/**
 * Whether a `select` brings the join at the path; in doubt it does. SQL adapters bring the joins of a group that an
 * inclusion passes over, those of drafts whose select does not say `version`, and take a select for an exclusion
 * wherever in it they find the first `false`.
 */
function isSelected(select: unknown, path: string, ofVersions: boolean, excludes: () => boolean): boolean {
  if (typeof select !== 'object' || select === null) return true;
  const names = ofVersions ? ['version', ...path.split('.')] : path.split('.');
  const last = names.length - 1;
  let level: unknown = select;
  for (const [index, name] of names.entries()) {
    if (typeof level !== 'object' || level === null) return level !== false;
    const value = (level as Record<string, unknown>)[name];
    if (value === false) return false;
    if (value === undefined) return index < last || isEmpty(level) || excludes();
    level = value;
  }
  return true;
}

function isEmpty(value: object): boolean {
  for (const _name in value) return false;
  return true;
}

function excludesAny(select: unknown, take: Take): boolean {
  if (typeof select !== 'object' || select === null) return false;
  const values = Object.values(select);
  take(values.length);
  return values.some((value) => value === false || excludesAny(value, take));
}

/** The text of a value that a slice or document tag has; `undefined` where it is not certain. */
type Canonical = (value: unknown, inList: boolean) => string | undefined;

/**
 * The one condition on a path that all results must meet, if it is an `equals` or `in` that every adapter takes at
 * its word. SQL adapters skip operators after some others on the same path, and of `and` beside `or` use the later
 * one: so only a sole operator counts, and only a sole logical key is looked into.
 */
function pinnedValues(where: unknown, path: string, canonical: Canonical, take: Take): string[] | undefined {
  if (typeof where !== 'object' || where === null || Array.isArray(where)) return undefined;
  const conditions = where as Record<string, unknown>;
  const values = valuesOf(conditions[path], canonical, take);
  if (values) return values;
  const names = Object.keys(conditions);
  take(1 + names.length);
  const logical = names.filter(isLogical);
  const [only] = logical;
  if (logical.length !== 1 || only?.toLowerCase() !== 'and') return undefined;
  const parts = conditions[only];
  if (!Array.isArray(parts)) return undefined;
  for (const part of parts) {
    const values = pinnedValues(part, path, canonical, take);
    if (values) return values;
  }
  return undefined;
}

/** The values that a condition allows, where it is one that names them. */
function valuesOf(condition: unknown, canonical: Canonical, take: Take): string[] | undefined {
  if (typeof condition !== 'object' || condition === null) return undefined;
  const operators = Object.keys(condition);
  take(1 + operators.length);
  if (operators.length !== 1) return undefined;
  const { equals, in: list } = condition as { equals?: unknown; in?: unknown };
  if (operators[0] === 'equals') {
    const value = canonical(equals, false);
    return value === undefined ? undefined : [value];
  }
  if (operators[0] !== 'in' || !Array.isArray(list)) return undefined;
  const values = new Set<string>();
  for (const each of list) {
    take();
    const value = canonical(each, true);
    if (value === undefined) return undefined;
    values.add(value);
    if (values.size > MOST_PINNED) return undefined;
  }
  return values.size > 0 ? [...values].sort() : undefined;
}

function pinnedIds(where: unknown, path: string, numeric: boolean, take: Take): string[] | undefined {
  return pinnedValues(where, path, (value) => canonicalId(value, numeric), take);
}

/** An id as text, if every adapter takes the value for that very id. */
function canonicalId(value: unknown, numeric: boolean): string | undefined {
  if (numeric) {
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || Object.is(number, -0))
      return undefined;
    return typeof value === 'string' && String(number) !== value ? undefined : String(number);
  }
  if (typeof value !== 'string' || value === '' || value === 'null') return undefined;
  return isUnusualUuid(value) ? undefined : value;
}

/** The id that a condition on a relation compares with. */
function canonicalRelation(value: unknown, numeric: boolean, inList: boolean): string | undefined {
  const id = canonicalId(value, numeric);
  // In a list SQL adapters take `5-steps` for the text `5` as well.
  const isAmbiguous =
    inList && !numeric && id !== undefined && /^\s*[+-]?\d/.test(id) && !GENERATED_ID.test(id);
  return isAmbiguous && String(Number.parseInt(id, 10)) !== id ? undefined : id;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** A UUID, or an id of MongoDB. */
const GENERATED_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$|^[0-9a-f]{24}$/i;

/** PostgreSQL takes UUIDs in braces and with hyphens elsewhere or nowhere. */
function isUnusualUuid(text: string): boolean {
  return /^\{?([0-9a-f]{4}-?){8}\}?$/i.test(text) && !UUID.test(text);
}

const TEXT_TYPES = new Set(['text', 'email', 'textarea', 'code', 'select', 'radio']);

/** Whether a field can be a slice: its values compare exactly, and a document shows them as they are. */
export function canBeSlice(field: Field): boolean {
  if (TEXT_TYPES.has(field.type) || field.type === 'number' || field.type === 'checkbox') return true;
  return (field.type === 'relationship' || field.type === 'upload') && !Array.isArray(field.relationTo);
}

/** The slice value that a query's operand stands for; `undefined` if it is not certain. */
function sliceValueOfQuery(
  field: Field,
  value: unknown,
  inList: boolean,
  schema: SiteSchema,
): string | undefined {
  if (TEXT_TYPES.has(field.type)) return typeof value === 'string' && value !== 'null' ? value : undefined;
  if (field.type === 'number') {
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number) || Object.is(number, -0)) return undefined;
    return typeof value === 'string' && String(number) !== value ? undefined : String(number);
  }
  if (field.type === 'checkbox') return typeof value === 'boolean' ? String(value) : undefined;
  if (field.type === 'relationship' || field.type === 'upload') {
    const [target] = [field.relationTo].flat();
    return target === undefined ? undefined : canonicalRelation(value, schema.hasNumericIds(target), inList);
  }
  return undefined;
}

/**
 * The slice tags of a stored document, each localized value included.
 *
 * @returns `undefined` if a value is not what the field's type says, so that its slices are unknown
 */
export function sliceTagsOfDocument(
  slug: string,
  document: unknown,
  slices: readonly SliceField[],
): string[] | undefined {
  const tags: string[] = [];
  for (const { path, field } of slices) {
    let value: unknown = document;
    for (const name of path.split('.')) {
      if (value === undefined || value === null) break;
      if (typeof value !== 'object') return undefined;
      value = (value as Record<string, unknown>)[name];
    }
    const values =
      field.localized && typeof value === 'object' && value !== null
        ? Object.values(value).flat()
        : [value].flat();
    for (const each of values) {
      if (each === undefined || each === null) continue;
      // An object is a populated document or MongoDB's ObjectId: its id is the value.
      const scalar = typeof each === 'object' ? String((each as { id?: unknown }).id ?? each) : each;
      if (typeof scalar !== 'string' && typeof scalar !== 'number' && typeof scalar !== 'boolean')
        return undefined;
      tags.push(sliceTag(collectionTag(slug), path, String(scalar)));
    }
  }
  return tags;
}

/** Finds a field by its dotted path through groups and named tabs. Lists are not entered: their values are many. */
export function fieldAt(fields: readonly Field[], path: string): Field | undefined {
  const [name, ...rest] = path.split('.');
  const field = fields.find((candidate) => candidate.name === name);
  if (!field || rest.length === 0) return field;
  if (field.localized || (field.type !== 'group' && field.type !== 'tab')) return undefined;
  return fieldAt(field.flattenedFields, rest.join('.'));
}
