/** What a query on known documents or slices depends on in place of the whole collection. */
import type { Analysis } from './analysis.js';
import { type Canonical, canonicalRelation, pinnedIds, pinnedValues } from './pinned.js';
import { sliceValueOfQuery } from './slices.js';
import { collectionTag, documentTag, sliceTag, starTag, versionsTag } from './tags.js';

/** A join of known owners over a slice field depends on the slices that point to them. */
export function joinedSlices(
  analysis: Analysis,
  target: string,
  on: string,
  idsOfOwners: () => string[] | undefined,
): string[] | undefined {
  const slice = analysis.context.slicesOf(target).find((candidate) => candidate.path === on);
  if (slice?.field.type !== 'relationship' || Array.isArray(slice.field.relationTo)) return undefined;
  const ids = idsOfOwners();
  if (!ids) return undefined;
  const targetEntity = collectionTag(target);
  return [...sliceGuards(analysis, target), ...ids.map((id) => sliceTag(targetEntity, on, id))];
}

/** The tags of a query on a collection whose `where` names documents, or values of a slice field. */
export function pinnedDocuments(
  analysis: Analysis,
  collection: string,
  where: unknown,
): string[] | undefined {
  const ids = pinnedIds(where, 'id', analysis.schema.hasNumericIds(collection), analysis.take);
  const name = collectionTag(collection);
  if (ids) return [starTag(name), ...ids.map((id) => documentTag(name, id))];
  for (const slice of analysis.context.slicesOf(collection)) {
    const canonical: Canonical = (value, inList) =>
      sliceValueOfQuery(slice.field, value, inList, analysis.schema);
    const values = pinnedValues(where, slice.path, canonical, analysis.take);
    if (values)
      return [
        ...sliceGuards(analysis, collection),
        ...values.map((value) => sliceTag(name, slice.path, value)),
      ];
  }
  return undefined;
}

/** What whatever depends on slices of a collection depends on as well. */
function sliceGuards(analysis: Analysis, collection: string): string[] {
  return [starTag(collectionTag(collection)), ...(analysis.context.guardsOf?.(collection) ?? [])];
}

/** The tags of a query on versions whose `where` names the documents they are of. */
export function pinnedVersions(analysis: Analysis, collection: string, where: unknown): string[] | undefined {
  const numeric = analysis.schema.hasNumericIds(collection);
  const canonical: Canonical = (value, inList) => canonicalRelation(value, numeric, inList);
  const ids = pinnedValues(where, 'parent', canonical, analysis.take);
  const name = versionsTag(collectionTag(collection));
  return ids && [starTag(name), ...ids.map((id) => documentTag(name, id))];
}
