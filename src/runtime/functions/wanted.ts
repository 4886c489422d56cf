/** The key of what a function returns, and what holds for it. */
import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Recorder } from '../../interfaces/recorder.js';
import { hash } from '../../platform/hash.js';
import { smaller } from '../../platform/smaller.js';
import { instanceOf } from '../carried-instance.js';
import { currentCall, currentRecorder } from '../operation/operation.js';
import { carriesTransaction, isInsideWrite, isOfWriteOperation } from '../operation/reader.js';
import { mayAccess } from '../policy/access.js';
import type { NamespacePolicy } from '../policy/options.js';
import { DEFAULT_TTL } from '../policy/policy.js';
import { noteLimited, takeOne } from '../policy/rate-limits.js';
import { canonicalArguments } from '../query/canonical-arguments.js';
import { entryKey } from '../query/key.js';
import { FUNCTIONS_TAG } from '../query/tags.js';
import { attachedKeys } from '../read/attachment.js';
import type { CachedRule } from '../read/context.js';
import { strictest } from '../read/known-versions.js';
import type { BypassReason } from '../stats/stats.js';
import { askerOf } from './asker.js';
import type { CachedOptions, FunctionSite, WantedFunction } from './context.js';

/** Longest namespace in characters. */
const LONGEST_NAMESPACE = 100;
/** How long a call waits for another process to run it. */
const LOCK_WAIT: Duration = '15s';
/** How long a lock outlives a process that has died. */
const LOCK_LIFETIME: Duration = '10s';

/**
 * What is wanted, or why it is run without asking the cache.
 *
 * @param how `isForWrite`: it is to be replaced, wherever this code runs
 * @throws PayloadKVError `INVALID_FUNCTION_KEY` or `INVALID_DURATION`
 */
export async function wantedOf(
  site: FunctionSite,
  options: CachedOptions,
  { isForWrite = false }: { isForWrite?: boolean } = {},
): Promise<WantedFunction | BypassReason> {
  const { reads } = site;
  const { req, shared = false, namespace = '' } = options;
  check(options);
  // Before anything else happens: the request may be another's by then, and arguments be changed.
  const asker = req && askerOf(req);
  const asked = {
    build: site.instance.options().build,
    asker: asker && { ...asker, ...(shared && { user: null }) },
  };
  const canonicalKey = (): string | undefined => canonicalArguments({ ...asked, key: options.key });
  const canonical = canonicalKey();
  const starting = site.instance.starting?.();
  if (starting) await starting;
  const writing = isForWrite ? undefined : await writingOf(req);
  if (writing) return writing;
  const rule = ruleOf(site, options);
  if (rule.eventual && req?.user && !shared) return 'request';
  const isAway = !reads.alone && reads.isSuspended();
  if (!isForWrite && isAway) return 'error';
  if (!isForWrite && !mayAccess(site.instance.options(), 'read', 'function', namespace)) return 'access';
  if (req && !asker) return 'unknown-argument';
  if (canonical === undefined) return 'unknown-argument';
  const keys = attachedKeys(
    reads,
    entryKey({
      // Those of one cache without Payload can be listed.
      readable: site.instance.prefix === undefined ? `fn:${namespace}` : `${reads.site}.fn:${namespace}`,
      scope: reads.scope,
      slug: `function:${namespace}`,
      operation: namespace,
      canonical,
    }),
  );
  const keyTag = namespace === '' ? undefined : site.tags.key(namespace, hash(canonical));
  const known = site.known.get(keys.key);
  const ownTags = [
    ...site.tags.all,
    ...(keyTag === undefined ? [] : [site.tags.namespace(namespace), keyTag]),
    ...(known?.wide ?? []),
  ];
  const tags = known?.tags ?? ownTags;
  const count = reads.counts('function', namespace);
  if (!isForWrite && reads.pendingFor(tags)) return 'error';
  return {
    ...keys,
    subject: { type: 'function', slug: namespace, operation: 'cached' },
    tags,
    ownTags,
    keyTag,
    asker,
    question: [],
    rule: { ...rule, ...strictest(site.reads, tags) },
    ttl: Math.min(rule.ttl, reads.longestTtl),
    swr: rule.swr,
    staleIfError: rule.staleIfError,
    refresh: false,
    isAsked: () => canonicalKey() === canonical,
    ofFunction: true,
    mayWrite() {
      const isOver = takeOne(site.instance.options(), namespace, 'write') !== undefined;
      if (isOver) noteLimited(count, 'write');
      return !isOver;
    },
    count,
    parent: recorderAround(site),
    maximumBytes: smaller(policyOf(site, namespace).maxEntryBytes, reads.maximumBytes),
    ...coordinationOf(site, options),
  };
}

/** How it is spread over the processes of the site. */
function coordinationOf(
  site: FunctionSite,
  { namespace = '', ...own }: CachedOptions,
): Pick<WantedFunction, 'lock' | 'beta'> {
  const named = policyOf(site, namespace);
  const lock = own.lock ?? named.lock ?? false;
  const early = own.earlyRefresh ?? named.earlyRefresh ?? false;
  const { wait = LOCK_WAIT, lifetime = LOCK_LIFETIME } = lock === true ? {} : lock || {};
  const { beta = 1 } = early === true ? {} : early || {};
  return {
    lock: lock
      ? {
          wait: 1000 * parseDuration(wait, 'lock.wait'),
          lifetime: 1000 * parseDuration(lifetime, 'lock.lifetime'),
        }
      : undefined,
    beta: early ? beta : undefined,
  };
}

/**
 * What hears of what a result depends on. Versions of another registry tell it nothing: where a cache without Payload is
 * asked inside of a function of a site, or the other way round, both must have the same.
 */
function recorderAround({ payload, instance, reads }: FunctionSite): Recorder | undefined {
  const recorder = currentRecorder(reads.pages);
  const around = recorder?.payload && recorder.payload !== payload ? instanceOf(recorder.payload) : undefined;
  if (!around || (around.prefix === undefined && instance.prefix === undefined)) return recorder;
  if (around.registry() === instance.registry()) return recorder;
  recorder?.refuse('untracked');
  return undefined;
}

function check({ key, namespace, ttl, swr, staleIfError, earlyRefresh }: CachedOptions): void {
  if (!Array.isArray(key))
    throw invalid('key must be an array of all that the function uses', "key: ['prices', currency]");
  if (namespace !== undefined && (typeof namespace !== 'string' || namespace.length > LONGEST_NAMESPACE))
    throw invalid(`namespace must be text of at most ${LONGEST_NAMESPACE} characters`, "namespace: 'prices'");
  if (ttl !== undefined) parseDuration(ttl, 'ttl');
  if (swr) parseDuration(swr, 'swr');
  if (staleIfError) parseDuration(staleIfError, 'staleIfError');
  if (typeof earlyRefresh === 'object' && !((earlyRefresh.beta ?? 1) > 0))
    throw invalid('beta of earlyRefresh must be above 0', 'earlyRefresh: { beta: 2 }');
}

function invalid(what: string, example: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_FUNCTION_KEY',
    message: `${what}.`,
    nextStep: `Write for example ${example}.`,
  });
}

/** Of what write or transaction this code is a part. */
export async function writingOf(
  req: CachedOptions['req'],
): Promise<'write-operation' | 'transaction' | undefined> {
  const call = currentCall();
  const reader = { request: req, operations: [], call };
  if (isOfWriteOperation(reader) || isInsideWrite()) return 'write-operation';
  return (await carriesTransaction(reader)) ? 'transaction' : undefined;
}

function policyOf({ instance }: FunctionSite, namespace: string): NamespacePolicy {
  const { namespaces = {} } = instance.options();
  return Object.hasOwn(namespaces, namespace) ? (namespaces[namespace] ?? {}) : {};
}

function ruleOf(site: FunctionSite, options: CachedOptions): CachedRule {
  const general = site.instance.options();
  const named = policyOf(site, options.namespace ?? '');
  const ttl = parseDuration(options.ttl ?? named.ttl ?? general.ttl ?? DEFAULT_TTL, 'ttl');
  const grace = (name: 'swr' | 'staleIfError'): number => {
    const duration = options[name] ?? named[name] ?? general[name];
    return duration ? parseDuration(duration, name) : 0;
  };
  return {
    cached: true,
    ttl,
    negativeTtl: ttl,
    swr: grace('swr'),
    staleIfError: grace('staleIfError'),
    ...strictest(site.reads, [FUNCTIONS_TAG]),
    auth: false,
    stores: mayAccess(general, 'write', 'function', options.namespace ?? ''),
    secrets: undefined,
  };
}
