import type { CollectionSchema, FieldSchema } from '../inspect/schema.js';

const tenantFields = new Set(['tenant', 'tenants', 'site', 'organization', 'organisation', 'workspace']);
const sliceTypes = new Set(['text', 'email', 'number', 'select', 'radio', 'relationship', 'upload', 'code']);

/**
 * The fields of a collection that pages are looked up by: unique and indexed ones, `slug`, a tenant relation. A value
 * that differs per locale or stands in a list is none.
 */
export function sliceCandidates(collection: Pick<CollectionSchema, 'fields'>): string[] {
  return collection.fields
    .filter((field) => isSliceable(field) && (field.unique || field.index || isUsualSlice(field)))
    .map((field) => field.path)
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Whether equality on the field can stand for a part of the collection at all. */
export function isSliceable(field: FieldSchema): boolean {
  return (
    sliceTypes.has(field.type) &&
    !field.virtual &&
    !field.insideList &&
    !field.hasMany &&
    !field.localized &&
    (field.relationTo?.length ?? 1) === 1 &&
    field.path !== 'id'
  );
}

function isUsualSlice(field: FieldSchema): boolean {
  return field.path === 'slug' || (field.type === 'relationship' && tenantFields.has(field.path));
}
