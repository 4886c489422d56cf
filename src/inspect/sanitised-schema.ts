/**
 * From the config as Payload itself sanitised it to the project's schema. This runs in the user's project beside
 * Payload, so it imports nothing but plain functions.
 */
import type { FlattenedField, SanitizedConfig } from 'payload';
import { add, sorted } from './fields.js';
import { field } from './implicit-fields.js';
import type { CollectionSchema, FieldSchema, GlobalSchema } from './schema.js';

/** What the sanitised config tells. */
export interface ExactSchema {
  collections: CollectionSchema[];
  globals: GlobalSchema[];
  locales: string[];
}

/** What of a field matters here, whatever its type. */
interface AnyField {
  name: string;
  type: string;
  localized?: boolean;
  unique?: boolean;
  index?: boolean;
  hasMany?: boolean;
  virtual?: boolean | string;
  relationTo?: string | string[];
  collection?: string | string[];
  on?: string;
  where?: unknown;
  flattenedFields?: FlattenedField[];
  blocks?: (string | { flattenedFields: FlattenedField[] })[];
  blockReferences?: (string | { flattenedFields: FlattenedField[] })[];
}

/** Reads a sanitised config: with what plugins added, as all of Payload's defaults have it. */
export function sanitisedSchema(config: SanitizedConfig): ExactSchema {
  const sharedBlocks = new Map((config.blocks ?? []).map((block) => [block.slug as string, block]));
  const idType = config.db?.defaultIDType === 'text' ? 'text' : 'number';
  return {
    collections: config.collections.map((collection) => ({
      slug: collection.slug as string,
      origin: 'exact' as const,
      auth: Boolean(collection.auth),
      upload: Boolean(collection.upload),
      versions: Boolean(collection.versions),
      drafts: Boolean(collection.versions?.drafts),
      fields: flatten(collection.flattenedFields),
    })),
    globals: config.globals.map((global) => ({
      slug: global.slug as string,
      origin: 'exact' as const,
      versions: Boolean(global.versions),
      drafts: Boolean(global.versions?.drafts),
      fields: flatten(global.flattenedFields),
    })),
    locales: config.localization ? config.localization.localeCodes : [],
  };

  function flatten(fields: FlattenedField[]): FieldSchema[] {
    const byPath = new Map<string, FieldSchema>();
    walk(fields, '', false, byPath, []);
    const id = byPath.get('id');
    // The database adds it, so that the config does not list one that it was not given.
    byPath.set('id', { ...field({ path: 'id', type: idType }), ...id, unique: true, index: true });
    return sorted(byPath);
  }

  function walk(
    fields: FlattenedField[],
    prefix: string,
    insideList: boolean,
    byPath: Map<string, FieldSchema>,
    above: unknown[],
  ): void {
    for (const each of fields) {
      const own = each as unknown as AnyField;
      const path = `${prefix}${own.name}`;
      add({ byPath }, fieldOf(own, path, insideList));
      const inside = insideList || own.type === 'array' || own.type === 'blocks';
      if (own.flattenedFields) walk(own.flattenedFields, `${path}.`, inside, byPath, above);
      if (own.type !== 'blocks') continue;
      const references = own.blockReferences ?? [];
      for (const reference of references.length > 0 ? references : (own.blocks ?? [])) {
        const block = typeof reference === 'string' ? sharedBlocks.get(reference) : reference;
        // A block may contain itself.
        if (!block || above.includes(block)) continue;
        walk(block.flattenedFields, `${path}.`, true, byPath, [...above, block]);
      }
      for (const implicit of ['blockName', 'blockType', 'id']) {
        const at = `${path}.${implicit}`;
        if (!byPath.has(at)) byPath.set(at, field({ path: at, type: 'text', insideList: true }));
      }
    }
  }
}

function fieldOf(own: AnyField, path: string, insideList: boolean): FieldSchema {
  return field({
    path,
    type: own.type,
    localized: Boolean(own.localized),
    unique: Boolean(own.unique),
    index: Boolean(own.index),
    hasMany: Boolean(own.hasMany),
    virtual: own.virtual ?? false,
    insideList,
    ...(own.relationTo ? { relationTo: [own.relationTo].flat().sort() } : {}),
    ...(Array.isArray(own.relationTo) ? { polymorphic: true } : {}),
    ...(own.type === 'join'
      ? {
          join: {
            collection: [own.collection ?? []].flat().sort(),
            on: own.on ?? '',
            hasWhere: own.where !== undefined,
          },
        }
      : {}),
  });
}
