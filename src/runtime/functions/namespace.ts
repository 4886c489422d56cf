/** One namespace of functions and values. */
import type { Duration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import { momentIn } from '../events/moment.js';
import { currentCall } from '../operation/operation.js';
import { accessDenied, mayAccess } from '../policy/access.js';
import { purgeByHand } from '../purge/by-hand.js';
import { ownTag } from '../query/tags.js';
import { counted } from '../read/context.js';
import { exceeds } from '../read/entry-writes.js';
import { recordedVersions, strictest } from '../read/known-versions.js';
import { countBypass, noteLookup } from '../read/outcome.js';
import { replaceByHand } from '../replace-by-hand.js';
import { type BypassReason, copyOfFunctionCounts, type FunctionCounts } from '../stats/stats.js';
import { cached, type Memoized, type MemoizeOptions, memoize } from './cached.js';
import type { CachedOptions, FunctionContext, FunctionSite, WantedFunction } from './context.js';
import { encodedResult, plainResult } from './encoded-result.js';
import { lookUp, noteEntry } from './lookup.js';
import { checkOpen, siteOf } from './site-of.js';
import { wantedOf } from './wanted.js';

/** What holds in a namespace, over what the options of the plugin say of it. */
export type NamespaceOptions = Pick<
  CachedOptions,
  'ttl' | 'swr' | 'staleIfError' | 'lock' | 'earlyRefresh' | 'payload' | 'cache'
>;

/** Values and results of functions under one name. */
export interface Namespace {
  /** The value under a key, in an object of its own, so that a value of `undefined` is told from none. */
  get<Value = unknown>(key: readonly unknown[]): Promise<{ value: Value } | undefined>;
  /**
   * Puts a value under a key. It is everybody's who has the key.
   *
   * @param options `tags` are names of the site's own that make it stale
   * @throws PayloadKVError `VALUE_NOT_STORABLE` for a value without a lossless text form, `ACCESS_DENIED` where `access`
   *   forbids to store it or to make stale what was there
   */
  set(
    key: readonly unknown[],
    value: unknown,
    options?: { ttl?: Duration; tags?: readonly string[] },
  ): Promise<void>;
  /** Makes what is under a key stale, in every process. Throws as {@link clear} does. */
  delete(key: readonly unknown[]): Promise<void>;
  /**
   * Makes all of the namespace stale, in every process, at the cost of one replacement.
   *
   * @throws PayloadKVError `ACCESS_DENIED` where `access.purge` forbids it, `RATE_LIMITED` where `rateLimit` does
   */
  clear(): Promise<void>;
  /** {@link cached} in this namespace. */
  cached<Result>(
    fn: (context: FunctionContext) => Result | Promise<Result>,
    options: Omit<CachedOptions, 'namespace'>,
  ): Promise<Result>;
  /** {@link memoize} in this namespace. Keys of functions that share it must not be alike. */
  memoize<Arguments extends readonly unknown[], Result>(
    fn: (...args: Arguments) => Result | Promise<Result>,
    options?: Omit<MemoizeOptions<Arguments>, 'namespace'>,
  ): Memoized<Arguments, Result>;
  /** Counts since the process started; `undefined` if the site has no cache. */
  stats(): FunctionCounts | undefined;
}

/**
 * Names a namespace. Costs nothing until it is used. One function: its methods share its name and its options.
 *
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` for no name
 */
export function namespace(name: string, options: NamespaceOptions = {}): Namespace {
  if (typeof name !== 'string' || name === '') {
    throw new PayloadKVError({
      code: 'INVALID_FUNCTION_KEY',
      message: 'A namespace needs a name.',
      nextStep: "Name it: namespace('prices').",
    });
  }
  const given = { ...options, namespace: name };

  async function replace({ instance }: FunctionSite, tag: string): Promise<void> {
    const replacing = replaceByHand(instance, [tag]);
    instance.background.keepAlive(replacing);
    await replacing;
  }

  async function purge({ payload, instance }: FunctionSite, tag: string, key?: string): Promise<void> {
    const target = { namespace: name, ...(key !== undefined && { key }) };
    const work = (): Promise<void> => replaceByHand(instance, [tag]);
    await purgeByHand({ payload, instance, target, by: { kind: 'code' }, tags: () => [tag] }, work);
  }

  /** What is under a key; `undefined` where there is no cache, or no telling of the key. */
  async function wantedUnder(
    site: FunctionSite | undefined,
    key: readonly unknown[],
    ttl?: Duration,
  ): Promise<(WantedFunction & { keyTag: string }) | undefined> {
    checkOpen(given);
    const options = { ...given, key, ...(ttl && { ttl }) };
    const wanted = site && (await wantedOf(site, options, { isForWrite: true }));
    const { keyTag } = typeof wanted === 'object' ? wanted : {};
    return keyTag === undefined ? undefined : { ...(wanted as WantedFunction), keyTag };
  }

  /** Takes an entry that is stale out of the stores, for its room. */
  async function drop({ reads }: FunctionSite, { key, nearKey, count, rule }: WantedFunction): Promise<void> {
    count.deletes = (count.deletes ?? 0) + 1;
    if (!rule.stores) return;
    const { near, far, storeGuard, writeTimeout } = reads;
    near?.delete(nearKey);
    await counted(
      storeGuard,
      count,
      async () => {
        await far.delete(key);
        return true;
      },
      { timeout: writeTimeout, operation: 'write' },
    );
  }

  return {
    async get<Value>(key: readonly unknown[]) {
      const site = siteOf(given);
      const wanted = site && (await wantedOf(site, { ...given, key }));
      if (!site || typeof wanted !== 'object') {
        if (site && wanted) countBypass(site.reads.counts('function', name), wanted as BypassReason);
        currentCall()?.recorder?.refuse('untracked');
        return undefined;
      }
      const { events } = site.reads;
      const since = momentIn(events);
      // How long a value lives was said when it was set.
      const looked = await lookUp(site, { ...wanted, ttl: site.reads.longestTtl });
      if (!looked.found) {
        // What is made of there being nothing depends on it.
        if (looked.before) wanted.parent?.note(wanted.ownTags, looked.before);
        else wanted.parent?.refuse('error');
        noteLookup(events, looked.stale ? 'stale' : 'miss', wanted.subject, wanted, since);
        return undefined;
      }
      noteLookup(events, 'hit', wanted.subject, wanted, since, looked.entry.length);
      noteEntry(wanted.parent, looked.entry);
      return { value: looked.result as Value };
    },
    async set(key, value, { ttl, tags = [] } = {}) {
      // At once: who has called it may change it meanwhile.
      const plain = plainResult(value);
      if (!plain) {
        throw new PayloadKVError({
          code: 'VALUE_NOT_STORABLE',
          message: `The value for the namespace "${name}" has no lossless text form.`,
          nextStep: 'Store texts, numbers, dates, bytes, lists and plain objects.',
        });
      }
      const its = siteOf(given);
      const encoded = (its?.reads.envelope.serializer && encodedResult(its, value)) ?? plain;
      // Whatever is under way for this key was made before, and copies of what was there are in other processes.
      const site = siteOf(given);
      const wanted = await wantedUnder(site, key, ttl);
      if (!site || !wanted) return;
      for (const action of ['write', 'purge'] as const) {
        if (!mayAccess(site.instance.options(), action, 'function', name))
          throw accessDenied(action, `the namespace "${name}"`);
      }
      await replace(site, wanted.keyTag);
      wanted.count.sets = (wanted.count.sets ?? 0) + 1;
      if (wanted.maximumBytes !== undefined && exceeds(encoded.body, wanted.maximumBytes)) {
        wanted.count.uncacheable += 1;
        return;
      }
      const all = [...wanted.ownTags, ...tags.map(ownTag)].sort();
      const versions = await recordedVersions(
        site.reads,
        { rule: strictest(site.reads, all), count: wanted.count },
        all,
      );
      if (!versions) return;
      site.known.set(wanted.key, { tags: all });
      site.reads.entryWrites.keep(
        'set',
        { ...wanted, tags: all },
        { before: versions, askedAt: site.reads.now() },
        encoded,
        false,
      );
    },
    async delete(key) {
      const site = siteOf(given);
      const wanted = await wantedUnder(site, key);
      if (!site || !wanted) return;
      await purge(site, wanted.keyTag, wanted.keyTag.slice(wanted.keyTag.indexOf('#') + 1));
      await drop(site, wanted);
    },
    async clear() {
      checkOpen(given);
      const site = siteOf(given);
      if (site) await purge(site, site.tags.namespace(name));
    },
    cached: (fn, own) => cached(fn, { ...given, ...own }),
    memoize: (fn, own) => memoize(fn, { ...given, ...own }),
    stats() {
      const count = siteOf(given)?.reads.counts('function', name);
      return count && copyOfFunctionCounts(count);
    },
  };
}
