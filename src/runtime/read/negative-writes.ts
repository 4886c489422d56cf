import { createExpiring } from '../../platform/expiring.js';

/** Queries remembered that were asked once. */
const REMEMBERED = 5_000;
/** For how long, in milliseconds. */
const WINDOW = 600_000;
/** Answers that hold nothing, written in one minute at most. */
const MOST_PER_MINUTE = 30;

/**
 * Holds back answers that hold nothing from a store whose writes are paid for: whoever asks for pages that do not exist,
 * another each time, would else have the site pay for each.
 */
export interface NegativeWrites {
  /** Whether the answer to this query may be written now: where it is asked again, and not too many have been. */
  mayWrite(key: string): boolean;
}

/** Creates what one process remembers of them. */
export function createNegativeWrites(now: () => number): NegativeWrites {
  const asked = createExpiring<true>({ max: REMEMBERED, lifetime: WINDOW });
  let minute = 0;
  let written = 0;
  return {
    mayWrite(key) {
      if (!asked.get(key)) {
        asked.set(key, true);
        return false;
      }
      const current = Math.floor(now() / 60_000);
      if (current !== minute) {
        minute = current;
        written = 0;
      }
      written += 1;
      return written <= MOST_PER_MINUTE;
    },
  };
}
