/** What the reads of one site share, and what one read asks for. */
import type { Events } from '../../interfaces/events.js';
import type { Pages } from '../../interfaces/recorder.js';
import type { Registry } from '../../interfaces/registry.js';
import type { DecodedForms, Store } from '../../interfaces/store.js';
import type { Background } from '../../platform/background.js';
import { hash } from '../../platform/hash.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import type { DecodedEntry, EncodedResult } from '../entry/entry.js';
import type { Envelope } from '../entry/entry-form.js';
import type { CallOptions, FaultGuard } from '../fault/fault-guard.js';
import type { KeyContext } from '../policy/options.js';
import type { Policy, Rule } from '../policy/policy.js';
import type { Token } from '../query/canonical-arguments.js';
import type { CachedOperation } from '../query/operations.js';
import type { SiteSchema } from '../query/site-schema.js';
import type { BypassReason, CountedType, Counters, FunctionCounts } from '../stats/stats.js';
import type { Alone } from '../versions/alone.js';
import type { SliceSets } from '../versions/slice-sets.js';
import type { Moment, VersionMemory } from '../versions/version-memory.js';
import type { SingleFlight } from './single-flight.js';
import type { WriteQueue } from './write-queue.js';

/** What a lookup is for: a read of the adapter, or a function. */
export interface Subject {
  type: CountedType;
  /** The collection or global, or the namespace. */
  slug: string;
  operation: string;
  args?: Readonly<Record<string, unknown>>;
}

/** One read of the database adapter. */
export interface Read {
  operation: CachedOperation;
  type: 'collection' | 'global';
  slug: string;
  args: Readonly<Record<string, unknown>>;
  /** Asks the database. */
  ask(): Promise<unknown>;
  /** Asks it without the request, which may do other things meanwhile. */
  askApart(): Promise<unknown>;
}

/** What a shared query leaves to those who wait for it. */
export interface Answer {
  result: unknown;
  encoded: EncodedResult | undefined;
  /** Makes one more copy of what was encoded, where that has been decoded for somebody already. */
  copy?: () => unknown;
}

/** What a cache works with. */
export interface CacheParts {
  store: Store;
  envelope: Envelope;
  registry: Registry;
  policy: Policy;
  sliceSets: SliceSets;
  schema: SiteSchema;
  versions: VersionMemory;
  /** What it goes by while the registry is away; without it nothing is served then. */
  alone?: Alone | undefined;
  /** Looks something up where store or registry did not answer; where there is something to go by. */
  lookupAlone?:
    | ((context: ReadContext, wanted: Wanted, unanswered: Unanswered) => Promise<Fresh | Absent>)
    | undefined;
  /** Whether store or registry are given up for the moment. */
  isSuspended(): boolean;
  /** Why results that depend on the tags are not served: a write that touches one is not done. */
  pendingFor(tags: readonly string[]): Extract<BypassReason, 'error' | 'write-operation'> | undefined;
  background: Background;
  storeGuard: FaultGuard;
  registryGuard: FaultGuard;
  singleFlight: SingleFlight<Answer>;
  /** The pages that depend on what is read. */
  pages: Pages | undefined;
  /** Part of every key: format, fingerprint, namespace, database. */
  scope: string;
  /** Ends the keys of entries in this process. */
  attachment: string;
  /** No entry lives longer, in seconds: registries may forget versions that no living entry can have recorded. */
  longestTtl: number;
  /** How much shorter than its TTL an entry may live, as a share of it. */
  ttlJitter: number;
  /** Largest entry in bytes as it is stored, or no limit. */
  maximumBytes: number | undefined;
  /** Largest entry in bytes as the tier in this process holds it, or no limit. */
  nearMaximumBytes: number | undefined;
  /** Longest time for one write of an entry, in milliseconds. */
  writeTimeout: number;
  writeQueue: WriteQueue;
  /** Whether this process stores anything: else it gives no tag a version either. */
  stores: boolean;
  /** Seconds a tag must have kept its version before results that depend on it are stored. */
  replicaLag: number;
  readableKey: ((context: KeyContext) => string) | undefined;
  /** Whether it is known of each strategy of authentication when it runs. */
  areStrategiesCalls(): boolean;
  counts: Counters['countsOf'];
  events: Events;
  operations: { storeReads: number; storeWrites: number; registryReads: number };
  onFault(error: unknown, during: string): void;
  debug: ((message: string) => void) | undefined;
  now(): number;
}

/** The rule of a read that is cached. */
export type CachedRule = Extract<Rule, { cached: true }>;

/** What a read is found by, and what it depends on. */
export interface Plan {
  key: string;
  /** Its key in the tier in this process, or in the store where there is but one. */
  nearKey: string;
  tags: readonly string[];
  /** What was asked, as a row of tokens that no other question has. */
  question: readonly Token[];
  /** The hash at the end of its key, as it is told. */
  shown?: string;
  /** Whether it names a secret that the entries of its collection are kept without. */
  namesSecret?: boolean;
}

/** A read that is to be answered from the cache. */
export interface Wanted extends Plan {
  rule: CachedRule;
  /** The rule's, or the call's own. */
  ttl: number;
  /** How long after its TTL an entry may be served, by reason, in seconds. */
  swr: number;
  staleIfError: number;
  /** Whether the entry is left alone, and replaced. */
  refresh: boolean;
  /** Whether it is what a function returned: its entry alone says what it depends on. */
  ofFunction?: true;
  /** Whether one more entry may be written to the store now. Default always. */
  mayWrite?(): boolean;
  count: FunctionCounts;
}

/** An entry that answers. */
export type Fresh = {
  found: true;
  result: unknown;
  entry: DecodedEntry;
  /** Seconds for which a copy of the entry may be kept. */
  mayBeCopied: number;
};
/** No entry that answers. */
export type Absent = {
  found: false;
  stale: boolean;
  /** Why it is stale, where that is known. */
  reason?: 'expired' | 'written';
  /** The tags of the entry, where it depends on others than was thought. */
  otherTags?: readonly string[];
  versions: (string | undefined)[] | undefined;
  /** The entry, where it may be served all the same. */
  old?: OldAnswer;
};

/** What is known in a lookup that store or registry did not answer. */
export interface Unanswered {
  /** The versions of the tags that were known. */
  current: (string | undefined)[];
  /** The tags of the others. */
  unknown: readonly string[];
  /** Their versions, where the registry answered. */
  answered: (string | undefined)[] | undefined;
  moment: Moment;
}

/** The result of an entry that is not fresh. */
interface OldAnswer {
  result: unknown;
  /** When the database was asked, by this clock. */
  askedAt: number;
  /** Now, while it is being replaced. */
  whileRevalidating: boolean;
  /** If the database throws. */
  ifError: boolean;
}

/** What the reads of one site share. */
export interface ReadContext extends CacheParts {
  /** The tier in this process, if it has one, and that below it. */
  near: Store | undefined;
  far: Store;
  /** What entries say of the scope, so that those of this site are known without their query. */
  site: string;
  /** Where entries in this process are kept decoded, under the keys of the near tier. */
  decoded: DecodedForms | undefined;
  /** When this process asked the database for its entries, by key: its own clock it can go by. */
  own: { get(key: string): number | undefined; set(key: string, askedAt: number): void };
}

/** Queries of which something is remembered. */
export const REMEMBERED_QUERIES = 5_000;

/** 60 bits: no two of the sites that share a store have the same. */
const LENGTH_OF_SITE = 10;

/** Creates what the reads of one site share. */
export function createReadContext(parts: CacheParts): ReadContext {
  const { near, far = parts.store } = parts.store;
  const site = hash(parts.scope).slice(0, LENGTH_OF_SITE);
  return {
    ...parts,
    near,
    far,
    site,
    decoded: (near ?? far).decoded,
    own: leastRecentlyUsed(REMEMBERED_QUERIES),
  };
}

/** One call of the store or the registry. A fault is counted, and its answer `undefined`. */
export function counted<Value>(
  guard: FaultGuard,
  count: FunctionCounts,
  call: () => Value | Promise<Value>,
  how?: CallOptions,
): Value | undefined | Promise<Value | undefined> {
  const note = (value: Value | undefined): Value | undefined => {
    if (value === undefined) count.errors += 1;
    return value;
  };
  const answer = guard.run(call, how);
  return answer instanceof Promise ? answer.then(note) : note(answer);
}

/** Versions that were known, with those that were learnt in the places of the others. */
export function completed(
  known: readonly (string | undefined)[],
  learnt: readonly (string | undefined)[],
): (string | undefined)[] {
  let next = 0;
  return known.map((version) => (version === undefined ? learnt[next++] : version));
}

/** For how many seconds after its TTL an entry is of use. */
export function graceOf({ swr, staleIfError }: CachedRule): number {
  return Math.max(swr, staleIfError);
}

/**
 * The share of an entry's life for which a copy is kept in this process, where others may have made it. The store below
 * keeps the entry that much shorter, by its own clock: so no copy outlives its entry, whatever the clock of who made it.
 */
export const COPIED = 0.1;

/** For how many seconds the store keeps an entry that is of use for so long. */
export function keptFor({ near, far }: ReadContext, use: number): number {
  return Math.max(near ? use * (1 - COPIED) : use, far.minimumTtl ?? 1);
}
