/** What the generated types tell of the schema. */
import type { FieldSchema } from '../schema.js';

/** What the generated types tell. */
export interface TypedSchema {
  collections: TypedEntity[];
  globals: TypedEntity[];
  locales: string[];
}

/** A collection or global as the generated types tell it. */
export interface TypedEntity {
  slug: string;
  /** Sorted by path. Types do not tell indexes, uniqueness or localization. */
  fields: FieldSchema[];
  auth: boolean;
  upload: boolean;
  drafts: boolean;
}
