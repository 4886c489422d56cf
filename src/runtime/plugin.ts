import type { Config, DatabaseAdapter, Payload, Plugin } from 'payload';
import { parseDuration } from '../duration.js';
import { PayloadKVError } from '../errors.js';
import { NEVER_REPLACED, newVersion, type Registry } from '../interfaces/registry.js';
import { leavesProcess, type StoreHealth } from '../interfaces/store.js';
import {
  type Background,
  cloudflareContext,
  createBackground,
  findWaitUntil,
  isWorkerd,
} from '../platform/background.js';
import { nameIn } from '../platform/binding.js';
import { withTimeout } from '../platform/timeout.js';
import { databaseIdentity } from './adapter/database-identity.js';
import { type CacheBehind, wrapAdapter } from './adapter/wrap-adapter.js';
import { ENTRY_FORMAT } from './entry/entry-form.js';
import { createEnvelope } from './entry/envelope.js';
import { createFaultGuard, type FaultGuard } from './fault/fault-guard.js';
import { callEndpoints, callLocalAPI, hookOperations } from './operation/hook-operations.js';
import { withEnvironment } from './policy/environment.js';
import type {
  GeneratedTypes,
  GlobalPolicy,
  InvalidationEvent,
  InvalidationHook,
  PayloadKVOptions,
} from './policy/options.js';
import { checkOptions, createPolicy, DEFAULT_TTL, DEFAULT_TTL_JITTER } from './policy/policy.js';
import { checkStoredSecrets } from './policy/stored-secrets.js';
import { readSiteSchema } from './query/site-schema.js';
import { forgetEntries, nextAttachment } from './read/attachment.js';
import { type CacheParts, createCache } from './read/cache.js';
import { createSingleFlight, defaultSingleFlight } from './read/single-flight.js';
import { createWriteQueue } from './read/write-queue.js';
import { addCounts, type CacheCounts, type CacheStats, emptyCounts } from './stats/stats.js';
import { createSliceSets, type SliceSets } from './versions/slice-sets.js';
import { wantsToBeTold } from './versions/subscription.js';
import { createVersionMemory, type VersionMemory } from './versions/version-memory.js';
import { createInvalidation, type Invalidation } from './write/invalidation.js';

/** Name under which the plugin keeps its options in the config, so that a hot reload finds the new ones. */
const CUSTOM = 'payload-kv';
/** Where a Payload instance carries its cache. Shared by all copies of this module in a bundle. */
const INSTANCE = Symbol.for('payload-kv.instance');

/** Longest wait for one read, in milliseconds. */
const DEFAULT_TIMEOUT = 100;
/** Longest time for one write, in milliseconds. */
const DEFAULT_WRITE_TIMEOUT = 2_000;
const PAUSE = 10_000;
/** Entries written at the same time. */
const DEFAULT_CONCURRENT_WRITES = 20;
/** The same fault is logged once in this many milliseconds. */
const QUIET = 60_000;
/** Seconds after a replacement in which a read replica may still answer with older data. */
const DEFAULT_REPLICA_LAG = 5;

/** No entry lives longer, in seconds. */
const LONGEST_LIFE = 180 * 86_400;
/**
 * How long versions are kept at least, in seconds, where a registry has a version for those that it has forgotten: one
 * process may replace them, and another, with longer TTLs, have entries from before.
 */
const SHORTEST_MEMORY = 2 * LONGEST_LIFE;

interface Instance {
  stats(): CacheStats;
  health(): Promise<CacheHealth>;
  invalidation(): Invalidation | undefined;
  background: Background;
}

interface Setup {
  options: PayloadKVOptions;
  registry: Registry;
  /** Whether reads are answered from the cache; writes make stale in any case. */
  answers: boolean;
}

/**
 * The Payload plugin: wraps the database adapter, so that reads of the whole site are answered from the store where
 * they can be, and a write makes stale what depends on it.
 *
 * Environment variables win over options; see docs/environment.md.
 *
 * @throws PayloadKVError `INVALID_STORE`, `INVALID_POLICY`, `INVALID_DURATION`, `INVALID_ENVIRONMENT`,
 *   `CONSISTENCY_NOT_AVAILABLE` or `AUTH_NOT_ENCRYPTED`, naming the option or variable
 */
export function payloadKV<Types extends GeneratedTypes = GeneratedTypes>(
  options: PayloadKVOptions<Types>,
): Plugin {
  const { options: general, answers } = withEnvironment(options as PayloadKVOptions);
  const isOff = general.enabled === false;
  if (
    typeof general.store !== 'object' ||
    general.store === null ||
    typeof general.store.getMany !== 'function'
  ) {
    if (isOff) return (config) => config;
    throw new PayloadKVError({
      code: 'INVALID_STORE',
      message: 'payloadKV() needs a store, e.g. { store: memory() }.',
      nextStep: 'Give it memory() or cloudflareKV({ binding: "PAYLOAD_CACHE" }).',
    });
  }
  const registry = general.registry ?? general.store.defaultRegistry();
  // Nobody else has versions that are in this process. Others go on to be told of writes.
  if (isOff && registry.local) return (config) => config;
  checkOptions(general, registry);
  if (!isOff) checkStoredSecrets(general);
  const setup: Setup = { options: general, registry, answers: answers && !isOff };

  return (config: Config): Config => {
    const { db } = config;
    if (!db || typeof db.init !== 'function' || config.custom?.[CUSTOM]) return config;
    const configured = registry.configure?.(config) ?? config;
    return {
      ...configured,
      custom: { ...configured.custom, [CUSTOM]: setup },
      db: {
        ...db,
        init: (args) => attach(db.init(args) as DatabaseAdapter, args.payload, setup),
      },
    };
  };
}

/** Leaves every read to the database. */
const NO_ANSWERS: CacheBehind['cache'] = { read: (read) => read.ask() };

/** Puts the cache around an adapter. */
function attach(base: DatabaseAdapter, payload: Payload, first: Setup): DatabaseAdapter {
  const counts = new Map<string, CacheCounts>();
  const operations = { storeReads: 0, storeWrites: 0, registryReads: 0, registryReplacements: 0 };
  const loggedAt = new Map<string, number>();
  const attachment = nextAttachment();
  let setup = first;
  /** That of the options, or the one it has for this instance. */
  let { registry } = first;
  let identity: string | undefined;
  let behind: CacheBehind | undefined;
  let listener: VersionMemory['listener'] | undefined;
  let sliceSets: SliceSets | undefined;
  let unsubscribe: (() => void) | undefined;
  let guards: { store: FaultGuard; registry: FaultGuard } | undefined;
  let singleFlight: CacheParts['singleFlight'] | undefined;
  let isBuilt = false;
  let isReloaded = false;

  /** What is said about the same subject, which is by default the message itself, is said once in a while. */
  function warn(message: string, error?: unknown, subject = message): void {
    const last = loggedAt.get(subject);
    if (last !== undefined && Date.now() - last < QUIET) return;
    if (loggedAt.size > 100) loggedAt.clear();
    loggedAt.set(subject, Date.now());
    if (error === undefined) payload.logger.warn(message);
    else payload.logger.warn({ err: error, msg: message });
  }

  const onFault = (error: unknown, during: string): void => {
    if (error instanceof PayloadKVError) {
      const { code, message, nextStep = '' } = error;
      // A binding that is missing fails in reads and in writes, and is one thing to mend.
      warn(
        `payload-kv: ${during} failed (${code}: ${message} ${nextStep}); the site goes on without it.`,
        undefined,
        message,
      );
    } else warn(`payload-kv: ${during} failed; the site goes on without it.`, error);
  };
  const onForeignValue = (): void => {
    if (process.env.NODE_ENV === 'production') return;
    warn(
      'payload-kv: context.cache holds a value that is no directive of this package, and is left alone. A directive has a name of its own: context.payloadCache.',
    );
  };
  const background = createBackground(
    () => (setup.options.waitUntil ? setup.options.waitUntil() : findWaitUntil()),
    (error) => onFault(error, 'background work'),
  );

  function countsOf(type: 'collection' | 'global', slug: string): CacheCounts {
    const name = type === 'global' ? `@${slug}` : slug;
    let count = counts.get(name);
    if (!count) {
      count = emptyCounts();
      counts.set(name, count);
    }
    return count;
  }

  function guard(name: string, timeout: number): FaultGuard {
    return createFaultGuard({
      timeout,
      pause: PAUSE,
      onFault: (error) => onFault(error, `the ${name}`),
      onOpen(error) {
        // Then it was said already, together with what to do.
        if (error instanceof PayloadKVError) return;
        warn(
          `payload-kv: the ${name} fails too often; the database answers for the next ${PAUSE / 1000} seconds.`,
        );
      },
      now: Date.now,
    });
  }

  /** What its database has in every key. */
  function databaseOf({ database, store }: PayloadKVOptions): unknown {
    if (database !== undefined) return { database };
    identity ??= databaseIdentity(
      base,
      (is) => store.nameOfBinding?.(is) ?? nameIn(cloudflareContext()?.env, is),
    );
    if (identity === undefined) {
      if (leavesProcess(store)) {
        warn(
          "payload-kv: the database adapter does not tell which database it is of, so entries are not shared with other processes. Name the database: payloadKV({ database: 'main' }).",
        );
      }
      identity = newVersion();
    }
    return identity;
  }

  function build(): void {
    isReloaded = isBuilt;
    isBuilt = true;
    behind = undefined;
    const config = payload.config;
    const configured = config.custom?.[CUSTOM] as Setup | undefined;
    if (configured) setup = configured;
    // A hot reload may have taken the plugin out of the config.
    else if (isReloaded) return;
    const { options } = setup;
    const { store } = options;
    registry = setup.registry;
    try {
      registry = registry.attach?.({ payload, adapter: base }) ?? registry;
      const schema = readSiteSchema(config, base.defaultIDType);
      const policy = createPolicy(options, registry, schema, (message) => payload.logger.warn(message));
      sliceSets = createSliceSets(schema, policy, (slug) =>
        warn(
          `payload-kv: another process writes to "${slug}" with other slices, or did within the last two weeks. Its writes make stale whatever depends on slices here; give all that share the ${registry.name} registry the same.`,
        ),
      );
      const versions = createVersionMemory(registry, Date.now);
      listener = versions.listener;
      const timeout = options.timeout ?? store.timeout ?? DEFAULT_TIMEOUT;
      const writeTimeout = options.writeTimeout ?? DEFAULT_WRITE_TIMEOUT;
      guards = {
        store: guard(`${store.name} store`, timeout),
        registry: guard(`${registry.name} registry`, timeout),
      };
      const debug = options.debug
        ? (message: string) => payload.logger.debug(`payload-kv: ${message}`)
        : undefined;
      const invalidation = createInvalidation({
        adapter: base,
        payload,
        schema,
        policy,
        sliceSets,
        registry,
        versions,
        background,
        replacementGuard: guard(`replacement of versions in the ${registry.name} registry`, writeTimeout),
        readsMayLag: hasReplicas(base),
        lifetime: Math.max(
          2 * longestTtl(options) + longestGrace(options) + 3_600,
          registry.create ? 0 : SHORTEST_MEMORY,
        ),
        counts: countsOf,
        operations,
        onInvalidated: (event) => callHook(options, event),
        onFault,
        debug,
      });
      singleFlight = createSingleFlight(
        options.singleFlight ?? defaultSingleFlight(),
        () => (options.waitUntil ? options.waitUntil() : findWaitUntil()),
        Date.now,
      );
      const cache = createCache({
        store,
        envelope: createEnvelope(options),
        registry,
        policy,
        sliceSets,
        schema,
        versions,
        invalidation,
        background,
        storeGuard: guards.store,
        registryGuard: guards.registry,
        singleFlight,
        // As JSON, so that no two sites have the same one, whatever their parts hold.
        scope: JSON.stringify([
          ENTRY_FORMAT,
          schema.fingerprint,
          options.schema?.fingerprint ?? '',
          options.namespace ?? '',
          databaseOf(options),
        ]),
        attachment,
        longestTtl: Math.min(LONGEST_LIFE, longestTtl(options)),
        ttlJitter: options.ttlJitter ?? DEFAULT_TTL_JITTER,
        maximumBytes: smaller(options.maxEntryBytes, store.maximumBytes),
        nearMaximumBytes: smaller(options.maxEntryBytes, store.near?.maximumBytes),
        writeTimeout,
        // There each request has a limit of its own, and no promise of another is waited for.
        writeQueue: createWriteQueue(
          isWorkerd() ? Number.POSITIVE_INFINITY : (options.maxConcurrentWrites ?? DEFAULT_CONCURRENT_WRITES),
        ),
        replicaLag: replicaLag(options, base),
        readableKey: options.key,
        counts: countsOf,
        operations,
        onFault,
        debug,
        now: Date.now,
      });
      hookOperations(config, onForeignValue);
      callEndpoints(config);
      behind = { cache: setup.answers ? cache : NO_ANSWERS, invalidation };
    } catch (error) {
      // Whatever is wrong here, the site works without a cache.
      onFault(error, 'preparing the cache');
    }
  }

  /**
   * Has it said at the start where others have other slices; lookups find it out as well, and on KV each call is paid
   * for. Nobody waits, and a registry that does not answer is told by them.
   */
  function lookForOthers(): void {
    const names = sliceSets?.registers() ?? [];
    if (!behind || names.length === 0 || registry.local || !registry.canBeStrong || isWorkerd()) return;
    const known = sliceSets;
    const look = async (): Promise<void> => {
      const versions = await registry.get(names);
      known?.areComplete(
        names,
        versions.map((version) => version ?? NEVER_REPLACED),
      );
    };
    background.run(withTimeout(look(), DEFAULT_WRITE_TIMEOUT).catch(() => undefined));
  }

  function listen(): void {
    const { options } = setup;
    unsubscribe?.();
    unsubscribe = undefined;
    if (!listener || !behind || !wantsToBeTold(options, registry)) return;
    try {
      unsubscribe = registry.subscribe?.(listener);
    } catch (error) {
      onFault(error, `subscribing to the ${registry.name} registry`);
    }
  }

  const isSuspended = (): boolean =>
    guards !== undefined && (guards.store.isOpen() || guards.registry.isOpen());

  const instance: Instance = {
    background,
    invalidation: () => behind?.invalidation,
    async health() {
      const { store } = setup.options;
      const suspended = isSuspended();
      let said: StoreHealth;
      try {
        said = await withTimeout(Promise.resolve(store.health()), DEFAULT_WRITE_TIMEOUT);
      } catch (error) {
        said = { ok: false, message: error instanceof Error ? error.message : String(error) };
      }
      return { ok: said.ok && !suspended, store: { name: store.name, ...said }, suspended };
    },
    stats() {
      const stats: CacheStats = {
        total: emptyCounts(),
        // Without a prototype: a collection may have any name.
        collections: Object.create(null),
        globals: Object.create(null),
        operations: { ...operations },
        pending: background.pending(),
        inFlight: singleFlight?.size() ?? 0,
        suspended: isSuspended(),
      };
      for (const [name, count] of counts) {
        const copy = { ...count, bypasses: { ...count.bypasses } };
        addCounts(stats.total, count);
        if (name.startsWith('@')) stats.globals[name.slice(1)] = copy;
        else stats.collections[name] = copy;
      }
      return stats;
    },
  };
  (payload as unknown as Record<symbol, Instance>)[INSTANCE] = instance;
  callLocalAPI(payload);

  return wrapAdapter(base, {
    current() {
      if (!isBuilt && payload.config) build();
      return behind;
    },
    onInit: build,
    async onConnect() {
      try {
        await registry.connect?.({ payload, adapter: base });
      } catch (error) {
        // Writes go on to make stale: other processes may be connected.
        if (behind) behind = { ...behind, cache: NO_ANSWERS };
        onFault(error, `connecting the ${registry.name} registry`);
      }
      listen();
      lookForOthers();
      // What the config before did not cache, it did not make stale either.
      if (isReloaded) await behind?.invalidation.everything('hot reload');
    },
    async onDestroy() {
      await background.settled();
      unsubscribe?.();
      unsubscribe = undefined;
      listener?.lost();
      const { store } = setup.options;
      for (const [name, close] of [
        [`${registry.name} registry`, () => registry.close?.()],
        [`${store.name} store`, () => store.close()],
        [`${store.name} store`, () => forgetEntries(store, attachment)],
      ] as const) {
        try {
          await close();
        } catch (error) {
          onFault(error, `closing the ${name}`);
        }
      }
    },
    keepAlive: (work) => background.keepAlive(work),
    onUnknownWrite: (name) =>
      warn(
        `payload-kv: the database adapter has a method "${name}" that this version does not know; if it writes, call invalidateCache() after it.`,
      ),
  });
}

function longestTtl(options: PayloadKVOptions): number {
  return Math.max(
    DEFAULT_TTL,
    86_400,
    ...durationsOf(options, ({ ttl, operations }) => [ttl, ...Object.values(operations ?? {})]),
  );
}

/** For how long after its TTL an entry may still be served, at most, in seconds. */
function longestGrace(options: PayloadKVOptions): number {
  return Math.max(0, ...durationsOf(options, ({ swr, staleIfError }) => [swr, staleIfError]));
}

/** Durations of the options and of every policy, in seconds; those that are absent or off are left out. */
function durationsOf(options: PayloadKVOptions, pick: (of: GlobalPolicy) => unknown[]): number[] {
  const policies = [...Object.values(options.collections ?? {}), ...Object.values(options.globals ?? {})];
  return [options, ...(policies as (GlobalPolicy | undefined)[])]
    .flatMap((of) => (of ? pick(of) : []))
    .filter((duration) => duration !== undefined && duration !== false)
    .map((duration) => parseDuration(duration));
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
}

function replicaLag(options: PayloadKVOptions, adapter: DatabaseAdapter): number {
  if (options.replicaLag !== undefined) {
    return options.replicaLag === 0 ? 0 : parseDuration(options.replicaLag, 'replicaLag');
  }
  return hasReplicas(adapter) ? DEFAULT_REPLICA_LAG : 0;
}

/** Whether the adapter reads from replicas: D1 and PostgreSQL keep that option under different names. */
function hasReplicas(adapter: DatabaseAdapter): boolean {
  const { readReplicas, readReplicaOptions } = adapter as unknown as Record<string, unknown>;
  return [readReplicas, readReplicaOptions].some((option) =>
    Array.isArray(option) ? option.length > 0 : Boolean(option),
  );
}

async function callHook(options: PayloadKVOptions, event: InvalidationEvent): Promise<void> {
  const hooks = (event.type === 'collection' ? options.hooks?.collections : options.hooks?.globals) as
    | Record<string, InvalidationHook | undefined>
    | undefined;
  try {
    if (hooks && Object.hasOwn(hooks, event.slug)) await hooks[event.slug]?.(event);
  } catch (error) {
    event.payload.logger.error({
      err: error,
      msg: `payload-kv: the hook of ${event.type} "${event.slug}" failed`,
    });
  }
}

function instanceOf(payload: Payload): Instance | undefined {
  return (payload as unknown as Record<symbol, Instance | undefined>)[INSTANCE];
}

/** Counts of the cache since this process started; `undefined` if the site has no cache. */
export function getCacheStats(payload: Payload): CacheStats | undefined {
  return instanceOf(payload)?.stats();
}

/** How the cache of a site is. */
export interface CacheHealth {
  /** Whether the store answers and neither it nor the registry is given up for the moment. */
  ok: boolean;
  /** What the store says of itself. */
  store: StoreHealth & { name: string };
  /** Whether store or registry are given up for the moment after repeated faults. */
  suspended: boolean;
}

/**
 * Asks the store whether it is there: for a health endpoint. Never rejects, and takes two seconds at most; `undefined`
 * if the site has no cache. A site whose cache is not well is: its database answers.
 */
export async function getCacheHealth(payload: Payload): Promise<CacheHealth | undefined> {
  return instanceOf(payload)?.health();
}

/** What {@link invalidateCache} makes stale: one collection, one global, or everything. */
export type InvalidationTarget = { collection: string } | { global: string } | 'everything';

/**
 * Makes entries stale by hand, after a change that the adapter did not see: raw SQL, another program, an import.
 * Does nothing if the site has no cache.
 */
export async function invalidateCache(payload: Payload, target: InvalidationTarget): Promise<void> {
  const instance = instanceOf(payload);
  const invalidation = instance?.invalidation();
  if (!invalidation) return;
  let replacing: Promise<void>;
  if (target === 'everything') replacing = invalidation.everything('invalidateCache');
  else if ('collection' in target) replacing = invalidation.entity('collection', target.collection);
  else replacing = invalidation.entity('global', target.global);
  instance?.background.keepAlive(replacing);
  await replacing;
}

/** Waits until entries that are being written are written, e.g. before a script ends. At most `timeout` milliseconds. */
export async function settleCache(payload: Payload, timeout = 5_000): Promise<void> {
  await instanceOf(payload)?.background.settled(timeout);
}
