import type { CollectionSchema, FieldSchema, GlobalSchema, ProjectSchema } from '../../src/inspect/schema.js';

/** A field with everything off but what is said. */
export function field(path: string, type: string, more: Partial<FieldSchema> = {}): FieldSchema {
  return {
    path,
    type,
    localized: false,
    unique: false,
    index: false,
    hasMany: false,
    virtual: false,
    insideList: false,
    ...more,
  };
}

/** A collection with everything off but what is said. */
export function collection(
  slug: string,
  fields: FieldSchema[] = [],
  more: Partial<CollectionSchema> = {},
): CollectionSchema {
  return {
    slug,
    origin: 'config',
    auth: false,
    upload: false,
    versions: false,
    drafts: false,
    fields,
    ...more,
  };
}

/** A global with everything off but what is said. */
export function global(
  slug: string,
  fields: FieldSchema[] = [],
  more: Partial<GlobalSchema> = {},
): GlobalSchema {
  return { slug, origin: 'config', versions: false, drafts: false, fields, ...more };
}

/** A schema of these collections and globals. */
export function schema(
  collections: CollectionSchema[],
  globals: GlobalSchema[] = [],
  locales: string[] = [],
): ProjectSchema {
  return { collections, globals, locales, unresolved: [], warnings: [] };
}
