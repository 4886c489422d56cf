import { LRUCache } from 'lru-cache';
import type { Store } from '../stores/store.js';
import type { Background } from './background.js';
import { decodeEntry, decodeResult, type EncodedResult, encodeEntry, encodeResult } from './entry.js';
import type { Envelope, Opened } from './envelope.js';
import type { FaultGuard } from './fault.js';
import type { Invalidation } from './invalidation.js';
import { canonicalArguments, entryKey } from './key.js';
import type { CachedOperation, KeyContext } from './options.js';
import type { Policy } from './policy.js';
import type { Registry } from './registry.js';
import {
  CacheMissError,
  carriesTransaction,
  directiveOf,
  isAuthenticated,
  isInWriteOperation,
  isReadOperation,
  type ReadDirective,
  requestsOf,
} from './request.js';
import type { SingleFlight } from './single-flight.js';
import type { SiteSchema } from './site-schema.js';
import type { BypassReason, CacheCounts } from './stats.js';
import { memoryOf } from './subscription.js';
import { tagsOf } from './tags.js';
import type { VersionMemory } from './versions.js';

/** One read of the database adapter. */
export interface Read {
  operation: CachedOperation;
  type: 'collection' | 'global';
  slug: string;
  args: Readonly<Record<string, unknown>>;
  /** Asks the database. */
  ask(): Promise<unknown>;
}

/** What a shared query leaves to those who wait for it. */
type Answer = { result: unknown; encoded: EncodedResult | undefined };

/** What a cache works with. */
export interface CacheParts {
  store: Store;
  envelope: Envelope;
  registry: Registry;
  policy: Policy;
  schema: SiteSchema;
  versions: VersionMemory;
  invalidation: Pick<Invalidation, 'isPending'>;
  background: Background;
  storeGuard: FaultGuard;
  registryGuard: FaultGuard;
  singleFlight: SingleFlight<Answer>;
  /** Part of every key: format, fingerprint, namespace. */
  scope: string;
  /** No entry lives longer, in seconds: registries may forget versions that no living entry can have recorded. */
  longestTtl: number;
  /** Seconds a tag must have kept its version before results that depend on it are stored. */
  replicaLag: number;
  readableKey: ((context: KeyContext) => string) | undefined;
  counts(type: 'collection' | 'global', slug: string): CacheCounts;
  operations: { storeReads: number; storeWrites: number; registryReads: number };
  onFault(error: unknown, during: string): void;
  debug: ((message: string) => void) | undefined;
  now(): number;
}

interface Plan {
  key: string;
  tags: readonly string[];
}

type Fresh = { found: true; result: unknown };
type Absent = { found: false; stale: boolean; versions: (string | undefined)[] | undefined };

/** Queries whose key and tags are remembered. Both follow from the arguments alone. */
const REMEMBERED_PLANS = 5_000;
/** Longest query remembered, in characters: visitors may send any, and as many as they like. */
const LONGEST_REMEMBERED = 2_000;

/** Answers reads from the store where it can: key → lookup → fill. */
export interface Cache {
  read(read: Read): Promise<unknown>;
}

/** Creates the cache of one site. */
export function createCache(parts: CacheParts): Cache {
  const { envelope, registry, policy, schema, versions, scope, counts, operations } = parts;
  const { near, far: store = parts.store } = parts.store;
  const plans = new LRUCache<string, Plan>({ max: REMEMBERED_PLANS });
  const tagContext = { schema, slicesOf: policy.slicesOf };

  /** Key and tags of a read; `undefined` if its arguments cannot be understood. */
  function planOf(read: Read): Plan | undefined {
    const canonical = canonicalArguments(read.args);
    if (canonical === undefined) return undefined;
    const name = `${read.type}\n${read.slug}\n${read.operation}\n${canonical}`;
    const known = plans.get(name);
    if (known) return known;
    const tags = tagsOf({ operation: read.operation, slug: read.slug, args: read.args }, tagContext);
    if (!tags) return undefined;
    const plan = { key: keyOf(read, canonical), tags };
    if (name.length <= LONGEST_REMEMBERED) plans.set(name, plan);
    return plan;
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
    name: string,
    requests: readonly unknown[],
    directive: ReadDirective,
  ): BypassReason | undefined {
    const rule = policy.ruleOf(read.type, read.slug, read.operation);
    if (!rule.cached) return rule.reason;
    if (requests.some(isInWriteOperation)) return 'write-operation';
    if (carriesTransaction(read.args.req)) return 'transaction';
    // Payload's own sign-in code reads users directly and writes back what it read.
    if (rule.auth && !requests.every((request) => isReadOperation(request, name))) return 'auth-collection';
    if (directive?.kind === 'bypass') return 'request';
    if (rule.eventual && requests.some(isAuthenticated)) return 'request';
    if (parts.storeGuard.isOpen() || parts.registryGuard.isOpen()) return 'error';
    return undefined;
  }

  async function read(read: Read): Promise<unknown> {
    const count = counts(read.type, read.slug);
    const name = read.type === 'global' ? `@${read.slug}` : read.slug;
    const requests = requestsOf(name, read.args);
    // Several only where it is not certain which one it is; what one of them asks for is then nothing to go by.
    // Nor does it concern a write: one that cannot be understood must not break it off half-way.
    const asksFor = requests.length === 1 && !isInWriteOperation(requests[0]);
    const directive = asksFor ? directiveOf(requests[0], name) : undefined;
    let reason = bypassReason(read, name, requests, directive);
    const plan = reason ? undefined : planOrNone(read);
    if (!reason && !plan) reason = 'unknown-argument';
    if (plan && parts.invalidation.isPending(plan.tags)) reason = 'error';
    if (reason || !plan) {
      const bypass = reason ?? 'unknown-argument';
      count.bypasses[bypass] = (count.bypasses[bypass] ?? 0) + 1;
      parts.debug?.(`bypass (${bypass}) ${read.operation} ${read.slug}`);
      // A write operation is never kept from its database, whatever its context says.
      const mayRefuse =
        directive?.kind === 'only' && bypass !== 'write-operation' && bypass !== 'transaction';
      if (mayRefuse) throw new CacheMissError(read.slug, read.operation);
      return read.ask();
    }
    const rule = policy.ruleOf(read.type, read.slug, read.operation);
    if (!rule.cached) return read.ask();
    const ttl = Math.min(directive?.kind === 'ttl' ? directive.ttl : rule.ttl, parts.longestTtl);

    const memory = memoryOf(rule, versions.isTold());
    const answer = lookup(plan, ttl, memory, directive?.kind === 'refresh', count);
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
    return fill(read, plan, ttl, looked.versions, count);
  }

  /** Entry and versions in one call of the store, where they live together. */
  function lookup(
    plan: Plan,
    ttl: number,
    maximumAge: number,
    refresh: boolean,
    count: CacheCounts,
  ): Fresh | Absent | Promise<Fresh | Absent> {
    const { key, tags } = plan;
    if (registry.local) {
      const current = registry.get(tags) as (string | undefined)[];
      if (refresh) return { found: false, stale: false, versions: current };
      const near = lookupNear(plan, current, ttl, count);
      if (near?.found) return near;
      operations.storeReads += 1;
      const values = counted(parts.storeGuard, count, () => store.getMany([key]));
      if (values instanceof Promise)
        return values.then((read) => judgeFar(plan, read?.[0], current, ttl, count));
      return judgeFar(plan, values?.[0], current, ttl, count);
    }
    return lookupRemote(key, plan, ttl, maximumAge, refresh, count);
  }

  async function lookupRemote(
    key: string,
    plan: Plan,
    ttl: number,
    maximumAge: number,
    refresh: boolean,
    count: CacheCounts,
  ): Promise<Fresh | Absent> {
    const { tags } = plan;
    const current = versions.recall(tags, maximumAge);
    const unknown = tags.filter((_tag, index) => current[index] === undefined);
    if (unknown.length === 0 && !refresh) {
      const near = lookupNear(plan, current, ttl, count);
      if (near?.found) return near;
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
    return judgeFar(plan, text, complete, ttl, count);
  }

  /** One call of the store or the registry. A fault is counted, and its answer `undefined`. */
  function counted<Value>(
    guard: FaultGuard,
    count: CacheCounts,
    call: () => Value | Promise<Value>,
  ): Value | undefined | Promise<Value | undefined> {
    const note = (value: Value | undefined): Value | undefined => {
      if (value === undefined) count.errors += 1;
      return value;
    };
    const answer = guard.run(call);
    return answer instanceof Promise ? answer.then(note) : note(answer);
  }

  /** The tier in this process, which costs no round trip. */
  function lookupNear(
    plan: Plan,
    current: (string | undefined)[],
    ttl: number,
    count: CacheCounts,
  ): Fresh | Absent | undefined {
    const text = near?.get(plan.key) as string | undefined;
    if (text === undefined) return undefined;
    return judge(plan, text, envelope.unwrap(text), current, ttl, count);
  }

  /** Asynchronous where the entry is compressed or encrypted. */
  function judgeFar(
    plan: Plan,
    text: string | undefined,
    current: (string | undefined)[],
    ttl: number,
    count: CacheCounts,
  ): Fresh | Absent | Promise<Fresh | Absent> {
    if (text === undefined) return { found: false, stale: false, versions: current };
    const judgeOpened = (opened: Opened): Fresh | Absent => {
      const judged = judge(plan, text, opened, current, ttl, count);
      if (judged.found && opened) near?.set(plan.key, envelope.wrap(opened, text), ttl);
      return judged;
    };
    // Whatever a store answers.
    const opened = typeof text === 'string' ? envelope.open(plan.key, text) : null;
    return opened instanceof Promise ? opened.then(judgeOpened) : judgeOpened(opened);
  }

  function judge(
    plan: Plan,
    text: string,
    opened: Opened,
    current: (string | undefined)[],
    ttl: number,
    count: CacheCounts,
  ): Fresh | Absent {
    const absent = (stale: boolean): Absent => ({ found: false, stale, versions: current });
    // Of another release, or another site's: nothing is wrong with it.
    if (opened === undefined) return absent(false);
    const entry = opened === null ? undefined : decodeEntry(opened, envelope.serializer);
    if (entry?.key !== plan.key) {
      count.errors += 1;
      return absent(false);
    }
    const age = parts.now() - entry.storedAt;
    if (age >= Math.min(entry.ttl, ttl) * 1000) return absent(true);
    if (!sameTexts(entry.tags, plan.tags) || !sameTexts(entry.versions, current)) return absent(true);
    try {
      const result = entry.result();
      count.bytesRead += text.length;
      return { found: true, result };
    } catch (error) {
      count.errors += 1;
      parts.onFault(error, 'reading an entry');
      return absent(false);
    }
  }

  /** Asks the database, once for all that wait for the same, and stores the answer behind the caller's back. */
  async function fill(
    read: Read,
    plan: Plan,
    ttl: number,
    found: (string | undefined)[] | undefined,
    count: CacheCounts,
  ): Promise<unknown> {
    const before = found && (await completeVersions(plan.tags, found, count));
    // Without versions nothing can be said about freshness, so nothing is stored or shared.
    if (!before) return read.ask();
    const flight = await parts.singleFlight.run(`${plan.key} ${before.join(' ')}`, async () => {
      const result = await read.ask();
      // Encoded before anyone has the result in hand, because Payload changes documents in place.
      const encoded = encodeResult(result, envelope.serializer);
      if (encoded) keep(read, plan, ttl, before, encoded, count);
      else count.uncacheable += 1;
      return { result, encoded };
    });
    if (!flight) return read.ask();
    if (flight.led) return flight.shared.result;
    const { encoded } = flight.shared;
    if (!encoded) return read.ask();
    count.shared += 1;
    return decodeResult(encoded, envelope.serializer);
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
    plan: Plan,
    ttl: number,
    before: readonly string[],
    encoded: EncodedResult,
    count: CacheCounts,
  ): void {
    if (parts.replicaLag > 0 && !versions.isSettled(plan.tags, before, parts.replicaLag)) return;
    const body = encodeEntry(
      { key: plan.key, tags: plan.tags, versions: before, storedAt: parts.now(), ttl },
      encoded,
    );
    if (near) {
      const text = envelope.wrap(body);
      if (!near.maximumBytes || !exceeds(text, near.maximumBytes)) near.set(plan.key, text, ttl);
    }
    const sealed = envelope.seal(plan.key, body);
    const written =
      sealed instanceof Promise
        ? sealed.then((text) => write(read, plan, ttl, text, count))
        : write(read, plan, ttl, sealed, count);
    if (written instanceof Promise) parts.background.run(written);
  }

  function write(
    read: Read,
    plan: Plan,
    ttl: number,
    text: string,
    count: CacheCounts,
  ): void | Promise<void> {
    if (store.maximumBytes !== undefined && exceeds(text, store.maximumBytes)) {
      count.uncacheable += 1;
      parts.debug?.(`too large ${plan.key}`);
      return;
    }
    operations.storeWrites += 1;
    const written = counted(parts.storeGuard, count, () => {
      const writing = store.set(plan.key, text, Math.max(ttl, store.minimumTtl ?? 1));
      return writing instanceof Promise ? writing.then(() => true) : true;
    });
    const done = (ok: boolean | undefined): void => {
      if (!ok) return;
      count.writes += 1;
      count.bytesWritten += text.length;
      parts.debug?.(`stored ${plan.key} ${read.operation} for ${ttl} s`);
    };
    return written instanceof Promise ? written.then(done) : done(written);
  }

  return { read };
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
