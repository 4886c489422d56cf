/**
 * Comes in: a read's operation and arguments, and the site's schema. Goes out: its tags, all that its result depends on,
 * before the database is asked. paths.ts follows what it names, joins.ts what it brings along, pinned-tags.ts finds the
 * documents and slices it is limited to.
 */
import { type Analysis, createAnalysis, type Steps, type TagContext, TOO_MUCH } from './analysis.js';
import { walkSort, walkWhere } from './conditions.js';
import { addJoins } from './joins.js';
import { type CachedOperation, GLOBAL_READS, VERSION_READS } from './operations.js';
import { MOST_SEGMENTS, type Walker, walkerFrom, walkerOfVersions } from './paths.js';
import { pinnedDocuments, pinnedVersions } from './pinned-tags.js';
import { collectionTag, globalTag, versionsTag } from './tags.js';

/** The question whose dependencies are asked. */
export interface Query {
  operation: CachedOperation;
  slug: string;
  args: Readonly<Record<string, unknown>>;
}

const WITH_JOINS = new Set<CachedOperation>(['find', 'findOne', 'queryDrafts']);

/**
 * The tags of a query, from its arguments and the schema alone. Sorted, without repetition.
 *
 * @param steps counts what the analysis costs
 * @returns `undefined` if an argument cannot be understood, or takes too much to be: the query is then not cached
 */
export function tagsOf(query: Query, context: TagContext, steps: Steps = { taken: 0 }): string[] | undefined {
  const analysis = createAnalysis(context, steps);
  try {
    return addTags(analysis, query) ? [...analysis.tags].sort() : undefined;
  } catch (error) {
    if (error === TOO_MUCH) return undefined;
    throw error;
  }
}

function addTags(analysis: Analysis, { operation, slug, args }: Query): boolean {
  const { schema, tags } = analysis;
  const isGlobal = GLOBAL_READS.has(operation);
  const ofVersions = VERSION_READS.has(operation);
  const owner = isGlobal ? schema.globals.get(slug) : schema.collections.get(slug);
  if (!owner) return false;
  const walker = ofVersions
    ? walkerOfVersions(analysis, owner.flattenedFields, isGlobal ? undefined : slug)
    : walkerFrom(analysis, owner.flattenedFields);

  // 1. The documents themselves.
  const entity = isGlobal ? globalTag(slug) : collectionTag(slug);
  const pinned = isGlobal
    ? undefined
    : ofVersions
      ? pinnedVersions(analysis, slug, args.where)
      : pinnedDocuments(analysis, slug, args.where);
  for (const tag of pinned ?? [ofVersions ? versionsTag(entity) : entity]) tags.add(tag);

  // 2. What their conditions and order reach.
  if (!walkWhere(analysis, args.where, walker)) return false;
  if (!walkSort(analysis, args.sort, walker)) return false;
  const isUnsorted = args.sort === undefined || args.sort === null;
  if ('defaultSort' in owner && isUnsorted && !walkSort(analysis, owner.defaultSort, walker)) return false;
  if (operation === 'findDistinct' && !walkDistinct(analysis, args, walker)) return false;

  // 3. What their joins bring along.
  return !WITH_JOINS.has(operation) || addJoins(analysis, slug, args, ofVersions);
}

/** Follows the field of a `findDistinct`, and what limits its values. */
function walkDistinct(
  analysis: Analysis,
  { field, relatedAccess }: Readonly<Record<string, unknown>>,
  walker: Walker,
): boolean {
  if (typeof field !== 'string' || !walker.follow(field)) return false;
  if (relatedAccess === undefined || relatedAccess === null) return true;
  if (typeof relatedAccess !== 'object') return false;
  return Object.entries(relatedAccess).every(([path, where]) =>
    walkWhere(analysis, where, walker.below(path.split('.', MOST_SEGMENTS))),
  );
}
