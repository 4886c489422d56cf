/** Writes entries, near and far, behind the back of whoever asked. */
import { leavesProcess } from '../../interfaces/store.js';
import { sleep } from '../../platform/sleep.js';
import { type EncodedResult, encodeEntry } from '../entry/entry.js';
import { counted, graceOf, keptFor, type ReadContext, type Wanted } from './context.js';
import { createNegativeWrites } from './negative-writes.js';

/** What was known and when, as what is to be written was asked for. */
export interface Asked {
  /** The versions of its tags. */
  before: readonly string[];
  askedAt: number;
  /** What it took to make it, in milliseconds, for its entry to tell. */
  cost?: number;
  /** The same, for the tier in this process alone. Default `cost`. */
  took?: number;
}

/** Writes entries. */
export interface EntryWrites {
  /**
   * Writes the answer of the database, or what was made of several, if it may be kept. Nobody need wait for it.
   *
   * @returns whether it is in the store, once that is known
   */
  keep(
    operation: string,
    wanted: Wanted,
    asked: Asked,
    encoded: EncodedResult,
    isNegative: boolean,
  ): boolean | Promise<boolean>;
}

/** A query of the database takes no longer, in milliseconds; more between two of them is a clock that was set back. */
const LONGEST_QUERY_TIME = 60_000;
/** Attempts to write an entry, with longer and longer pauses. */
const WRITE_ATTEMPTS = 3;
/** Longest pause after the first attempt, in milliseconds. */
const FIRST_PAUSE = 200;

/** Creates the writes of one site's entries. */
export function createEntryWrites(context: ReadContext): EntryWrites {
  const { near, envelope, versions, own } = context;
  const negativeWrites = createNegativeWrites(context.now);

  function keep(
    operation: string,
    wanted: Wanted,
    { before, askedAt, cost, took = cost }: Asked,
    encoded: EncodedResult,
    isNegative: boolean,
  ): boolean | Promise<boolean> {
    const { key, nearKey, tags, rule, count } = wanted;
    if (!rule.stores) return false;
    if (context.replicaLag > 0 && !versions.isSettled(tags, before, context.replicaLag)) return false;
    const longest = isNegative ? Math.min(wanted.ttl, rule.negativeTtl) : wanted.ttl;
    if (longest === 0) return false;
    const { alone } = context;
    const isAlone = alone?.hasOwn(before) === true;
    const bounded = isAlone ? Math.min(longest, alone.lifetime) : longest;
    const ttl = Math.round(bounded * (1 - context.ttlJitter * Math.random()));
    const body = encodeEntry(
      { key, tags, versions: before, askedAt, ttl, site: context.site, cost },
      encoded,
    );
    const kept = ttl + (isAlone ? 0 : graceOf(rule));
    // A query that began before another has ended after it.
    const newer = (own.get(key) ?? askedAt) - askedAt;
    if (newer > 0 && newer < LONGEST_QUERY_TIME) return false;
    own.set(key, askedAt);
    if (near) {
      const text = envelope.wrap(body);
      const { nearMaximumBytes } = context;
      if (nearMaximumBytes === undefined || !exceeds(text, nearMaximumBytes))
        near.set(nearKey, text, kept, took);
    }
    // Nobody else ever has these versions.
    if (isAlone && leavesProcess(context.far)) return false;
    if (isNegative && context.far.paidWrites && !negativeWrites.mayWrite(key)) return false;
    if (wanted.mayWrite?.() === false) return false;
    const written = context.writeQueue.run(
      () => {
        const sealed = envelope.seal(key, body);
        return sealed instanceof Promise
          ? sealed.then((text) => writeFar(context, operation, wanted, text, kept, took))
          : writeFar(context, operation, wanted, sealed, kept, took);
      },
      body.length,
      () => {
        count.droppedWrites += 1;
        context.debug?.(`too many are waiting to be written ${key}`);
        return false;
      },
    );
    if (written instanceof Promise) context.background.run(written);
    return written;
  }

  return { keep };
}

function writeFar(
  context: ReadContext,
  operation: string,
  wanted: Wanted,
  text: string,
  kept: number,
  took: number | undefined,
): boolean | Promise<boolean> {
  const { key, count } = wanted;
  if (context.maximumBytes !== undefined && exceeds(text, context.maximumBytes)) {
    count.uncacheable += 1;
    context.debug?.(`too large ${key}`);
    return false;
  }
  const attempt = (): true | undefined | Promise<true | undefined> => {
    context.operations.storeWrites += 1;
    return counted(
      context.storeGuard,
      count,
      () => {
        const writing = context.far.set(key, text, keptFor(context, kept), took);
        return writing instanceof Promise ? writing.then(() => true as const) : true;
      },
      { timeout: context.writeTimeout, operation: 'write' },
    );
  };
  const done = (): true => {
    count.writes += 1;
    count.bytesWritten += text.length;
    context.debug?.(`stored ${key} ${operation} for ${kept} s`);
    return true;
  };
  const first = attempt();
  if (first instanceof Promise) return first.then((ok) => (ok ? done() : writeAgain()));
  return first ? done() : false;

  async function writeAgain(): Promise<boolean> {
    for (let count = 2; count <= WRITE_ATTEMPTS; count++) {
      await sleep(FIRST_PAUSE * 2 ** (count - 2) * Math.random(), false);
      if (context.storeGuard.isOpen()) return false;
      if (await attempt()) return done();
    }
    return false;
  }
}

/** Whether a text is longer than a number of bytes in UTF-8. Counts only where the length leaves doubt. */
export function exceeds(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  if (text.length * 3 <= bytes) return false;
  return Buffer.byteLength(text) > bytes;
}
