import type { CollectionSchema, FieldSchema } from './schema.js';

/** Types whose values can be compared for equality and put into a tag. Dates cannot: they are written in many ways. */
const SCALAR = new Set(['checkbox', 'email', 'number', 'radio', 'select', 'text']);
/** Indexed by Payload for its own sorting and housekeeping; nobody asks for a page by one of them. */
const HOUSEKEEPING = new Set([
  '_order',
  '_status',
  'createdAt',
  'deletedAt',
  'filename',
  'folder',
  'id',
  'updatedAt',
]);
const TENANT = new Set(['tenant', 'site', 'organization', 'organisation', 'workspace']);

/**
 * Fields of a collection that make good slices: an equality on one of them picks few documents. Unique and indexed
 * fields, `slug`, and a tenant relation; one scalar or one relation, not inside a list. Best first: `slug`, unique
 * fields, the others by path.
 */
export function sliceCandidates(collection: CollectionSchema): string[] {
  return collection.fields
    .filter(isCandidate)
    .sort((one, other) => rank(one) - rank(other) || (one.path < other.path ? -1 : 1))
    .map((field) => field.path);
}

function isCandidate(field: FieldSchema): boolean {
  if (field.insideList || field.hasMany || field.virtual !== false || HOUSEKEEPING.has(field.path))
    return false;
  if (/^_.*_order$/.test(field.path) || field.path.startsWith('sizes.')) return false;
  if (field.relationTo)
    return (
      !field.polymorphic && field.relationTo.length === 1 && (field.unique || field.index || isTenant(field))
    );
  if (!SCALAR.has(field.type)) return false;
  return field.unique || field.index || field.path === 'slug';
}

function isTenant(field: FieldSchema): boolean {
  return TENANT.has(field.path);
}

function rank(field: FieldSchema): number {
  if (field.path === 'slug') return 0;
  if (field.unique) return 1;
  return 2;
}
