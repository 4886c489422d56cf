/**
 * Comes in: each write of the adapter, and the begin and end of each transaction. Goes out: the same, with the versions
 * of all tags that it touched replaced in the registry, after the write or with its commit. What a write touches is said
 * in touched-by.ts, how versions are replaced in replacement.ts.
 */
import type { DatabaseAdapter, Payload } from 'payload';
import type { Events, Told } from '../../interfaces/events.js';
import type { Pages } from '../../interfaces/recorder.js';
import { momentIn } from '../events/moment.js';
import { isTransactionID, type TransactionID, transactionOf } from '../operation/request.js';
import type { InvalidationEvent, ReplacementEvent } from '../policy/options.js';
import type { Policy } from '../policy/policy.js';
import type { WriteOperation } from '../query/operations.js';
import type { SiteSchema } from '../query/site-schema.js';
import { collectionTag, ownerOf } from '../query/tags.js';
import type { CacheCounts } from '../stats/stats.js';
import { createGathering } from './gathering.js';
import { createReplacement, type ReplacementParts } from './replacement.js';
import { collapse, merge, type Touched } from './touched.js';
import {
  type Args,
  createWriteContext,
  documentsBefore,
  everyTag,
  touchedOrEverything,
  type WriteContext,
} from './touched-by.js';
import { createTransactions, type Transactions } from './transactions.js';

/** What invalidation works with. */
export interface InvalidationParts extends ReplacementParts {
  /** The adapter below the cache: old values are read from it inside the operation. */
  adapter: DatabaseAdapter;
  payload: Payload;
  schema: SiteSchema;
  policy: Policy;
  /** Tags in place of those that are late, where there is no schema to tell. */
  everyTag?: ((late: Iterable<string>) => string[]) | undefined;
  /** Whether a read outside a transaction may come from a replica that lags behind. */
  readsMayLag: boolean;
  counts(type: 'collection' | 'global', slug: string): CacheCounts;
  events: Events;
  onInvalidated(event: InvalidationEvent): void | Promise<void>;
  /** Called with all tags that were replaced. */
  onReplaced: ((event: ReplacementEvent) => void | Promise<void>) | undefined;
  /** The pages that are told of what was made stale. */
  pages: Pages | undefined;
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
  /** Makes stale what depends on the tags. */
  replace(tags: readonly string[], because: string): Promise<void>;
  /** What the analysis of writes works with. */
  readonly context: WriteContext;
  /** What the transactions under way have touched. */
  readonly transactions: Transactions;
  /**
   * Why results that depend on the tags are not served: a replacement of one is not done, since it failed or since the
   * bulk write it belongs to goes on.
   */
  pendingFor(tags: readonly string[]): 'error' | 'write-operation' | undefined;
}

/**
 * Creates the invalidation of one site. One function: each of its methods is a few lines, wired to the same parts.
 */
export function createInvalidation(parts: InvalidationParts): Invalidation {
  const { registry, versions } = parts;
  const context = createWriteContext(parts);
  const replacement = createReplacement(parts, parts.everyTag ?? (() => everyTag(context)));
  const { isPending } = replacement;
  const { replaceOrGather, isGathered } = createGathering(parts.background, replaceTouched);
  const transactions = createTransactions(parts.adapter, (touched) =>
    parts.background.run(replaceTouched(touched)),
  );

  const isOfOthers = (tag: string): boolean =>
    context.ofOthers !== undefined && ownerOf(tag) === collectionTag(context.ofOthers);

  const tellOthers = (replaced: readonly string[]): void => {
    const tags = replaced.filter((tag) => !isOfOthers(tag));
    if (tags.length === 0) return;
    const { pages, payload } = parts;
    tell(`the pages of ${pages?.name}`, () => pages?.replaced?.(tags, { payload }));
    tell('the hook `all`', () => parts.onReplaced?.({ tags: [...tags], payload }));
  };

  function tell(whom: string, call: () => unknown): void {
    const failed = (error: unknown): void => parts.onFault(error, `telling ${whom} of a write`);
    try {
      const told = call();
      if (told instanceof Promise) parts.background.run(told.catch(failed));
    } catch (error) {
      failed(error);
    }
  }

  async function replace(touched: Iterable<string>): Promise<void> {
    const tags = [...new Set(touched)].sort();
    await replacement.replace(tags);
    tellOthers(tags);
  }

  async function replaceTouched(touched: Touched): Promise<void> {
    collapse(touched);
    const since = momentIn(parts.events);
    await replace(touched.tags);
    report(touched, durationSince(since));
  }

  /** Tells of tags whose versions were replaced, unless nobody has listened since that began. */
  function tellReplaced(
    of: Pick<Told, 'subject' | 'name' | 'operation'>,
    tags: readonly string[],
    duration: number | undefined,
  ): void {
    if (duration === undefined) return;
    const outcome = isPending(tags) ? 'late' : 'replaced';
    parts.events.tell({ type: 'invalidate', ...of, count: tags.length, outcome, duration });
  }

  /** Counts what was made stale, and tells of it those who listen, and the site's hooks. */
  function report(touched: Touched, duration: number | undefined): void {
    for (const { type, slug, operations, ids, tags: touchedTags } of touched.subjects.values()) {
      const tags = [...touchedTags];
      parts.counts(type, slug).invalidations += 1;
      parts.debug?.(`invalidated ${tags.join(' ')}`);
      tellReplaced({ subject: type, name: slug, operation: [...operations].join('+') }, tags, duration);
      const event: InvalidationEvent = {
        slug,
        type,
        operations: [...operations],
        ids: ids && [...ids],
        tags: tags.sort(),
        payload: parts.payload,
      };
      const told = parts.onInvalidated(event);
      if (told instanceof Promise) parts.background.run(told);
    }
  }

  async function replaceBecause(tags: readonly string[], because: string): Promise<void> {
    const since = momentIn(parts.events);
    await replace(tags);
    tellReplaced({ operation: because }, tags, durationSince(since));
  }

  /** Commits with the new versions inside the transaction, for a registry that wants them there. */
  async function commitWithin(
    id: TransactionID,
    touched: Touched,
    commit: () => Promise<unknown>,
  ): Promise<unknown> {
    collapse(touched);
    const tags = [...touched.tags].sort();
    replacement.hold(tags);
    const since = momentIn(parts.events);
    let replaced: string[] | undefined;
    try {
      // Without a timeout: the commit would wait for the same connection, and must not overtake the replacement.
      replaced = await replacement.ask(tags, { transactionID: id });
    } catch (error) {
      parts.onFault(error, 'replacing tag versions inside the transaction');
    }
    let isCommitted = false;
    try {
      const result = await commit();
      isCommitted = true;
      return result;
    } finally {
      // Not a moment earlier: a read under way would take the new versions for those of the data before the commit.
      if (replaced && isCommitted) versions.replaced(tags, replaced, versions.moment());
      replacement.release(tags);
      if (replaced && isCommitted) {
        await replacement.nameSetsOrLater(tags);
        tellOthers(tags);
        report(touched, durationSince(since));
      } else await replaceTouched(touched);
    }
  }

  return {
    async write(operation, args, write) {
      const transactionID = await transactionOf(args.req);
      const isInTransaction = transactionID !== undefined && transactions.isUnderway(transactionID);
      const readsBefore = operation === 'updateOne' || operation === 'upsert' || operation === 'deleteOne';
      // A replica's old value may not be the one that the write replaces; without it the write makes more stale.
      const canTell = isInTransaction || !parts.readsMayLag;
      const slug = String(args.collection ?? '');
      const before = readsBefore && canTell ? await documentsBefore(context, slug, args) : undefined;
      let result: unknown;
      try {
        result = await write();
        return result;
      } finally {
        // Also after a write that threw: it may have thrown half-way.
        const touched = await touchedOrEverything(context, operation, args, before, result);
        // The transaction may have been committed meanwhile, by whoever did not wait for this write.
        const end = isInTransaction ? transactions.commitOf(transactionID) : undefined;
        await end;
        if (isInTransaction && !end && transactions.isUnderway(transactionID))
          merge(transactions.touchedIn(transactionID), touched);
        else await replaceOrGather(touched);
      }
    },
    began(id) {
      if (isTransactionID(id)) transactions.touchedIn(id);
    },
    async commit(incoming, commit) {
      const id = await incoming;
      if (!isTransactionID(id)) return commit();
      const { touched, ended } = transactions.beginCommit(id);
      const commitAndEnd = (): Promise<unknown> => commit().finally(ended);
      if (!touched || touched.tags.size === 0) return commitAndEnd();
      if (registry.transactional) return commitWithin(id, touched, commitAndEnd);
      try {
        return await commitAndEnd();
      } finally {
        await replaceOrGather(touched);
      }
    },
    rolledBack(id) {
      if (isTransactionID(id)) transactions.forget(id);
    },
    async everything(because) {
      parts.debug?.(`everything is stale: ${because}`);
      await replaceBecause(everyTag(context), because);
    },
    replace: replaceBecause,
    context,
    transactions,
    pendingFor(tags) {
      if (isPending(tags)) return 'error';
      return isGathered(tags) ? 'write-operation' : undefined;
    },
  };
}

const durationSince = (moment: number | undefined): number | undefined =>
  moment === undefined ? undefined : performance.now() - moment;
