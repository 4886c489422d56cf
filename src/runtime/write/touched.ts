import { entityOfSingle, starTag } from '../query/tags.js';

/** What one write, or one transaction, touched. */
export interface Touched {
  tags: Set<string>;
  subjects: Map<string, Subject>;
}

interface Subject {
  type: 'collection' | 'global';
  slug: string;
  operations: Set<string>;
  /** `undefined` where a write did not tell its documents. */
  ids: Set<string | number> | undefined;
  tags: Set<string>;
}

/** Documents and slices of one collection that are replaced one by one; of more than that the star tag is. */
const MOST_SINGLE_TAGS = 20;

/** Nothing yet. */
export const nothingTouched = (): Touched => ({ tags: new Set(), subjects: new Map() });

/** Adds the tags of a write to a collection or global. */
export function touch(
  touched: Touched,
  type: 'collection' | 'global',
  slug: string,
  operation: string,
  id: string | number | undefined,
  tags: readonly string[],
): void {
  if (tags.length === 0) return;
  const ids = id === undefined ? undefined : new Set([id]);
  const subject = { type, slug, operations: new Set([operation]), ids, tags: new Set(tags) };
  merge(touched, { tags: new Set(tags), subjects: new Map([[`${type}:${slug}`, subject]]) });
}

/** Adds what another write touched. */
export function merge(into: Touched, from: Touched): void {
  addAll(into.tags, from.tags);
  for (const [name, subject] of from.subjects) {
    const known = into.subjects.get(name);
    if (!known) {
      into.subjects.set(name, subject);
      continue;
    }
    addAll(known.operations, subject.operations);
    addAll(known.tags, subject.tags);
    if (!subject.ids) known.ids = undefined;
    else if (known.ids) addAll(known.ids, subject.ids);
  }
}

function addAll<Value>(to: Set<Value>, values: Iterable<Value>): void {
  for (const value of values) to.add(value);
}

/** Takes the star tag for the documents and slices of a collection, where there are many. */
export function collapse(touched: Touched, fewest = MOST_SINGLE_TAGS): void {
  if (touched.tags.size <= fewest) return;
  touched.tags = collapsed(touched.tags);
  for (const subject of touched.subjects.values()) subject.tags = collapsed(subject.tags);
}

/** Tags of which no collection has more than some of documents and slices: of more it has the star tag. */
function collapsed(tags: ReadonlySet<string>): Set<string> {
  const numbers = new Map<string, number>();
  for (const tag of tags) {
    const entity = entityOfSingle(tag);
    if (entity !== undefined) numbers.set(entity, (numbers.get(entity) ?? 0) + 1);
  }
  const isMany = (entity: string): boolean =>
    (numbers.get(entity) ?? 0) > MOST_SINGLE_TAGS || tags.has(starTag(entity));
  const kept = new Set<string>();
  for (const tag of tags) {
    const entity = entityOfSingle(tag);
    if (entity === undefined || !isMany(entity)) kept.add(tag);
    else kept.add(starTag(entity)).add(entity);
  }
  return kept;
}
