/** Asks for many addresses, a few at a time, and stops where the site does not bear it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PayloadKVError } from '../../errors.js';
import type { Visitor } from './visitor.js';

/** Faults one after the other, with no answer in between, after which nothing more is asked for. */
const MOST_FAULTS = 5;
/** Longest pause that a site may ask for, in seconds; one that wants more is left alone. */
const LONGEST_PAUSE = 60;
/** Faults that are named. */
const MOST_NAMED = 20;

/** How they are asked for. */
export interface VisitOptions {
  visitor: Visitor;
  /** How many at the same time. */
  concurrency: number;
  /** Leaves alone what is answered from a cache that says so. */
  onlyStale: boolean;
  signal: AbortSignal;
  onProgress(done: number, warmed: Warmed): void;
}

/** What became of them. */
export interface Warmed {
  /** Answered. */
  asked: number;
  /** Of those: answered by a cache before, as far as the answers say. */
  fresh: number;
  /** Answered with 3xx or 4xx: there is nothing to warm. */
  absent: number;
  /** Not answered, or with 429 or 5xx. */
  failed: number;
  /** Bytes of all answers. */
  bytes: number;
  faults: { address: string; why: string }[];
  /** Why not all were asked for. */
  stopped?: string;
}

/** Asks for all. Never rejects for what a site answers. */
export async function visitAll(
  addresses: Iterable<string> | AsyncIterable<string>,
  options: VisitOptions,
): Promise<Warmed> {
  const { visitor, concurrency, onlyStale, signal, onProgress } = options;
  const warmed: Warmed = { asked: 0, fresh: 0, absent: 0, failed: 0, bytes: 0, faults: [] };
  let inARow = 0;
  let done = 0;
  let pause: Promise<unknown> | undefined;

  async function visit(address: string): Promise<void> {
    let { response, size } = await readWhole(
      visitor,
      address,
      onlyStale ? { 'cache-control': 'only-if-cached' } : {},
    );
    if (onlyStale && response.status === 504) ({ response, size } = await readWhole(visitor, address, {}));
    const { status, headers } = response;
    const seconds = Number(headers.get('retry-after'));
    if (status === 429 || status >= 500) {
      if (seconds > 0 && seconds <= LONGEST_PAUSE)
        pause ??= sleep(seconds * 1_000, undefined, { signal })
          .catch(() => undefined)
          .finally(() => (pause = undefined));
      throw new PayloadKVError({ code: 'SITE_FAILED', message: `it answers ${status}` });
    }
    warmed.bytes += size;
    if (status >= 300) warmed.absent += 1;
    else {
      warmed.asked += 1;
      if (isFromCache(headers)) warmed.fresh += 1;
    }
  }

  async function work(next: () => Promise<IteratorResult<string>> | IteratorResult<string>): Promise<void> {
    while (!signal.aborted && warmed.stopped === undefined) {
      await pause;
      const step = await next();
      if (step.done) return;
      try {
        await visit(step.value);
        inARow = 0;
      } catch (error) {
        const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
        warmed.failed += 1;
        inARow += 1;
        if (warmed.faults.length < MOST_NAMED) warmed.faults.push({ address: step.value, why });
        if (inARow >= MOST_FAULTS)
          warmed.stopped ??= `${MOST_FAULTS} requests in a row failed, at last: ${why}`;
      }
      done += 1;
      onProgress(done, warmed);
    }
  }

  const iterator =
    Symbol.asyncIterator in addresses ? addresses[Symbol.asyncIterator]() : addresses[Symbol.iterator]();
  // One after the other, though many wait: a generator is asked for one at a time.
  let turn: Promise<unknown> = Promise.resolve();
  const next = (): Promise<IteratorResult<string>> => {
    const own = turn.then(() => iterator.next());
    turn = own.catch(() => undefined);
    return own;
  };
  await Promise.all(Array.from({ length: concurrency }, () => work(next)));
  if (signal.aborted) warmed.stopped ??= 'ended by Ctrl-C';
  return warmed;
}

/** An answer, read to its end and thrown away: what stores it may wait for that. */
async function readWhole(
  visitor: Visitor,
  address: string,
  headers: Record<string, string>,
): Promise<{ response: Response; size: number }> {
  const response = await visitor.get(address, headers);
  let size = 0;
  for await (const piece of response.body ?? []) size += piece.length;
  return { response, size };
}

/** Whether an answer says that it is of a cache: of this package, of Next, or of one on the way. */
function isFromCache(headers: Headers): boolean {
  const said = ['x-payload-cache', 'x-nextjs-cache', 'x-vercel-cache', 'cf-cache-status', 'x-cache']
    .map((name) => headers.get(name))
    .find((value) => value !== null);
  if (said !== undefined && said !== null) return /^hit\b/i.test(said);
  return Number(headers.get('age')) > 0;
}
