/**
 * Comes in: a function, and the key that names what it returns. Goes out: what it returned, from the store while all that
 * it read is as it was. wanted.ts makes its key, lookup.ts finds its entry, whose tags are those that recorder.ts heard of
 * while run.ts ran the function.
 */
import type { PayloadRequest } from 'payload';
import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import { momentIn } from '../events/moment.js';
import { noteUse } from '../operation/operation.js';
import { answerWithGrace } from '../read/grace.js';
import { countBypass, noteLookup, telling } from '../read/outcome.js';
import {
  type CachedOptions,
  DEFAULT_NAMESPACE,
  type FunctionCall,
  type FunctionContext,
  type FunctionSite,
} from './context.js';
import { isDueEarly, refreshEarly } from './early-refresh.js';
import { withLock } from './lock.js';
import { lookUp, noteEntry } from './lookup.js';
import { bypassing, revalidate, runAnew, runShared } from './run.js';
import { siteOf } from './site-of.js';
import { wantedOf } from './wanted.js';

/**
 * Answers with what the function returned the last time, while nothing that it read has changed: whatever it reads through
 * Payload is recorded, in hooks, access control and populated relations as well. A hit is a copy, and asks no database.
 *
 * Not stored: what a function throws; what it returns where that has no lossless text form, such as an instance of a class;
 * and what {@link Refusal} lists. It is then run each time, and `getCacheStats(payload).functions` counts why.
 *
 * What a function reads elsewhere is not recorded: see `tag` of its context, and `ttl`.
 *
 * @param fn gets a request for what it reads, with a data loader of its own
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` or `INVALID_DURATION` for options that cannot be, `SEVERAL_INSTANCES` where
 *   it is not certain which Payload instance is meant; and whatever the function throws
 */
export async function cached<Result>(
  fn: (context: FunctionContext) => Result | Promise<Result>,
  given: CachedOptions,
): Promise<Result> {
  const site = siteOf(given);
  if (!site) return bypassing(fn, given, undefined);
  const options = inNamespace(site, given);
  const wanted = await wantedOf(site, options);
  if (typeof wanted === 'string') {
    const slug = options.namespace ?? '';
    countBypass(site.reads.counts('function', slug), wanted);
    const subject = { type: 'function', slug, operation: 'cached' } as const;
    return telling(site.reads.events, 'bypass', subject, () => bypassing(fn, options, site), {
      reason: wanted,
    });
  }
  const { subject, parent } = wanted;
  const { events } = site.reads;
  const since = momentIn(events);
  // Who runs what another returned depends on whose it is.
  if (wanted.asker && !options.shared) parent?.hears?.({ user: wanted.asker.user }, true);
  noteUse(options.req, parent);
  const call: FunctionCall = { site, wanted, fn, options, before: undefined };
  if (options.refresh) return (await runAnew(withLock(call, { taken: 'run' }))).result as Result;
  const looked = await lookUp(site, wanted);
  if (looked.found) {
    noteLookup(events, 'hit', subject, wanted, since, looked.entry.length);
    noteEntry(parent, looked.entry);
    if (isDueEarly(looked.entry, wanted, site.reads.now())) refreshEarly(call, looked.entry.askedAt);
    return looked.result as Result;
  }
  noteLookup(events, looked.stale ? 'stale' : 'miss', subject, wanted, since);
  call.before = looked.before;
  const result = await answerWithGrace(site.reads, subject, wanted, looked.old, {
    make: async () => (await runShared(withLock(call))).result,
    revalidate: () => revalidate(withLock(call, { taken: 'leave' })),
    what: `a function of the namespace "${options.namespace ?? ''}"`,
    recorder: parent,
  });
  return result as Result;
}

/** In a cache without Payload all is in a namespace, so that any key can be deleted. */
function inNamespace({ instance }: FunctionSite, options: CachedOptions): CachedOptions {
  if (instance.prefix === undefined || options.namespace !== undefined) return options;
  return { ...options, namespace: DEFAULT_NAMESPACE };
}

/** How the calls of a function are cached. */
export interface MemoizeOptions<Arguments extends readonly unknown[]>
  extends Omit<CachedOptions, 'key' | 'namespace' | 'req' | 'refresh'> {
  /** Sets keys apart, and can be cleared as a whole: one for each function. */
  namespace: string;
  /** What the result of a call is found by. Default: its arguments. */
  key?: (...args: Arguments) => readonly unknown[];
  /** The request that a call is made for. Default none: see `req` of {@link CachedOptions}. */
  req?: (...args: Arguments) => Partial<PayloadRequest>;
}

/** A function whose calls are cached by their arguments. */
export interface Memoized<Arguments extends readonly unknown[], Result> {
  /** Answers from the cache, or runs the function. */
  (...args: Arguments): Promise<Result>;
  /** Runs the function now, whatever is stored, and has that replaced. */
  refresh(...args: Arguments): Promise<Result>;
}

/**
 * Makes a function whose calls are cached by their arguments: each is {@link cached}.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` without a namespace, since two functions would share their results
 */
export function memoize<Arguments extends readonly unknown[], Result>(
  fn: (...args: Arguments) => Result | Promise<Result>,
  options: MemoizeOptions<Arguments>,
): Memoized<Arguments, Result> {
  const { key = (...args) => args, req, ...rest } = options;
  if (!rest.namespace) {
    throw new PayloadKVError({
      code: 'INVALID_FUNCTION_KEY',
      message: 'memoize() needs a namespace: functions without one would share their results.',
      nextStep: "Name it: memoize(fn, { namespace: 'prices' }).",
    });
  }
  if (rest.ttl !== undefined) parseDuration(rest.ttl, 'ttl');
  const call = (args: Arguments, refresh: boolean): Promise<Result> =>
    cached(() => fn(...args), { ...rest, key: key(...args), refresh, ...(req ? { req: req(...args) } : {}) });
  return Object.assign((...args: Arguments) => call(args, false), {
    refresh: (...args: Arguments) => call(args, true),
  });
}
