import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import { isObject, isPlainObject } from '../../platform/is-object.js';

/**
 * What a caller asks for one call, in `context: { payloadCache: … }`, or in `context: { cache: … }` where a site has no
 * use of its own for that name.
 *
 * - `'bypass'`: ask the database and leave the cache as it is
 * - `'refresh'`: ask the database and store the answer
 * - `'only'`: answer from the cache, or throw {@link CacheMissError}
 * - `{ ttl }`: take entries of at most that age, and store for that long, up to the longest TTL of the options or a day
 */
export type CacheDirective = 'bypass' | 'refresh' | 'only' | { ttl: Duration };

/** Thrown for `context: { payloadCache: 'only' }` when the cache has no fresh answer. Its `code` is `CACHE_MISS`. */
export class CacheMissError extends PayloadKVError {
  static override readonly onlyCode = 'CACHE_MISS';

  constructor(slug: string, operation: string) {
    super({
      code: 'CACHE_MISS',
      message: `The cache has no fresh answer for ${operation} on "${slug}".`,
      nextStep: 'Catch this error, or leave out context.payloadCache = "only" to ask the database.',
    });
  }
}

/** A directive, checked. */
export type ReadDirective =
  | { kind: 'bypass' | 'refresh' | 'only' }
  | { kind: 'ttl'; ttl: number }
  | undefined;

type Context = Readonly<Record<PropertyKey, unknown>>;

/** A directive as it was found, not checked yet; `undefined` where there is none. */
export interface FoundDirective {
  value: unknown;
  /** Under which name of the context. */
  name: 'payloadCache' | 'cache';
}

/**
 * The directive of a context. What stands under `payloadCache` is one, or a mistake. What stands under `cache` may be
 * the site's own, and is one only where it is written as one.
 */
export function findDirective(context: unknown): FoundDirective | undefined {
  if (!isObject(context)) return undefined;
  const { payloadCache: own, cache } = context as Context;
  if (own !== undefined && own !== null) return { value: own, name: 'payloadCache' };
  return isDirective(cache) ? { value: cache, name: 'cache' } : undefined;
}

/** The context without its directive. Its caller may use the same object for other calls: it gets a copy. */
export function withoutDirective(context: unknown, { name }: FoundDirective): Context {
  const { [name]: _taken, ...rest } = context as Context;
  return rest;
}

/**
 * Reads a directive.
 *
 * @throws PayloadKVError `INVALID_CACHE_DIRECTIVE` or `INVALID_DURATION` for a value of `payloadCache` that is none
 */
export function parseDirective(found: FoundDirective): ReadDirective {
  const { value, name } = found;
  if (value === 'bypass' || value === 'refresh' || value === 'only') return { kind: value };
  if (isObjectWithTtl(value)) return { kind: 'ttl', ttl: parseDuration(value.ttl, `context.${name}.ttl`) };
  throw new PayloadKVError({
    code: 'INVALID_CACHE_DIRECTIVE',
    message: `context.${name} must be "bypass", "refresh", "only" or { ttl }, not ${describe(value)}.`,
    nextStep: 'Correct the context of the call.',
  });
}

/**
 * Of what several operations ask for, where it is not certain which of them reads, what does no harm to any: to ask the
 * database, and to take only what is young enough for each. To refuse is right only where all ask for that.
 */
export function mostCareful(directives: readonly ReadDirective[]): ReadDirective {
  if (directives.length < 2) return directives[0];
  const asks = (kind: string): ReadDirective => directives.find((directive) => directive?.kind === kind);
  const ttls = directives.flatMap((directive) => (directive?.kind === 'ttl' ? directive.ttl : []));
  const careful = asks('bypass') ?? asks('refresh');
  if (careful) return careful;
  if (ttls.length > 0) return { kind: 'ttl', ttl: Math.min(...ttls) };
  return directives.every((directive) => directive?.kind === 'only') ? directives[0] : undefined;
}

const RANKS = ['bypass', 'refresh'] as const;

/** The more careful of two directives that were not checked yet. */
export function moreCareful(
  one: FoundDirective | undefined,
  other: FoundDirective | undefined,
): FoundDirective | undefined {
  if (!one || !other) return one ?? other;
  for (const rank of RANKS) {
    if (one.value === rank) return one;
    if (other.value === rank) return other;
  }
  return one.value === 'only' ? other : one;
}

function isDirective(value: unknown): boolean {
  if (value === 'bypass' || value === 'refresh' || value === 'only') return true;
  if (!isObjectWithTtl(value)) return false;
  try {
    parseDuration(value.ttl, 'ttl');
    return true;
  } catch {
    return false;
  }
}

function isObjectWithTtl(value: unknown): value is { ttl: Duration } {
  try {
    return isPlainObject(value) && Object.keys(value).length === 1 && Object.hasOwn(value, 'ttl');
  } catch {
    // A proxy that does not let itself be looked at.
    return false;
  }
}

/** A value in a message: it may be long, circular, or without a text. */
function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 50 ? `${value.slice(0, 50)}…` : value);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`;
}
