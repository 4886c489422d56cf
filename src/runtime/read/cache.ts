/**
 * Comes in: a read of the adapter. Goes out: its result, from the store or from the database. plan.ts makes its key and
 * tags, lookup.ts asks for entry and versions, judge.ts tells whether the entry answers, fill.ts asks the database and
 * entry-writes.ts stores what it said.
 */
import type { Recorder } from '../../interfaces/recorder.js';
import { isObject } from '../../platform/is-object.js';
import { momentIn } from '../events/moment.js';
import {
  CacheMissError,
  type FoundDirective,
  findDirective,
  type ReadDirective,
} from '../operation/directive.js';
import { currentRecorder, noteUse } from '../operation/operation.js';
import {
  carriesTransaction,
  directiveOf,
  isInsideWrite,
  isOfReadOperation,
  isOfSomebody,
  isOfWriteOperation,
  NOBODY,
  noteUnannounced,
  type Reader,
  readerOf,
  refusalOfUsers,
} from '../operation/reader.js';
import type { Rule } from '../policy/policy.js';
import type { BypassReason } from '../stats/stats.js';
import { type CacheParts, createReadContext, type Read, type Wanted } from './context.js';
import { createEntryWrites } from './entry-writes.js';
import { type FillContext, fill } from './fill.js';
import { answerWithGrace } from './grace.js';
import { lookup } from './lookup.js';
import { countBypass, noteLookup, telling } from './outcome.js';
import { createPlans } from './plan.js';
import { createRevalidation } from './revalidation.js';
import { isOfAsker, needsNoSecrets } from './secrets.js';

/** Answers reads from the store where it can: key → lookup → fill. */
export interface Cache {
  read(read: Read): Promise<unknown>;
  /** Leaves a read to the database. What is made of it depends on it all the same. */
  leave(read: Read): Promise<unknown>;
  /** What its reads share, for what is made of several. */
  readonly context: FillContext;
}

/** Creates the cache of one site. One function: its steps share what all reads do, and `read` tells them in their order. */
export function createCache(parts: CacheParts): Cache {
  const readContext = createReadContext(parts);
  const plans = createPlans(readContext);
  const context: FillContext = { ...readContext, plans, entryWrites: createEntryWrites(readContext) };
  const { revalidate } = createRevalidation(parts.background);

  function recorderOf(read: Read): Recorder | undefined {
    const recorder = currentRecorder(parts.pages);
    recorder?.hears?.(read.args.req, false);
    noteUse(read.args.req, recorder);
    return recorder;
  }

  /** Asks the database, once whoever records has heard what the answer depends on. */
  function askRecorded(read: Read, reason: BypassReason, recorder: Recorder | undefined): Promise<unknown> {
    if (recorder?.bypassed) return recorder.bypassed(context, read, reason).then(() => read.ask());
    recorder?.refuse('untracked');
    return read.ask();
  }

  function bypass(
    read: Read,
    reason: BypassReason,
    directive: ReadDirective,
    recorder: Recorder | undefined,
  ): Promise<unknown> {
    countBypass(parts.counts(read.type, read.slug), reason);
    parts.debug?.(`bypass (${reason}) ${read.operation} ${read.slug}`);
    // A write operation is never kept from its database, whatever its context says.
    if (directive?.kind === 'only' && reason !== 'write-operation' && reason !== 'transaction')
      throw new CacheMissError(read.slug, read.operation);
    if (!parts.events.isHeard()) return askRecorded(read, reason, recorder);
    return telling(parts.events, 'bypass', read, () => askRecorded(read, reason, recorder), { reason });
  }

  async function read(read: Read): Promise<unknown> {
    const count = parts.counts(read.type, read.slug);
    const since = momentIn(parts.events);
    const name = read.type === 'global' ? `@${read.slug}` : read.slug;
    if (read.operation === 'findVersions') noteUnannounced(name, read.args);
    const recorder = recorderOf(read);
    const reader = readerOf(name, read.args);
    // It does not concern a write: one that cannot be understood must not break it off half-way.
    const directive = isOfWriteOperation(reader) ? undefined : directiveOf(reader, directDirective(read));
    const rule = parts.policy.ruleOf(read.type, read.slug, read.operation);
    const carries = carriesTransaction(reader);
    const isInTransaction = carries instanceof Promise ? await carries : carries;
    let reason = bypassReason(parts, read, reader, rule, isInTransaction, directive);
    const plan = reason || !rule.cached ? undefined : plans.planOf(read, rule);
    if (plan) reason = parts.pendingFor(plan.tags);
    if (plan?.namesSecret) reason ??= 'auth-collection';
    if (reason || !plan || !rule.cached) {
      return bypass(read, reason ?? 'unknown-argument', directive, recorder);
    }
    // Entries that hold secrets are allowed, and nothing that is made of them.
    if (rule.auth && !rule.secrets) recorder?.refuse(refusalOfUsers());
    const wanted: Wanted = {
      // Spreading the plan takes V8 as long as a tenth of the hit.
      key: plan.key,
      nearKey: plan.nearKey,
      tags: plan.tags,
      question: plan.question,
      shown: plan.shown,
      rule,
      ttl: Math.min(directive?.kind === 'ttl' ? directive.ttl : rule.ttl, parts.longestTtl),
      // Who asks for something of their own gets that.
      swr: directive ? 0 : rule.swr,
      staleIfError: directive ? 0 : rule.staleIfError,
      refresh: directive?.kind === 'refresh',
      count,
    };

    const answer = lookup(context, wanted);
    const looked = answer instanceof Promise ? await answer : answer;
    if (isOfAsker(read, reader, rule, looked.found ? looked.result : looked.old?.result)) {
      return bypass(read, 'auth-collection', directive, recorder);
    }
    if (looked.found) {
      noteLookup(parts.events, 'hit', read, wanted, since, looked.entry.length);
      parts.debug?.(`hit ${plan.key}`);
      recorder?.note(plan.tags, looked.entry.versions, looked.entry.askedAt);
      return looked.result;
    }
    const outcome = looked.stale ? 'stale' : 'miss';
    noteLookup(parts.events, outcome, read, wanted, since, undefined, looked.reason);
    parts.debug?.(`${outcome} ${plan.key}`);
    if (directive?.kind === 'only') throw new CacheMissError(read.slug, read.operation);
    return answerWithGrace(context, read, wanted, looked.old, {
      make: () => fill(context, read, reader, wanted, looked.versions, recorder),
      revalidate: () =>
        revalidate(wanted.key, () =>
          fill(context, { ...read, ask: read.askApart }, NOBODY, wanted, looked.versions),
        ),
      what: `${read.operation} of ${read.slug} in the database`,
      recorder,
    });
  }

  return {
    read,
    leave: (read) => askRecorded(read, 'policy', recorderOf(read)),
    context,
  };
}

function bypassReason(
  parts: CacheParts,
  read: Read,
  reader: Reader,
  rule: Rule,
  isInTransaction: boolean,
  directive: ReadDirective,
): BypassReason | undefined {
  if (!rule.cached) return rule.reason;
  if (isOfWriteOperation(reader) || asksForOrder(read.args.select)) return 'write-operation';
  if (isInTransaction) return 'transaction';
  // A hook may hand on nothing of its request, as Payload's own of folders does, and write what it has read.
  if ((rule.eventual || rule.maximumAge > 0) && isInsideWrite()) return 'write-operation';
  // Payload's own sign-in code reads users directly and writes back what it read.
  if (rule.auth && !isOfReadOperation(reader)) return 'auth-collection';
  if (rule.secrets && !(parts.areStrategiesCalls() && needsNoSecrets(read, reader))) return 'auth-collection';
  if (directive?.kind === 'bypass') return 'request';
  if (rule.eventual && isOfSomebody(reader)) return 'request';
  if (parts.isSuspended()) return 'error';
  return undefined;
}

/** What the context of a read asks for, as that of a direct call of the adapter may. */
function directDirective({ args: { req } }: Read): FoundDirective | undefined {
  return findDirective((req as { context?: unknown } | null | undefined)?.context);
}

/**
 * Whether a read asks for the order of documents by name, as Payload's endpoint for it does before it writes another:
 * partly without its request, so that nothing else tells.
 */
function asksForOrder(select: unknown): boolean {
  if (!isObject(select)) return false;
  for (const name in select) if (name.startsWith('_') && name.endsWith('_order')) return true;
  return false;
}
