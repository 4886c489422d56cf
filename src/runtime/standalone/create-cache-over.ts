/**
 * Comes in: options and the environment. Goes out: a cache for any process, which is the cache of a site without
 * collections: wired by `site.ts`, from the same parts, over what stand-in.ts has in place of Payload.
 */
import type { DatabaseAdapter, Payload } from 'payload';
import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Registry } from '../../interfaces/registry.js';
import type { Store } from '../../interfaces/store.js';
import { isWorkerd } from '../../platform/background.js';
import { isObject } from '../../platform/is-object.js';
import { shared } from '../../platform/shared.js';
import type { MemoryOptions } from '../../stores/memory.js';
import { carryInstance, carryStandIn, type Instance, instanceOf, noteInstance } from '../carried-instance.js';
import { cached, memoize } from '../functions/cached.js';
import { DEFAULT_NAMESPACE } from '../functions/context.js';
import { namespace } from '../functions/namespace.js';
import { checkOpen } from '../functions/site-of.js';
import {
  checkTarget,
  deletePrefix,
  getCacheHealth,
  type InvalidationTarget,
  namedTags,
} from '../instance.js';
import type { PurgedBy } from '../policy/audit.js';
import { checkOptions } from '../policy/check-options.js';
import { withEnvironment } from '../policy/environment.js';
import { invalid } from '../policy/option-values.js';
import type { PayloadKVOptions } from '../policy/options.js';
import { purgeByHand } from '../purge/by-hand.js';
import { cacheTag, functionTags, ownerOf } from '../query/tags.js';
import { lookupAlone } from '../read/lookup-alone.js';
import { replaceByHand } from '../replace-by-hand.js';
import { attach } from '../site.js';
import { createAlone, hearing } from '../versions/alone.js';
import { entityAndVersionsTags } from '../write/touched-by.js';
import { type CacheLogger, createEmptyAdapter, createStandIn } from './stand-in.js';
import type { CacheKey, CreateCacheOptions, StandaloneCache } from './standalone-cache.js';
import { statisticsOf } from './statistics.js';

/** Longest prefix in characters. */
const LONGEST_PREFIX = 100;
/** How long it goes on without its registry where the options do not say. */
const WHILE_AWAY: Duration = '1m';
/** What ends the keys of entries in this process, of all caches without Payload. */
const ATTACHMENT = '~cache';
/** What keys have in place of the database of a site. */
const DATABASE = 'payload-kv/cache';

/**
 * Makes a cache: see `createCache`.
 *
 * @param storeOf makes the store where the options name none
 */
export function createCacheOver(
  storeOf: (memory: MemoryOptions | undefined) => Store,
  options: CreateCacheOptions,
): StandaloneCache {
  const { store: given, prefix = '', memory, logger = console, whileAway = WHILE_AWAY, ...shared } = options;
  checkOwn({ prefix, logger, store: given });
  const seconds = whileAway === false ? 0 : parseDuration(whileAway, 'whileAway');
  const store = given ?? storeOf(memory);
  const { options: general, answers } = withEnvironment({ ...shared, store } as PayloadKVOptions);
  const registry = general.registry ?? store.defaultRegistry();
  checkRegistry(registry);
  checkOptions(general, registry);
  // A variable of the deployment must not lead two prefixes to the same keys.
  const space = general.namespace === undefined ? prefix : JSON.stringify([general.namespace, prefix]);
  const standIn = createStandIn(logger);
  const adapter = attach(createEmptyAdapter(), standIn, {
    options: { ...general, namespace: space, database: DATABASE },
    registry,
    answers: answers && general.enabled !== false,
    standalone: {
      prefix,
      attachment: ATTACHMENT,
      meanwhile: 'functions are run',
      everyTag: (late) => [...functionTags(prefix).all, ...entityTagsOf(late)],
      ...(seconds > 0 &&
        !registry.local && {
          goAlone(versions, isAway) {
            const alone = createAlone(registry, seconds, Date.now);
            return { versions: hearing(versions, alone, isAway), alone, lookupAlone };
          },
        }),
    },
  });
  noteInstance(standIn, true);
  const life = liveOf(standIn, adapter);
  const end = async (): Promise<void> => adapter.destroy?.();
  if (!given && process.env.NODE_ENV === 'development') takePlace(space, end);
  return cacheOf({ standIn, store, prefix, life, end });
}

/** In development, what ends the latest cache of each prefix that has made its store itself. */
const latest = shared('latest-caches', () => new Map<string, () => Promise<void>>());

/**
 * Ends the cache that an earlier evaluation of the same module has made, as hot reloads do without a word: its connections
 * would stay, one more with each change, and functions that name no cache could mean any of them. Whoever has it still may
 * go on with it; its store is opened anew then.
 */
function takePlace(space: string, end: () => Promise<void>): void {
  void latest.get(space)?.();
  latest.set(space, end);
}

/** Whether it has begun, and whether it has ended. */
interface Life {
  instance: Instance;
  isOver(): boolean;
  end(): void;
}

/**
 * Has the stand-in carry an instance that begins with its first use, and ends: while a Worker's modules are loaded there
 * is no time, and a process that never uses it opens nothing.
 */
function liveOf(standIn: Payload, adapter: DatabaseAdapter): Life {
  const carried = instanceOf(standIn) as Instance;
  let isPrepared = false;
  let isOver = false;
  let hasBegun = false;
  let beginning: Promise<void> | undefined;
  function prepare(): void {
    if (isPrepared) return;
    isPrepared = true;
    adapter.init?.();
  }
  const instance: Instance = {
    ...carried,
    invalidation() {
      prepare();
      return carried.invalidation();
    },
    reads() {
      if (isOver) return undefined;
      prepare();
      return carried.reads();
    },
    hasEnded: () => isOver,
    starting() {
      // There nothing is opened that lasts longer than a request.
      if (hasBegun || isWorkerd()) return beginning;
      hasBegun = true;
      beginning = Promise.resolve(adapter.connect?.()).finally(() => {
        beginning = undefined;
      });
      return beginning;
    },
  };
  carryInstance(standIn, instance);
  return {
    instance,
    isOver: () => isOver,
    end() {
      isOver = true;
    },
  };
}

function cacheOf(parts: {
  standIn: Payload;
  store: Store;
  prefix: string;
  life: Life;
  end(): Promise<void>;
}): StandaloneCache {
  const { standIn, store, prefix, life, end } = parts;
  const { instance } = life;
  const tags = functionTags(prefix);
  let ending: Promise<void> | undefined;

  function replacedBy(target: InvalidationTarget): readonly string[] {
    if (target === 'everything') return [cacheTag(prefix)];
    if ('prefix' in target) return [];
    if ('namespace' in target) return [tags.namespace(target.namespace)];
    // Of a document nobody knows here which slices it is in.
    return namedTags('collection' in target ? { collection: target.collection } : target);
  }

  async function invalidate(target: InvalidationTarget, { by: name }: { by?: string } = {}): Promise<void> {
    checkOpen({ cache });
    checkTarget(target);
    const replaced = replacedBy(target);
    const by: PurgedBy = { kind: 'code', ...(name !== undefined && { name }) };
    await purgeByHand({ payload: standIn, instance, target, by, tags: () => replaced }, async () => {
      if (target !== 'everything' && 'prefix' in target) await deletePrefix(store, target.prefix);
      else await replaceByHand(instance, replaced);
    });
  }

  const cache: StandaloneCache = carryStandIn(
    {
      get: async (key, { namespace: name } = {}) => namespaceOf(name).get(asList(key)),
      async set(key, value, { namespace: name, ...how } = {}) {
        await namespaceOf(name).set(asList(key), value, how);
      },
      async delete(key, { namespace: name } = {}) {
        await namespaceOf(name).delete(asList(key));
      },
      deleteNamespace: (name) => invalidate({ namespace: name }),
      clear: () => invalidate('everything'),
      invalidate,
      cached: (fn, options) => cached(fn, { ...options, cache }),
      memoize: (fn, options) => memoize(fn, { ...options, cache }),
      namespace: (name, options) => namespace(name, { ...options, cache }),
      getStats: async () => statisticsOf(instance, store, await isConnected()),
      isConnected,
      settle: (timeout?: number) => instance.background.settled(timeout),
      close() {
        if (!ending) {
          life.end();
          ending = end();
        }
        return ending;
      },
    },
    standIn,
  );

  async function isConnected(): Promise<boolean> {
    return !life.isOver() && (await getCacheHealth(standIn))?.ok === true;
  }

  function namespaceOf(name: string | undefined): ReturnType<typeof namespace> {
    return namespace(name ?? DEFAULT_NAMESPACE, { cache });
  }

  return cache;
}

/** What changes with all that belongs to the collections and globals of some tags. */
function* entityTagsOf(tags: Iterable<string>): Generator<string> {
  const owners = new Set<string>();
  // Those of functions and of names are only on what functions return, which has a tag of its own.
  for (const tag of tags) if (!/^[/+]/.test(tag)) owners.add(ownerOf(tag));
  for (const owner of owners) yield* entityAndVersionsTags(owner);
}

const asList = (key: CacheKey): readonly unknown[] => (typeof key === 'string' ? [key] : key);

function checkOwn({ prefix, logger, store }: { prefix: unknown; logger: unknown; store: unknown }): void {
  if (typeof prefix !== 'string' || prefix.length > LONGEST_PREFIX)
    throw invalid('prefix', `text of at most ${LONGEST_PREFIX} characters`, prefix);
  if (typeof (logger as CacheLogger | null)?.warn !== 'function')
    throw invalid('logger', 'an object with a function warn', logger);
  if (store === undefined || (isObject(store) && typeof (store as Partial<Store>).getMany === 'function'))
    return;
  throw new PayloadKVError({
    code: 'INVALID_STORE',
    message: 'The store of createCache() is none.',
    nextStep: 'Give it memory() or another store, or none: then the environment says which.',
  });
}

/** Versions that live in the database of a site can be read and replaced by its adapter alone. */
function checkRegistry(registry: Registry): void {
  if (!registry.configure && !registry.transactional) return;
  throw new PayloadKVError({
    code: 'REGISTRY_NEEDS_PAYLOAD',
    message: `The ${registry.name} registry keeps versions in the database of a Payload site.`,
    nextStep: 'Give the site and createCache() one that both reach, such as redisRegistry().',
  });
}
