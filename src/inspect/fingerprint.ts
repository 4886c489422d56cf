import { createHash } from 'node:crypto';
import type { FieldSchema, ProjectSchema } from './schema.js';

/**
 * Hash of what the schema says about stored data and its dependencies: 32 hexadecimal digits (128 bit) of a SHA-256.
 * The same for any order of collections, fields and targets, wherever they are declared; warnings and what was not
 * resolved do not count.
 */
export function schemaFingerprint(schema: ProjectSchema): string {
  const collections = schema.collections.map(({ slug, auth, upload, versions, drafts, fields }) => [
    slug,
    auth,
    upload,
    versions,
    drafts,
    fieldsOf(fields),
  ]);
  const globals = schema.globals.map(({ slug, versions, drafts, fields }) => [
    slug,
    versions,
    drafts,
    fieldsOf(fields),
  ]);
  const canonical = JSON.stringify([inOrder(collections), inOrder(globals), [...schema.locales].sort()]);
  return createHash('sha256').update(canonical).digest('hex').slice(0, 32);
}

function fieldsOf(fields: FieldSchema[]): unknown[] {
  return inOrder(
    fields.map((field) => [
      field.path,
      field.type,
      field.localized,
      field.unique,
      field.index,
      field.hasMany,
      field.virtual,
      field.insideList,
      [...(field.relationTo ?? [])].sort(),
      field.join ? [[...field.join.collection].sort(), field.join.on, field.join.hasWhere] : [],
    ]),
  );
}

/** Sorted by their text, by code units: no two machines may disagree. */
function inOrder(parts: unknown[]): unknown[] {
  return parts
    .map((part) => ({ part, text: JSON.stringify(part) }))
    .sort((one, other) => (one.text < other.text ? -1 : one.text > other.text ? 1 : 0))
    .map(({ part }) => part);
}
