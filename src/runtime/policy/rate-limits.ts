/** How often what belongs to a namespace may happen, in this process. */
import { PayloadKVError } from '../../errors.js';
import { shared } from '../../platform/shared.js';
import { createTokenBucket, type Rate, type TokenBucket } from '../../platform/token-bucket.js';
import { valueAt } from '../../platform/value-at.js';
import type { FunctionCounts } from '../stats/stats.js';

/** What is bounded in a namespace. */
export interface NamespaceLimits {
  /** Runs of its functions, whatever they are run for. Default no limit. */
  run?: Rate;
  /** Entries written to the store. Default no limit. */
  write?: Rate;
  /** What is made stale by hand: the namespace, or one of its keys. Default no limit. */
  purge?: Rate;
}

/** What is bounded by namespace. */
export interface RateLimitOptions {
  /** By namespace; `''` for functions of none. */
  namespaces: { readonly [name: string]: NamespaceLimits };
}

/** By the options that say so: a hot reload begins anew. Of all copies of this module, or each would give as many. */
const buckets = shared('rate-limits', () => new WeakMap<RateLimitOptions, Map<string, TokenBucket>>());

/**
 * Takes one of what is left.
 *
 * @returns after how many seconds there is one, where none is left
 */
export function takeOne(
  { rateLimit }: { rateLimit?: RateLimitOptions | undefined },
  namespace: string,
  what: keyof NamespaceLimits,
): number | undefined {
  if (!rateLimit || !Object.hasOwn(rateLimit.namespaces, namespace)) return undefined;
  const rate = rateLimit.namespaces[namespace]?.[what];
  if (!rate) return undefined;
  const own = valueAt(buckets, rateLimit, () => new Map<string, TokenBucket>());
  // Of a clock that nobody sets.
  return valueAt(own, `${what} ${namespace}`, () => createTokenBucket(rate, () => performance.now())).take();
}

/** Counts what was not done since it happens too often. */
export function noteLimited(count: FunctionCounts, what: keyof NamespaceLimits): void {
  count.limited ??= {};
  count.limited[what] = (count.limited[what] ?? 0) + 1;
}

/** The error of what happens too often. */
export function rateLimited(what: keyof NamespaceLimits, namespace: string, seconds: number): PayloadKVError {
  return new PayloadKVError({
    code: 'RATE_LIMITED',
    message: `There are too many ${what}s in the namespace "${namespace}".`,
    nextStep: `Try again in ${seconds} s, or raise rateLimit.namespaces in the options.`,
    retryAfter: seconds,
  });
}
