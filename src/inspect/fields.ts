/** Fields by their paths: merging, joining, sorting. */
import type { FieldSchema } from './schema.js';

/** Types of fields that have fields in them. */
export const CONTAINERS: ReadonlySet<string> = new Set(['array', 'blocks', 'group', 'tab']);

/** Adds a field, merged with the one that has its path already. */
export function add(into: { byPath: Map<string, FieldSchema> }, next: FieldSchema): void {
  const before = into.byPath.get(next.path);
  into.byPath.set(next.path, before ? mergeFields(before, next) : next);
}

/**
 * Two fields with one path: blocks share the path of their field, so the same name may occur in several of them. What
 * matters to caching is kept from both, and a relation outweighs a plain value.
 */
export function mergeFields(one: FieldSchema, other: FieldSchema): FieldSchema {
  const rank = (each: FieldSchema) => (each.relationTo || each.join ? 2 : CONTAINERS.has(each.type) ? 1 : 0);
  const [first, second] = rank(other) > rank(one) ? [other, one] : [one, other];
  const relationTo = [...new Set([...(first.relationTo ?? []), ...(second.relationTo ?? [])])].sort();
  return {
    ...first,
    localized: first.localized || second.localized,
    unique: first.unique || second.unique,
    index: first.index || second.index,
    hasMany: first.hasMany || second.hasMany,
    virtual: first.virtual || second.virtual,
    insideList: first.insideList || second.insideList,
    ...(relationTo.length > 0 ? { relationTo } : {}),
    ...(first.polymorphic || second.polymorphic ? { polymorphic: true } : {}),
  };
}

/** The fields of both, one for each path, sorted. */
export function union(one: FieldSchema[], other: FieldSchema[]): FieldSchema[] {
  const into = { byPath: new Map(one.map((each) => [each.path, each])) };
  for (const each of other) add(into, { ...each });
  return sorted(into.byPath);
}

/** The fields of a map by path, sorted. */
export function sorted(byPath: Map<string, FieldSchema>): FieldSchema[] {
  return [...byPath.values()].sort(byFieldPath);
}

/** Order of fields: by path, by code units, the same everywhere. */
export function byFieldPath(one: FieldSchema, other: FieldSchema): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}

/** Order of collections and globals. */
export function bySlug(one: { slug: string }, other: { slug: string }): number {
  return one.slug < other.slug ? -1 : one.slug > other.slug ? 1 : 0;
}
