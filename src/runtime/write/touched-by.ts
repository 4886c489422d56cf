/** What a write touches: the tags of what it changed, from its arguments and from the documents before and after it. */

import type { DatabaseAdapter } from 'payload';
import type { Registry } from '../../interfaces/registry.js';
import { createExpiring, type Expiring } from '../../platform/expiring.js';
import { isObject } from '../../platform/is-object.js';
import { isInternal, type Policy, PREFERENCES } from '../policy/policy.js';
import type { WriteOperation } from '../query/operations.js';
import {
  type Field,
  fieldsWithin,
  type SiteSchema,
  type SliceField,
  targetsOf,
} from '../query/site-schema.js';
import { sliceTagsOfDocument } from '../query/slices.js';
import { collectionTag, documentTag, FUNCTIONS_TAG, globalTag, starTag, versionsTag } from '../query/tags.js';
import type { SliceSets } from '../versions/slice-sets.js';
import { nothingTouched, type Touched, touch } from './touched.js';

/** The arguments of a write. */
export type Args = Readonly<Record<string, unknown>>;
/** A document, as the database has it. */
export type Document = Record<string, unknown>;
type ID = string | number;

/** What the analysis of writes works with. */
export interface WriteContext {
  /** The adapter below the cache: old values are read from it inside the operation. */
  adapter: DatabaseAdapter;
  schema: SiteSchema;
  sliceSets: SliceSets;
  /** The collections that some cached query can depend on, here or in another process. */
  relevant: ReadonlySet<string>;
  /**
   * A collection that no query here can depend on, and another process may cache: its tags are replaced, and nobody here
   * is told.
   */
  ofOthers: string | undefined;
  /** Those of them that this process caches. */
  cached: ReadonlySet<string>;
  /** The slice fields of a collection that this process caches. */
  slicesOf(slug: string): readonly SliceField[];
  /**
   * Slices of documents written a moment ago. Two writers may read the same old value and write two new ones; the later
   * must make stale what the earlier wrote in between. What this process wrote it knows.
   */
  recentSlices: Expiring<string[]>;
  onFault(error: unknown, during: string): void;
}

/** How long the slices of a written document are remembered, in milliseconds. */
const RECENT_SLICES = 60_000;

/** Creates what the analysis of a site's writes works with. */
export function createWriteContext(
  parts: Pick<WriteContext, 'adapter' | 'schema' | 'sliceSets' | 'onFault'> & {
    policy: Policy;
    registry: Registry;
  },
): WriteContext {
  const { policy, registry, ...given } = parts;
  const relevant = relevantCollections(parts.schema, policy);
  // Nobody caches preferences under anything less than `strong`.
  const mayBeOfOthers = registry.canBeStrong && !relevant.has(PREFERENCES);
  const cached = new Set([...relevant].filter((slug) => policy.isCached('collection', slug)));
  return {
    ...given,
    relevant,
    ofOthers: mayBeOfOthers ? PREFERENCES : undefined,
    cached,
    slicesOf: (slug) => (cached.has(slug) ? policy.slicesOf(slug) : []),
    recentSlices: createExpiring({ max: 20_000, lifetime: RECENT_SLICES }),
  };
}

/** What makes stale whatever depends on an entity. */
export const entityTags = (entity: string): string[] => [entity, starTag(entity)];

/** What makes stale whatever depends on an entity or its versions. */
export const entityAndVersionsTags = (entity: string): string[] => [
  ...entityTags(entity),
  ...entityTags(versionsTag(entity)),
];

/** What makes stale whatever depends on a document that was changed in a way that nobody saw. */
export function documentChangedTags({ slicesOf }: WriteContext, slug: string, id: ID): string[] {
  const entity = collectionTag(slug);
  const of = versionsTag(entity);
  // The values of its slices are not known, nor those that they were before.
  const own = slicesOf(slug).length > 0 ? entityTags(entity) : [entity, documentTag(entity, id)];
  return [...own, of, documentTag(of, id)];
}

/** Tags of a write to one known document, or to unknown ones. */
function documentTags(
  context: WriteContext,
  slug: string,
  id: unknown,
  slices: readonly string[] | undefined,
): string[] {
  if (!context.relevant.has(slug)) return [];
  const entity = collectionTag(slug);
  const isKnown = (typeof id === 'string' || typeof id === 'number') && slices !== undefined;
  // What this process does not cache, others may, with slices that are not known here.
  if (!isKnown || !context.cached.has(slug)) return entityTags(entity);
  const name = documentTag(entity, id);
  const recent = context.recentSlices.get(name) ?? [];
  const all = [...new Set([...slices, ...recent])];
  if (context.slicesOf(slug).length > 0) context.recentSlices.set(name, all.slice(0, 50));
  return all.length > 50 ? entityTags(entity) : [entity, name, context.sliceSets.writerTag(slug), ...all];
}

function versionTags(entity: string, parent: ID | undefined): string[] {
  const of = versionsTag(entity);
  return parent === undefined ? entityTags(of) : [of, documentTag(of, parent)];
}

/** Deleting a document changes those that refer to it: SQL sets their column to null or deletes the relation's row. */
function referrerTags(context: WriteContext, slug: string): string[] {
  const tags = context.schema.referrers(slug).flatMap((referrer) => {
    if (referrer.startsWith('@')) {
      const entity = globalTag(referrer.slice(1));
      return [entity, versionsTag(entity)];
    }
    if (!context.relevant.has(referrer)) return [];
    const entity = collectionTag(referrer);
    const hasVersions = context.schema.collections.get(referrer)?.versions;
    return hasVersions ? entityAndVersionsTags(entity) : entityTags(entity);
  });
  const hasOwn = context.relevant.has(slug) && context.schema.collections.get(slug)?.versions;
  return hasOwn ? [...tags, ...entityTags(versionsTag(collectionTag(slug)))] : tags;
}

export function everyTag(context: WriteContext): string[] {
  const tags = [...context.relevant].flatMap((slug) => entityAndVersionsTags(collectionTag(slug)));
  const globals = [...context.schema.globals.keys()].flatMap((slug) => [
    globalTag(slug),
    versionsTag(globalTag(slug)),
  ]);
  return [...tags, ...globals, FUNCTIONS_TAG];
}

/** The documents a write is about to change, read below the cache inside the same operation. */
export async function documentsBefore(
  context: WriteContext,
  slug: string,
  args: Args,
): Promise<Document[] | undefined> {
  if (context.slicesOf(slug).length === 0) return undefined;
  const where = args.id === undefined || args.id === null ? args.where : { id: { equals: args.id } };
  if (!isObject(where)) return undefined;
  return readBelow(context, slug, 'before', { locale: args.locale, req: args.req, where });
}

async function documentAfter(
  context: WriteContext,
  slug: string,
  args: Args,
  result: unknown,
): Promise<Document | undefined> {
  const document = isObject(result) ? (result as Document) : undefined;
  if (document?.id === undefined || document.id === null) return undefined;
  if (context.slicesOf(slug).length === 0 || (args.select === undefined && args.returning !== false))
    return document;
  // The caller selected some fields only; the slices may be among the others.
  const where = { id: { equals: document.id } };
  return (await readBelow(context, slug, 'after', { req: args.req, where }))?.[0];
}

/** Two documents at most: more than one are too many. */
async function readBelow(
  context: WriteContext,
  slug: string,
  when: 'before' | 'after',
  query: Args,
): Promise<Document[] | undefined> {
  try {
    const all = { ...query, collection: slug, joins: false, limit: 2, pagination: false };
    return (await context.adapter.find(all as Parameters<DatabaseAdapter['find']>[0])).docs as Document[];
  } catch (error) {
    context.onFault(error, `reading ${slug} ${when} a write`);
    return undefined;
  }
}

function slicesOfDocuments(
  context: WriteContext,
  slug: string,
  documents: readonly Document[],
): string[] | undefined {
  const tags: string[] = [];
  for (const document of documents) {
    const own = sliceTagsOfDocument(slug, document, context.slicesOf(slug));
    if (!own) return undefined;
    tags.push(...own);
  }
  return tags;
}

/** The tags of a write to a single document, from what was there before and what is there now. */
async function singleDocumentTags(
  context: WriteContext,
  operation: WriteOperation,
  slug: string,
  args: Args,
  before: Document[] | undefined,
  result: unknown,
): Promise<{ id: ID | undefined; tags: string[] }> {
  const unknown = { id: undefined, tags: documentTags(context, slug, undefined, undefined) };
  if (!context.relevant.has(slug)) return { id: undefined, tags: [] };
  if (args.returning === false || changesAll(args) || changesId(operation, args)) return unknown;
  const hasSlices = context.slicesOf(slug).length > 0;
  const isDelete = operation === 'deleteOne';
  const written = result as Document | null | undefined;
  const id = (written?.id ?? args.id) as ID | undefined;
  if (id === undefined || id === null) return unknown;
  if (!hasSlices) return { id, tags: documentTags(context, slug, id, []) };

  const old = operation === 'create' ? [] : before;
  // Several matched, or none where one was changed: which document it was is not certain.
  const isCertain =
    old !== undefined && old.length <= 1 && (old.length === 0 || String(old[0]?.id) === String(id));
  const mustHaveBeen = operation === 'updateOne' || isDelete;
  if (!isCertain || (mustHaveBeen && old.length === 0)) return unknown;
  const after = isDelete ? undefined : await documentAfter(context, slug, args, result);
  if (!isDelete && !after) return unknown;
  const slices = slicesOfDocuments(context, slug, after ? [...old, after] : old);
  return slices ? { id, tags: documentTags(context, slug, id, slices) } : unknown;
}

async function touchedBy(
  context: WriteContext,
  operation: WriteOperation,
  args: Args,
  before: Document[] | undefined,
  result: unknown,
): Promise<Touched> {
  const touched = nothingTouched();
  const slug = String(args.collection ?? '');
  if (slug === context.ofOthers) return { ...touched, tags: new Set(entityTags(collectionTag(slug))) };
  const touchUnknown = (of: string, tags: readonly string[] = []): void =>
    touch(touched, 'collection', of, operation, undefined, [
      ...documentTags(context, of, undefined, undefined),
      ...tags,
    ]);
  const touchVersions = (of: unknown, parent: unknown): void => {
    const collection = String(of);
    if (!context.relevant.has(collection)) return;
    const id = typeof parent === 'string' || typeof parent === 'number' ? parent : undefined;
    touch(touched, 'collection', collection, operation, id, versionTags(collectionTag(collection), id));
  };
  const touchGlobal = (of: unknown, tagOf: (entity: string) => string): void => {
    const global = String(of);
    touch(touched, 'global', global, operation, undefined, [tagOf(globalTag(global))]);
  };
  switch (operation) {
    case 'create':
    case 'updateOne':
    case 'upsert':
    case 'deleteOne': {
      const { id, tags } = await singleDocumentTags(context, operation, slug, args, before, result);
      const referrers = operation === 'deleteOne' ? referrerTags(context, slug) : [];
      touch(touched, 'collection', slug, operation, id, [...tags, ...referrers]);
      break;
    }
    case 'updateMany':
      touchUnknown(slug);
      break;
    case 'deleteMany':
      touchUnknown(slug, referrerTags(context, slug));
      break;
    case 'updateJobs':
      touchUnknown('payload-jobs');
      break;
    case 'createVersion':
      touchVersions(args.collectionSlug, args.parent);
      break;
    case 'updateVersion': {
      const versionData = args.versionData as { parent?: unknown } | undefined;
      touchVersions(slug, (result as Document | null | undefined)?.parent ?? versionData?.parent);
      break;
    }
    case 'deleteVersions':
      if (args.globalSlug !== undefined) touchGlobal(args.globalSlug, versionsTag);
      if (args.collection !== undefined) touchVersions(slug, undefined);
      break;
    case 'createGlobal':
    case 'updateGlobal':
      touchGlobal(args.slug, String);
      break;
    case 'createGlobalVersion':
      touchGlobal(args.globalSlug, versionsTag);
      break;
    case 'updateGlobalVersion':
      touchGlobal(args.global, versionsTag);
      break;
  }
  // Migrations record themselves here, after changing anything at all below the adapter.
  if (slug === 'payload-migrations') for (const tag of everyTag(context)) touched.tags.add(tag);
  return touched;
}

/** A fault of the analysis makes more stale, and is never an error of the write. */
export async function touchedOrEverything(
  context: WriteContext,
  operation: WriteOperation,
  args: Args,
  before: Document[] | undefined,
  result: unknown,
): Promise<Touched> {
  try {
    return await touchedBy(context, operation, args, before, result);
  } catch (error) {
    context.onFault(error, `finding what ${operation} touched`);
    return { tags: new Set(everyTag(context)), subjects: new Map() };
  }
}

/** An update may give a document another id: its result does not tell which one it had. */
function changesId(operation: WriteOperation, { id, data }: Args): boolean {
  const { id: given } = (isObject(data) ? data : {}) as { id?: unknown };
  return operation !== 'create' && given !== undefined && given !== null && String(given) !== String(id);
}

/** SQL adapters let an atomic update change all that its where finds, and answer with one of them, without its lists. */
function changesAll({ id, options }: Args): boolean {
  const hasId = id !== undefined && id !== null;
  return !hasId && Boolean((options as { atomic?: unknown } | undefined)?.atomic);
}

/**
 * The collections that some cached query can depend on: all, whatever this process caches, since others share the
 * registry. Of Payload's own bookkeeping those that relations and joins reach, and what is cached by its name.
 */
function relevantCollections(schema: SiteSchema, policy: Policy): Set<string> {
  const reached = new Set<string>();
  const waiting: string[] = [];
  const reach = (slug: string): void => {
    if (reached.has(slug)) return;
    reached.add(slug);
    waiting.push(slug);
  };
  function reachFrom(fields: readonly Field[] = []): void {
    for (const field of fieldsWithin(fields, schema.blocksOf)) targetsOf(field).forEach(reach);
  }
  for (const slug of schema.collections.keys()) {
    if (!isInternal(slug) || policy.isCached('collection', slug)) reach(slug);
  }
  for (const global of schema.globals.values()) reachFrom(global.flattenedFields);
  for (let slug = waiting.pop(); slug !== undefined; slug = waiting.pop()) {
    reachFrom(schema.collections.get(slug)?.flattenedFields);
  }
  return reached;
}
