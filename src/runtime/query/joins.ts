/** What the joins of a query bring along. */

import { isObject } from '../../platform/is-object.js';
import { valueAt } from '../../platform/value-at.js';
import type { Analysis, Take } from './analysis.js';
import { walkSort, walkWhere } from './conditions.js';
import { type Fields, type Walker, walkerFrom } from './paths.js';
import { pinnedIds } from './pinned.js';
import { joinedSlices } from './pinned-tags.js';
import { fieldsWithin, type SiteSchema, targetsOf } from './site-schema.js';
import { collectionTag, versionsTag } from './tags.js';

/**
 * Adds what the joins of a query depend on.
 *
 * @param ofVersions whether the query asks for versions
 * @returns `false` if they cannot be understood
 */
export function addJoins(
  analysis: Analysis,
  slug: string,
  args: Readonly<Record<string, unknown>>,
  ofVersions: boolean,
): boolean {
  const { schema, take, tags } = analysis;
  const { joins } = args;
  if (joins === false) return true;
  if (joins !== undefined && joins !== null && typeof joins !== 'object') return false;
  const requested = (joins ?? {}) as Record<string, unknown>;
  const known = joinsOf(slug, schema);
  const paths = new Set(known.map((join) => join.path));
  const names = Object.keys(requested);
  take(known.length + names.length);
  if (names.some((path) => !paths.has(path))) return false;
  const excludes = once(() => excludesAny(args.select, take));
  const ids = once(() =>
    ofVersions ? undefined : pinnedIds(args.where, 'id', schema.hasNumericIds(slug), take),
  );
  const walkers = new Map<Fields, Walker>();
  const ofDrafts = ofVersions || args.draftsEnabled === true;
  for (const join of known) {
    const { path, targets, on } = join;
    const request = requested[path];
    if (request === false || !isSelected(args.select, path, ofVersions, excludes)) continue;
    if (request !== undefined && !isObject(request)) return false;
    const beforeJoin = tags.size;
    if (!addJoin(analysis, join, request ?? {}, ofDrafts, walkers)) return false;
    const staysInside = tags.size === beforeJoin;
    const slices =
      staysInside && targets.length === 1 ? joinedSlices(analysis, targets[0] as string, on, ids) : undefined;
    if (slices) for (const tag of slices) tags.add(tag);
    else for (const target of targets) tags.add(collectionTag(target));
  }
  return true;
}

/** Adds what the conditions and the order of one join reach, and the versions of its targets. */
function addJoin(
  analysis: Analysis,
  { targets, field }: KnownJoin,
  { where, sort }: { where?: unknown; sort?: unknown },
  ofDrafts: boolean,
  walkers: Map<Fields, Walker>,
): boolean {
  const { schema, take, tags } = analysis;
  for (const target of targets) {
    const collection = schema.collections.get(target);
    const fields = collection?.flattenedFields;
    if (!fields) return false;
    const ofTarget = valueAt(walkers, fields, () => walkerFrom(analysis, fields));
    // A join of several collections offers their common fields, so an unknown path of one is no misunderstanding.
    const followed = walkWhere(analysis, where, ofTarget) && walkWhere(analysis, field.where, ofTarget);
    if (!followed && targets.length === 1) return false;
    walkSort(analysis, sort ?? field.defaultSort ?? collection.defaultSort, ofTarget);
    if (!followed) {
      for (const inside of fieldsWithin(fields, schema.blocksOf)) {
        take();
        for (const reached of targetsOf(inside)) tags.add(collectionTag(reached));
      }
    }
    if (ofDrafts && collection.versions) tags.add(versionsTag(collectionTag(target)));
  }
  return true;
}

/** Finds something out when it is first asked for. */
function once<Value>(find: () => Value): () => Value {
  let found: { value: Value } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}

interface KnownJoin {
  path: string;
  targets: string[];
  on: string;
  field: { where?: unknown; defaultSort?: unknown };
}

function joinsOf(slug: string, schema: SiteSchema): KnownJoin[] {
  const collection = schema.collections.get(slug);
  if (!collection) return [];
  const single = Object.entries(collection.joins ?? {}).flatMap(([target, joins]) =>
    joins.map((join) => ({ path: join.joinPath, targets: [target], on: join.field.on, field: join.field })),
  );
  const several = (collection.polymorphicJoins ?? []).map((join) => ({
    path: join.joinPath,
    targets: [join.field.collection].flat(),
    on: join.field.on,
    field: join.field,
  }));
  return [...single, ...several];
}

/**
 * Whether a `select` brings the join at the path; in doubt it does. SQL adapters bring the joins of a group that an
 * inclusion passes over, those of drafts whose select does not say `version`, and take a select for an exclusion
 * wherever in it they find the first `false`.
 */
function isSelected(select: unknown, path: string, ofVersions: boolean, excludes: () => boolean): boolean {
  if (!isObject(select)) return true;
  const names = ofVersions ? ['version', ...path.split('.')] : path.split('.');
  const last = names.length - 1;
  let level: unknown = select;
  for (const [index, name] of names.entries()) {
    if (!isObject(level)) return level !== false;
    const value = (level as Record<string, unknown>)[name];
    if (value === false) return false;
    if (value === undefined) return index < last || isEmpty(level) || excludes();
    level = value;
  }
  return true;
}

function isEmpty(value: object): boolean {
  for (const _name in value) return false;
  return true;
}

function excludesAny(select: unknown, take: Take): boolean {
  if (!isObject(select)) return false;
  const values = Object.values(select);
  take(values.length);
  return values.some((value) => value === false || excludesAny(value, take));
}
