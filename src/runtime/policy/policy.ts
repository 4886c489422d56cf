import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Consistency, Registry } from '../../interfaces/registry.js';
import { CACHED_OPERATIONS, type CachedOperation } from '../query/operations.js';
import type { SiteSchema } from '../query/site-schema.js';
import { canBeSlice, fieldAt, type SliceField } from '../query/slices.js';
import type { BypassReason } from '../stats/stats.js';
import type { CollectionPolicy, GlobalPolicy, PayloadKVOptions } from './options.js';

/** Default TTL of an entry, in seconds. */
export const DEFAULT_TTL = 300;

/** How long versions may be remembered in `eventual` mode, in seconds. */
const EVENTUAL_MEMORY = 2;

/** Never cached, whatever the options say: Payload's own bookkeeping, an exact list. */
const INTERNAL = new Set([
  'payload-preferences',
  'payload-locked-documents',
  'payload-migrations',
  'payload-jobs',
  'payload-kv',
  'payload-kv-tags',
  // A global: what the job queue last scheduled, read to be written back.
  'payload-jobs-stats',
]);

/** Whether a collection or global is Payload's own bookkeeping, which nobody caches. */
export const isInternal = (slug: string): boolean => INTERNAL.has(slug);

/** TTL of an answer that holds nothing, in seconds, where the options name none. */
const DEFAULT_NEGATIVE_TTL = 60;
/** How much shorter than its TTL an entry may live, as a share of it. */
export const DEFAULT_TTL_JITTER = 0.1;

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
    }
  | { cached: false; reason: Extract<BypassReason, 'auth-collection' | 'policy'> };

/** The options, checked and resolved against the schema. */
export interface Policy {
  ruleOf(type: 'collection' | 'global', slug: string, operation: CachedOperation): Rule;
  /** Slice fields of a collection. */
  slicesOf(slug: string): readonly SliceField[];
  /** Whether any operation of it is cached. */
  isCached(type: 'collection' | 'global', slug: string): boolean;
}

/** How long a version may be remembered in a process without asking the registry, in seconds. */
function versionMemory(consistency: Consistency, name: string): number {
  if (consistency === 'strong') return 0;
  if (consistency === 'eventual') return EVENTUAL_MEMORY;
  if (typeof consistency === 'object' && consistency !== null && 'bounded' in consistency) {
    return parseDuration(consistency.bounded, `${name}.bounded`);
  }
  throw invalid(name, '"strong", "eventual" or { bounded: duration }', consistency);
}

function invalid(name: string, expected: string, value: unknown): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_POLICY',
    message: `${name} must be ${expected}, not ${JSON.stringify(value)}.`,
    nextStep: `Correct ${name} in the options of payloadKV().`,
  });
}

const POLICY_NAMES = new Set([
  'ttl',
  'operations',
  'enabled',
  'consistency',
  'swr',
  'staleIfError',
  'negativeTtl',
  'slices',
  'allowAuth',
]);

/** What other options must be. */
const TYPES = {
  enabled: 'boolean',
  debug: 'boolean',
  namespace: 'string',
  database: 'string',
  key: 'function',
  waitUntil: 'function',
} as const;

const SINGLE_FLIGHTS: readonly unknown[] = ['process', 'request', 'isolate', false];

/** Options that are a duration or off. */
const SWITCHED_DURATIONS = ['swr', 'staleIfError', 'negativeTtl'] as const;

/**
 * Checks everything in the options that can be checked without the schema.
 *
 * @throws PayloadKVError `INVALID_POLICY` or `INVALID_DURATION`, naming the key
 */
export function checkOptions(options: PayloadKVOptions, registry: Registry): void {
  if (options.ttl !== undefined) parseDuration(options.ttl, 'ttl');
  checkOperations(options.operations, 'operations');
  checkEnvelope(options);
  checkSwitchedDurations(options, '');
  checkConsistency(options.consistency, 'consistency', registry);
  for (const [name, type] of Object.entries(TYPES))
    checkType(name, options[name as keyof typeof TYPES], type);
  const { singleFlight, replicaLag } = options;
  if (singleFlight !== undefined && !SINGLE_FLIGHTS.includes(singleFlight))
    throw invalid('singleFlight', '"process", "request", "isolate" or false', singleFlight);
  if (replicaLag !== undefined && replicaLag !== 0) parseDuration(replicaLag, 'replicaLag');
  const { ttlJitter, maxEntryBytes, maxConcurrentWrites, timeout, writeTimeout } = options;
  if (ttlJitter !== undefined && !(typeof ttlJitter === 'number' && ttlJitter >= 0 && ttlJitter <= 0.5))
    throw invalid('ttlJitter', 'a number from 0 to 0.5', ttlJitter);
  for (const [name, value] of Object.entries({ maxEntryBytes, maxConcurrentWrites, timeout, writeTimeout })) {
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw invalid(name, 'a positive whole number', value);
  }
  for (const type of ['collections', 'globals'] as const) {
    for (const [slug, hook] of Object.entries(options.hooks?.[type] ?? {}))
      checkType(`hooks.${type}.${slug}`, hook, 'function');
    const policies = options[type];
    if (policies === undefined) continue;
    if (typeof policies !== 'object' || policies === null) throw invalid(type, 'an object by slug', policies);
    for (const [slug, policy] of Object.entries(policies) as [string, CollectionPolicy | undefined][]) {
      const name = `${type}.${slug}`;
      if (policy === undefined) continue;
      if (typeof policy !== 'object' || policy === null)
        throw invalid(name, 'an object such as { ttl: "5m" }', policy);
      for (const key of Object.keys(policy)) {
        if (!POLICY_NAMES.has(key))
          throw invalid(`${name}.${key}`, `one of ${[...POLICY_NAMES].join(', ')}`, key);
      }
      if (policy.ttl !== undefined) parseDuration(policy.ttl, `${name}.ttl`);
      for (const key of ['enabled', 'allowAuth'] as const)
        checkType(`${name}.${key}`, policy[key], 'boolean');
      checkOperations(policy.operations, `${name}.operations`);
      checkSwitchedDurations(policy, `${name}.`);
      checkConsistency(policy.consistency, `${name}.consistency`, registry);
      if (
        policy.slices !== undefined &&
        !(Array.isArray(policy.slices) && policy.slices.every((path) => typeof path === 'string'))
      ) {
        throw invalid(`${name}.slices`, 'an array of field paths', policy.slices);
      }
    }
  }
}

function checkType(name: string, value: unknown, type: 'boolean' | 'string' | 'function'): void {
  if (value !== undefined && typeof value !== type)
    throw invalid(name, { boolean: 'true or false', string: 'text', function: 'a function' }[type], value);
}

function checkEnvelope(options: PayloadKVOptions): void {
  for (const name of ['serializer', 'compression', 'encryption'] as const) {
    const part = options[name];
    // Its type only: it may be a secret.
    if (part !== undefined && typeof part?.sealing !== 'function')
      throw invalid(name, 'made by messagePack(), gzip() or aesGCM()', typeof part);
  }
}

function checkOperations(operations: unknown, name: string): void {
  if (operations === undefined) return;
  if (typeof operations !== 'object' || operations === null)
    throw invalid(name, 'an object by operation', operations);
  for (const [operation, ttl] of Object.entries(operations)) {
    if (!(CACHED_OPERATIONS as readonly string[]).includes(operation)) {
      throw invalid(`${name}.${operation}`, `one of ${CACHED_OPERATIONS.join(', ')}`, operation);
    }
    if (ttl !== false && ttl !== undefined) parseDuration(ttl, `${name}.${operation}`);
  }
}

function checkSwitchedDurations(policy: GlobalPolicy, before: string): void {
  for (const name of SWITCHED_DURATIONS) {
    const value = policy[name];
    if (value !== undefined && value !== false) parseDuration(value, before + name);
  }
}

function checkConsistency(consistency: Consistency | undefined, name: string, registry: Registry): void {
  if (consistency === undefined) return;
  versionMemory(consistency, name);
  if (consistency === 'strong' && !registry.canBeStrong) {
    throw new PayloadKVError({
      code: 'CONSISTENCY_NOT_AVAILABLE',
      message: `${name} is "strong", which the ${registry.name} registry cannot promise.`,
      nextStep: 'Use "eventual", or a registry that is strongly consistent.',
    });
  }
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
  const slices = new Map<string, SliceField[]>();
  const policyOf = (
    type: 'collection' | 'global',
    slug: string,
  ): CollectionPolicy | GlobalPolicy | undefined => {
    const policies = (type === 'collection' ? options.collections : options.globals) as
      | Record<string, CollectionPolicy>
      | undefined;
    // A collection may be called `constructor`.
    return policies && Object.hasOwn(policies, slug) ? policies[slug] : undefined;
  };

  for (const type of ['collections', 'globals'] as const) {
    for (const slug of Object.keys(options[type] ?? {})) {
      if (!schema[type].has(slug)) {
        warn(`payload-kv: the policy names ${type}.${slug}, which this site does not have; it is ignored.`);
      }
    }
  }

  function resolve(type: 'collection' | 'global', slug: string, operation: CachedOperation): Rule {
    if (isInternal(slug)) return { cached: false, reason: 'policy' };
    if (type === 'collection') {
      const collection = schema.collections.get(slug);
      if (!collection) return { cached: false, reason: 'policy' };
      if (collection.auth && !(policyOf(type, slug) as CollectionPolicy | undefined)?.allowAuth) {
        return { cached: false, reason: 'auth-collection' };
      }
    } else if (!schema.globals.has(slug)) return { cached: false, reason: 'policy' };
    const named = type === 'collection' ? options.collections : options.globals;
    const policy = policyOf(type, slug);
    if (named !== undefined && policy === undefined) return { cached: false, reason: 'policy' };
    if (policy?.enabled === false) return { cached: false, reason: 'policy' };
    const ttl =
      policy?.operations?.[operation] ?? policy?.ttl ?? options.operations?.[operation] ?? defaultTtl;
    const off = policy?.operations?.[operation] === false || options.operations?.[operation] === false;
    if (ttl === false || (off && policy?.operations?.[operation] === undefined))
      return { cached: false, reason: 'policy' };
    const consistency = policy?.consistency ?? options.consistency ?? registry.defaultConsistency;
    const switched = (name: (typeof SWITCHED_DURATIONS)[number], fallback: number): number => {
      const duration = policy?.[name] ?? options[name] ?? fallback;
      return duration === false || duration === 0 ? 0 : parseDuration(duration);
    };
    return {
      cached: true,
      ttl: parseDuration(ttl),
      negativeTtl: switched('negativeTtl', DEFAULT_NEGATIVE_TTL),
      swr: switched('swr', 0),
      staleIfError: switched('staleIfError', 0),
      maximumAge: versionMemory(consistency, 'consistency'),
      eventual: consistency === 'eventual',
      auth: type === 'collection' && Boolean(schema.collections.get(slug)?.auth),
    };
  }

  for (const [slug, policy] of Object.entries(options.collections ?? {}) as [
    string,
    CollectionPolicy | undefined,
  ][]) {
    const collection = schema.collections.get(slug);
    if (!collection || !policy?.slices) continue;
    const fields: SliceField[] = [];
    for (const path of policy.slices) {
      const field = fieldAt(collection.flattenedFields, path);
      if (field && canBeSlice(field) && !(field as { virtual?: unknown }).virtual)
        fields.push({ path, field });
      else {
        warn(
          `payload-kv: collections.${slug}.slices names "${path}", which ${field ? `is a ${field.type} field and cannot be a slice` : 'is no field of it outside lists'}; it is ignored.`,
        );
      }
    }
    slices.set(slug, fields);
  }

  const none: readonly SliceField[] = [];
  return {
    ruleOf(type, slug, operation) {
      let known = rules[type].get(slug);
      if (!known) {
        known = {};
        rules[type].set(slug, known);
      }
      known[operation] ??= resolve(type, slug, operation);
      return known[operation];
    },
    slicesOf: (slug) => slices.get(slug) ?? none,
    isCached: (type, slug) => CACHED_OPERATIONS.some((operation) => resolve(type, slug, operation).cached),
  };
}
