/**
 * Comes in: what a site has counted of its cache. Goes out: what could be better, with the numbers that say so and what
 * they expect of it. What is expected is the same reads once more: nothing here knows the future.
 */
import type { Statistics } from '../../runtime/observe/snapshot.js';
import type { Advice, AdviceSchema } from './advice.js';
import { adviseCaching } from './cache-advice.js';
import { adviseCode } from './code-advice.js';
import { adviseNearTier } from './near-advice.js';
import { adviseSlices } from './slice-advice.js';
import { adviseTTLs } from './ttl-advice.js';

/** What could be better, the most time of the database first. */
export function advise(statistics: Statistics, schema?: AdviceSchema): Advice[] {
  return [
    ...adviseTTLs(statistics),
    ...adviseSlices(statistics, schema),
    ...adviseCaching(statistics, schema),
    ...adviseCode(statistics),
    ...adviseNearTier(statistics),
  ].sort(
    (one, other) =>
      other.effect.databaseTime - one.effect.databaseTime || other.effect.writes - one.effect.writes,
  );
}
