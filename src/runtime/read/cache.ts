import { LRUCache } from 'lru-cache';
import type { Registry } from '../../interfaces/registry.js';
import { leavesProcess, type Store } from '../../interfaces/store.js';
import type { Background } from '../../platform/background.js';
import { sleep } from '../../platform/sleep.js';
import { decodeEntry, decodeResult, type EncodedResult, encodeEntry, encodeResult } from '../entry/entry.js';
import type { Envelope, Opened } from '../entry/entry-form.js';
import type { CallOptions, FaultGuard } from '../fault/fault-guard.js';
import {
  CacheMissError,
  type FoundDirective,
  findDirective,
  type ReadDirective,
} from '../operation/directive.js';
import {
  carriesTransaction,
  directiveOf,
  isOfReadOperation,
  isOfSomebody,
  isOfWriteOperation,
  NOBODY,
  noteUnannounced,
  type Reader,
  readerOf,
} from '../operation/operation.js';
import type { KeyContext } from '../policy/options.js';
import type { Policy, Rule } from '../policy/policy.js';
import { canonicalArguments } from '../query/canonical-arguments.js';
import { tagsOf } from '../query/dependencies.js';
import { entryKey } from '../query/key.js';
import type { CachedOperation } from '../query/operations.js';
import type { SiteSchema } from '../query/site-schema.js';
import type { BypassReason, CacheCounts } from '../stats/stats.js';
import type { SliceSets } from '../versions/slice-sets.js';
import { memoryOf } from '../versions/subscription.js';
import type { VersionMemory } from '../versions/version-memory.js';
import type { Invalidation } from '../write/invalidation.js';
import { createNegativeWrites } from './negative-writes.js';
import type { SingleFlight } from './single-flight.js';
import type { WriteQueue } from './write-queue.js';

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
type Answer = { result: unknown; encoded: EncodedResult | undefined };

/** What a cache works with. */
export interface CacheParts {
  store: Store;
  envelope: Envelope;
  registry: Registry;
  policy: Policy;
  sliceSets: SliceSets;
  schema: SiteSchema;
  versions: VersionMemory;
  invalidation: Pick<Invalidation, 'pendingFor'>;
  background: Background;
  storeGuard: FaultGuard;
  registryGuard: FaultGuard;
  singleFlight: SingleFlight<Answer>;
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
  /** Seconds a tag must have kept its version before results that depend on it are stored. */
  replicaLag: number;
  readableKey: ((context: KeyContext) => string) | undefined;
  counts(type: 'collection' | 'global', slug: string): CacheCounts;
  operations: { storeReads: number; storeWrites: number; registryReads: number };
  onFault(error: unknown, during: string): void;
  debug: ((message: string) => void) | undefined;
  now(): number;
}

type CachedRule = Extract<Rule, { cached: true }>;

interface Plan {
  key: string;
  /** Its key in the tier in this process. */
  nearKey: string;
  tags: readonly string[];
  /** The arguments of a plan that is not remembered: to compare them takes less than to hash them once more. */
  canonical?: string | undefined;
}

/** A read that is to be answered from the cache. */
interface Wanted extends Plan {
  rule: CachedRule;
  /** The rule's, or the call's own. */
  ttl: number;
  /** How long after its TTL an entry may be served, by reason, in seconds. */
  swr: number;
  staleIfError: number;
  /** Whether the entry is left alone, and replaced. */
  refresh: boolean;
  count: CacheCounts;
}

type Fresh = {
  found: true;
  result: unknown;
  /** Seconds for which a copy of the entry may be kept. */
  mayBeCopied: number;
};
type Absent = {
  found: false;
  stale: boolean;
  versions: (string | undefined)[] | undefined;
  /** The entry, where it may be served all the same. */
  old?: OldAnswer;
};

/** The result of an entry that is not fresh. */
interface OldAnswer {
  result: unknown;
  /** Now, while it is being replaced. */
  whileRevalidating: boolean;
  /** If the database throws. */
  ifError: boolean;
}

/** Queries whose key and tags are remembered. Both follow from the arguments alone. */
const REMEMBERED_PLANS = 5_000;
/** Longest query remembered, in characters: visitors may send any, and as many as they like. */
const LONGEST_REMEMBERED = 2_000;

/** A query of the database takes no longer, in milliseconds; more between two of them is a clock that was set back. */
const LONGEST_QUERY_TIME = 60_000;

/** A background query that has not ended by then is taken for dead, in milliseconds: in workerd nobody would tell. */
const LONGEST_REVALIDATION = 30_000;
/** Attempts to write an entry, with longer and longer pauses. */
const WRITE_ATTEMPTS = 3;
/** Longest pause after the first attempt, in milliseconds. */
const FIRST_PAUSE = 200;
/** An entry dated later than this from now, in seconds, is of an unknown age: another machine's clock goes wrong. */
const CLOCK_DIFFERENCE = 10;
/**
 * The share of an entry's life for which a copy is kept in this process, where others may have made it. The store below
 * keeps the entry that much shorter, by its own clock: so no copy outlives its entry, whatever the clock of who made it.
 */
const COPIED = 0.1;

/** Answers reads from the store where it can: key → lookup → fill. */
export interface Cache {
  read(read: Read): Promise<unknown>;
}

/** Creates the cache of one site. */
export function createCache(parts: CacheParts): Cache {
  const { envelope, registry, policy, sliceSets, schema, versions, scope, counts, operations } = parts;
  const { near, far: store = parts.store } = parts.store;
  const ending = leavesProcess(store) ? '' : parts.attachment;
  const plans = new LRUCache<string, Plan>({ max: REMEMBERED_PLANS });
  const tagContext = { schema, slicesOf: policy.slicesOf, guardsOf: sliceSets.guardsOf };
  let changesOfSets = 0;
  const negativeWrites = createNegativeWrites(parts.now);
  /** When this process asked the database for its entries, by key: its own clock it can go by. */
  const own = new LRUCache<string, number>({ max: REMEMBERED_PLANS });
  /** When a query to replace an entry was begun in the background, by key. */
  const revalidating = new Map<string, number>();

  /** Key and tags of a read; `undefined` if its arguments cannot be understood. */
  function planOf(read: Read): Plan | undefined {
    const canonical = canonicalArguments(read.args);
    if (canonical === undefined) return undefined;
    const name = nameOf(read, canonical);
    if (changesOfSets !== sliceSets.changes()) {
      changesOfSets = sliceSets.changes();
      plans.clear();
    }
    const isShort = name.length <= LONGEST_REMEMBERED;
    const known = isShort ? plans.get(name) : undefined;
    if (known) return known;
    const tags = tagsOf({ operation: read.operation, slug: read.slug, args: read.args }, tagContext);
    if (!tags) return undefined;
    const key = keyOf(read, `${canonical}${sliceSets.nameOf(tags)}`);
    const plan = { key: key + ending, nearKey: near ? key + parts.attachment : key, tags };
    if (!isShort) return { ...plan, canonical };
    plans.set(name, plan);
    return plan;
  }

  function nameOf(read: Read, canonical: string): string {
    return `${read.type}\n${read.slug}\n${read.operation}\n${canonical}`;
  }

  /** Whether the arguments still say what the plan was made from. */
  function isStillAsked(read: Read, { key, tags, canonical }: Plan): boolean {
    const now = canonicalArguments(read.args);
    if (now === undefined) return false;
    if (canonical !== undefined) return now === canonical;
    return (
      (plans.get(nameOf(read, now))?.key ?? keyOf(read, `${now}${sliceSets.nameOf(tags)}`) + ending) === key
    );
  }

  /** A fault of the analysis is a query that is not cached, never an error of the site. */
  function planOrNone(read: Read): Plan | undefined {
    try {
      return planOf(read);
    } catch (error) {
      parts.onFault(error, `analysing ${read.operation} on ${read.slug}`);
      return undefined;
    }
  }

  function keyOf(read: Read, canonical: string): string {
    const { slug, type, operation } = read;
    let readable = `${type === 'global' ? '@' : ''}${slug}:${operation}`;
    if (parts.readableKey) {
      const { req: _request, ...args } = read.args;
      try {
        readable = String(parts.readableKey({ slug, type, operation, args }));
      } catch (error) {
        parts.onFault(error, 'the custom key function');
      }
    }
    return entryKey({ readable, scope, slug: `${type}:${slug}`, operation, canonical });
  }

  function bypassReason(
    read: Read,
    reader: Reader,
    rule: Rule,
    isInTransaction: boolean,
    directive: ReadDirective,
  ): BypassReason | undefined {
    if (!rule.cached) return rule.reason;
    if (isOfWriteOperation(reader) || asksForOrder(read.args.select)) return 'write-operation';
    if (isInTransaction) return 'transaction';
    // Payload's own sign-in code reads users directly and writes back what it read.
    if (rule.auth && !isOfReadOperation(reader)) return 'auth-collection';
    if (directive?.kind === 'bypass') return 'request';
    if (rule.eventual && isOfSomebody(reader)) return 'request';
    if (parts.storeGuard.isOpen() || parts.registryGuard.isOpen()) return 'error';
    return undefined;
  }

  async function read(read: Read): Promise<unknown> {
    const count = counts(read.type, read.slug);
    const name = read.type === 'global' ? `@${read.slug}` : read.slug;
    if (read.operation === 'findVersions') noteUnannounced(name, read.args);
    const reader = readerOf(name, read.args);
    // It does not concern a write: one that cannot be understood must not break it off half-way.
    const directive = isOfWriteOperation(reader) ? undefined : directiveOf(reader, directDirective(read));
    const rule = policy.ruleOf(read.type, read.slug, read.operation);
    const carries = carriesTransaction(reader);
    const isInTransaction = carries instanceof Promise ? await carries : carries;
    let reason = bypassReason(read, reader, rule, isInTransaction, directive);
    const plan = reason ? undefined : planOrNone(read);
    if (!reason && !plan) reason = 'unknown-argument';
    if (plan) reason = parts.invalidation.pendingFor(plan.tags);
    if (reason || !plan || !rule.cached) {
      const bypass = reason ?? 'unknown-argument';
      count.bypasses[bypass] = (count.bypasses[bypass] ?? 0) + 1;
      parts.debug?.(`bypass (${bypass}) ${read.operation} ${read.slug}`);
      // A write operation is never kept from its database, whatever its context says.
      const mayRefuse =
        directive?.kind === 'only' && bypass !== 'write-operation' && bypass !== 'transaction';
      if (mayRefuse) throw new CacheMissError(read.slug, read.operation);
      return read.ask();
    }
    const wanted: Wanted = {
      // Spreading the plan takes V8 as long as a tenth of the hit.
      key: plan.key,
      nearKey: plan.nearKey,
      tags: plan.tags,
      canonical: plan.canonical,
      rule,
      ttl: Math.min(directive?.kind === 'ttl' ? directive.ttl : rule.ttl, parts.longestTtl),
      // Who asks for something of their own gets that.
      swr: directive ? 0 : rule.swr,
      staleIfError: directive ? 0 : rule.staleIfError,
      refresh: directive?.kind === 'refresh',
      count,
    };

    const answer = lookup(wanted);
    const looked = answer instanceof Promise ? await answer : answer;
    if (looked.found) {
      count.hits += 1;
      parts.debug?.(`hit ${plan.key}`);
      return looked.result;
    }
    if (looked.stale) count.stale += 1;
    else count.misses += 1;
    parts.debug?.(`${looked.stale ? 'stale' : 'miss'} ${plan.key}`);
    if (directive?.kind === 'only') throw new CacheMissError(read.slug, read.operation);
    const { old } = looked;
    if (!old) return fill(read, reader, wanted, looked.versions);
    if (old.whileRevalidating) {
      revalidate(read, wanted, looked.versions);
      count.servedStale += 1;
      return old.result;
    }
    try {
      return await fill(read, reader, wanted, looked.versions);
    } catch (error) {
      if (!old.ifError) throw error;
      parts.onFault(error, `${read.operation} of ${read.slug} in the database`);
      count.servedStale += 1;
      return old.result;
    }
  }

  /** Entry and versions in one call of the store, where they live together. */
  function lookup(wanted: Wanted): Fresh | Absent | Promise<Fresh | Absent> {
    const { key, tags, count } = wanted;
    if (!registry.local) return lookupRemote(wanted);
    const current = registry.get(tags) as (string | undefined)[];
    if (wanted.refresh) return { found: false, stale: false, versions: current };
    const nearby = lookupNear(wanted, current);
    if (nearby?.found) return nearby;
    operations.storeReads += 1;
    const values = counted(parts.storeGuard, count, () => store.getMany([key]));
    if (values instanceof Promise) return values.then((read) => judgeFar(wanted, read?.[0], current));
    return judgeFar(wanted, values?.[0], current);
  }

  async function lookupRemote(wanted: Wanted): Promise<Fresh | Absent> {
    const { key, tags, refresh, count } = wanted;
    const current = versions.recall(tags, memoryOf(wanted.rule, versions.isTold()));
    const unknown = tags.filter((_tag, index) => current[index] === undefined);
    if (unknown.length === 0 && !refresh) {
      const nearby = lookupNear(wanted, current);
      if (nearby?.found) return nearby;
    }
    const moment = versions.moment();
    let text: string | undefined;
    let learnt: (string | undefined)[] | undefined = [];
    if (unknown.length > 0 && registry.storeKey && registry.readStored) {
      const { storeKey, readStored } = registry;
      operations.storeReads += 1;
      const values = await counted(parts.storeGuard, count, () =>
        store.getMany([...(refresh ? [] : [key]), ...unknown.map(storeKey)]),
      );
      if (!refresh) text = values?.[0];
      learnt = values?.slice(refresh ? 0 : 1).map(readStored);
    } else {
      if (!refresh) operations.storeReads += 1;
      if (unknown.length > 0) operations.registryReads += 1;
      const [values, answer] = await Promise.all([
        refresh ? undefined : counted(parts.storeGuard, count, () => store.getMany([key])),
        unknown.length > 0 ? counted(parts.registryGuard, count, () => registry.get(unknown)) : [],
      ]);
      text = values?.[0];
      learnt = answer;
    }
    if (!learnt) return { found: false, stale: false, versions: undefined };
    const corrected = versions.learn(unknown, learnt, moment);
    let next = 0;
    const complete = current.map((version) => (version === undefined ? corrected[next++] : version));
    return judgeFar(wanted, text, complete);
  }

  /** One call of the store or the registry. A fault is counted, and its answer `undefined`. */
  function counted<Value>(
    guard: FaultGuard,
    count: CacheCounts,
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

  /** The tier in this process, which costs no round trip. */
  function lookupNear(wanted: Wanted, current: (string | undefined)[]): Fresh | Absent | undefined {
    const text = near?.get(wanted.nearKey) as string | undefined;
    return text === undefined ? undefined : judge(wanted, text, envelope.unwrap(text), current);
  }

  /** Asynchronous where the entry is compressed or encrypted. */
  function judgeFar(
    wanted: Wanted,
    text: string | undefined,
    current: (string | undefined)[],
  ): Fresh | Absent | Promise<Fresh | Absent> {
    if (text === undefined) return { found: false, stale: false, versions: current };
    const judgeOpened = (opened: Opened): Fresh | Absent => {
      const judged = judge(wanted, text, opened, current);
      if (judged.found && opened) near?.set(wanted.nearKey, envelope.wrap(opened, text), judged.mayBeCopied);
      return judged;
    };
    // Whatever a store answers.
    const opened = typeof text === 'string' ? envelope.open(wanted.key, text) : null;
    return opened instanceof Promise ? opened.then(judgeOpened) : judgeOpened(opened);
  }

  function judge(
    wanted: Wanted,
    text: string,
    opened: Opened,
    current: (string | undefined)[],
  ): Fresh | Absent {
    const { key, tags, count } = wanted;
    const absent = (stale: boolean): Absent => ({ found: false, stale, versions: current });
    // Of another release, or another site's: nothing is wrong with it.
    if (opened === undefined) return absent(false);
    const entry = opened === null ? undefined : decodeEntry(opened, envelope.serializer);
    if (entry?.key !== key) {
      count.errors += 1;
      return absent(false);
    }
    const dated = (parts.now() - entry.askedAt) / 1000;
    if (dated < -CLOCK_DIFFERENCE) return absent(true);
    const age = Math.max(dated, 0);
    const left = Math.min(entry.ttl, wanted.ttl) - age;
    const isCurrent = sameTexts(entry.tags, tags) && sameTexts(entry.versions, current);
    const isFresh = isCurrent && left > 0;
    /** Whether it may be served for so many seconds although it is not fresh. */
    const mayServe = (grace: number): boolean => {
      if (grace === 0) return false;
      if (isCurrent) return left + grace > 0;
      // A write made it stale at some moment since the database was asked: by this clock, or within what stores keep.
      const { maximumAge, eventual } = wanted.rule;
      const isOwn = own.get(key) === entry.askedAt;
      const bound = eventual ? grace : isOwn ? Math.min(grace, maximumAge) : 0;
      const since = isOwn ? entry.askedAt : parts.now() - 1000 * keptFor(entry.ttl + graceOf(wanted.rule));
      return age < bound && !versions.replacedSince(tags, since);
    };
    const whileRevalidating = !isFresh && mayServe(wanted.swr);
    const ifError = !isFresh && mayServe(wanted.staleIfError);
    if (!isFresh && !whileRevalidating && !ifError) return absent(true);
    let result: unknown;
    try {
      result = entry.result();
      count.bytesRead += text.length;
    } catch (error) {
      count.errors += 1;
      parts.onFault(error, 'reading an entry');
      return absent(false);
    }
    if (isFresh) {
      const grace = graceOf(wanted.rule);
      return { found: true, result, mayBeCopied: Math.min(left + grace, COPIED * (entry.ttl + grace)) };
    }
    return { ...absent(true), old: { result, whileRevalidating, ifError } };
  }

  /** Replaces an entry in the background, unless that is being done. */
  function revalidate(read: Read, wanted: Wanted, found: (string | undefined)[] | undefined): void {
    const { key } = wanted;
    const passed = parts.now() - (revalidating.get(key) ?? Number.NEGATIVE_INFINITY);
    if (passed >= 0 && passed < LONGEST_REVALIDATION) return;
    for (const [oldest, begun] of revalidating) {
      if (parts.now() - begun < LONGEST_REVALIDATION) break;
      revalidating.delete(oldest);
    }
    const begun = parts.now();
    revalidating.set(key, begun);
    parts.background.run(
      fill({ ...read, ask: read.askApart }, NOBODY, wanted, found).finally(() => {
        if (revalidating.get(key) === begun) revalidating.delete(key);
      }),
    );
  }

  /** Asks the database, once for all that wait for the same, and stores the answer behind the caller's back. */
  async function fill(
    read: Read,
    reader: Reader,
    wanted: Wanted,
    found: (string | undefined)[] | undefined,
  ): Promise<unknown> {
    const { count } = wanted;
    const before = found && (await completeVersions(wanted.tags, found, count));
    /** Its request may have begun a write since the lookup began, and what it sees inside is for nobody else. */
    const isInside = async (): Promise<boolean> => isOfWriteOperation(reader) || carriesTransaction(reader);
    // Without versions nothing can be said about freshness, so nothing is stored or shared. Nor without all tags. Nor is
    // the answer to arguments that their caller has changed since: they are another question by now.
    if (
      !before ||
      !sliceSets.areComplete(wanted.tags, before) ||
      (await isInside()) ||
      !isStillAsked(read, wanted)
    ) {
      return read.ask();
    }
    const lead = async (): Promise<Answer> => {
      const askedAt = parts.now();
      const result = await read.ask();
      // The adapter looks for a transaction at a moment of its own.
      if (await isInside()) return { result, encoded: undefined };
      // Encoded before anyone has the result in hand, because Payload changes documents in place.
      let encoded: EncodedResult | undefined;
      try {
        encoded = encodeResult(result, envelope.serializer);
        if (encoded) keep(read, wanted, { before, askedAt }, encoded, holdsNothing(read.operation, result));
      } catch (error) {
        // Whatever becomes of the entry, the database has answered.
        parts.onFault(error, `making an entry of ${read.operation} on ${read.slug}`);
      }
      if (!encoded) count.uncacheable += 1;
      return { result, encoded };
    };
    // A query under way began before somebody asked for a new answer.
    if (wanted.refresh) return (await lead()).result;
    const flight = await parts.singleFlight.run(`${wanted.key} ${before.join(' ')}`, lead);
    if (!flight) return read.ask();
    if (flight.led) return flight.shared.result;
    const { encoded } = flight.shared;
    if (!encoded) return read.ask();
    count.shared += 1;
    return decodeResult(encoded);
  }

  /** Gives tags without a version a first one, where the registry may have lost theirs. */
  async function completeVersions(
    tags: readonly string[],
    found: (string | undefined)[],
    count: CacheCounts,
  ): Promise<string[] | undefined> {
    const missing = tags.filter((_tag, index) => found[index] === undefined);
    if (missing.length === 0) return found as string[];
    if (!registry.create) return undefined;
    const { create } = registry;
    const moment = versions.moment();
    operations.registryReads += 1;
    const created = await counted(parts.registryGuard, count, () => create(missing));
    if (!created) return undefined;
    const corrected = versions.learn(missing, created, moment);
    let next = 0;
    const complete = found.map((version) => (version === undefined ? corrected[next++] : version));
    return complete.includes(undefined) ? undefined : (complete as string[]);
  }

  function keep(
    read: Read,
    wanted: Wanted,
    { before, askedAt }: { before: readonly string[]; askedAt: number },
    encoded: EncodedResult,
    isNegative: boolean,
  ): void {
    const { key, nearKey, tags, rule, count } = wanted;
    if (parts.replicaLag > 0 && !versions.isSettled(tags, before, parts.replicaLag)) return;
    const longest = isNegative ? Math.min(wanted.ttl, rule.negativeTtl) : wanted.ttl;
    if (longest === 0) return;
    const ttl = Math.round(longest * (1 - parts.ttlJitter * Math.random()));
    const body = encodeEntry({ key, tags, versions: before, askedAt, ttl }, encoded);
    const kept = ttl + graceOf(rule);
    // A query that began before another has ended after it.
    const newer = (own.get(key) ?? askedAt) - askedAt;
    if (newer > 0 && newer < LONGEST_QUERY_TIME) return;
    own.set(key, askedAt);
    if (near) {
      const text = envelope.wrap(body);
      const { nearMaximumBytes } = parts;
      if (nearMaximumBytes === undefined || !exceeds(text, nearMaximumBytes)) near.set(nearKey, text, kept);
    }
    if (isNegative && store.paidWrites && !negativeWrites.mayWrite(key)) return;
    const written = parts.writeQueue.run(
      () => {
        const sealed = envelope.seal(key, body);
        return sealed instanceof Promise
          ? sealed.then((text) => write(read, wanted, text, kept))
          : write(read, wanted, sealed, kept);
      },
      body.length,
      () => {
        count.droppedWrites += 1;
        parts.debug?.(`too many are waiting to be written ${key}`);
      },
    );
    if (written) parts.background.run(written);
  }

  /** For how many seconds the store keeps an entry that is of use for so long. */
  function keptFor(use: number): number {
    return Math.max(near ? use * (1 - COPIED) : use, store.minimumTtl ?? 1);
  }

  function write(read: Read, wanted: Wanted, text: string, kept: number): void | Promise<void> {
    const { key, count } = wanted;
    if (parts.maximumBytes !== undefined && exceeds(text, parts.maximumBytes)) {
      count.uncacheable += 1;
      parts.debug?.(`too large ${key}`);
      return;
    }
    const attempt = (): true | undefined | Promise<true | undefined> => {
      operations.storeWrites += 1;
      return counted(
        parts.storeGuard,
        count,
        () => {
          const writing = store.set(key, text, keptFor(kept));
          return writing instanceof Promise ? writing.then(() => true as const) : true;
        },
        { timeout: parts.writeTimeout },
      );
    };
    const done = (): void => {
      count.writes += 1;
      count.bytesWritten += text.length;
      parts.debug?.(`stored ${key} ${read.operation} for ${kept} s`);
    };
    const first = attempt();
    if (first instanceof Promise) return first.then((ok) => (ok ? done() : writeAgain()));
    if (first) done();

    async function writeAgain(): Promise<void> {
      for (let count = 2; count <= WRITE_ATTEMPTS; count++) {
        await sleep(FIRST_PAUSE * 2 ** (count - 2) * Math.random(), false);
        if (parts.storeGuard.isOpen()) return;
        if (await attempt()) return done();
      }
    }
  }

  return { read };
}

/** What the context of a read asks for, as that of a direct call of the adapter may. */
function directDirective({ args: { req } }: Read): FoundDirective | undefined {
  return findDirective((req as { context?: unknown } | null | undefined)?.context);
}

/**
 * Whether a read asks for the order of documents by name, as Payload's endpoint for it does before it writes another:
 * partly without its request, so that nothing else tells.
 */
function asksForOrder(select: unknown): boolean {
  if (typeof select !== 'object' || select === null) return false;
  for (const name in select) if (name.startsWith('_') && name.endsWith('_order')) return true;
  return false;
}

/** For how many seconds after its TTL an entry is of use. */
function graceOf({ swr, staleIfError }: CachedRule): number {
  return Math.max(swr, staleIfError);
}

/** Whether the database found nothing: no document, no page of any, none to count. */
function holdsNothing(operation: CachedOperation, result: unknown): boolean {
  if (typeof result !== 'object' || result === null) return true;
  const { docs, values, totalDocs } = result as { docs?: unknown[]; values?: unknown[]; totalDocs?: unknown };
  switch (operation) {
    case 'findOne':
    case 'findGlobal':
      return Object.keys(result).length === 0;
    case 'findDistinct':
      return values?.length === 0;
    case 'count':
    case 'countVersions':
    case 'countGlobalVersions':
      return totalDocs === 0;
    default:
      return docs?.length === 0;
  }
}

function sameTexts(one: readonly string[], other: readonly (string | undefined)[]): boolean {
  if (one.length !== other.length) return false;
  for (let index = 0; index < one.length; index++) if (one[index] !== other[index]) return false;
  return true;
}

/** Whether a text is longer than a number of bytes in UTF-8. Counts only where the length leaves doubt. */
function exceeds(text: string, bytes: number): boolean {
  if (text.length > bytes) return true;
  if (text.length * 3 <= bytes) return false;
  return Buffer.byteLength(text) > bytes;
}
