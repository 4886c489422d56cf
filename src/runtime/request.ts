import { LRUCache } from 'lru-cache';
import { PayloadKVError } from '../errors.js';
import { parseDuration } from './duration.js';
import type { Duration } from './options.js';

/**
 * What a request says about caching: whether it is in a write operation, and what its caller asked for in `context`.
 *
 * Payload hands a request on in many forms: itself, a Proxy, a shallow copy, a new object with some of its parts. So a
 * write operation is noted on the request, where copies and proxies show it, and on its data loader, which new requests
 * made from parts share. Its `context` is left alone: callers pass one object to many calls.
 */

/**
 * What a caller asks for one call, in `context: { cache: … }`.
 *
 * - `'bypass'`: ask the database and leave the cache as it is
 * - `'refresh'`: ask the database and store the answer
 * - `'only'`: answer from the cache, or throw {@link CacheMissError}
 * - `{ ttl }`: take entries of at most that age, and store for that long, up to the longest TTL of the options or a day
 */
export type CacheDirective = 'bypass' | 'refresh' | 'only' | { ttl: Duration };

/** Thrown for `context: { cache: 'only' }` when the cache has no fresh answer. Its `code` is `CACHE_MISS`. */
export class CacheMissError extends PayloadKVError {
  static override readonly onlyCode = 'CACHE_MISS';

  constructor(slug: string, operation: string) {
    super({
      code: 'CACHE_MISS',
      message: `The cache has no fresh answer for ${operation} on "${slug}".`,
      nextStep: 'Catch this error, or leave out context.cache = "only" to ask the database.',
    });
  }
}

/** A read directive, checked. */
export type ReadDirective =
  | { kind: 'bypass' | 'refresh' | 'only' }
  | { kind: 'ttl'; ttl: number }
  | undefined;

const WRITE = Symbol.for('payload-kv.write-operation');
const READS = Symbol.for('payload-kv.reads');

/** The data loaders of requests in a write operation: new requests made from a part of the old share it. */
const writingLoaders = new WeakSet<object>();

interface Marked {
  [WRITE]?: true;
  /** The last read operation of each collection and global (`@slug`), with what its caller asked for. */
  [READS]?: Readonly<Record<string, { directive: unknown }>>;
  context?: Record<PropertyKey, unknown>;
  payloadDataLoader?: unknown;
  transactionID?: unknown;
  user?: unknown;
}

/** Notes that the request carries a write operation. Every later read with it goes to the database. */
export function markWriteOperation(request: unknown): void {
  if (typeof request !== 'object' || request === null) return;
  const marked = request as Marked;
  setQuietly(marked, WRITE, true);
  if (typeof marked.payloadDataLoader === 'object' && marked.payloadDataLoader !== null) {
    writingLoaders.add(marked.payloadDataLoader);
  }
}

/** Whether the request is in a write operation. */
export function isInWriteOperation(request: unknown): boolean {
  if (typeof request !== 'object' || request === null) return false;
  const marked = request as Marked;
  if (marked[WRITE]) return true;
  const { payloadDataLoader } = marked;
  return (
    typeof payloadDataLoader === 'object' &&
    payloadDataLoader !== null &&
    writingLoaders.has(payloadDataLoader)
  );
}

/**
 * The transaction a request carries. Payload sets a promise first, of the id or of `null` on adapters without
 * transactions; its data loader turns that promise into an empty object. Whatever is there, the request is in a write
 * operation; only text and numbers are ids.
 */
export function carriesTransaction(request: unknown): boolean {
  if (typeof request !== 'object' || request === null) return false;
  const { transactionID } = request as Marked;
  return transactionID !== undefined && transactionID !== null;
}

/** The id of the request's transaction, or `undefined` without one. */
export async function transactionOf(request: unknown): Promise<string | number | undefined> {
  if (typeof request !== 'object' || request === null) return undefined;
  const id = await (request as Marked).transactionID;
  return (typeof id === 'string' && id !== '') || typeof id === 'number' ? id : undefined;
}

/** Whether somebody is logged in. */
export function isAuthenticated(request: unknown): boolean {
  return typeof request === 'object' && request !== null && Boolean((request as Marked).user);
}

/** What {@link beginRead} needs of an operation's arguments, and changes in them. */
interface OperationArguments {
  /** Above 0 in the population of relations. */
  currentDepth?: unknown;
  id?: unknown;
  joins?: unknown;
}

/**
 * Notes a read operation on its request, before it reads the database, and takes its directive out of the `context`,
 * so that the population of relations, which uses the same request, does not inherit it.
 *
 * @param name the slug, of a global with `@` before it
 */
export function beginRead(request: unknown, name: string, args: OperationArguments): void {
  if (typeof request !== 'object' || request === null) return;
  const marked = request as Marked;
  const { currentDepth } = args;
  const isPopulation = typeof currentDepth === 'number' && currentDepth > 0;
  const directive = marked.context?.cache;
  setQuietly(marked, READS, {
    ...marked[READS],
    [name]: { directive: isPopulation ? undefined : directive },
  });
  if (directive !== undefined) {
    // The caller may use the same context object for other calls: it gets a copy without the setting, never a deletion.
    const { cache: _taken, ...rest } = marked.context as Record<PropertyKey, unknown>;
    setQuietly(marked, 'context', rest);
  }
  if (args.id !== undefined) leaveTrace(request, name, args);
}

/**
 * Payload's `findByID` hands on nothing of its request but the transaction. Its `joins` however reach the database as
 * the very object that they are here, so that they can tell the request.
 */
const requestsByJoins = new WeakMap<object, object>();
/**
 * The `findByID` operations under way whose database read has no joins either, by document. Those that access control
 * ends read nothing, so that nobody takes them from here: not their requests are kept, but what they say.
 */
const traceless = new LRUCache<string, { requests: Marked[]; awaited: number }>({
  max: 1_000,
  ttl: 30_000,
  // Otherwise a timer, which in workerd goes with its request, would have to move the time on.
  ttlResolution: 0,
});

function leaveTrace(request: object, name: string, args: OperationArguments): void {
  if (args.joins === false || (request as { payloadAPI?: unknown }).payloadAPI === 'GraphQL') {
    const document = `${name} ${String(args.id)}`;
    const { requests = [], awaited = 0 } = traceless.get(document) ?? {};
    const said: Marked = {
      ...(isInWriteOperation(request) ? { [WRITE]: true } : {}),
      [READS]: { [name]: { directive: (request as Marked)[READS]?.[name]?.directive } },
      user: isAuthenticated(request),
    };
    traceless.set(document, { requests: [...requests, said].slice(-100), awaited: awaited + 1 });
    return;
  }
  const joins = { ...(args.joins as object | undefined) };
  args.joins = joins;
  requestsByJoins.set(joins, request);
}

/** The requests that a database read may belong to: one, but for `findByID` without joins. */
export function requestsOf(name: string, args: Readonly<Record<string, unknown>>): readonly unknown[] {
  const { req, joins, where } = args;
  if (typeof req !== 'object' || req === null || Object.keys(req).some((key) => key !== 'transactionID')) {
    return [req];
  }
  if (typeof joins === 'object' && joins !== null) return [requestsByJoins.get(joins) ?? req];
  const { and } = (where ?? {}) as { and?: unknown };
  const first = Array.isArray(and) ? (and[0] as { id?: { equals?: unknown } } | null) : undefined;
  const document = `${name} ${String(first?.id?.equals)}`;
  const known = traceless.get(document);
  if (!known) return [req];
  if (known.awaited > 1) traceless.set(document, { ...known, awaited: known.awaited - 1 });
  else traceless.delete(document);
  return known.requests;
}

/** Whether the request is in, or comes from, a read operation of the collection or global. */
export function isReadOperation(request: unknown, name: string): boolean {
  return typeof request === 'object' && request !== null && (request as Marked)[READS]?.[name] !== undefined;
}

/**
 * The directive for a read of the database adapter.
 *
 * @throws PayloadKVError `INVALID_CACHE_DIRECTIVE` for a value that is none
 */
export function directiveOf(request: unknown, name: string): ReadDirective {
  if (typeof request !== 'object' || request === null) return undefined;
  const marked = request as Marked;
  // What stands in the context was set after the last operation that has hooks: it is of a direct call of `payload.db`.
  const value = marked.context?.cache ?? marked[READS]?.[name]?.directive;
  if (value === undefined || value === null) return undefined;
  if (value === 'bypass' || value === 'refresh' || value === 'only') return { kind: value };
  if (typeof value === 'object' && 'ttl' in value) {
    return { kind: 'ttl', ttl: parseDuration(value.ttl, 'context.cache.ttl') };
  }
  throw new PayloadKVError({
    code: 'INVALID_CACHE_DIRECTIVE',
    message: `context.cache must be "bypass", "refresh", "only" or { ttl }, not ${JSON.stringify(value)}.`,
    nextStep: 'Correct the context of the call.',
  });
}

/** Sets a property where the object allows it; a frozen request or context is left alone. */
function setQuietly(target: object, name: PropertyKey, value: unknown): void {
  try {
    (target as Record<PropertyKey, unknown>)[name] = value;
  } catch {
    // Frozen: the other marks remain.
  }
}

/** What database adapters take from a request, besides its transaction. */
const PLAIN_PROPERTIES = ['context', 'fallbackLocale', 'i18n', 'locale', 'payload', 't', 'user'] as const;

/**
 * A request as database adapters use one, for a question that goes on while its own request does other things: that one
 * may begin a transaction, and an answer from inside it is not for everybody.
 */
export function apartFrom(request: unknown): Record<string, unknown> | undefined {
  if (typeof request !== 'object' || request === null) return undefined;
  const from = request as Record<string, unknown>;
  return Object.fromEntries(PLAIN_PROPERTIES.map((name) => [name, from[name]]));
}
