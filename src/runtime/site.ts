/**
 * What one Payload instance owns: its parts, wired in `createParts`, and their life from the start through hot reloads to
 * the end, in `attach`.
 */
import type { DatabaseAdapter, Payload } from 'payload';
import { PayloadKVError } from '../errors.js';
import type { Events, GuardedPart } from '../interfaces/events.js';
import { NEVER_REPLACED, type Registry } from '../interfaces/registry.js';
import { leavesProcess } from '../interfaces/store.js';
import { type Background, createBackground, isWorkerd, waitUntilOf } from '../platform/background.js';
import { smaller } from '../platform/smaller.js';
import { TimeoutError, withTimeout } from '../platform/timeout.js';
import { databaseOf } from './adapter/database-of.js';
import { hasReplicas, replicaLag } from './adapter/replicas.js';
import { type CacheBehind, wrapAdapter } from './adapter/wrap-adapter.js';
import { carryInstance, noteInstance } from './carried-instance.js';
import { ENTRY_FORMAT } from './entry/entry-form.js';
import { createEnvelope } from './entry/envelope.js';
import { createEvents } from './events/events.js';
import { createToldGuard } from './fault/told-guard.js';
import { createWarnings, type Warnings } from './fault/warnings.js';
import {
  areStrategiesCalls,
  callEndpoints,
  callLocalAPI,
  callStrategies,
  hookOperations,
} from './operation/hook-operations.js';
import { longestLife, versionLifetime } from './policy/lifetimes.js';
import type { PayloadKVOptions } from './policy/options.js';
import { createPolicy, DEFAULT_TTL_JITTER } from './policy/policy.js';
import { readSiteSchema } from './query/site-schema.js';
import { forgetEntries, nextAttachment } from './read/attachment.js';
import { type Cache, createCache } from './read/cache.js';
import type { CacheParts } from './read/context.js';
import { createSingleFlight, defaultSingleFlight } from './read/single-flight.js';
import { createWriteQueue } from './read/write-queue.js';
import { type Counters, createCounters } from './stats/stats.js';
import { createSliceSets, type SliceSets } from './versions/slice-sets.js';
import { wantsToBeTold } from './versions/subscription.js';
import { createVersionMemory, type VersionMemory } from './versions/version-memory.js';
import { callHook } from './write/call-hook.js';
import { createInvalidation } from './write/invalidation.js';

/** Name under which the plugin keeps its options in the config, so that a hot reload finds the new ones. */
export const CUSTOM = 'payload-kv';

/** Longest wait for one read, in milliseconds. */
const DEFAULT_TIMEOUT = 100;
/** Longest time for one write, in milliseconds. */
const DEFAULT_WRITE_TIMEOUT = 2_000;
/** Entries written at the same time. */
const DEFAULT_CONCURRENT_WRITES = 20;

/** What the plugin was given. */
export interface Setup {
  options: PayloadKVOptions;
  registry: Registry;
  /** Whether reads are answered from the cache; writes make stale in any case. */
  answers: boolean;
  /** What holds for a cache without Payload; `undefined` for a site. */
  standalone?: Standalone;
}

/** What a cache without Payload has that a site has not. */
export interface Standalone {
  /** Sets its keys and its namespaces apart. */
  prefix: string;
  /** Ends the keys of entries in this process: those that share a store share them. */
  attachment: string;
  /** What happens while its store or its registry is left alone, as a part of a sentence. */
  meanwhile: string;
  /** Tags that everything depends on that depends on one of these, where no schema tells. */
  everyTag(late: Iterable<string>): string[];
  /**
   * What it goes by while its registry is away. Default: it does not go on without.
   *
   * @param isAway whether store or registry are given up for the moment
   */
  goAlone?(
    memory: VersionMemory,
    isAway: () => boolean,
  ): { versions: VersionMemory } & Required<Pick<CacheParts, 'alone' | 'lookupAlone'>>;
}

/** What lasts as long as the Payload instance. */
interface Site extends Omit<Warnings, 'onFault'> {
  /** Says that something failed, and that the site goes on; `part` where it is one that is asked over a network. */
  onFault(error: unknown, during: string, part?: GuardedPart): void;
  /** The adapter below the cache. */
  base: DatabaseAdapter;
  payload: Payload;
  setup: Setup;
  /** That of the options, or the one it has for this instance. */
  registry: Registry;
  counters: Counters;
  events: Events;
  background: Background;
  /** Ends the keys of entries in this process. */
  attachment: string;
  /** What the database has in every key, once it was asked for. */
  identity: string | undefined;
}

/** What is made anew by a hot reload. */
interface Parts {
  cache: Cache;
  behind: CacheBehind;
}

/** Leaves every read to the database. */
const unanswered = ({ leave }: Cache): CacheBehind['cache'] => ({ read: leave });

/** Makes the parts of a site, each from those before it. One function: the wiring is read from top to bottom. */
function createParts(site: Site): Parts {
  const { base, payload, registry, counters, background, warn, onFault } = site;
  const { options } = site.setup;
  const { store } = options;
  const schema = readSiteSchema(payload.config, base.defaultIDType);
  const policy = createPolicy(options, registry, schema, (message) => payload.logger.warn(message));
  const sliceSets = createSliceSets(schema, policy, (slug) =>
    warn(
      `payload-kv: another process writes to "${slug}" with other slices, or did within the last two weeks. Its writes make stale whatever depends on slices here; give all that share the ${registry.name} registry the same.`,
    ),
  );
  const { standalone } = site.setup;
  const timeout = options.timeout ?? store.timeout ?? DEFAULT_TIMEOUT;
  const writeTimeout = options.writeTimeout ?? DEFAULT_WRITE_TIMEOUT;
  const storeGuard = createToldGuard(site, 'store', `${store.name} store`, timeout, leavesProcess(store));
  const registryGuard = createToldGuard(
    site,
    'registry',
    `${registry.name} registry`,
    timeout,
    !registry.local,
  );
  const isSuspended = (): boolean => storeGuard.isOpen() || registryGuard.isOpen();
  const memory = createVersionMemory(registry, Date.now);
  const { versions = memory, alone, lookupAlone } = standalone?.goAlone?.(memory, isSuspended) ?? {};
  const debug = options.debug
    ? (message: string) => payload.logger.debug(`payload-kv: ${message}`)
    : undefined;
  const { pages } = options;
  const shared = { pages, schema, policy, sliceSets, registry, versions, alone, background, onFault, debug };
  const counting = { counts: counters.countsOf, events: site.events, operations: counters.operations };
  const invalidation = createInvalidation({
    ...shared,
    ...counting,
    adapter: base,
    payload,
    replacementGuard: createToldGuard(
      site,
      'replacement',
      `replacement of versions in the ${registry.name} registry`,
      writeTimeout,
      !registry.local,
    ),
    readsMayLag: hasReplicas(base),
    everyTag: standalone?.everyTag,
    lifetime: versionLifetime(options, registry.create !== undefined),
    onInvalidated: (event) => callHook(options, event),
    onReplaced: options.hooks?.all,
  });
  const cache = createCache({
    ...shared,
    ...counting,
    store,
    envelope: createEnvelope(options),
    // What the registry was not told of is known here.
    pendingFor: (tags) => invalidation.pendingFor(alone ? alone.others(tags) : tags),
    storeGuard,
    registryGuard,
    lookupAlone,
    isSuspended,
    singleFlight: createSingleFlight(
      options.singleFlight ?? defaultSingleFlight(),
      () => waitUntilOf(options),
      Date.now,
    ),
    // As JSON, so that no two sites have the same one, whatever their parts hold.
    scope: JSON.stringify([
      ENTRY_FORMAT,
      schema.fingerprint,
      options.schema?.fingerprint ?? '',
      options.namespace ?? '',
      databaseOf(site),
    ]),
    attachment: site.attachment,
    longestTtl: longestLife(options),
    ttlJitter: options.ttlJitter ?? DEFAULT_TTL_JITTER,
    maximumBytes: smaller(options.maxEntryBytes, store.maximumBytes),
    nearMaximumBytes: smaller(options.maxEntryBytes, store.near?.maximumBytes),
    writeTimeout,
    // There each request has a limit of its own, and no promise of another is waited for.
    writeQueue: createWriteQueue(
      isWorkerd() ? Number.POSITIVE_INFINITY : (options.maxConcurrentWrites ?? DEFAULT_CONCURRENT_WRITES),
    ),
    stores: options.access?.write !== false,
    replicaLag: replicaLag(options, base),
    readableKey: options.key,
    areStrategiesCalls: () => areStrategiesCalls(payload),
    now: Date.now,
  });
  return {
    cache,
    behind: { cache: site.setup.answers ? cache : unanswered(cache), invalidation },
  };
}

/** Puts the cache around an adapter. One function: all that happens in the life of an instance is told in it. */
export function attach(base: DatabaseAdapter, payload: Payload, first: Setup): DatabaseAdapter {
  const site = createSite(base, payload, first);
  let parts: Parts | undefined;
  let unsubscribe: (() => void) | undefined;
  let isBuilt = false;
  let isReloaded = false;
  const ends: (() => void)[] = [];

  function build(): void {
    isReloaded = isBuilt;
    isBuilt = true;
    parts = undefined;
    unwatch();
    const { config } = payload;
    const configured = config.custom?.[CUSTOM] as Setup | undefined;
    if (configured) site.setup = configured;
    // A hot reload may have taken the plugin out of the config.
    else if (isReloaded) return;
    site.registry = site.setup.registry;
    try {
      site.registry = site.registry.attach?.({ payload, adapter: base }) ?? site.registry;
      const made = createParts(site);
      hookOperations(config, () => warnOfForeignValue(site));
      callEndpoints(config);
      parts = made;
      noteInstance(payload, true);
      watch();
    } catch (error) {
      // Whatever is wrong here, the site works without a cache.
      site.onFault(error, 'preparing the cache');
    }
  }

  function watch(): void {
    const { onEvent, observe } = site.setup.options;
    if (onEvent) ends.push(site.events.listen((event) => onEvent(event)));
    if (observe) ends.push(observe.attach(payload, site.events));
  }

  function unwatch(): void {
    // What one of them throws keeps neither the others nor the store from ending.
    for (const end of ends.splice(0)) site.background.run((async () => end())());
  }

  function listen(): void {
    unsubscribe?.();
    unsubscribe = undefined;
    const { registry } = site;
    if (!parts || !wantsToBeTold(site.setup.options, registry)) return;
    try {
      unsubscribe = registry.subscribe?.(parts.cache.context.versions.listener);
    } catch (error) {
      site.onFault(error, `subscribing to the ${registry.name} registry`);
    }
  }

  carryInstance(payload, {
    ...(first.standalone && { prefix: first.standalone.prefix }),
    counters: site.counters,
    events: site.events,
    context: () => parts?.cache.context,
    registry: () => site.registry,
    background: site.background,
    invalidation: () => parts?.behind.invalidation,
    reads: () => (parts && parts.behind.cache === parts.cache ? parts.cache.context : undefined),
    warn: site.warn,
    options: () => site.setup.options,
  });
  callLocalAPI(payload);
  callStrategies(payload);

  return wrapAdapter(base, {
    current() {
      if (!isBuilt && payload.config) build();
      return parts?.behind;
    },
    onInit: build,
    async onConnect() {
      try {
        await site.registry.connect?.({ payload, adapter: base });
      } catch (error) {
        // Writes go on to make stale: other processes may be connected.
        if (parts) parts.behind = { ...parts.behind, cache: unanswered(parts.cache) };
        site.onFault(error, `connecting the ${site.registry.name} registry`);
      }
      listen();
      if (parts) lookForOthers(site, parts.cache.context.sliceSets);
      // What the config before did not cache, it did not make stale either.
      if (isReloaded) await parts?.behind.invalidation.everything('hot reload');
    },
    async onDestroy() {
      noteInstance(payload, false);
      await site.background.settled();
      unsubscribe?.();
      unsubscribe = undefined;
      parts?.cache.context.versions.listener.lost();
      unwatch();
      await close(site);
    },
    keepAlive: (work) => site.background.keepAlive(work),
    onUnknownWrite: (name) =>
      site.warn(
        `payload-kv: the database adapter has a method "${name}" that this version does not know; if it writes, call invalidateCache() after it.`,
      ),
  });
}

function createSite(base: DatabaseAdapter, payload: Payload, setup: Setup): Site {
  const warnings = createWarnings(payload);
  const number = nextAttachment();
  const events = createEvents(number.slice(1), (error) => warnings.onFault(error, 'a listener to events'));
  const site: Site = {
    ...warnings,
    events,
    onFault(error, during, part) {
      if (events.isHeard()) events.tell({ type: 'error', part, reason: reasonOf(error) });
      warnings.onFault(error, during);
    },
    base,
    payload,
    setup,
    registry: setup.registry,
    counters: createCounters(),
    background: createBackground(
      () => waitUntilOf(site.setup.options),
      (error) => warnings.onFault(error, 'background work'),
    ),
    attachment: setup.standalone?.attachment ?? number,
    identity: undefined,
  };
  return site;
}

/** What an error is, in a word. */
function reasonOf(error: unknown): string {
  if (error instanceof PayloadKVError) return error.code;
  return error instanceof TimeoutError ? 'timeout' : 'fault';
}

function warnOfForeignValue({ warn }: Site): void {
  if (process.env.NODE_ENV === 'production') return;
  warn(
    'payload-kv: context.cache holds a value that is no directive of this package, and is left alone. A directive has a name of its own: context.payloadCache.',
  );
}

/**
 * Has it said at the start where others have other slices; lookups find it out as well, and on KV each call is paid
 * for. Nobody waits, and a registry that does not answer is told by them.
 */
function lookForOthers({ registry, background }: Site, sliceSets: SliceSets): void {
  const names = sliceSets.registers();
  if (names.length === 0 || registry.local || !registry.canBeStrong || isWorkerd()) return;
  const look = async (): Promise<void> => {
    const versions = await registry.get(names);
    sliceSets.areComplete(
      names,
      versions.map((version) => version ?? NEVER_REPLACED),
    );
  };
  background.run(withTimeout(look(), DEFAULT_WRITE_TIMEOUT).catch(() => undefined));
}

async function close({ setup, registry, attachment, onFault }: Site): Promise<void> {
  const { store } = setup.options;
  for (const [name, end] of [
    [`${registry.name} registry`, () => registry.close?.()],
    [`${store.name} store`, () => store.close()],
    // Others who share the store go on with them.
    [`${store.name} store`, () => setup.standalone || forgetEntries(store, attachment)],
  ] as const) {
    try {
      await end();
    } catch (error) {
      onFault(error, `closing the ${name}`);
    }
  }
}
