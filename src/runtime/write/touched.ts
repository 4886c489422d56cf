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
  for (const tag of tags) touched.tags.add(tag);
  const name = `${type}:${slug}`;
  let subject = touched.subjects.get(name);
  if (!subject) {
    subject = { type, slug, operations: new Set(), ids: new Set(), tags: new Set() };
    touched.subjects.set(name, subject);
  }
  subject.operations.add(operation);
  for (const tag of tags) subject.tags.add(tag);
  if (id === undefined) subject.ids = undefined;
  else subject.ids?.add(id);
}

/** Adds what another write touched. */
export function merge(into: Touched, from: Touched): void {
  for (const tag of from.tags) into.tags.add(tag);
  for (const [name, subject] of from.subjects) {
    const known = into.subjects.get(name);
    if (!known) {
      into.subjects.set(name, subject);
      continue;
    }
    for (const operation of subject.operations) known.operations.add(operation);
    for (const tag of subject.tags) known.tags.add(tag);
    if (!subject.ids) known.ids = undefined;
    else for (const id of subject.ids) known.ids?.add(id);
  }
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
