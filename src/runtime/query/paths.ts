/** Follows the paths of a query through the fields of a site, and notes the collections that they reach. */
import { valueAt } from '../../platform/value-at.js';
import { type Analysis, TOO_MUCH } from './analysis.js';
import { type Field, nestedFields } from './site-schema.js';
import { collectionTag } from './tags.js';

/** Fields of one level. */
export type Fields = readonly Field[];

/** Most segments of a path; a query with a longer one is not cached. */
export const MOST_SEGMENTS = 64;
/** Most virtual fields that lead to one another; in a circle they never end. */
const MOST_VIRTUALS = 32;

const LIST_INDEX = /^\d+$/;

/** A path that is followed, with what is known of the places it has come to. */
interface Path {
  segments: readonly string[];
  /** Whether each segment is a list index, as MongoDB has it. */
  isIndex: readonly boolean[];
  /** How many virtual fields led to it. */
  virtuals: number;
  /** By the fields that virtual ones start from. Few paths come to where that is asked. */
  known?: Map<Fields, Known>;
}

/** Whether a path can be followed from a segment on. */
interface Known {
  places: Map<Fields, boolean[]>;
  virtuals: Map<string, boolean>;
}

/** Follows one path from some starting point and notes the collections it passes; `false` if it cannot be followed. */
type Walk = (path: Path) => boolean;

/** Follows paths from some starting point, each of them once. */
export interface Walker {
  /** The segments of a path that can be followed. */
  follow(path: string): readonly string[] | undefined;
  /** Follows paths that begin with some segments. */
  below(segments: readonly string[]): Walker;
}

const DOCUMENT_COLUMNS = new Set([
  'id',
  '_id',
  '_status',
  '_order',
  'createdAt',
  'updatedAt',
  'deletedAt',
  'globalType',
  '_uuid',
]);
const VERSION_COLUMNS = new Set([
  'id',
  '_id',
  'parent',
  'latest',
  'autosave',
  'snapshot',
  'publishedLocale',
  'createdAt',
  'updatedAt',
  'globalType',
]);

/** What follows paths from a list of fields on. */
export function walkerFrom(analysis: Analysis, fields: Fields): Walker {
  return walkerOf(analysis, (path) => walkPath(analysis, fields, fields, path, 0));
}

/** What follows the paths of the versions of a collection, or of a global. */
export function walkerOfVersions(analysis: Analysis, fields: Fields, collection: string | undefined): Walker {
  return walkerOf(analysis, (path) => walkVersionPath(analysis, fields, collection, path));
}

function walkerOf(analysis: Analysis, walk: Walk, before: readonly string[] = []): Walker {
  const followed = new Map<string, readonly string[] | false>();
  const tried = (path: string): readonly string[] | false => {
    const segments = path.split('.', MOST_SEGMENTS + 1);
    const all = before.length === 0 ? segments : [...before, ...segments];
    return walk(pathOf(analysis, all)) && all;
  };
  return {
    follow(path) {
      analysis.take();
      let segments = followed.get(path);
      if (segments === undefined) {
        // Adapters read `__` as a dot; a field may have it in its name all the same.
        segments = path.includes('__') ? tried(path.replaceAll('__', '.')) || tried(path) : tried(path);
        followed.set(path, segments);
      }
      return segments || undefined;
    },
    below: (segments) => walkerOf(analysis, walk, segments),
  };
}

function pathOf(analysis: Analysis, segments: readonly string[], virtuals = 0): Path {
  if (segments.length > MOST_SEGMENTS) throw TOO_MUCH;
  analysis.take(segments.length);
  return {
    segments,
    isIndex: segments.map((segment) => LIST_INDEX.test(segment)),
    virtuals,
  };
}

// Blocks and relations that lead to one another offer more ways than anyone can walk: each place is visited once.
function walkPath(analysis: Analysis, fields: Fields, root: Fields, path: Path, at: number): boolean {
  // No way leads back to where a path begins.
  if (at === 0) return walkSegments(analysis, fields, root, path, at);
  const { places } = knownFrom(analysis, root, path);
  const ofFields = valueAt(places, fields, (): boolean[] => []);
  ofFields[at] ??= walkSegments(analysis, fields, root, path, at);
  return ofFields[at];
}

function knownFrom(analysis: Analysis, root: Fields, path: Path): Known {
  analysis.take();
  path.known ??= new Map();
  return valueAt(path.known, root, () => ({ places: new Map(), virtuals: new Map() }));
}

function walkSegments(analysis: Analysis, fields: Fields, root: Fields, path: Path, from: number): boolean {
  const { segments, isIndex } = path;
  let at = from;
  while (isIndex[at]) at += 1;
  analysis.take(1 + at - from);
  const name = segments[at];
  if (name === undefined) return true;
  const candidates = fieldsNamed(fields, name);
  if (candidates.length === 0) return DOCUMENT_COLUMNS.has(name) && at + 1 === segments.length;
  let understood = false;
  for (const field of candidates) if (walkField(analysis, field, root, path, at + 1)) understood = true;
  return understood;
}

/** @param from the segment behind the field's name */
function walkField(analysis: Analysis, field: Field, root: Fields, path: Path, from: number): boolean {
  const { segments } = path;
  let at = from;
  while (isLocale(analysis, segments[at]) && hasNoFieldNamed(analysis, field, segments[at] as string))
    at += 1;
  const next = segments[at];
  const { virtual } = field as { virtual?: unknown };
  if (typeof virtual === 'string') return walkVirtual(analysis, virtual, root, path, at);
  switch (field.type) {
    case 'relationship':
    case 'upload': {
      const beyond = next === 'value' ? at + 1 : at;
      if (beyond === segments.length || next === 'relationTo') return true;
      return walkInto(analysis, [field.relationTo].flat(), path, beyond);
    }
    case 'join':
      return walkInto(analysis, [field.collection].flat(), path, at);
    case 'blocks': {
      if (next === undefined || next === 'blockType' || next === 'blockName') return true;
      let understood = false;
      for (const block of analysis.schema.blocksOf(field)) {
        if (walkPath(analysis, block.flattenedFields, root, path, next === block.slug ? at + 1 : at))
          understood = true;
      }
      return understood;
    }
    default: {
      const lists = nestedFields(field, analysis.schema.blocksOf);
      // What lies below a scalar is inside the value itself: JSON, rich text, a point.
      return lists.length === 0 || lists.some((list) => walkPath(analysis, list, root, path, at));
    }
  }
}

function walkVirtual(analysis: Analysis, virtual: string, root: Fields, path: Path, at: number): boolean {
  if (path.virtuals === MOST_VIRTUALS) return false;
  const { virtuals } = knownFrom(analysis, root, path);
  const place = `${at} ${virtual}`;
  let understood = virtuals.get(place);
  if (understood === undefined) {
    const segments = [...virtual.split('.'), ...path.segments.slice(at)];
    understood = walkPath(analysis, root, root, pathOf(analysis, segments, path.virtuals + 1), 0);
    virtuals.set(place, understood);
  }
  return understood;
}

function walkInto(analysis: Analysis, targets: readonly string[], path: Path, at: number): boolean {
  let understood = false;
  for (const target of targets) {
    analysis.tags.add(collectionTag(target));
    const fields = analysis.schema.collections.get(target)?.flattenedFields;
    if (fields && walkPath(analysis, fields, fields, path, at)) understood = true;
  }
  return understood;
}

function isLocale(analysis: Analysis, segment: string | undefined): boolean {
  return segment !== undefined && (segment === 'all' || analysis.schema.locales.has(segment));
}

function hasNoFieldNamed(analysis: Analysis, field: Field, name: string): boolean {
  const lists = nestedFields(field, analysis.schema.blocksOf);
  analysis.take(1 + lists.length);
  return lists.every((list) => fieldsNamed(list, name).length === 0);
}

function walkVersionPath(
  analysis: Analysis,
  fields: Fields,
  parent: string | undefined,
  path: Path,
): boolean {
  const { segments } = path;
  const [name] = segments;
  if (name === undefined) return true;
  if (name === 'version') return walkPath(analysis, fields, fields, path, 1);
  if (name === 'parent' && parent && segments.length > 1) return walkInto(analysis, [parent], path, 1);
  return VERSION_COLUMNS.has(name) && segments.length === 1;
}

/** The fields of each list by name: a path asks for one of them at each of its segments. */
const indexes = new WeakMap<Fields, Map<string, Field[]>>();
const NONE: readonly Field[] = [];

function fieldsNamed(fields: Fields, name: string): readonly Field[] {
  const index = valueAt(indexes, fields, () => {
    const byName = new Map<string, Field[]>();
    for (const field of fields) valueAt(byName, field.name, (): Field[] => []).push(field);
    return byName;
  });
  return index.get(name) ?? NONE;
}
