/** What commands ask: a running site, or the store that its processes share. Both answer in the same form. */
import type { InvalidationTarget } from '../../runtime/instance.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';
import type { Named } from './target.js';

/** An entry, without what it holds. Times in seconds, `null` where they are not known. */
export interface ShownEntry {
  key: string;
  /** Collection, global (`@slug`), or namespace of functions. */
  name: string;
  operation: string;
  tags: readonly string[];
  age: number | null;
  ttl: number | null;
  left: number | null;
  bytes: number | null;
  /** Whether it answers; `null` where it cannot be told. */
  fresh: boolean | null;
  tier: 'near' | 'store';
}

/** A page of entries. */
export interface EntriesPage {
  entries: ShownEntry[];
  /** Leads to the next page; `null` on the last. */
  cursor: string | null;
  /** Whether they are those of one process, or of the store that all share. */
  scope: 'process' | 'store';
  /** `false` where there are more keys than are looked at. */
  complete?: boolean;
}

/** Which entries are asked for: those of one thing, or all. */
export interface EntriesQuery {
  collection?: string;
  global?: string;
  namespace?: string;
  key?: string;
  id?: string;
  cursor?: string;
  limit?: number;
}

/** A query whose way through the cache is asked for, as of the Local API. */
export interface Question {
  collection?: string;
  global?: string;
  operation?: string;
  [argument: string]: unknown;
}

/** What a read of the database adapter came to, one of those that a query is answered by. */
export interface AnsweredRead {
  name: string;
  operation: string;
  shape: string;
  outcome: string;
  reason?: string;
  key?: string | null;
  tags: readonly string[];
  age?: number | null;
  ttl?: number | null;
  /** Whether there was an entry, fresh or not. */
  entry: boolean;
  /** Whether the answer of the database may be stored, where it was asked. */
  kept?: boolean;
}

/** What became of a purge. */
export interface Purged {
  ok: boolean;
  dryRun: boolean;
  /** Entries that depend on the target; `null` where they cannot be counted. */
  entries: number | null;
}

/** What a command asks. */
export interface Source {
  kind: 'site' | 'store';
  /** Whether requests are signed, and so asked as the site's own code asks. */
  isSigned: boolean;
  /** Where it is, for a heading; holds no secret. */
  place: string;
  /** @throws PayloadKVError where it has none */
  statistics(scope: Statistics['scope']): Promise<Statistics>;
  entries(query: EntriesQuery): Promise<EntriesPage>;
  /**
   * Whether a name is that of a collection or of a global.
   * @throws PayloadKVError `NOT_OF_THIS_SITE`
   */
  resolve(named: Named): Promise<{ collection: string; id?: string } | { global: string }>;
  /** @throws PayloadKVError `STORE_CANNOT_TELL` of a store: only the site knows its queries */
  why(question: Question): Promise<{ reads: AnsweredRead[] }>;
  /** Makes stale, or with `dryRun` only counts. */
  purge(target: InvalidationTarget, dryRun: boolean): Promise<Purged>;
  close(): Promise<void>;
}
