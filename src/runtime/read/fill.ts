/** Asks the database, and has its answer stored. */
import type { Recorder } from '../../interfaces/recorder.js';
import { isObject } from '../../platform/is-object.js';
import { decodeResult, type EncodedResult, encodeResult } from '../entry/entry.js';
import { carriesTransaction, isOfWriteOperation, type Reader } from '../operation/reader.js';
import type { CachedOperation } from '../query/operations.js';
import type { Answer, Read, ReadContext, Wanted } from './context.js';
import type { EntryWrites } from './entry-writes.js';
import { completeVersions } from './known-versions.js';
import { tell, telling } from './outcome.js';
import type { Plans } from './plan.js';
import { isOfAsker, withoutSecrets } from './secrets.js';

/** What the reads of one site share, with what fills need. */
export interface FillContext extends ReadContext {
  plans: Plans;
  entryWrites: EntryWrites;
}

/**
 * Asks the database, once for all that wait for the same, and stores the answer behind the caller's back. One function: what
 * was known before the database was asked decides at each step what becomes of the answer.
 */
export async function fill(
  context: FillContext,
  read: Read,
  reader: Reader,
  wanted: Wanted,
  found: (string | undefined)[] | undefined,
  recorder?: Recorder,
): Promise<unknown> {
  const { count } = wanted;
  const before = found && (await completeVersions(context, wanted, wanted.tags, found));
  /** Its request may have begun a write since the lookup began, and what it sees inside is for nobody else. */
  const isInside = async (): Promise<boolean> => isOfWriteOperation(reader) || carriesTransaction(reader);
  const { events } = context;
  /** For this caller, and for nobody after it. */
  const askAlone = (): Promise<unknown> =>
    events.isHeard()
      ? telling(events, 'fill', read, read.ask, { outcome: 'not-kept', key: wanted.shown }, wanted.question)
      : read.ask();
  // Without versions nothing can be said about freshness, so nothing is stored or shared. Nor without all tags. Nor is
  // the answer to arguments that their caller has changed since: they are another question by now.
  if (!before || !context.sliceSets.areComplete(wanted.tags, before)) {
    recorder?.refuse('error');
    return askAlone();
  }
  if ((await isInside()) || !context.plans.isStillAsked(read, wanted)) {
    recorder?.refuse('write-operation');
    return askAlone();
  }
  recorder?.note(wanted.tags, before);
  const lead = async (): Promise<Answer> => {
    const askedAt = context.now();
    const since = performance.now();
    const result = await read.ask();
    const duration = performance.now() - since;
    // The adapter looks for a transaction at a moment of its own.
    if (await isInside()) {
      recorder?.refuse('transaction');
      return { result, encoded: undefined };
    }
    // Encoded before anyone has the result in hand, because Payload changes documents in place.
    let encoded: EncodedResult | undefined;
    const isNegative = holdsNothing(read.operation, result);
    try {
      const { secrets } = wanted.rule;
      const stored = secrets ? withoutSecrets(read.operation, result, secrets) : result;
      encoded = encodeResult(stored, context.envelope.serializer);
      if (encoded)
        context.entryWrites.keep(
          read.operation,
          wanted,
          { before, askedAt, took: duration },
          encoded,
          isNegative,
        );
    } catch (error) {
      // Whatever becomes of the entry, the database has answered.
      context.onFault(error, `making an entry of ${read.operation} on ${read.slug}`);
    }
    if (!encoded) count.uncacheable += 1;
    if (events.isHeard()) {
      const outcome = encoded ? 'kept' : 'not-kept';
      const bytes = encoded?.body.length;
      const told = { outcome, duration, bytes, key: wanted.shown };
      const longest = isNegative ? Math.min(wanted.ttl, wanted.rule.negativeTtl) : wanted.ttl;
      const ttl = longest * (1 - context.ttlJitter);
      const filled = encoded && { text: encoded.body, versions: before, ttl, isNegative };
      tell(events, 'fill', read, since, told, wanted.question, filled);
    }
    if (!recorder || !wanted.rule.secrets) return { result, encoded };
    // What it makes of this may be stored as well.
    if (!encoded) recorder.refuse('auth-collection');
    return { result: encoded ? decodeResult(encoded) : result, encoded };
  };
  // A query under way began before somebody asked for a new answer.
  if (wanted.refresh) return (await lead()).result;
  const flight = await context.singleFlight.run(`${wanted.key} ${before.join(' ')}`, lead);
  /** Whole, as the database has it: what is made of that must not be stored. */
  const askForAll = (): Promise<unknown> => {
    if (wanted.rule.secrets) recorder?.refuse('auth-collection');
    return askAlone();
  };
  if (!flight) return askForAll();
  if (flight.led) return flight.shared.result;
  const { encoded } = flight.shared;
  if (!encoded) return askForAll();
  const copy = copyFor(context, flight.shared, encoded);
  if (isOfAsker(read, reader, wanted.rule, copy)) return askForAll();
  count.shared += 1;
  return copy;
}

/** A result for one of those who waited: decoded for each, or for the first and copied where the store can copy. */
function copyFor({ decoded }: FillContext, answer: Answer, encoded: EncodedResult): unknown {
  const decode = (): unknown => decodeResult(encoded);
  answer.copy ??= decoded?.copyable?.(decode())?.copy ?? decode;
  return answer.copy();
}

/** Whether the database found nothing: no document, no page of any, none to count. */
function holdsNothing(operation: CachedOperation, result: unknown): boolean {
  if (!isObject(result)) return true;
  const { docs, values, totalDocs } = result as { docs?: unknown[]; values?: unknown[]; totalDocs?: unknown };
  if (operation === 'findOne' || operation === 'findGlobal') return Object.keys(result).length === 0;
  const found = docs ?? values;
  return found ? found.length === 0 : totalDocs === 0;
}
