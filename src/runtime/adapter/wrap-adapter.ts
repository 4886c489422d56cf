/**
 * Comes in: Payload's database adapter. Goes out: one that is the same in every respect, but that its reads go through
 * `read/`, its writes and transactions through `write/`.
 */

import type { DatabaseAdapter } from 'payload';
import { isObject } from '../../platform/is-object.js';
import { valueAt } from '../../platform/value-at.js';
import { apartFrom } from '../operation/request.js';
import {
  CACHED_OPERATIONS,
  type CachedOperation,
  GLOBAL_READS,
  WRITE_OPERATIONS,
  type WriteOperation,
} from '../query/operations.js';
import type { Cache } from '../read/cache.js';
import type { Invalidation } from '../write/invalidation.js';

/** The cache behind a wrapped adapter, as it stands at the moment of a call; `undefined` while there is none. */
export interface CacheBehind {
  cache: Pick<Cache, 'read'>;
  invalidation: Invalidation;
}

/** What the wrapper asks of its maker. */
export interface WrapOptions {
  /** The cache to use now. */
  current(): CacheBehind | undefined;
  /** Called before the adapter's own `init`: at start, and at each hot reload with a changed schema. */
  onInit(): void;
  /** Called after the adapter's own `connect`. */
  onConnect(): Promise<void>;
  /** Called before the adapter's own `destroy`. */
  onDestroy(): Promise<void>;
  /** Lets a write and its invalidation go on when the client of their request goes away. */
  keepAlive(work: Promise<unknown>): void;
  /** Called once for a method that looks like a write and is in no list here. */
  onUnknownWrite(name: string): void;
}

const SCHEMA_OPERATIONS = [
  'migrate',
  'migrateDown',
  'migrateFresh',
  'migrateRefresh',
  'migrateReset',
  'dropDatabase',
] as const;

/** Adapter methods that look like writes and change no documents, or are raw handles as `drizzle` is. */
const KNOWN_OTHERS = new Set([
  'createDatabase',
  'createExtensions',
  'createJSONQuery',
  'createMigration',
  'deleteWhere',
]);
const LOOKS_LIKE_WRITE = /^(create|update|upsert|delete|insert|replace|remove|increment|bulk)[A-Z]/;

type Method = (...args: unknown[]) => unknown;

/** A method of an adapter that goes through the cache. */
interface Intercepted {
  original: Method;
  /** What stands in its place. */
  wrapped: Method;
}

/**
 * Wraps a database adapter so that it remains the adapter in every respect: properties are read from it and set on it,
 * its own internal calls see it bare, and only what is called from outside goes through the cache.
 *
 * The methods are taken once, at wrapping. A spy or a plugin that puts its own function in the place of one later is
 * called as it expects, and finds the wrapped method behind the name it took.
 */
export function wrapAdapter(base: DatabaseAdapter, options: WrapOptions): DatabaseAdapter {
  const intercepted = interceptMethods(base, options);
  const target = base as unknown as Record<PropertyKey, unknown>;
  const bound = new WeakMap<Method, Method>();
  const reported = new Set<PropertyKey>();

  /** Lets a method run with the bare adapter as `this`, and keeps whatever else the function is. */
  function bindToBase(method: Method): Method {
    const apply = (fn: Method, self: unknown, args: unknown[]): unknown =>
      Reflect.apply(fn, self === proxy ? base : self, args);
    return valueAt(bound, method, () => new Proxy(method, { apply }));
  }

  function reportUnknownWrite(name: PropertyKey): void {
    if (typeof name !== 'string' || !LOOKS_LIKE_WRITE.test(name) || KNOWN_OTHERS.has(name)) return;
    if (reported.has(name)) return;
    reported.add(name);
    options.onUnknownWrite(name);
  }

  const proxy: DatabaseAdapter = new Proxy(base, {
    get(_base, name) {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      const known = intercepted.get(name);
      // Put there by somebody else: it is theirs, with the wrapper as `this`.
      if (known) return value === known.original ? known.wrapped : value;
      reportUnknownWrite(name);
      return bindToBase(value as Method);
    },
    set(_base, name, value) {
      // Putting a wrapped method back, as a spy does at its end, puts the original back.
      const known = intercepted.get(name);
      return Reflect.set(target, name, known?.wrapped === value ? known?.original : value, target);
    },
    defineProperty(_base, name, descriptor) {
      const known = intercepted.get(name);
      const isWrapped = known !== undefined && descriptor.value === known.wrapped;
      const restored = isWrapped ? { ...descriptor, value: known.original } : descriptor;
      return Reflect.defineProperty(target, name, restored);
    },
    getOwnPropertyDescriptor(_base, name) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
      const known = intercepted.get(name);
      const isShown = known !== undefined && descriptor?.configurable && descriptor.value === known.original;
      return isShown ? { ...descriptor, value: known.wrapped } : descriptor;
    },
  });
  return proxy;
}

/** Takes the methods that go through the cache, and makes what stands in their place. */
function interceptMethods(
  base: DatabaseAdapter,
  options: WrapOptions,
): ReadonlyMap<PropertyKey, Intercepted> {
  const target = base as unknown as Record<PropertyKey, unknown>;
  const all = new Map<PropertyKey, Intercepted>();

  function intercept(name: string, make: (call: Method) => Method): void {
    const method = target[name];
    if (typeof method !== 'function') return;
    const call: Method = (...args) => Reflect.apply(method as Method, base, args);
    const wrapped = make(call);
    Object.defineProperty(wrapped, 'name', { value: name });
    all.set(name, { original: method as Method, wrapped });
  }

  for (const operation of CACHED_OPERATIONS)
    intercept(operation, (call) => readThrough(options, operation, call));
  for (const operation of WRITE_OPERATIONS)
    intercept(operation, (call) => writeThrough(options, operation, call));
  intercept('beginTransaction', (call) => async (...parameters) => {
    const id = await call(...parameters);
    options.current()?.invalidation.began(id);
    return id;
  });
  intercept('commitTransaction', (call) => async (...parameters) => {
    const behind = options.current();
    const commit = async (): Promise<unknown> => call(...parameters);
    return behind ? keptAlive(options, behind.invalidation.commit(parameters[0], commit)) : commit();
  });
  intercept('rollbackTransaction', (call) => async (...parameters) => {
    options.current()?.invalidation.rolledBack(await parameters[0]);
    return call(...parameters);
  });
  for (const operation of SCHEMA_OPERATIONS) {
    intercept(operation, (call) => async (...parameters) => {
      try {
        return await call(...parameters);
      } finally {
        await options.current()?.invalidation.everything(operation);
      }
    });
  }
  intercept('init', (call) => (...parameters) => {
    options.onInit();
    return call(...parameters);
  });
  intercept('connect', (call) => async (...parameters) => {
    const result = await call(...parameters);
    await options.onConnect();
    return result;
  });
  intercept('destroy', (call) => async (...parameters) => {
    await options.onDestroy();
    return call(...parameters);
  });
  return all;
}

function readThrough(options: WrapOptions, operation: CachedOperation, call: Method): Method {
  const isGlobal = GLOBAL_READS.has(operation);
  return (...parameters) => {
    const [args] = parameters;
    const behind = options.current();
    const slug = slugOf(operation, isGlobal, args);
    if (!behind || slug === undefined) return call(...parameters);
    return behind.cache.read({
      operation,
      type: isGlobal ? 'global' : 'collection',
      slug,
      args: args as Record<string, unknown>,
      ask: () => call(...parameters) as Promise<unknown>,
      askApart: async () => call({ ...(args as object), req: apartFrom((args as { req?: unknown }).req) }),
    });
  };
}

function keptAlive<Value>({ keepAlive }: WrapOptions, work: Promise<Value>): Promise<Value> {
  keepAlive(work);
  return work;
}

function writeThrough(options: WrapOptions, operation: WriteOperation, call: Method): Method {
  return (...parameters) => {
    const behind = options.current();
    const args = (parameters[0] ?? {}) as Record<string, unknown>;
    if (!behind) return call(...parameters);
    return keptAlive(
      options,
      behind.invalidation.write(operation, args, async () => call(...parameters)),
    );
  };
}

function slugOf(operation: CachedOperation, isGlobal: boolean, args: unknown): string | undefined {
  if (!isObject(args)) return undefined;
  const { collection, global, slug } = args as Record<string, unknown>;
  const name = !isGlobal ? collection : operation === 'findGlobal' ? slug : global;
  return typeof name === 'string' ? name : undefined;
}
