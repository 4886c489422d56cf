import { isWorkerd } from './background.js';

/** The longest that timers know, in milliseconds: a longer one would go off at once, and again and again. */
const LONGEST = 2 ** 31 - 1;

/**
 * Calls something every so many milliseconds, 24 days at most, without keeping the process up. On workerd never: there is
 * no timer between requests.
 *
 * @returns what ends it
 */
export function every(milliseconds: number, call: () => void): () => void {
  if (isWorkerd()) return () => undefined;
  const timer = setInterval(call, Math.min(milliseconds, LONGEST));
  timer.unref?.();
  return () => clearInterval(timer);
}
