/**
 * Comes in: the options, changed by environment.ts and checked by check-options.ts, and the schema of the site. Goes out:
 * for each operation on each collection and global whether it is cached, and how long what may serve.
 */

import { parseDuration } from '../../duration.js';
import type { Consistency, Registry } from '../../interfaces/registry.js';
import { valueAt } from '../../platform/value-at.js';
import { CACHED_OPERATIONS, type CachedOperation } from '../query/operations.js';
import type { SiteSchema, SliceField } from '../query/site-schema.js';
import { canBeSlice, fieldAt } from '../query/slices.js';
import type { BypassReason } from '../stats/stats.js';
import { mayAccess } from './access.js';
import { versionMemory } from './option-values.js';
import type { CollectionPolicy, GlobalPolicy, PayloadKVOptions } from './options.js';
import { isSecret, type Secrets, secretsOf } from './secrets.js';

/** Default TTL of an entry, in seconds. */
export const DEFAULT_TTL = 300;

/** What the admin panel remembers of each user: how lists look, which tabs are open. Read several times in each view. */
export const PREFERENCES = 'payload-preferences';

/** Not cached unless named: Payload's own bookkeeping, an exact list. Of these only preferences may be named. */
const INTERNAL = new Set([
  PREFERENCES,
  'payload-locked-documents',
  'payload-migrations',
  'payload-jobs',
  'payload-kv',
  'payload-kv-tags',
  // A global: what the job queue last scheduled, read to be written back.
  'payload-jobs-stats',
]);

/** Whether a collection or global is Payload's own bookkeeping, which no site caches without naming it. */
export const isInternal = (slug: string): boolean => INTERNAL.has(slug);

/** TTL of an answer that holds nothing, in seconds, where the options name none. */
const DEFAULT_NEGATIVE_TTL = 60;
/** How much shorter than its TTL an entry may live, as a share of it. */
export const DEFAULT_TTL_JITTER = 0.1;

/** How long what a process remembers of versions may serve. */
export interface Freshness {
  /** In seconds; 0 under `strong`. */
  maximumAge: number;
  eventual: boolean;
}

/** What holds for one operation on one collection or global. Times in seconds. */
export type Rule =
  | {
      cached: true;
      ttl: number;
      /** TTL of an answer that holds nothing; 0 where those are not cached. */
      negativeTtl: number;
      /** How long after its TTL an entry is served while it is being replaced. */
      swr: number;
      /** How long after its TTL an entry is served when the database throws. */
      staleIfError: number;
      /** How long a version may be remembered; 0 under `strong`. */
      maximumAge: number;
      eventual: boolean;
      auth: boolean;
      /** Whether this process may store it. */
      stores: boolean;
      /** What entries are kept without, and answer only who needs none of it. */
      secrets: Secrets | undefined;
    }
  | { cached: false; reason: Extract<BypassReason, 'access' | 'auth-collection' | 'policy'> };

const NOT_CACHED: Rule = { cached: false, reason: 'policy' };

/** The options, checked and resolved against the schema. */
export interface Policy {
  /** Those that it was made of. */
  options: PayloadKVOptions;
  ruleOf(type: 'collection' | 'global', slug: string, operation: CachedOperation): Rule;
  /** Slice fields of a collection. */
  slicesOf(slug: string): readonly SliceField[];
  /** How long versions may be remembered of what has this policy of its own; without one by the options. */
  freshnessBy(own: CollectionPolicy | GlobalPolicy | undefined): Freshness;
  /** Whether any operation of it is cached. */
  isCached(type: 'collection' | 'global', slug: string): boolean;
}

/** Resolves checked options against the schema. What does not fit it is reported to `warn` and left out. */
export function createPolicy(
  options: PayloadKVOptions,
  registry: Registry,
  schema: SiteSchema,
  warn: (message: string) => void,
): Policy {
  const defaultTtl = options.ttl === undefined ? DEFAULT_TTL : parseDuration(options.ttl, 'ttl');
  type Rules = { [operation in CachedOperation]?: Rule };
  const rules = { collection: new Map<string, Rules>(), global: new Map<string, Rules>() };
  const policyOf = (
    type: 'collection' | 'global',
    slug: string,
  ): CollectionPolicy | GlobalPolicy | undefined => {
    const policies = options[`${type}s`] as Record<string, CollectionPolicy> | undefined;
    // A collection may be called `constructor`.
    return policies && Object.hasOwn(policies, slug) ? policies[slug] : undefined;
  };

  for (const type of ['collections', 'globals'] as const) {
    const warnOfUnknown = (where: string, slugs: readonly string[]): void => {
      for (const slug of slugs) {
        if (!schema[type].has(slug))
          warn(`payload-kv: ${where} names ${type}.${slug}, which this site does not have; it is ignored.`);
      }
    };
    warnOfUnknown('the policy', Object.keys(options[type] ?? {}));
    // A cache without Payload has none, and may be asked to make theirs stale all the same.
    if (schema[type].size === 0) continue;
    for (const [action, scope] of Object.entries(options.access ?? {}))
      warnOfUnknown(`access.${action}`, (typeof scope === 'object' && scope[type]) || []);
  }

  const consistencyOf = (policy: CollectionPolicy | GlobalPolicy | undefined): Consistency =>
    policy?.consistency ?? options.consistency ?? registry.defaultConsistency;

  const freshnessBy = (policy: CollectionPolicy | GlobalPolicy | undefined): Freshness => {
    const consistency = consistencyOf(policy);
    return {
      maximumAge: versionMemory(consistency, 'consistency'),
      eventual: consistency === 'eventual',
    };
  };

  const preferences = policyOf('collection', PREFERENCES);
  if (preferences && consistencyOf(preferences) !== 'strong') {
    warn(
      `payload-kv: "${PREFERENCES}" is not cached: Payload writes back what it reads of them, so it takes the consistency "strong".`,
    );
  }
  const slices = readSlices(options, schema, warn);
  const secrets = readSecrets(options, schema, warn);

  function resolve(type: 'collection' | 'global', slug: string, operation: CachedOperation): Rule {
    const entity = schema[`${type}s`].get(slug);
    const policy: CollectionPolicy | undefined = policyOf(type, slug);
    const isPreferences = type === 'collection' && slug === PREFERENCES;
    if (!entity || (isInternal(slug) && !(isPreferences && policy))) return NOT_CACHED;
    const auth = 'auth' in entity && Boolean(entity.auth);
    const isAllowed =
      policy?.allowAuth === true ||
      (policy?.allowAuth === 'without-secrets' && secrets.has(slug) && OF_DOCUMENTS.has(operation));
    if (auth && !isAllowed) return { cached: false, reason: 'auth-collection' };
    if (options[`${type}s`] !== undefined && policy === undefined) return NOT_CACHED;
    if (policy?.enabled === false) return NOT_CACHED;
    const general = options.operations?.[operation];
    // Turned off for all, it is on only where a policy names the operation.
    const ttl =
      policy?.operations?.[operation] ?? (general !== false && (policy?.ttl ?? general ?? defaultTtl));
    if (ttl === false) return NOT_CACHED;
    if (isPreferences && consistencyOf(policy) !== 'strong') return NOT_CACHED;
    const switched = (name: 'swr' | 'staleIfError' | 'negativeTtl', fallback: number): number => {
      // Payload merges the preferences that it reads into what it writes: they are never older than the database's.
      if (isPreferences && name !== 'negativeTtl') return 0;
      const duration = policy?.[name] ?? options[name] ?? fallback;
      return duration ? parseDuration(duration) : 0;
    };
    return {
      cached: true,
      ttl: parseDuration(ttl),
      negativeTtl: switched('negativeTtl', DEFAULT_NEGATIVE_TTL),
      swr: switched('swr', 0),
      staleIfError: switched('staleIfError', 0),
      ...freshnessBy(policy),
      auth,
      stores: mayAccess(options, 'write', type, slug),
      secrets: type === 'collection' ? secrets.get(slug) : undefined,
    };
  }

  const none: readonly SliceField[] = [];
  return {
    options,
    ruleOf(type, slug, operation) {
      const known = valueAt(rules[type], slug, (): Rules => ({}));
      let rule = known[operation];
      if (!rule) {
        rule = resolve(type, slug, operation);
        // What others cache is made stale here whoever may read it: so this is no matter of `isCached`.
        if (rule.cached && !mayAccess(options, 'read', type, slug))
          rule = { cached: false, reason: 'access' };
        known[operation] = rule;
      }
      return rule;
    },
    slicesOf: (slug) => slices.get(slug) ?? none,
    freshnessBy,
    isCached: (type, slug) => CACHED_OPERATIONS.some((operation) => resolve(type, slug, operation).cached),
  };
}

/** Operations that read documents as they are now: their results are known to hold secrets where documents do. */
const OF_DOCUMENTS: ReadonlySet<CachedOperation> = new Set(['find', 'findOne', 'count']);

/** What entries of auth collections are kept without. Those of which that cannot be said are reported and left out. */
function readSecrets(
  options: PayloadKVOptions,
  schema: SiteSchema,
  warn: (message: string) => void,
): Map<string, Secrets> {
  const secrets = new Map<string, Secrets>();
  for (const [slug, policy] of Object.entries(options.collections ?? {}) as [
    string,
    CollectionPolicy | undefined,
  ][]) {
    const collection = schema.collections.get(slug);
    if (policy?.allowAuth !== 'without-secrets' || !collection?.auth) continue;
    const found = secretsOf(collection, schema.blocksOf);
    if (typeof found !== 'string') secrets.set(slug, found);
    else warn(`payload-kv: "${slug}" is not cached, which allowAuth asks for without its secrets: ${found}.`);
  }
  return secrets;
}

/** The slice fields of each collection. What is none is reported and left out. */
function readSlices(
  options: PayloadKVOptions,
  schema: SiteSchema,
  warn: (message: string) => void,
): Map<string, SliceField[]> {
  const slices = new Map<string, SliceField[]>();
  for (const [slug, policy] of Object.entries(options.collections ?? {}) as [
    string,
    CollectionPolicy | undefined,
  ][]) {
    const collection = schema.collections.get(slug);
    if (!collection || !policy?.slices) continue;
    const fields: SliceField[] = [];
    for (const path of policy.slices) {
      const field = fieldAt(collection.flattenedFields, path);
      // Tags name the values of slices, and are kept where entries without secrets are.
      if (field && collection.auth && policy.allowAuth !== true && isSecret(collection, path)) {
        warn(
          `payload-kv: collections.${slug}.slices names "${path}", which is kept secret and cannot be a slice; it is ignored.`,
        );
      } else if (field && canBeSlice(field) && !(field as { virtual?: unknown }).virtual)
        fields.push({ path, field });
      else {
        warn(
          `payload-kv: collections.${slug}.slices names "${path}", which ${field ? `is a ${field.type} field and cannot be a slice` : 'is no field of it outside lists'}; it is ignored.`,
        );
      }
    }
    slices.set(slug, fields);
  }
  return slices;
}
