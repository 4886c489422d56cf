/** What advice says. */
import type { CollectionSchema, GlobalSchema } from '../../inspect/schema.js';

/** What can be advised. */
export const ADVICE_KINDS = [
  'ttl',
  'slice',
  'cache',
  'without-secrets',
  'do-not-cache',
  'repeated',
  'never-hit',
  'near-tier',
] as const;
export type AdviceKind = (typeof ADVICE_KINDS)[number];

/** What is to be otherwise in the wrapper. Absent: what stays. */
export interface PolicyChange {
  /** As typed, e.g. `15m`. */
  ttl?: string;
  /** All slices that there are to be. */
  slices?: string[];
  /** `false` turns caching off, and keeps the entry. */
  enabled?: false;
  /** Gives it an entry, where it has none. */
  add?: true;
  allowAuth?: 'without-secrets';
}

/** What would become of the reads that were counted. */
export interface Effect {
  /** Reads that would be hits and were none; below 0 where hits would be lost. */
  hits: number;
  /** Queries of the database that would not be asked, and the milliseconds that they took. */
  queries: number;
  databaseTime: number;
  /** Entries that would not have to be written. */
  writes: number;
}

/** One piece of advice. */
export interface Advice {
  kind: AdviceKind;
  /** Collection, global (`@slug`), or the part that it is about. */
  name: string;
  /** What holds, and what is proposed, in words. */
  now: string;
  proposed: string;
  /** The numbers that say so. */
  because: string;
  effect: Effect;
  /** What is to be written for it; absent where that is code of the site's own. */
  change?: PolicyChange;
}

/** What is known of the project beside; absent where the site is not at hand. */
export interface AdviceSchema {
  collections: readonly CollectionSchema[];
  globals: readonly GlobalSchema[];
}
