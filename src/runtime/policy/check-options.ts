import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Consistency, Registry } from '../../interfaces/registry.js';
import { CACHED_OPERATIONS } from '../query/operations.js';
import { invalid, SWITCHED_DURATIONS, versionMemory } from './option-values.js';
import type { CollectionPolicy, GlobalPolicy, PayloadKVOptions } from './options.js';

/** Names of what a policy may say. */
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
      checkType(`${name}.enabled`, policy.enabled, 'boolean');
      if (policy.allowAuth !== 'without-secrets' && ![undefined, true, false].includes(policy.allowAuth))
        throw invalid(`${name}.allowAuth`, 'true, false or "without-secrets"', policy.allowAuth);
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
