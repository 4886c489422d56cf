/** What was measured, as data: what `--json` prints, and what is drawn. */
import type { BypassReason } from '../../runtime/stats/stats.js';

/** A number without and with the cache. */
export interface Compared {
  without: number;
  with: number;
}

/** One query of a collection. */
export interface MeasuredQuery {
  /** `find` asks for ten documents. */
  query: 'find' | 'findByID';
  /** How many documents it yields. */
  documents: number;
  /** How often it was asked each way. */
  samples: number;
  /** Calls of the database adapter; absent where only the site was asked, which tells none. */
  calls?: Compared;
  /** Medians in milliseconds. Of a site: of the first answers, and of the same asked again. */
  ms: Compared;
}

/** A query that the site answers with something else than documents. */
export interface RefusedQuery {
  query: MeasuredQuery['query'];
  httpStatus: number;
}

/** What became of a collection. */
export type MeasuredCollection =
  | { slug: string; status: 'measured'; queries: MeasuredQuery[]; refused?: RefusedQuery[] }
  /** It has no documents that could be read. */
  | { slug: string; status: 'empty' }
  | { slug: string; status: 'not-cached'; reason: BypassReason }
  /** The site lets nobody read it who is not logged in, or answers something else. */
  | { slug: string; status: 'refused'; httpStatus: number }
  /** `failure` is the name of what was thrown, or `writes` where a hook wanted to write. */
  | { slug: string; status: 'failed'; failure: string };

/** The middle of some numbers; 0 of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
