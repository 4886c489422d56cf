/** How often somebody may ask. Of one process: with several each counts by itself. */
import { isWorkerd } from '../../../platform/background.js';
import { leastRecentlyUsed } from '../../../platform/least-recently-used.js';

/** Requests a minute, for each person; of those that were refused, for each address. */
const A_MINUTE = { read: 120, purge: 30, refused: 30 } as const;
/** People and addresses that are remembered: whoever makes up more has asked for less. */
const MOST_REMEMBERED = 2_000;

/** What is limited. */
export type Limited = keyof typeof A_MINUTE;

interface Bucket {
  left: number;
  at: number;
}

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
  const buckets = leastRecentlyUsed<string, Bucket>(MOST_REMEMBERED);
  return {
    take(what, who) {
      const most = A_MINUTE[what];
      const at = now();
      const key = `${what} ${who}`;
      const bucket = buckets.get(key) ?? { left: most, at };
      // A clock that was set back gives nothing, and takes nothing.
      bucket.left = Math.min(most, bucket.left + (Math.max(0, at - bucket.at) * most) / 60_000);
      bucket.at = at;
      buckets.set(key, bucket);
      if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 60) / most);
      bucket.left -= 1;
      return undefined;
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
