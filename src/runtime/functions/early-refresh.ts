/** Runs functions again shortly before their entries expire. */
import type { DecodedEntry } from '../entry/entry.js';
import type { FunctionCall, WantedFunction } from './context.js';
import { withLock } from './lock.js';
import { runAnew } from './run.js';

/**
 * Whether a hit has its entry made anew: where `now − Δ·β·ln(random) ≥ expiry`, with Δ the time that the function ran the
 * last time. Expensive ones are earlier, and of many processes that read one entry few are early enough to be the same:
 * A. Vattani, F. Chierichetti, K. Lowenstein, "Optimal Probabilistic Cache Stampede Prevention", Proceedings of the VLDB
 * Endowment 8(8), 2015, https://doi.org/10.14778/2757807.2757813. Each read draws anew, so that what is read once in a
 * while expires without.
 *
 * @param random from 0 up to 1
 */
export function isDueEarly(
  { askedAt, ttl, cost = 0 }: Pick<DecodedEntry, 'askedAt' | 'ttl' | 'cost'>,
  { beta, ttl: longest }: Pick<WantedFunction, 'beta' | 'ttl'>,
  now: number,
  random: () => number = Math.random,
): boolean {
  if (beta === undefined || cost <= 0) return false;
  const expiry = askedAt + 1000 * Math.min(ttl, longest);
  return now - cost * beta * Math.log(1 - random()) >= expiry;
}

/** Runs the function of a hit in the background, unless somebody does, or has since. */
export function refreshEarly(call: FunctionCall, newerThan: number): void {
  const { site, wanted } = call;
  const own = { ...call, wanted: { ...wanted, parent: undefined } };
  site.revalidation.revalidate(wanted.key, () => runAnew(withLock(own, { taken: 'leave', newerThan })));
}
