/** What the site's own code could ask otherwise. */
import type { Statistics } from '../../runtime/observe/snapshot.js';
import type { Advice } from './advice.js';
import { counted, ENOUGH_HITS, ENOUGH_READS, percent } from './evidence.js';

/** Fewer requests than these say nothing of the next ones. */
const ENOUGH_REQUESTS = 3;
/** A shape with no more hits than this share is asked once. */
const TOO_FEW = 0.01;
/** Above this share of hits the rest of a collection is worth its entries. */
const SOME = 0.02;

/** What one request asks again and again, and what nobody asks twice. */
export function adviseCode(statistics: Statistics): Advice[] {
  return [...repeated(statistics), ...neverHit(statistics)];
}

function repeated({ repeatedQueries }: Statistics): Advice[] {
  return repeatedQueries
    .filter((each) => each.requests >= ENOUGH_REQUESTS && each.queries - each.requests >= ENOUGH_HITS)
    .map(({ name, operation, shape, requests, most, queries, databaseTime, place }) => {
      const spared = queries - requests;
      const byId = /^id (equals|in)/.test(shape) || shape === 'id';
      return {
        kind: 'repeated',
        name,
        now: `${operation} with \`${shape}\`, up to ${most} times in one request${place ? `, at ${place}` : ''}`,
        proposed: byId
          ? 'one find with `id in` for all of them, or the relation populated by its depth'
          : 'one find with `in` for all values, before the loop',
        because: `${counted(queries, 'query', 'queries')} for ${counted(requests, 'request')}.`,
        effect: {
          hits: 0,
          queries: spared,
          databaseTime: queries > 0 ? (databaseTime * spared) / queries : 0,
          writes: 0,
        },
      };
    });
}

function neverHit({ hotQueries, policies, reuse = {} }: Statistics): Advice[] {
  return hotQueries.flatMap(({ name, operation, shape, hits, misses, stale, unchanged = 0 }) => {
    const asked = misses + stale;
    const isAskedOnce = asked >= ENOUGH_READS && hits <= TOO_FEW * asked && unchanged <= TOO_FEW * asked;
    const counts = reuse[name];
    // Where all of the collection is like that, it is advised as a whole.
    const isUsed = counts !== undefined && counts.hits > SOME * counts.reads;
    if (!policies[name]?.cached || !isAskedOnce || !isUsed) return [];
    return [
      {
        kind: 'never-hit' as const,
        name,
        now: `${operation} with \`${shape}\` is stored`,
        proposed: "context: { payloadCache: 'bypass' } in the call that asks it",
        because: `asked ${counted(asked, 'time')}, ${percent(hits, asked + hits)} of them hits: what is stored of it is not asked for again.`,
        effect: { hits: -hits, queries: -hits, databaseTime: 0, writes: asked },
      },
    ];
  });
}
