/** Slices: parts of a collection that a query may depend on alone, by the value of a field. */

import { isObject } from '../../platform/is-object.js';
import { canonicalNumber, canonicalRelation } from './pinned.js';
import type { Field, SiteSchema, SliceField } from './site-schema.js';
import { collectionTag, sliceTag } from './tags.js';

const TEXT_TYPES = new Set(['text', 'email', 'textarea', 'code', 'select', 'radio']);

/** Whether a field can be a slice: its values compare exactly, and a document shows them as they are. */
export function canBeSlice(field: Field): boolean {
  if (TEXT_TYPES.has(field.type) || field.type === 'number' || field.type === 'checkbox') return true;
  return (field.type === 'relationship' || field.type === 'upload') && !Array.isArray(field.relationTo);
}

/** The slice value that a query's operand stands for; `undefined` if it is not certain. */
export function sliceValueOfQuery(
  field: Field,
  value: unknown,
  inList: boolean,
  schema: SiteSchema,
): string | undefined {
  if (TEXT_TYPES.has(field.type)) return typeof value === 'string' && value !== 'null' ? value : undefined;
  if (field.type === 'number') return canonicalNumber(value, Number.isFinite);
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
    const values = field.localized && isObject(value) ? Object.values(value).flat() : [value].flat();
    for (const each of values) {
      if (each === undefined || each === null) continue;
      // An object is a populated document or MongoDB's ObjectId: its id is the value.
      const scalar = typeof each === 'object' ? String((each as { id?: unknown }).id ?? each) : each;
      if (!['string', 'number', 'boolean'].includes(typeof scalar)) return undefined;
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
