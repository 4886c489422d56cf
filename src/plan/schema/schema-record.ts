/**
 * What `schema.generated.ts` holds: the part of the project's schema that decides what can be cached and what a write
 * makes stale. Plain data, in an order that depends on nothing but the schema.
 */
import { schemaFingerprint } from '../../inspect/fingerprint.js';
import {
  type CollectionSchema,
  type FieldSchema,
  type GlobalSchema,
  INTERNAL_COLLECTIONS,
  type ProjectSchema,
} from '../../inspect/schema.js';
import { sliceCandidates } from '../../inspect/slices.js';

/** A join field: the collections joined, the field there that points back, and whether it has a `where`. */
export interface JoinRecord {
  collection: readonly string[];
  on: string;
  where?: boolean;
}

/** A global as recorded. Parts that are empty or `false` are left out. */
export interface GlobalRecord {
  versions?: boolean | 'unknown';
  drafts?: boolean | 'unknown';
  /** Target collections by the path of the relationship or upload field. */
  relations?: Record<string, readonly string[]>;
  joins?: Record<string, JoinRecord>;
}

/** A collection as recorded. */
export interface CollectionRecord extends GlobalRecord {
  auth?: boolean;
  upload?: boolean;
  /** Fields whose equality in a `where` can stand for a part of the collection. */
  slices?: readonly string[];
}

/** Type and flags of each field by path, e.g. `'text unique index'`. */
export type FieldRecords = Record<string, string>;

/** The content of `schema.generated.ts`. */
export interface SchemaRecord {
  fingerprint: string;
  locales: readonly string[];
  collections: Record<string, CollectionRecord>;
  globals: Record<string, GlobalRecord>;
  /** What `sync` compares; no part of what ships. */
  fields: { collections: Record<string, FieldRecords>; globals: Record<string, FieldRecords> };
}

/** Reduces a project's schema to what is recorded. */
export function schemaRecord(schema: ProjectSchema): SchemaRecord {
  const internal = new Set<string>(INTERNAL_COLLECTIONS);
  const collections = bySlug(schema.collections.filter(({ slug }) => !internal.has(slug)));
  const globals = bySlug(schema.globals);
  return {
    fingerprint: schemaFingerprint({ ...schema, collections, globals }),
    locales: [...schema.locales].sort(compare),
    collections: recordOf(collections, collectionRecord),
    globals: recordOf(globals, globalRecord),
    fields: {
      collections: recordOf(collections, fieldRecords),
      globals: recordOf(globals, fieldRecords),
    },
  };
}

/** Whether it has the form of a record, wherever it was read. */
export function isSchemaRecord(value: unknown): value is SchemaRecord {
  if (!isObject(value)) return false;
  const { fingerprint, locales, fields } = value;
  const isEntities = (it: unknown) =>
    isObject(it) && ['collections', 'globals'].every((name) => isOfObjects(it[name]));
  return typeof fingerprint === 'string' && Array.isArray(locales) && isEntities(value) && isEntities(fields);
}

function isOfObjects(value: unknown): boolean {
  return isObject(value) && Object.values(value).every(isObject);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bySlug<Part extends { slug: string }>(parts: readonly Part[]): Part[] {
  return [...parts].sort((a, b) => compare(a.slug, b.slug));
}

function recordOf<Part extends { slug: string }, Value>(
  parts: readonly Part[],
  value: (part: Part) => Value,
): Record<string, Value> {
  return Object.fromEntries(parts.map((part) => [part.slug, value(part)]));
}

function collectionRecord(collection: CollectionSchema): CollectionRecord {
  const slices = sliceCandidates(collection);
  return {
    ...(collection.auth ? { auth: true } : {}),
    ...(collection.upload ? { upload: true } : {}),
    ...globalRecord(collection),
    ...(slices.length > 0 ? { slices } : {}),
  };
}

function globalRecord({ versions, drafts, fields }: GlobalSchema | CollectionSchema): GlobalRecord {
  const ordered = byPath(fields);
  const relations = Object.fromEntries(
    ordered.flatMap(({ path, relationTo }) => (relationTo ? [[path, [...relationTo].sort(compare)]] : [])),
  );
  const joins = Object.fromEntries(
    ordered.flatMap(({ path, join }) => (join ? [[path, joinRecord(join)]] : [])),
  );
  return {
    ...(versions ? { versions } : {}),
    ...(drafts ? { drafts } : {}),
    ...(Object.keys(relations).length > 0 ? { relations } : {}),
    ...(Object.keys(joins).length > 0 ? { joins } : {}),
  };
}

function joinRecord({ collection, on, hasWhere }: NonNullable<FieldSchema['join']>): JoinRecord {
  return { collection: [...collection].sort(compare), on, ...(hasWhere ? { where: true } : {}) };
}

function fieldRecords({ fields }: { fields: FieldSchema[] }): FieldRecords {
  return Object.fromEntries(byPath(fields).map((field) => [field.path, fieldText(field)]));
}

function fieldText(field: FieldSchema): string {
  const words = [field.type];
  if (field.hasMany) words.push('many');
  if (field.insideList) words.push('in-list');
  if (field.localized) words.push('localized');
  if (field.unique) words.push('unique');
  if (field.index) words.push('index');
  if (field.virtual === true) words.push('virtual');
  else if (field.virtual) words.push(`virtual:${field.virtual}`);
  return words.join(' ');
}

function byPath(fields: readonly FieldSchema[]): FieldSchema[] {
  return [...fields].sort((a, b) => compare(a.path, b.path));
}

/** By code unit, so that the order is the same on every machine. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
