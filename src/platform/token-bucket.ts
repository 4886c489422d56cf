/** How often something may happen. */
export interface Rate {
  /** How often in a minute, over time. */
  perMinute: number;
  /** How often at once, after it has not happened for a while. Default `perMinute`, at least 1. */
  burst?: number;
}

/** Bounds how often something happens. */
export interface TokenBucket {
  /**
   * Takes one of those that are left.
   *
   * @returns after how many seconds there is one, where none is left
   */
  take(): number | undefined;
}

/**
 * Creates a bucket that is full, and fills evenly: within any `t` minutes it gives `burst + perMinute * t` at most.
 *
 * @param now a clock, in milliseconds. Set back, it gives nothing and takes nothing
 */
export function createTokenBucket(
  { perMinute, burst = Math.max(1, Math.floor(perMinute)) }: Rate,
  now: () => number,
): TokenBucket {
  let left = burst;
  let at = now();
  return {
    take() {
      const moment = now();
      left = Math.min(burst, left + (Math.max(0, moment - at) * perMinute) / 60_000);
      at = moment;
      if (left < 1) return Math.ceil(((1 - left) * 60) / perMinute);
      left -= 1;
      return undefined;
    },
  };
}
