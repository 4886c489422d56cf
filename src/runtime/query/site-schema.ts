import type {
  FlattenedField,
  SanitizedCollectionConfig,
  SanitizedConfig,
  SanitizedGlobalConfig,
} from 'payload';
import { hash } from '../../platform/hash.js';
import { isObject } from '../../platform/is-object.js';
import { valueAt } from '../../platform/value-at.js';

/** A field of Payload's sanitised config, as far as dependencies are concerned. */
export type Field = FlattenedField;

/** A slice field of a collection: its path and how its values are read. */
export interface SliceField {
  path: string;
  field: Field;
}

/** The schema of the running site, indexed for the questions that tags ask. */
export interface SiteSchema {
  collections: Map<string, SanitizedCollectionConfig>;
  globals: Map<string, SanitizedGlobalConfig>;
  /** Locale codes; empty without localization. */
  locales: Set<string>;
  /** Hash of everything in the schema that shapes a result or decides its dependencies. */
  fingerprint: string;
  /** Collections (and globals, prefixed `@`) with a relationship or upload to the given collection. */
  referrers(slug: string): readonly string[];
  /** Whether documents of the collection have numeric ids. */
  hasNumericIds(slug: string): boolean;
  /** The blocks of a blocks field, references resolved. */
  blocksOf(field: Field): { slug: string; flattenedFields: Field[] }[];
}

interface BlockLike {
  slug: string;
  flattenedFields: Field[];
}

/** Indexes a sanitised config. `defaultIDType` is the adapter's. */
export function readSiteSchema(config: SanitizedConfig, defaultIDType: 'number' | 'text'): SiteSchema {
  const collections = new Map(
    config.collections.map((collection) => [collection.slug as string, collection]),
  );
  const globals = new Map(config.globals.map((global) => [global.slug as string, global]));
  const sharedBlocks = new Map(
    (config.blocks ?? []).map((block) => [block.slug as string, block as unknown as BlockLike]),
  );
  const locales = new Set(config.localization ? config.localization.localeCodes : []);

  function blocksOf(field: Field): BlockLike[] {
    if (field.type !== 'blocks') return [];
    const blocks = [...(field.blockReferences ?? []), ...field.blocks] as (string | BlockLike)[];
    return blocks.flatMap((block) => (typeof block === 'string' ? (sharedBlocks.get(block) ?? []) : block));
  }

  const referrers = new Map<string, Set<string>>();
  function noteReferences(fields: readonly Field[], owner: string): void {
    for (const field of fieldsWithin(fields, blocksOf)) {
      if (field.type === 'join') continue;
      for (const target of targetsOf(field)) {
        valueAt(referrers, target, () => new Set<string>()).add(owner);
      }
    }
  }
  for (const [slug, collection] of collections) noteReferences(collection.flattenedFields, slug);
  for (const [slug, global] of globals) noteReferences(global.flattenedFields, `@${slug}`);

  return {
    collections,
    globals,
    locales,
    fingerprint: fingerprintOf(config, defaultIDType, blocksOf),
    referrers: (slug) => [...(referrers.get(slug) ?? [])],
    hasNumericIds: (slug) => idTypeOf(collections.get(slug), defaultIDType) === 'number',
    blocksOf,
  };
}

/** Field lists directly below a field: of a group, tab, array, or of each block. */
export function nestedFields(field: Field, blocksOf: SiteSchema['blocksOf']): Field[][] {
  if ('flattenedFields' in field && Array.isArray(field.flattenedFields)) return [field.flattenedFields];
  if (field.type === 'blocks') return blocksOf(field).map((block) => block.flattenedFields);
  return [];
}

/**
 * The fields of a list at every depth, those above before those below. Each list once: blocks that refer to one another
 * offer more ways through them than anyone can walk.
 */
export function* fieldsWithin(
  fields: readonly Field[],
  blocksOf: SiteSchema['blocksOf'],
  seen: Set<unknown> = new Set(),
): Generator<Field> {
  for (const field of fields) {
    yield field;
    for (const nested of nestedFields(field, blocksOf)) {
      if (!seen.has(nested)) yield* fieldsWithin(nested, blocksOf, seen.add(nested));
    }
  }
}

/** The collections whose documents a field brings: those of a relation, an upload or a join. */
export function targetsOf(field: Field): string[] {
  if (field.type === 'relationship' || field.type === 'upload') return [field.relationTo].flat();
  return field.type === 'join' ? [field.collection].flat() : [];
}

function idTypeOf(
  collection: SanitizedCollectionConfig | undefined,
  defaultIDType: 'number' | 'text',
): 'number' | 'text' {
  const id = collection?.flattenedFields.find((field) => field.name === 'id');
  if (id) return id.type === 'number' ? 'number' : 'text';
  return defaultIDType;
}

function fingerprintOf(
  config: SanitizedConfig,
  defaultIDType: string,
  blocksOf: SiteSchema['blocksOf'],
): string {
  function describe(fields: readonly Field[], described: Map<unknown, number>): unknown[] {
    return fields.map((field) => {
      const of = field as unknown as Record<string, unknown>;
      const nested = nestedFields(field, blocksOf).map((list, index) => {
        const block = field.type === 'blocks' ? blocksOf(field)[index]?.slug : undefined;
        const known = described.get(list);
        if (known !== undefined) return [block, known];
        described.set(list, described.size);
        return [block, describe(list, described)];
      });
      return [
        of.name,
        of.type,
        of.relationTo,
        of.hasMany,
        of.localized,
        of.virtual,
        of.type === 'join'
          ? [of.collection, of.on, of.defaultLimit, of.defaultSort, of.where, of.maxDepth]
          : undefined,
        // Stored values are checked against the options by some adapters' enums, never on reading, but a changed
        // list is a changed schema to its reader.
        of.type === 'select' || of.type === 'radio' ? optionValues(of.options) : undefined,
        nested,
      ];
    });
  }
  const describeEntity = (entity: SanitizedCollectionConfig | SanitizedGlobalConfig): unknown => [
    entity.slug,
    entity.dbName,
    'defaultSort' in entity ? entity.defaultSort : undefined,
    Boolean(entity.versions),
    Boolean(entity.versions?.drafts),
    describe(entity.flattenedFields, new Map()),
  ];
  const bySlug = (one: { slug: string }, other: { slug: string }): number => (one.slug < other.slug ? -1 : 1);
  const description = [
    defaultIDType,
    config.localization ? [config.localization.localeCodes, config.localization.defaultLocale] : undefined,
    [...config.collections].sort(bySlug).map(describeEntity),
    [...config.globals].sort(bySlug).map(describeEntity),
  ];
  // Never the text of a function: a bundler makes it another one in each of a site's bundles, and processes that were
  // started by different ones have the same schema.
  return hash(JSON.stringify(description));
}

/** Without their labels, which may be functions. */
function optionValues(options: unknown): unknown {
  if (!Array.isArray(options)) return options;
  return options.map((option) => (isObject(option) ? (option as { value?: unknown }).value : option));
}
