/** TTLs that are too short: entries run out, and the database says the same once more. */
import { type Statistics, TRIED_TTLS } from '../../runtime/observe/snapshot.js';
import type { Advice } from './advice.js';
import { counted, durationText, isWorth, meanTime, percent } from './evidence.js';

/** A TTL is long enough that has this share of what the longest would bring. */
const MOST_OF_IT = 0.9;

/** Where a longer TTL would have answered. */
export function adviseTTLs({ policies, reuse = {} }: Statistics): Advice[] {
  return Object.entries(reuse).flatMap(([name, counts]): Advice[] => {
    const { reads, hits, lost, expired, hitsWith } = counts;
    const ttl = policies[name]?.ttl;
    if (!policies[name]?.cached || ttl === undefined || !isWorth(expired, reads)) return [];
    // What is gone before its time is no matter of the TTL.
    const gainWith = (tried: number) => (hitsWith[tried] ?? 0) - hits - lost;
    const longer = TRIED_TTLS.filter((tried) => tried > ttl);
    const most = Math.max(0, ...longer.map(gainWith));
    const proposed = longer.find((tried) => gainWith(tried) >= MOST_OF_IT * most);
    if (proposed === undefined || !isWorth(gainWith(proposed), reads)) return [];
    const gain = gainWith(proposed);
    return [
      {
        kind: 'ttl',
        name,
        now: `ttl ${durationText(ttl)}`,
        proposed: `ttl ${durationText(proposed)}`,
        because: `${counted(expired, 'read')} of ${counted(reads, 'read')} found an entry that had run out with nothing written since: ${percent(hits, reads)} are hits, ${percent(hits + gain, reads)} would be.`,
        effect: { hits: gain, queries: gain, databaseTime: gain * meanTime(counts), writes: gain },
        change: { ttl: durationText(proposed) },
      },
    ];
  });
}
