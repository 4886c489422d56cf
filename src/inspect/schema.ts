/**
 * What inspection learns about a Payload project: plain data, so that planning, sync and doctor can be pure.
 */

/** A place in the user's source. */
export interface SourceLocation {
  /** Path relative to the project's root, with forward slashes. */
  file: string;
  /** Line, counted from 1. */
  line: number;
}

/**
 * Where a piece of the schema was learnt from: the config's text, `payload-types.ts` alone, or the config as Payload
 * itself sanitised it (`--exact`).
 */
export type SchemaOrigin = 'config' | 'types' | 'exact';

/** One field that matters to caching: every named data field, flattened, with its path. */
export interface FieldSchema {
  /** Path as it is written in a `where`, e.g. `author`, `seo.image`, `sections.block.author`. */
  path: string;
  /** Payload's field type: `text`, `relationship`, `upload`, `join`, `blocks`, … */
  type: string;
  localized: boolean;
  unique: boolean;
  index: boolean;
  hasMany: boolean;
  /** `false`, `true`, or the relation path of a virtual field such as `author.name`. */
  virtual: boolean | string;
  /** Target collections of a relationship or upload field. */
  relationTo?: string[];
  /** `relationTo` is a list, be it of one: the value names its collection, and an equality with an id finds nothing. */
  polymorphic?: true;
  /** Of a join field: the collections joined and the field there that points back. */
  join?: { collection: string[]; on: string; hasWhere: boolean };
  /** Whether the value lies inside an array or blocks field on the way to it. */
  insideList: boolean;
}

/**
 * Whom an access function lets in: `everyone`, visitors too, some documents at least; `users` where nobody gets in
 * without one; `default` where there is none and Payload asks for a user.
 */
export type Audience = 'everyone' | 'users' | 'default';

/** Who may read and create, as far as the config tells; a part that it does not tell is absent. */
export interface AccessSchema {
  read?: Audience;
  create?: Audience;
}

/** A collection of the project. */
export interface CollectionSchema {
  slug: string;
  origin: SchemaOrigin;
  location?: SourceLocation;
  /** Paths of the fields that only `payload-types.ts` told about, where the config told about the collection. */
  fieldsOfTypes?: string[];
  /** Has `auth`: such a collection is not cached unless it is named on purpose. */
  auth: boolean;
  upload: boolean;
  /** `unknown` where only `payload-types.ts` told about the collection. */
  versions: boolean | 'unknown';
  drafts: boolean | 'unknown';
  /** For proposals only: no part of what is generated. Absent where nothing is known of it. */
  access?: AccessSchema;
  /** Only `payload-types.ts` tells of it, and whether that is current cannot be told. */
  unsure?: true;
  /** Sorted by path. */
  fields: FieldSchema[];
}

/** A global of the project. */
export interface GlobalSchema {
  slug: string;
  origin: SchemaOrigin;
  location?: SourceLocation;
  /** As of {@link CollectionSchema}. */
  fieldsOfTypes?: string[];
  versions: boolean | 'unknown';
  drafts: boolean | 'unknown';
  /** As of {@link CollectionSchema}. */
  access?: AccessSchema;
  /** As of {@link CollectionSchema}. */
  unsure?: true;
  fields: FieldSchema[];
}

/** Something in the config that static reading could not resolve. Never dropped silently. */
export interface UnresolvedPart {
  /** What it is part of, e.g. `collections`, `posts.fields`, `plugins`. */
  part: string;
  /** The expression as written, shortened to one line. */
  expression: string;
  location: SourceLocation;
  /** Why it could not be resolved, in words. */
  reason: string;
}

/** The project's content schema. */
export interface ProjectSchema {
  /** Sorted by slug. */
  collections: CollectionSchema[];
  /** Sorted by slug. */
  globals: GlobalSchema[];
  /** Locale codes, empty without localization. */
  locales: string[];
  unresolved: UnresolvedPart[];
  /** Disagreements between the config and `payload-types.ts`, in words. */
  warnings: string[];
}

/** What the admin panel remembers of each user: the one collection of Payload's own that may be cached, when named. */
export const PREFERENCES = 'payload-preferences';

/** Collections that Payload adds to every project: an exact list, because users name theirs `payload-media` too. */
export const INTERNAL_COLLECTIONS = [
  'payload-jobs',
  'payload-kv',
  'payload-kv-tags',
  'payload-locked-documents',
  'payload-migrations',
  'payload-preferences',
] as const;
