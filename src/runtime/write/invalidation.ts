import { LRUCache } from 'lru-cache';
import type { DatabaseAdapter, Payload } from 'payload';
import type { Registry, ReplaceContext } from '../../interfaces/registry.js';
import type { Background } from '../../platform/background.js';
import { sleep } from '../../platform/sleep.js';
import type { FaultGuard } from '../fault/fault-guard.js';
import { type Call, currentCall } from '../operation/operation.js';
import { transactionOf } from '../operation/request.js';
import type { InvalidationEvent } from '../policy/options.js';
import { isInternal, type Policy } from '../policy/policy.js';
import type { WriteOperation } from '../query/operations.js';
import { type Field, nestedFields, type SiteSchema } from '../query/site-schema.js';
import {
  collectionTag,
  documentTag,
  entityOfSingle,
  globalTag,
  type SliceField,
  sliceTagsOfDocument,
  starTag,
  versionsTag,
} from '../query/tags.js';
import type { CacheCounts } from '../stats/stats.js';
import type { SliceSets } from '../versions/slice-sets.js';
import type { VersionMemory } from '../versions/version-memory.js';

type Args = Readonly<Record<string, unknown>>;
type Document = Record<string, unknown>;
type TransactionID = string | number;

/** What one write, or one transaction, touched. */
interface Touched {
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

/** What invalidation works with. */
export interface InvalidationParts {
  /** The adapter below the cache: old values are read from it inside the operation. */
  adapter: DatabaseAdapter;
  payload: Payload;
  schema: SiteSchema;
  policy: Policy;
  sliceSets: SliceSets;
  registry: Registry;
  versions: VersionMemory;
  background: Background;
  /** Bounds what a registry that cannot replace costs a write. */
  replacementGuard: FaultGuard;
  /** Whether a read outside a transaction may come from a replica that lags behind. */
  readsMayLag: boolean;
  /** Seconds for which new versions must be kept. */
  lifetime: number;
  counts(type: 'collection' | 'global', slug: string): CacheCounts;
  operations: { registryReads: number; registryReplacements: number };
  onInvalidated(event: InvalidationEvent): void | Promise<void>;
  onFault(error: unknown, during: string): void;
  debug: ((message: string) => void) | undefined;
}

/** Makes stale what writes touch. */
export interface Invalidation {
  /** Runs a write of the adapter and replaces the versions of its tags, at once or when its transaction commits. */
  write(operation: WriteOperation, args: Args, write: () => Promise<unknown>): Promise<unknown>;
  /** Notes a transaction that was begun. */
  began(id: unknown): void;
  /** Commits, with the replacement before or after as the registry asks. */
  commit(id: unknown, commit: () => Promise<unknown>): Promise<unknown>;
  /** Drops what the transaction touched. */
  rolledBack(id: unknown): void;
  /** Makes everything stale, e.g. after a migration. */
  everything(because: string): Promise<void>;
  /** Makes a collection or global stale. */
  entity(type: 'collection' | 'global', slug: string): Promise<void>;
  /**
   * Why results that depend on the tags are not served: a replacement of one is not done, since it failed or since the
   * bulk write it belongs to goes on.
   */
  pendingFor(tags: readonly string[]): 'error' | 'write-operation' | undefined;
}

/** Attempts to replace versions before the write goes on and the rest happens in the background. */
const ATTEMPTS = 3;
/** Tags left for later one by one; of more than that, everything becomes stale instead. */
const MOST_LATE = 10_000;
/** Longest pause between background attempts, in milliseconds. */
const LONGEST_RETRY_PAUSE = 30_000;
/** How long one attempt in the background may take before it is taken for dead, in milliseconds. */
const LONGEST_SILENCE = 10_000;
/** Transactions remembered; of more than that, the oldest were never ended, and what they touched becomes stale. */
const MOST_TRANSACTIONS = 10_000;
/** Writes of one operation whose tags are replaced one by one; those of a bulk operation never are. */
const REPLACED_AT_ONCE = 8;
/**
 * How long tags of an operation that goes on are gathered, in milliseconds: so much is lost at most of what it wrote if
 * its process dies.
 */
const LONGEST_GATHERING = 5_000;
/** Documents and slices of one collection that are replaced one by one; of more than that the star tag is. */
const MOST_SINGLE_TAGS = 20;
/** How long the slices of a written document are remembered, in milliseconds. */
const RECENT_SLICES = 60_000;

/** Creates the invalidation of one site. */
export function createInvalidation(parts: InvalidationParts): Invalidation {
  const { adapter, schema, policy, sliceSets, registry, versions } = parts;
  const transactions = new Map<TransactionID, Touched>();
  /** The commits under way. */
  const ending = new Map<TransactionID, Promise<void>>();
  const pending = new Map<string, number>();
  const relevant = relevantCollections(schema);
  const cached = new Set([...relevant].filter((slug) => policy.isCached('collection', slug)));
  const slicesOf = (slug: string): readonly SliceField[] => (cached.has(slug) ? policy.slicesOf(slug) : []);
  // Two writers may read the same old value and write two new ones; the later must make stale what the earlier wrote
  // in between. What this process wrote it knows.
  const recentSlices = new LRUCache<string, string[]>({
    max: 20_000,
    ttl: RECENT_SLICES,
    // Otherwise a timer, which in workerd goes with its request, would have to move the time on.
    ttlResolution: 0,
  });

  // --- What a write touches ---

  function touch(
    touched: Touched,
    type: 'collection' | 'global',
    slug: string,
    operation: string,
    id: TransactionID | undefined,
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

  const entityTags = (entity: string): string[] => [entity, starTag(entity)];

  /** Tags of a write to one known document, or to unknown ones. */
  function documentTags(slug: string, id: unknown, slices: readonly string[] | undefined): string[] {
    if (!relevant.has(slug)) return [];
    const entity = collectionTag(slug);
    const isKnown = (typeof id === 'string' || typeof id === 'number') && slices !== undefined;
    // What this process does not cache, others may, with slices that are not known here.
    if (!isKnown || !cached.has(slug)) return entityTags(entity);
    const name = documentTag(entity, id);
    const recent = recentSlices.get(name) ?? [];
    const all = [...new Set([...slices, ...recent])];
    if (slicesOf(slug).length > 0) recentSlices.set(name, all.slice(0, 50));
    return all.length > 50 ? entityTags(entity) : [entity, name, sliceSets.writerTag(slug), ...all];
  }

  function versionTags(entity: string, parent: unknown): string[] {
    const of = versionsTag(entity);
    return typeof parent === 'string' || typeof parent === 'number'
      ? [of, documentTag(of, parent)]
      : entityTags(of);
  }

  /** Deleting a document changes those that refer to it: SQL sets their column to null or deletes the relation's row. */
  function referrerTags(slug: string): string[] {
    const tags = schema.referrers(slug).flatMap((referrer) => {
      if (referrer.startsWith('@')) {
        const entity = globalTag(referrer.slice(1));
        return [entity, versionsTag(entity)];
      }
      if (!relevant.has(referrer)) return [];
      const entity = collectionTag(referrer);
      return schema.collections.get(referrer)?.versions
        ? [...entityTags(entity), ...entityTags(versionsTag(entity))]
        : entityTags(entity);
    });
    const own = schema.collections.get(slug)?.versions ? entityTags(versionsTag(collectionTag(slug))) : [];
    return [...tags, ...(relevant.has(slug) ? own : [])];
  }

  function everyTag(): string[] {
    const tags = [...relevant].flatMap((slug) => {
      const entity = collectionTag(slug);
      return [...entityTags(entity), ...entityTags(versionsTag(entity))];
    });
    const globals = [...schema.globals.keys()].flatMap((slug) => [
      globalTag(slug),
      versionsTag(globalTag(slug)),
    ]);
    return [...tags, ...globals];
  }

  /** The documents a write is about to change, read below the cache inside the same operation. */
  async function documentsBefore(slug: string, args: Args): Promise<Document[] | undefined> {
    if (slicesOf(slug).length === 0) return undefined;
    const where = args.id === undefined || args.id === null ? args.where : { id: { equals: args.id } };
    if (typeof where !== 'object' || where === null) return undefined;
    try {
      const found = await adapter.find({
        collection: slug,
        joins: false,
        limit: 2,
        locale: args.locale,
        pagination: false,
        req: args.req,
        where,
      } as Parameters<DatabaseAdapter['find']>[0]);
      return found.docs as Document[];
    } catch (error) {
      parts.onFault(error, `reading ${slug} before a write`);
      return undefined;
    }
  }

  async function documentAfter(slug: string, args: Args, result: unknown): Promise<Document | undefined> {
    const document = typeof result === 'object' && result !== null ? (result as Document) : undefined;
    if (document?.id === undefined || document.id === null) return undefined;
    if (slicesOf(slug).length === 0 || (args.select === undefined && args.returning !== false))
      return document;
    // The caller selected some fields only; the slices may be among the others.
    try {
      const found = await adapter.findOne({
        collection: slug,
        joins: false,
        req: args.req,
        where: { id: { equals: document.id } },
      } as Parameters<DatabaseAdapter['findOne']>[0]);
      return (found as Document | null) ?? undefined;
    } catch (error) {
      parts.onFault(error, `reading ${slug} after a write`);
      return undefined;
    }
  }

  function slicesOfDocuments(slug: string, documents: readonly Document[]): string[] | undefined {
    const tags: string[] = [];
    for (const document of documents) {
      const own = sliceTagsOfDocument(slug, document, slicesOf(slug));
      if (!own) return undefined;
      tags.push(...own);
    }
    return tags;
  }

  /** The tags of a write to a single document, from what was there before and what is there now. */
  async function singleDocumentTags(
    operation: WriteOperation,
    slug: string,
    args: Args,
    before: Document[] | undefined,
    result: unknown,
  ): Promise<{ id: TransactionID | undefined; tags: string[] }> {
    const unknown = { id: undefined, tags: documentTags(slug, undefined, undefined) };
    if (!relevant.has(slug)) return { id: undefined, tags: [] };
    if (args.returning === false || changesAll(args)) return unknown;
    const hasSlices = slicesOf(slug).length > 0;
    const isDelete = operation === 'deleteOne';
    const written = result as Document | null | undefined;
    const id = (written?.id ?? args.id) as TransactionID | undefined;
    if (id === undefined || id === null) return unknown;
    if (!hasSlices) return { id, tags: documentTags(slug, id, []) };

    const old = operation === 'create' ? [] : before;
    // Several matched, or none where one was changed: which document it was is not certain.
    const isCertain =
      old !== undefined && old.length <= 1 && (old.length === 0 || String(old[0]?.id) === String(id));
    const mustHaveBeen = operation === 'updateOne' || isDelete;
    if (!isCertain || (mustHaveBeen && old.length === 0)) return unknown;
    const after = isDelete ? undefined : await documentAfter(slug, args, result);
    if (!isDelete && !after) return unknown;
    const slices = slicesOfDocuments(slug, after ? [...old, after] : old);
    return slices ? { id, tags: documentTags(slug, id, slices) } : unknown;
  }

  async function touchedBy(
    operation: WriteOperation,
    args: Args,
    before: Document[] | undefined,
    result: unknown,
  ): Promise<Touched> {
    const touched = nothingTouched();
    const slug = String(args.collection ?? '');
    const document = result as Document | null | undefined;
    switch (operation) {
      case 'create':
      case 'updateOne':
      case 'upsert':
      case 'deleteOne': {
        const { id, tags } = await singleDocumentTags(operation, slug, args, before, result);
        touch(
          touched,
          'collection',
          slug,
          operation,
          id,
          operation === 'deleteOne' ? [...tags, ...referrerTags(slug)] : tags,
        );
        break;
      }
      case 'updateMany':
        touch(touched, 'collection', slug, operation, undefined, documentTags(slug, undefined, undefined));
        break;
      case 'deleteMany':
        touch(touched, 'collection', slug, operation, undefined, [
          ...documentTags(slug, undefined, undefined),
          ...referrerTags(slug),
        ]);
        break;
      case 'updateJobs':
        touch(
          touched,
          'collection',
          'payload-jobs',
          operation,
          undefined,
          documentTags('payload-jobs', undefined, undefined),
        );
        break;
      case 'createVersion':
      case 'updateVersion': {
        const collection = String(operation === 'createVersion' ? args.collectionSlug : args.collection);
        const versionData = args.versionData as { parent?: unknown } | undefined;
        const parent =
          operation === 'createVersion' ? args.parent : (document?.parent ?? versionData?.parent);
        if (relevant.has(collection)) {
          const id = typeof parent === 'string' || typeof parent === 'number' ? parent : undefined;
          touch(touched, 'collection', collection, operation, id, versionTags(collectionTag(collection), id));
        }
        break;
      }
      case 'deleteVersions':
        if (args.globalSlug !== undefined) {
          const global = String(args.globalSlug);
          touch(touched, 'global', global, operation, undefined, [versionsTag(globalTag(global))]);
        }
        if (args.collection !== undefined && relevant.has(slug)) {
          touch(
            touched,
            'collection',
            slug,
            operation,
            undefined,
            versionTags(collectionTag(slug), undefined),
          );
        }
        break;
      case 'createGlobal':
      case 'updateGlobal': {
        const global = String(args.slug);
        touch(touched, 'global', global, operation, undefined, [globalTag(global)]);
        break;
      }
      case 'createGlobalVersion':
      case 'updateGlobalVersion': {
        const global = String(operation === 'createGlobalVersion' ? args.globalSlug : args.global);
        touch(touched, 'global', global, operation, undefined, [versionsTag(globalTag(global))]);
        break;
      }
    }
    // Migrations record themselves here, after changing anything at all below the adapter.
    if (slug === 'payload-migrations') for (const tag of everyTag()) touched.tags.add(tag);
    return touched;
  }

  /** A fault of the analysis makes more stale, and is never an error of the write. */
  async function touchedOrEverything(
    operation: WriteOperation,
    args: Args,
    before: Document[] | undefined,
    result: unknown,
  ): Promise<Touched> {
    try {
      return await touchedBy(operation, args, before, result);
    } catch (error) {
      parts.onFault(error, `finding what ${operation} touched`);
      return { tags: new Set(everyTag()), subjects: new Map() };
    }
  }

  /** Takes the star tag for the documents and slices of a collection, where there are many. */
  function collapse(touched: Touched, fewest = MOST_SINGLE_TAGS): void {
    if (touched.tags.size <= fewest) return;
    touched.tags = collapsed(touched.tags);
    for (const subject of touched.subjects.values()) subject.tags = collapsed(subject.tags);
  }

  // --- Replacing versions ---

  function addPending(tags: readonly string[]): void {
    for (const tag of tags) pending.set(tag, (pending.get(tag) ?? 0) + 1);
  }

  function removePending(tags: readonly string[]): void {
    for (const tag of tags) {
      const count = (pending.get(tag) ?? 1) - 1;
      if (count > 0) pending.set(tag, count);
      else pending.delete(tag);
    }
  }

  /** Tags whose replacement failed, with the number of the failure: one begun after it makes up for it. */
  const late = new Map<string, number>();
  let failures = 0;
  /** Who makes up for them, and by when more must have been heard of it, in milliseconds. */
  let maker = 0;
  let heardBy = 0;

  function ask(tags: readonly string[], context?: ReplaceContext): Promise<string[]> {
    parts.operations.registryReplacements += 1;
    return registry.replace(tags, {
      ...context,
      lifetime: parts.lifetime,
      origin: versions.listener.origin,
      background: (work) => parts.background.run(work),
    });
  }

  /**
   * Sees to it that those with other slices know the sets of a write. After the write, and after its commit: who knows
   * them from then on has read what it wrote.
   */
  async function nameSets(tags: readonly string[]): Promise<void> {
    const registers = sliceSets.registersOf(tags);
    if (registers.length === 0) return;
    parts.operations.registryReads += 1;
    const found = await registry.get(registers);
    await Promise.all(
      registers.map(async (register, index) => {
        const version = sliceSets.versionNaming(register, found[index]);
        if (version === undefined) return;
        const asked = versions.moment();
        versions.replaced([register], await ask([register], { version }), asked);
      }),
    );
  }

  /** One attempt to replace versions, in bounded time. Makes up for earlier ones that failed for the same tags. */
  async function attempt(tags: readonly string[], isProbe = false): Promise<boolean> {
    const failuresBefore = failures;
    const asked = versions.moment();
    const replaced = await parts.replacementGuard.run(() => Promise.all([ask(tags), nameSets(tags)]), {
      isProbe,
    });
    if (!replaced) return false;
    versions.replaced(tags, replaced[0], asked);
    for (const tag of tags) {
      const failure = late.get(tag);
      if (failure === undefined || failure > failuresBefore) continue;
      late.delete(tag);
      removePending([tag]);
    }
    return true;
  }

  /**
   * Replaces versions. What cannot be replaced now is replaced in the background; until then this process serves
   * nothing that depends on it.
   */
  async function replace(tags: readonly string[]): Promise<void> {
    if (tags.length === 0) return;
    addPending(tags);
    for (let count = 1; count <= ATTEMPTS && !parts.replacementGuard.isOpen(); count++) {
      if (await attempt(tags)) {
        removePending(tags);
        return;
      }
      if (count < ATTEMPTS && !parts.replacementGuard.isOpen()) {
        await sleep(100 * 2 ** count * Math.random());
      }
    }
    leaveForLater(tags);
  }

  /** After a commit that replaced the tags itself. */
  async function nameSetsOrLater(tags: readonly string[]): Promise<void> {
    if (await parts.replacementGuard.run(() => nameSets(tags).then(() => true))) return;
    const known = tags.filter((tag) => sliceSets.registersOf([tag]).length > 0);
    addPending(known);
    leaveForLater(known);
  }

  /** Takes over tags that are pending. */
  function leaveForLater(tags: readonly string[]): void {
    failures += 1;
    for (const tag of tags) {
      if (late.has(tag)) removePending([tag]);
      late.set(tag, failures);
    }
    if (late.size > MOST_LATE) {
      // Every query depends on one of these.
      const all = [...new Set(everyTag())];
      addPending(all);
      removePending([...late.keys()]);
      late.clear();
      for (const tag of all) late.set(tag, failures);
    }
    seeToLate();
  }

  /** In workerd the one who makes up may be gone with its request: then the next one that comes along takes over. */
  function seeToLate(): void {
    if (late.size === 0 || Date.now() < heardBy) return;
    parts.background.run(makeUp());
  }

  async function makeUp(): Promise<void> {
    maker += 1;
    const own = maker;
    for (let pause = 500; late.size > 0 && own === maker; pause = Math.min(pause * 2, LONGEST_RETRY_PAUSE)) {
      const spread = pause * Math.random();
      heardBy = Date.now() + spread + LONGEST_SILENCE;
      await sleep(spread, false);
      if (late.size > 0) await attempt([...late.keys()].sort(), true);
    }
    if (own === maker) heardBy = 0;
  }

  function report(touched: Touched): void {
    for (const { type, slug, operations, ids, tags } of touched.subjects.values()) {
      parts.counts(type, slug).invalidations += 1;
      parts.debug?.(`invalidated ${[...tags].join(' ')}`);
      const event: InvalidationEvent = {
        slug,
        type,
        operations: [...operations],
        ids: ids && [...ids],
        tags: [...tags].sort(),
        payload: parts.payload,
      };
      const told = parts.onInvalidated(event);
      if (told instanceof Promise) parts.background.run(told);
    }
  }

  async function replaceTouched(touched: Touched): Promise<void> {
    collapse(touched);
    await replace([...touched.tags].sort());
    report(touched);
  }

  // --- Operations of many writes ---

  /** What an operation wrote outside of any transaction, in the outermost call that it is a part of. */
  interface Gathering {
    writes: number;
    touched: Touched;
    /** Replaces what an operation that goes on has gathered. */
    timer: ReturnType<typeof setTimeout> | undefined;
    /** The replacement that the timer began. */
    replacing: Promise<void> | undefined;
  }
  const gatherings = new WeakMap<Call, Gathering>();
  /** Tags that are gathered, with the number of operations: this process serves nothing that depends on them. */
  const gathered = new Map<string, number>();

  /**
   * Replaces what a write touched: at once, or at the end of an operation that writes much. What its hooks write is a
   * part of it.
   */
  async function replaceOrGather(touched: Touched): Promise<void> {
    const call = gatheringCall();
    if (!call || touched.tags.size === 0) return replaceTouched(touched);
    let gathering = gatherings.get(call);
    if (!gathering) {
      gathering = { writes: 0, touched: nothingTouched(), timer: undefined, replacing: undefined };
      gatherings.set(call, gathering);
    }
    gathering.writes += 1;
    if (!isOfWrite(call, true) && gathering.writes <= REPLACED_AT_ONCE) return replaceTouched(touched);
    if (!call.atEnd.has(gatherings)) {
      let ended = (): void => {};
      // A client that goes away must not end the operation between its writes and their invalidation.
      parts.background.keepAlive(new Promise<void>((resolve) => (ended = resolve)));
      call.atEnd.set(gatherings, async () => {
        try {
          await replaceGathered(gathering);
        } finally {
          ended();
        }
      });
    }
    const current = gathering;
    current.timer ??= setTimeout(() => {
      current.replacing = replaceGathered(current);
      parts.background.run(current.replacing);
    }, LONGEST_GATHERING);
    noteGathered(gathering.touched.tags, -1);
    merge(gathering.touched, touched);
    collapse(gathering.touched, 0);
    noteGathered(gathering.touched.tags, 1);
  }

  async function replaceGathered(gathering: Gathering): Promise<void> {
    const { touched, timer, replacing } = gathering;
    const { tags } = touched;
    clearTimeout(timer);
    gathering.timer = undefined;
    gathering.touched = nothingTouched();
    try {
      await replacing;
      await replaceTouched(touched);
    } finally {
      noteGathered(tags, -1);
    }
  }

  function noteGathered(tags: Iterable<string>, difference: 1 | -1): void {
    for (const tag of tags) {
      const sum = (gathered.get(tag) ?? 0) + difference;
      if (sum > 0) gathered.set(tag, sum);
      else gathered.delete(tag);
    }
  }

  // --- Transactions ---

  function isUnderway(id: TransactionID): boolean {
    if (transactions.has(id)) return true;
    const { sessions } = adapter;
    // An adapter with sessions writes without a transaction where it does not know the id.
    return sessions ? sessions[id] !== undefined : true;
  }

  function touchedIn(id: TransactionID): Touched {
    let touched = transactions.get(id);
    if (!touched) {
      touched = nothingTouched();
      transactions.set(id, touched);
      if (transactions.size > MOST_TRANSACTIONS) {
        const [oldest] = transactions.keys();
        const left = transactions.get(oldest as TransactionID);
        transactions.delete(oldest as TransactionID);
        if (left && left.tags.size > 0) parts.background.run(replaceTouched(left));
      }
    }
    return touched;
  }

  function merge(into: Touched, from: Touched): void {
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

  function isTransactionID(id: unknown): id is TransactionID {
    return (typeof id === 'string' && id !== '') || typeof id === 'number';
  }

  return {
    async write(operation, args, write) {
      const transactionID = await transactionOf(args.req);
      const isInTransaction = transactionID !== undefined && isUnderway(transactionID);
      const slug = String(args.collection ?? '');
      const readsBefore = operation === 'updateOne' || operation === 'upsert' || operation === 'deleteOne';
      // A replica's old value may not be the one that the write replaces; without it the write makes more stale.
      const canTell = isInTransaction || !parts.readsMayLag;
      const before = readsBefore && canTell ? await documentsBefore(slug, args) : undefined;
      let result: unknown;
      try {
        result = await write();
        return result;
      } finally {
        // Also after a write that threw: it may have thrown half-way.
        const touched = await touchedOrEverything(operation, args, before, result);
        // The transaction may have been committed meanwhile, by whoever did not wait for this write.
        const end = isInTransaction ? ending.get(transactionID) : undefined;
        await end;
        if (isInTransaction && !end && isUnderway(transactionID)) merge(touchedIn(transactionID), touched);
        else await replaceOrGather(touched);
      }
    },
    began(id) {
      if (isTransactionID(id)) touchedIn(id);
    },
    async commit(incoming, commit) {
      const id = await incoming;
      if (!isTransactionID(id)) return commit();
      const touched = transactions.get(id);
      transactions.delete(id);
      let ended = (): void => {};
      ending.set(id, new Promise((resolve) => (ended = resolve)));
      const commitAndEnd = (): Promise<unknown> =>
        commit().finally(() => {
          ending.delete(id);
          ended();
        });
      if (!touched || touched.tags.size === 0) return commitAndEnd();
      collapse(touched);
      const tags = [...touched.tags].sort();
      if (!registry.transactional) {
        try {
          return await commitAndEnd();
        } finally {
          await replaceOrGather(touched);
        }
      }
      addPending(tags);
      let replaced: string[] | undefined;
      try {
        // Without a timeout: the commit would wait for the same connection, and must not overtake the replacement.
        replaced = await ask(tags, { transactionID: id });
      } catch (error) {
        parts.onFault(error, 'replacing tag versions inside the transaction');
      }
      let isCommitted = false;
      try {
        const result = await commitAndEnd();
        isCommitted = true;
        return result;
      } finally {
        // Not a moment earlier: a read under way would take the new versions for those of the data before the commit.
        if (replaced && isCommitted) versions.replaced(tags, replaced, versions.moment());
        removePending(tags);
        if (replaced && isCommitted) {
          await nameSetsOrLater(tags);
          report(touched);
        } else await replaceTouched(touched);
      }
    },
    rolledBack(id) {
      if (isTransactionID(id)) transactions.delete(id);
    },
    async everything(because) {
      parts.debug?.(`everything is stale: ${because}`);
      await replace([...new Set(everyTag())].sort());
    },
    async entity(type, slug) {
      const entity = type === 'global' ? globalTag(slug) : collectionTag(slug);
      await replace([...entityTags(entity), ...entityTags(versionsTag(entity))].sort());
    },
    pendingFor(tags) {
      if (pending.size > 0) {
        seeToLate();
        if (tags.some((tag) => pending.has(tag))) return 'error';
      }
      return gathered.size > 0 && tags.some((tag) => gathered.has(tag)) ? 'write-operation' : undefined;
    },
  };
}

const nothingTouched = (): Touched => ({ tags: new Set(), subjects: new Map() });

/** Whether a call is of a write operation, or of one that writes all that a `where` finds. */
const isOfWrite = (call: Call, isBulk = false): boolean =>
  !call.isOver && call.operations.some((operation) => operation.writes && (operation.isBulk || !isBulk));

/**
 * The call under way at whose end is replaced what is written now: that of the outermost bulk operation, or else of the
 * outermost write operation, which what its hooks write is a part of.
 */
function gatheringCall(): Call | undefined {
  let outermost: Call | undefined;
  let outermostBulk: Call | undefined;
  for (let call = currentCall(); call; call = call.parent) {
    if (isOfWrite(call)) outermost = call;
    if (isOfWrite(call, true)) outermostBulk = call;
  }
  return outermostBulk ?? outermost;
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

/** SQL adapters let an atomic update change all that its where finds, and answer with one of them, without its lists. */
function changesAll({ id, options }: Args): boolean {
  const hasId = id !== undefined && id !== null;
  return !hasId && Boolean((options as { atomic?: unknown } | undefined)?.atomic);
}

/**
 * The collections that some cached query can depend on: all, whatever this process caches, since others share the
 * registry. Of Payload's own bookkeeping, which nobody caches, those that relations and joins reach.
 */
function relevantCollections(schema: SiteSchema): Set<string> {
  const reached = new Set<string>();
  const waiting: string[] = [];
  const reach = (slug: string): void => {
    if (reached.has(slug)) return;
    reached.add(slug);
    waiting.push(slug);
  };
  function reachFrom(fields: readonly Field[], seen: Set<unknown>): void {
    for (const field of fields) {
      if (field.type === 'relationship' || field.type === 'upload') [field.relationTo].flat().forEach(reach);
      if (field.type === 'join') [field.collection].flat().forEach(reach);
      for (const nested of nestedFields(field, schema.blocksOf)) {
        if (!seen.has(nested)) reachFrom(nested, seen.add(nested));
      }
    }
  }
  for (const slug of schema.collections.keys()) if (!isInternal(slug)) reach(slug);
  for (const global of schema.globals.values()) reachFrom(global.flattenedFields, new Set());
  for (let slug = waiting.pop(); slug !== undefined; slug = waiting.pop()) {
    const collection = schema.collections.get(slug);
    if (collection) reachFrom(collection.flattenedFields, new Set());
  }
  return reached;
}
