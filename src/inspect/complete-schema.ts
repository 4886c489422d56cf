/** Completes what the config tells by what `payload-types.ts` tells; where the two disagree, says so. */
import { byFieldPath, bySlug, CONTAINERS, mergeFields } from './fields.js';
import type { TypedEntity, TypedSchema } from './payload-types/typed-schema.js';
import type { ConfigSchema } from './read-schema/config-schema.js';
import {
  type CollectionSchema,
  type FieldSchema,
  type GlobalSchema,
  INTERNAL_COLLECTIONS,
  type ProjectSchema,
} from './schema.js';

/** Payload's own, and nothing of the site: the listed ones, and the saved list views of the admin panel's users. */
export const INTERNAL: ReadonlySet<string> = new Set([...INTERNAL_COLLECTIONS, 'payload-query-presets']);
/** Globals that are Payload's own. */
export const INTERNAL_GLOBALS: ReadonlySet<string> = new Set(['payload-jobs-stats']);

/** Ends a warning of types that do not fit the config. */
export const ASK_WHETHER_OLD = 'is that file old? `payload generate:types` writes it anew.';

/** Fields that come and go with Payload's version: not worth a warning. */
const IMPLICIT = new Set(
  (
    'id createdAt updatedAt deletedAt _status _order email username password salt hash loginAttempts lockUntil ' +
    'resetPasswordToken resetPasswordExpiration resetPasswordRequestedAt sessions _verified _verificationToken ' +
    'enableAPIKey apiKey apiKeyIndex hasAPIKey url thumbnailURL _key _objectKey prefix filename mimeType filesize width height focalX focalY ' +
    'sizes folder'
  ).split(' '),
);

/** What the completed schema depends on besides the two. */
export interface TypesContext {
  /** Path of the types, relative to the root; for messages. */
  typesFile: string;
  /** Whether a current file of types must have a `payload-kv` collection: Payload from 3.62 on without its own `kv`. */
  expectsKV: boolean;
}

/** The schema of the project: the config's, completed by the types where there are some. */
export function completeSchema(
  config: ConfigSchema,
  types: TypedSchema | undefined,
  context: TypesContext,
): ProjectSchema {
  const warnings = [...config.warnings];
  const schema: ProjectSchema = {
    collections: config.collections.filter(({ slug }) => !INTERNAL.has(slug)),
    globals: config.globals,
    locales: config.locales,
    unresolved: config.unresolved,
    warnings,
  };
  if (!types) return schema;
  const { typesFile } = context;
  if (context.expectsKV && !types.collections.some(({ slug }) => slug === 'payload-kv')) {
    warnings.push(`${typesFile} has no collection payload-kv: it is older than the installed Payload.`);
  }
  const completion: Completion = { config, typesFile, warnings };
  schema.collections = complete(
    completion,
    schema.collections,
    types.collections.filter(({ slug }) => !INTERNAL.has(slug)),
    'collection',
    collectionOfTypes,
  );
  schema.globals = complete(
    completion,
    schema.globals,
    types.globals.filter(({ slug }) => !INTERNAL_GLOBALS.has(slug)),
    'global',
    globalOfTypes,
  );
  if (!config.localesKnown) schema.locales = types.locales;
  return schema;
}

/** A collection that only the types have. */
function collectionOfTypes({ slug, auth, upload, drafts, fields }: TypedEntity): CollectionSchema {
  const versions = drafts || 'unknown';
  return { slug, origin: 'types', auth, upload, versions, drafts: versions, fields };
}

/** A global that only the types have. */
function globalOfTypes({ slug, drafts, fields }: TypedEntity): GlobalSchema {
  const versions = drafts || 'unknown';
  return { slug, origin: 'types', versions, drafts: versions, fields };
}

/** A config that is being completed. */
interface Completion {
  config: ConfigSchema;
  /** Path of the types, for messages. */
  typesFile: string;
  warnings: string[];
}

/** The collections, or the globals: each with the fields of its type, and those that only the types have. */
function complete<T extends { slug: string; fields: FieldSchema[] }>(
  completion: Completion,
  own: T[],
  typed: TypedEntity[],
  what: string,
  fromTypes: (entity: TypedEntity) => T,
): T[] {
  const { config, typesFile, warnings } = completion;
  const bySlugTyped = new Map(typed.map((entity) => [entity.slug, entity]));
  const known = new Set(own.map(({ slug }) => slug));
  const completed = own.map((entity) => {
    const match = bySlugTyped.get(entity.slug);
    if (!match) {
      warnings.push(
        `The ${what} ${entity.slug} is in the config but not in ${typesFile}: ${ASK_WHETHER_OLD}`,
      );
      return entity;
    }
    const fields = completeFields(completion, entity.slug, entity.fields, match.fields);
    const told = new Set(entity.fields.map(({ path }) => path));
    const fieldsOfTypes = fields.map(({ path }) => path).filter((path) => !told.has(path));
    return { ...entity, fields, ...(fieldsOfTypes.length > 0 ? { fieldsOfTypes } : {}) };
  });
  for (const entity of typed) {
    if (known.has(entity.slug)) continue;
    if (config.adding === 'nothing') {
      warnings.push(
        `The ${what} ${entity.slug} is in ${typesFile} but not in the config: ${ASK_WHETHER_OLD}`,
      );
      continue;
    }
    // A plugin may have added it, or have done so when the file was generated.
    completed.push({ ...fromTypes(entity), ...(config.adding === 'plugins' ? { unsure: true } : {}) });
  }
  return completed.sort(bySlug);
}

/** The fields of the config with those that only the types have; what is in one of both is warned of. */
function completeFields(
  completion: Completion,
  slug: string,
  own: FieldSchema[],
  typed: FieldSchema[],
): FieldSchema[] {
  const { config, typesFile, warnings } = completion;
  const byPath = new Map(own.map((each) => [each.path, each]));
  const typedPaths = new Set(typed.map(({ path }) => path));
  const added: string[] = [];
  for (const each of typed) {
    const before = byPath.get(each.path);
    if (before) {
      byPath.set(each.path, agree(completion, slug, before, each));
    } else if (!leafAbove(each.path, byPath)) {
      byPath.set(each.path, each);
      if (!isImplicit(each.path)) added.push(each.path);
    }
  }
  const missing = own
    .filter(({ path }) => !typedPaths.has(path) && !isImplicit(path))
    .map(({ path }) => path);
  if (missing.length > 0) {
    warnings.push(`${slug}: ${listed(missing)} in the config but not in ${typesFile}: ${ASK_WHETHER_OLD}`);
  }
  if (added.length > 0 && !config.open) {
    warnings.push(`${slug}: ${listed(added)} in ${typesFile} but not in the config: ${ASK_WHETHER_OLD}`);
  }
  return [...byPath.values()].sort(byFieldPath);
}

/** A field as both tell it; what the types refer to counts. */
function agree(
  { typesFile, warnings }: Completion,
  slug: string,
  own: FieldSchema,
  typed: FieldSchema,
): FieldSchema {
  if (own.join) {
    if (own.join.collection.length > 0 || !typed.join) return own;
    return { ...own, join: { ...own.join, collection: typed.join.collection } };
  }
  if (!typed.relationTo) return own;
  if (own.relationTo?.length === 0) {
    const { relationTo, polymorphic } = typed;
    return { ...own, relationTo, ...(polymorphic ? { polymorphic } : {}) };
  }
  if (own.relationTo && own.relationTo.join() === typed.relationTo.join()) return own;
  const mine = own.relationTo ? `refers to ${own.relationTo.join(', ')}` : `is of type ${own.type}`;
  warnings.push(
    `${slug}.${own.path} ${mine} in the config, but refers to ${typed.relationTo.join(', ')} in ${typesFile}.`,
  );
  return mergeFields(own, typed);
}

/** Whether the path leads into a field that the config knows to have no fields in it, such as JSON. */
function leafAbove(path: string, byPath: Map<string, FieldSchema>): boolean {
  const parts = path.split('.');
  for (let length = 1; length < parts.length; length++) {
    const above = byPath.get(parts.slice(0, length).join('.'));
    if (above && !CONTAINERS.has(above.type)) return true;
  }
  return false;
}

function isImplicit(path: string): boolean {
  const [first, ...rest] = path.split('.');
  const last = rest.at(-1);
  return IMPLICIT.has(first ?? '') || last === 'id' || last === 'blockName' || last === 'blockType';
}

function listed(paths: string[]): string {
  const shown = paths.slice(0, 3).join(', ');
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  return `${shown}${more} ${paths.length === 1 ? 'is' : 'are'}`;
}
