/** How often somebody may ask. Of one process: with several each counts by itself. */
import { isWorkerd } from '../../../platform/background.js';
import { leastRecentlyUsed } from '../../../platform/least-recently-used.js';
import { createTokenBucket, type TokenBucket } from '../../../platform/token-bucket.js';

/** Requests a minute, for each person; of those that were refused, for each address. */
const A_MINUTE = { read: 120, purge: 30, refused: 30 } as const;
/** People and addresses that are remembered: whoever makes up more has asked for less. */
const MOST_REMEMBERED = 2_000;

/** What is limited. */
export type Limited = keyof typeof A_MINUTE;

/** Limits how often somebody may ask. */
export interface RateLimit {
  /**
   * Takes one of those that somebody has left.
   *
   * @returns after how many seconds there is one, where none is left
   */
  take(what: Limited, who: string): number | undefined;
}

/** Creates the limits of one site: a bucket for each, which fills evenly. */
export function createRateLimit(now: () => number): RateLimit {
  const buckets = leastRecentlyUsed<string, TokenBucket>(MOST_REMEMBERED);
  return {
    take(what, who) {
      const key = `${what} ${who}`;
      const bucket = buckets.get(key) ?? createTokenBucket({ perMinute: A_MINUTE[what] }, now);
      buckets.set(key, bucket);
      return bucket.take();
    },
  };
}

/**
 * The address a request comes from, as far as it can be told: the last one that a proxy has added, for what stands before
 * it the sender may have written.
 */
export function addressOf(headers: { get(name: string): string | null }): string {
  const own = isWorkerd() ? headers.get('cf-connecting-ip') : undefined;
  return (own ?? headers.get('x-forwarded-for')?.split(',').at(-1)?.trim() ?? '').slice(0, 45);
}
