/** What is not cached and might be, and what is cached for nothing. */
import { sliceCandidates } from '../../inspect/slices.js';
import { type Reuse, type Statistics, TRIED_TTLS } from '../../runtime/observe/snapshot.js';
import { isInternalCollection } from '../answers.js';
import type { Advice, AdviceSchema, Effect } from './advice.js';
import { counted, ENOUGH_READS, isWorth, meanTime, percent } from './evidence.js';

/** The TTL where a wrapper says none, in seconds. */
const DEFAULT_TTL = 300;
/** Below this share of hits an entry is not worth its room and its write. */
const TOO_FEW = 0.02;
/** Above this share something is worth an entry of its own in the wrapper. */
const MANY = 0.3;

/** What is to be cached, and what is not. */
export function adviseCaching(statistics: Statistics, schema?: AdviceSchema): Advice[] {
  const { policies, reuse = {} } = statistics;
  return Object.entries(reuse).flatMap(([name, counts]) => {
    const policy = policies[name];
    if (!policy || counts.reads < ENOUGH_READS || isInternalCollection(name)) return [];
    if (policy.cached) return uselessEntries(name, counts);
    const collection = schema?.collections.find(({ slug }) => slug === name);
    if (policy.reason === 'auth-collection' || collection?.auth) return usersToCache(name, counts);
    if (policy.reason !== 'policy') return [];
    return toCache(name, counts, collection ? sliceCandidates(collection) : []);
  });
}

/** Hits at most under the TTLs that were tried. */
const mostHits = ({ hitsWith }: Reuse): number => Math.max(0, ...TRIED_TTLS.map((ttl) => hitsWith[ttl] ?? 0));

function uselessEntries(name: string, counts: Reuse): Advice[] {
  const { reads, hits, filled, reused, unchanged, first, expired } = counts;
  const isUsed = Math.max(hits, mostHits(counts)) > TOO_FEW * reads || reused > TOO_FEW * filled;
  // A slice may bring what a TTL cannot, and a longer life of empty answers what no TTL does.
  const isBroken = unchanged > TOO_FEW * reads || expired > TOO_FEW * reads;
  if (filled < ENOUGH_READS || isUsed || isBroken) return [];
  return [
    {
      kind: 'do-not-cache',
      name,
      now: 'cached',
      proposed: 'not cached',
      because: `${counted(filled, 'entry', 'entries')} written, and ${reused === 0 ? 'none' : reused.toLocaleString('en-US')} of them asked for again; ${percent(first, reads)} of the reads ask what nobody had asked.`,
      effect: { hits: -hits, queries: -hits, databaseTime: -hits * meanTime(counts), writes: filled },
      change: { enabled: false },
    },
  ];
}

function effectOf(counts: Reuse): Effect | undefined {
  const { reads, hitsWith } = counts;
  const hits = hitsWith[DEFAULT_TTL] ?? 0;
  if (!isWorth(hits, reads) || hits < MANY * reads) return undefined;
  return { hits, queries: hits, databaseTime: hits * meanTime(counts), writes: hits - reads };
}

function toCache(name: string, counts: Reuse, slices: string[]): Advice[] {
  const effect = effectOf(counts);
  if (!effect) return [];
  return [
    {
      kind: 'cache',
      name,
      now: 'not cached',
      proposed: `cached, with the default TTL${slices.length > 0 ? ` and slices ${slices.join(', ')}` : ''}`,
      because: `${counted(counts.reads, 'read')} went to the database, ${meanTime(counts).toFixed(1)} ms each; ${percent(effect.hits, counts.reads)} of them asked what had been asked within five minutes with nothing written since.`,
      effect,
      change: { add: true, ...(slices.length > 0 ? { slices } : {}) },
    },
  ];
}

function usersToCache(name: string, counts: Reuse): Advice[] {
  const effect = effectOf(counts);
  if (!effect) return [];
  return [
    {
      kind: 'without-secrets',
      name,
      now: 'not cached: it has auth',
      proposed: "cached with allowAuth: 'without-secrets'",
      because: `${counted(counts.reads, 'read')} went to the database, ${meanTime(counts).toFixed(1)} ms each; up to ${percent(effect.hits, counts.reads)} of them could be hits: those that sign somebody in stay with the database.`,
      effect,
      change: { add: true, allowAuth: 'without-secrets' },
    },
  ];
}
