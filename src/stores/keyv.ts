import { PayloadKVError } from '../errors.js';
import type { Registry } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';
import { keyPrefix } from '../platform/environment.js';
import { hash } from '../platform/hash.js';
import { versionsInKeyv } from '../registries/keyv.js';
import { healthOf } from './health.js';

/** The part of a Keyv that the store uses; those of Keyv 5 and 6 have it. */
export interface KeyvInstance {
  /** The value of a key; `undefined` where there is none. */
  get(key: string): Promise<unknown>;
  /** The values of several keys, in their order. */
  getMany(keys: string[]): Promise<unknown[]>;
  /** Writes a value; `ttl` is in milliseconds. Without it the value stays. */
  set(key: string, value: string, ttl?: number): Promise<unknown>;
  /** Writes several values, each as `set` does. */
  setMany(entries: { key: string; value: string; ttl?: number }[]): Promise<unknown>;
  /** Deletes a key. One that is absent is no error. */
  delete(key: string): Promise<unknown>;
  /** Deletes several keys. */
  deleteMany(keys: string[]): Promise<unknown>;
  /** Hears of errors. */
  on(event: 'error', listener: (error: unknown) => void): unknown;
}

/** Options of {@link keyv}. */
export interface KeyvOptions {
  /**
   * A Keyv over any storage adapter, e.g. `new Keyv(new KeyvPostgres({ uri }), { namespace: 'site' })`, best one of
   * the cache's own. Its namespace, serialisation and compression hold; its `throwOnErrors` and its adapter's are
   * switched on, because an error that nobody hears of would look like a miss. It stays yours: disconnect it when the
   * site shuts down.
   */
  keyv: KeyvInstance;
  /**
   * Whether each process reads what any of them wrote last, as soon as that write is acknowledged. True of one
   * PostgreSQL, MySQL, MongoDB or Redis server; not where replicas are read, and of a `Map` only in a site of one
   * process. With it `consistency: 'strong'` can be had, and is the default. Default `false`: `'eventual'`.
   */
  strong?: boolean;
  /** Comes before every key. Default none; the Keyv's namespace does the same. `PAYLOAD_KV_PREFIX` wins over it. */
  prefix?: string;
}

/** What a Keyv has besides, in some version of it. */
interface KeyvInternals {
  store?: { getMany?: unknown; throwOnErrors?: boolean };
  namespace?: string;
  /** Whether Keyv 5 itself puts the namespace before keys. */
  useKeyPrefix?: boolean;
  throwOnErrors?: boolean;
  iterator?: (namespace?: string) => AsyncIterable<[key: string, value: unknown]>;
}

/** Keys that one page of a listing holds, and that one call deletes. */
const PAGE = 1_000;

/**
 * What every backend takes as a key together with a short namespace: Memcached has no blanks and 250 bytes, the table
 * of `@keyv/postgres` and `@keyv/mysql` 255 characters.
 */
const PLAIN_KEY = /^[\x21-\x7e]{1,200}$/;
/** How much of another key stays readable, in characters. */
const READABLE_LENGTH = 100;

/**
 * Entries in any backend of Keyv, with the tag versions beside them: one `getMany` brings both, where the adapter has
 * that. Adapters without an expiry of their own (PostgreSQL, MySQL, SQLite) keep an expired entry until it is read or
 * listed.
 *
 * One function: its methods share the faults that only an event tells.
 *
 * @throws PayloadKVError `INVALID_STORE` for what is no Keyv
 */
export function keyv(options: KeyvOptions): Store {
  const { keyv: client, strong = false } = options;
  const prefix = keyPrefix(options.prefix);
  for (const method of ['get', 'getMany', 'set', 'setMany', 'delete', 'deleteMany', 'on'] as const) {
    if (typeof (client as Partial<KeyvInstance> | undefined)?.[method] !== 'function') {
      throw new PayloadKVError({
        code: 'INVALID_STORE',
        message: `keyv() needs a Keyv of version 5 or later; what it was given has no method "${method}".`,
        nextStep: 'Give it { keyv: new Keyv(adapter) }.',
      });
    }
  }
  const inner = client as KeyvInternals;
  if ('throwOnErrors' in inner) inner.throwOnErrors = true;
  if (inner.store && 'throwOnErrors' in inner.store) inner.store.throwOnErrors = true;

  /** Some adapters, and Keyv 6, tell a fault by this event alone, and answer as if nothing were there. */
  let faults = 0;
  let lastFault: unknown;
  client.on('error', (error) => {
    if (error instanceof SyntaxError) return;
    faults += 1;
    lastFault = error;
  });
  async function told<Value>(call: () => Promise<Value>): Promise<Value> {
    const before = faults;
    const answer = await call();
    if (faults !== before) throw lastFault;
    return answer;
  }

  /** Keyv leaves its namespace out where a single key seems to begin with it, and puts it before each of many. */
  const keyOf = (unprefixed: string): string => {
    const key = prefix + unprefixed;
    const plain = PLAIN_KEY.test(key)
      ? key
      : `${key.slice(0, READABLE_LENGTH).replace(/[^\x21-\x7e]/g, '_')}~${hash(key)}`;
    return plain.startsWith('~') || plain.startsWith(`${inner.namespace}:`) ? `~${plain}` : plain;
  };

  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const milliseconds = (ttl: number | undefined): number =>
    // Keyv takes 0 for never, and `undefined` for a default of its own.
    ttl === undefined ? 0 : Math.max(1, Math.ceil(ttl * 1000));

  async function get(key: string): Promise<string | undefined> {
    try {
      return text(await client.get(keyOf(key)));
    } catch (error) {
      // What is no text of Keyv's was cut off, or written by another: a miss.
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
  const getEach = (keys: readonly string[]) => Promise.all(keys.map(get));

  async function getAll(keys: readonly string[]): Promise<(string | undefined)[]> {
    // Without such a method of the adapter Keyv 5 takes an error for an absent value.
    if (typeof inner.store?.getMany !== 'function') return getEach(keys);
    try {
      return (await client.getMany(keys.map(keyOf))).map(text);
    } catch (error) {
      if (error instanceof SyntaxError) return getEach(keys);
      throw error;
    }
  }

  function expectStored(answer: unknown): void {
    if (answer === false || (Array.isArray(answer) && answer.includes(false))) {
      throw new Error('Keyv has not stored what it was given.');
    }
  }

  let registry: Registry | undefined;
  const store: Store = {
    name: 'keyv',
    get: (key) => told(() => get(key)),
    getMany: async (keys) => (keys.length === 0 ? [] : told(() => getAll(keys))),
    async set(key, value, ttl) {
      expectStored(await told(() => client.set(keyOf(key), value, milliseconds(ttl))));
    },
    async setMany(writes) {
      if (writes.length === 0) return;
      const entries = writes.map(({ key, value, ttl }) => ({
        key: keyOf(key),
        value,
        ttl: milliseconds(ttl),
      }));
      expectStored(await told(() => client.setMany(entries)));
    },
    async delete(key) {
      await told(() => client.delete(keyOf(key)));
    },
    async deleteMany(keys) {
      for (let start = 0; start < keys.length; start += PAGE) {
        await told(() => client.deleteMany(keys.slice(start, start + PAGE).map(keyOf)));
      }
    },
    async *list(beginning) {
      const { iterator, namespace = '', useKeyPrefix } = inner;
      if (typeof iterator !== 'function') {
        throw cannotList('The adapter of this Keyv has no iterator', 'Purge in the backend itself.');
      }
      // Keyv 5 takes away what it would have put before keys: all up to the first colon.
      if (useKeyPrefix && !namespace) {
        throw cannotList('Keyv lists no whole keys without a namespace', 'Give the Keyv a namespace.');
      }
      const rest = useKeyPrefix && namespace.includes(':') ? `${namespace.replace(/^[^:]*:/, '')}:` : '';
      const before = faults;
      let page: string[] = [];
      for await (const [listed] of iterator.call(client, namespace || undefined)) {
        const unprefixed = listed.startsWith(rest) ? listed.slice(rest.length) : listed;
        const key = unprefixed.startsWith('~') ? unprefixed.slice(1) : unprefixed;
        if (key.startsWith(prefix + beginning)) page.push(key.slice(prefix.length));
        if (page.length === PAGE) {
          yield page;
          page = [];
        }
      }
      if (faults !== before) throw lastFault;
      if (page.length > 0) yield page;
    },
    health: () => healthOf(() => store.get('payload-cache:health')),
    close() {},
    defaultRegistry() {
      registry ??= versionsInKeyv(store, strong);
      return registry;
    },
  };
  return store;
}

function cannotList(message: string, nextStep: string): PayloadKVError {
  return new PayloadKVError({ code: 'STORE_CANNOT_LIST', message: `${message}.`, nextStep });
}
