import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FlattenedField, SanitizedConfig } from 'payload';
import type { FieldSchema } from '../../src/inspect/schema.js';
import { INTERNAL_COLLECTIONS } from '../../src/inspect/schema.js';

/** Absolute path of a sample project. */
export function sample(name: string): string {
  return fileURLToPath(new URL(`./projects/${name}`, import.meta.url));
}

/** The config of a sample project as Payload itself sanitises it. */
export async function sanitisedSample(name: string): Promise<SanitizedConfig> {
  const directory = sample(name);
  const main = (JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')) as { main?: string })
    .main;
  const { default: config } = (await import(path.join(directory, main ?? 'payload.config.ts'))) as {
    default: Promise<SanitizedConfig>;
  };
  return config;
}

/** What Payload makes of a config, in the words of the inspected schema. */
export function truthOf(config: SanitizedConfig) {
  const internal: readonly string[] = INTERNAL_COLLECTIONS;
  const blocks = new Map((config.blocks ?? []).map((block) => [block.slug as string, block]));
  const collections = config.collections
    .filter(({ slug }) => !internal.includes(slug))
    .map((collection) => ({
      slug: collection.slug as string,
      auth: Boolean(collection.auth),
      upload: Boolean(collection.upload),
      versions: Boolean(collection.versions),
      drafts: Boolean(collection.versions?.drafts),
      fields: flatten(collection.flattenedFields),
    }));
  const globals = config.globals.map((global) => ({
    slug: global.slug as string,
    versions: Boolean(global.versions),
    drafts: Boolean(global.versions?.drafts),
    fields: flatten(global.flattenedFields),
  }));
  return { collections: bySlug(collections), globals: bySlug(globals) };

  function flatten(fields: FlattenedField[]): FieldSchema[] {
    const into = new Map<string, FieldSchema>();
    walk(fields, '', false, into);
    return [...into.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  function walk(
    fields: FlattenedField[],
    prefix: string,
    insideList: boolean,
    into: Map<string, FieldSchema>,
  ) {
    for (const each of fields) {
      const field = each as any;
      const path = `${prefix}${field.name}`;
      const own: FieldSchema = {
        path,
        type: field.type,
        localized: Boolean(field.localized),
        unique: Boolean(field.unique),
        index: Boolean(field.index),
        hasMany: Boolean(field.hasMany),
        virtual: field.virtual ?? false,
        insideList,
      };
      if (field.relationTo) own.relationTo = [field.relationTo].flat().sort();
      if (Array.isArray(field.relationTo)) own.polymorphic = true;
      if (field.type === 'join') {
        own.join = {
          collection: [field.collection].flat().sort(),
          on: field.on,
          hasWhere: field.where !== undefined,
        };
      }
      const before = into.get(path);
      if (before) {
        // The same name in several blocks: everything counts.
        own.relationTo = [...new Set([...(before.relationTo ?? []), ...(own.relationTo ?? [])])].sort();
        if (own.relationTo.length === 0) delete own.relationTo;
        own.type = before.type;
      }
      into.set(path, own);
      if (field.flattenedFields)
        walk(field.flattenedFields, `${path}.`, insideList || field.type === 'array', into);
      for (const block of field.type === 'blocks' ? (field.blockReferences ?? field.blocks) : []) {
        walk(
          (typeof block === 'string' ? blocks.get(block)! : block).flattenedFields,
          `${path}.`,
          true,
          into,
        );
      }
    }
  }
}

/** Fields that only some releases of Payload 3 add. */
const BY_RELEASE = new Set(['resetPasswordRequestedAt', 'hasAPIKey']);

/** The fields without ids and block types, which Payload does not list, and without what only some releases add. */
export function comparable<T extends { fields: FieldSchema[] }>(entities: T[]): T[] {
  return entities.map((entity) => ({
    ...entity,
    fields: entity.fields.filter(
      ({ path }) => path !== 'id' && !path.endsWith('.blockType') && !BY_RELEASE.has(path),
    ),
  }));
}

function bySlug<T extends { slug: string }>(entities: T[]): T[] {
  return entities.sort((one, other) => (one.slug < other.slug ? -1 : 1));
}
