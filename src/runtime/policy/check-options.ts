import { parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { Consistency, Registry } from '../../interfaces/registry.js';
import { isObject } from '../../platform/is-object.js';
import { CACHED_OPERATIONS } from '../query/operations.js';
import { invalid, versionMemory } from './option-values.js';
import type { PayloadKVOptions } from './options.js';

/** Checks the value of an option that is set: what it must be, where it is not that. May throw an error of its own. */
type Check = (value: unknown, name: string, registry: Registry) => string | false | undefined;
type Checks = Readonly<Record<string, Check>>;

const truth: Check = (value) => typeof value !== 'boolean' && 'true or false';
const text: Check = (value) => typeof value !== 'string' && 'text';
const callable: Check = (value) => typeof value !== 'function' && 'a function';
const positive: Check = (value) =>
  !(Number.isInteger(value) && Number(value) > 0) && 'a positive whole number';

/** A duration, or what stands for none. */
const durationOr =
  (none?: unknown): Check =>
  (value, name) => {
    if (value !== none) parseDuration(value, name);
    return undefined;
  };

/** A list of texts. */
const textsOf =
  (expected: string): Check =>
  (value) =>
    !(Array.isArray(value) && value.every((each) => typeof each === 'string')) && expected;

const oneOf =
  (values: readonly unknown[], expected: string): Check =>
  (value) =>
    !values.includes(value) && expected;

const sealing: Check = (value, name) => {
  // Its type only: it may be a secret.
  if (typeof (value as { sealing?: unknown } | null)?.sealing !== 'function')
    throw invalid(name, 'made by messagePack(), gzip() or aesGCM()', typeof value);
  return undefined;
};

const consistency: Check = (value, name, registry) => {
  versionMemory(value as Consistency, name);
  if (value === 'strong' && !registry.canBeStrong) {
    throw new PayloadKVError({
      code: 'CONSISTENCY_NOT_AVAILABLE',
      message: `${name} is "strong", which the ${registry.name} registry cannot promise.`,
      nextStep: 'Use "eventual", or a registry that is strongly consistent.',
    });
  }
  return undefined;
};

/** An object of the options that have checks, and of no others. */
const objectOf =
  (checks: Checks, expected: string): Check =>
  (value, name, registry) => {
    if (!isObject(value)) return expected;
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(checks, key))
        throw invalid(`${name}.${key}`, `one of ${Object.keys(checks).join(', ')}`, key);
    }
    checkEach(value, checks, `${name}.`, registry);
    return undefined;
  };

/** What a policy may say as well as the options themselves. */
const SHARED: Checks = {
  ttl: durationOr(),
  operations: objectOf(
    Object.fromEntries(CACHED_OPERATIONS.map((operation) => [operation, durationOr(false)])),
    'an object by operation',
  ),
  enabled: truth,
  consistency,
  swr: durationOr(false),
  staleIfError: durationOr(false),
  negativeTtl: durationOr(false),
};

const policy = objectOf(
  {
    ...SHARED,
    slices: textsOf('an array of field paths'),
    allowAuth: oneOf([true, false, 'without-secrets'], 'true, false or "without-secrets"'),
  },
  'an object such as { ttl: "5m" }',
);

/** An object of which each value passes a check. */
const byName =
  (one: Check): Check =>
  (value, name, registry) => {
    if (!isObject(value)) return 'an object by name';
    for (const [key, each] of Object.entries(value)) check(each, `${name}.${key}`, one, registry);
    return undefined;
  };

const policies = byName(policy);

const trueOr =
  (options: Check): Check =>
  (value, name, registry) =>
    typeof value === 'boolean' ? undefined : options(value, name, registry);

const namespacePolicy = objectOf(
  {
    ttl: durationOr(),
    swr: durationOr(false),
    staleIfError: durationOr(false),
    maxEntryBytes: positive,
    lock: trueOr(
      objectOf({ wait: durationOr(), lifetime: durationOr() }, 'true, false, or { wait, lifetime }'),
    ),
    earlyRefresh: trueOr(
      objectOf({ beta: (value) => !(Number(value) > 0) && 'above 0' }, 'true, false, or { beta }'),
    ),
  },
  'an object such as { ttl: "5m" }',
);

const namespaces = byName(namespacePolicy);

const names = textsOf('a list of names');
const scope = trueOr(
  objectOf({ namespaces: names, collections: names, globals: names }, 'true, false or lists of what it is'),
);

const rate: Check = (value) => {
  const { perMinute, burst = 1 } = (value ?? {}) as { perMinute?: number; burst?: number };
  return (
    !(Number(perMinute) > 0 && Number.isFinite(perMinute) && Number(burst) >= 1) &&
    'as { perMinute: 60, burst: 10 }'
  );
};
const limits = objectOf(
  { run: rate, write: rate, purge: rate },
  'an object such as { run: { perMinute: 60 } }',
);

const LIMITED = 'an object such as { namespaces: { prices: { run: { perMinute: 60 } } } }';
const rateLimits = objectOf({ namespaces: byName(limits) }, LIMITED);

const OPTIONS: Checks = {
  ...SHARED,
  serializer: sealing,
  compression: sealing,
  encryption: sealing,
  debug: truth,
  namespace: text,
  database: text,
  key: callable,
  waitUntil: callable,
  singleFlight: oneOf(['process', 'request', 'isolate', false], '"process", "request", "isolate" or false'),
  replicaLag: durationOr(0),
  ttlJitter: (value) =>
    !(typeof value === 'number' && value >= 0 && value <= 0.5) && 'a number from 0 to 0.5',
  maxEntryBytes: positive,
  maxConcurrentWrites: positive,
  timeout: positive,
  writeTimeout: positive,
  collections: policies,
  globals: policies,
  namespaces,
  access: objectOf({ read: scope, write: scope, purge: scope }, 'an object such as { write: false }'),
  rateLimit: (value, name, registry) =>
    rateLimits(value, name, registry) ||
    (!isObject((value as { namespaces?: unknown }).namespaces) && LIMITED),
  audit: (value) => value !== true && callable(value, '', undefined as never),
  build: text,
  pages: (value) =>
    typeof (value as { recorder?: unknown } | null)?.recorder !== 'function' && 'made by nextPages()',
  onEvent: callable,
  observe: (value) =>
    typeof (value as { attach?: unknown } | null)?.attach !== 'function' && 'made by observe()',
};

/**
 * Checks everything in the options that can be checked without the schema.
 *
 * @throws PayloadKVError `INVALID_POLICY` or `INVALID_DURATION`, naming the key
 */
export function checkOptions(options: PayloadKVOptions, registry: Registry): void {
  checkEach(options, OPTIONS, '', registry);
  check(options.hooks?.all, 'hooks.all', callable, registry);
  for (const type of ['collections', 'globals'] as const) {
    for (const [slug, hook] of Object.entries(options.hooks?.[type] ?? {}))
      check(hook, `hooks.${type}.${slug}`, callable, registry);
  }
}

function checkEach(values: object, checks: Checks, before: string, registry: Registry): void {
  for (const [name, one] of Object.entries(checks))
    check((values as Record<string, unknown>)[name], before + name, one, registry);
}

function check(value: unknown, name: string, one: Check, registry: Registry): void {
  const expected = value !== undefined && one(value, name, registry);
  if (expected) throw invalid(name, expected, value);
}
