import type { Payload } from 'payload';
import { type BypassReason, getCacheStats, settleCache } from '../../src/runtime/index.js';

/** Lookups by outcome: hits, misses, stale entries, and bypasses by reason; those that are none are left out. */
export type Lookups = { [outcome in 'hit' | 'miss' | 'stale' | BypassReason]?: number };

function lookupsSoFar(payload: Payload, slug: string): Lookups {
  const stats = getCacheStats(payload);
  const counts = slug.startsWith('@') ? stats?.globals[slug.slice(1)] : stats?.collections[slug];
  if (!counts) return {};
  return { hit: counts.hits, miss: counts.misses, stale: counts.stale, ...counts.bypasses };
}

/**
 * The lookups of a collection, or of a global (`@slug`), while `run` runs. What it stores is in the store when this
 * resolves.
 */
export async function lookupsOf(payload: Payload, slug: string, run: () => unknown): Promise<Lookups> {
  await settleCache(payload);
  const before = lookupsSoFar(payload, slug);
  await run();
  await settleCache(payload);
  const lookups: Lookups = {};
  for (const [name, count] of Object.entries(lookupsSoFar(payload, slug)) as [keyof Lookups, number][]) {
    const more = count - (before[name] ?? 0);
    if (more > 0) lookups[name] = more;
  }
  return lookups;
}
