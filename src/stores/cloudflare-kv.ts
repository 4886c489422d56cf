import { PayloadKVError } from '../errors.js';
import type { Registry } from '../interfaces/registry.js';
import type { Store } from '../interfaces/store.js';
import { currentBinding, nameIn } from '../platform/binding.js';
import { keyPrefix } from '../platform/environment.js';
import { isObject } from '../platform/is-object.js';
import { kvRegistry } from '../registries/kv.js';
import { healthOf } from './health.js';

/** The part of Cloudflare's `KVNamespace` that the store uses. */
export interface KVBinding {
  /** Reads up to 100 keys in one call; `null` for those that are absent. `cacheTtl` is in seconds. */
  get(keys: string[], options: { type: 'text'; cacheTtl?: number }): Promise<Map<string, string | null>>;
  /** Writes a value; `expirationTtl` is in seconds, at least 60. Without it the value stays. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** Deletes a key. One that is absent is no error. */
  delete(key: string): Promise<void>;
  /**
   * Names of keys, up to 1,000 in one call; `cursor` leads to the next ones while `list_complete` is false.
   */
  list(options: { prefix?: string; cursor?: string }): Promise<{
    keys: { name: string }[];
    list_complete: boolean;
    cursor?: string;
  }>;
}

/** Options of {@link cloudflareKV}. */
export interface CloudflareKVOptions {
  /**
   * Name of the KV binding in the wrangler config, e.g. `'PAYLOAD_CACHE'`; it is looked up anew for each operation.
   * Or the binding itself, or a function that returns it.
   */
  binding: string | KVBinding | (() => KVBinding | undefined);
  /**
   * The Cloudflare environment that holds the binding, where the config has it at hand. Not needed on OpenNext, whose
   * request context is looked at first.
   */
  env?: object;
  /**
   * How long a location may answer from its own copy, in seconds, at least 30 (Cloudflare's floor). It bounds how soon
   * a write made elsewhere is seen. Default: Cloudflare's own, 60.
   */
  cacheTtl?: number;
  /** Comes before every key, e.g. where several sites share a namespace. Default none; PAYLOAD_KV_PREFIX wins. */
  prefix?: string;
}

/** Most keys of one bulk read. https://developers.cloudflare.com/kv/api/read-key-value-pairs/ */
export const MOST_KEYS = 100;
/** Shortest expiry in seconds. https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
export const SHORTEST_EXPIRY = 60;
/**
 * Largest value in bytes. KV takes 25 MiB, but a bulk read brings no more than 25 MB in all, an entry's versions
 * included: a larger one could be written and never be read.
 * https://developers.cloudflare.com/kv/api/read-key-value-pairs/
 */
export const LARGEST_VALUE = 24_000_000;

/**
 * Entries in Workers KV, through a binding. A TTL below 60 seconds is kept by the entry itself, since KV expires
 * nothing sooner.
 *
 * Tags and times are in the value and not in KV's metadata. Metadata could spare the parsing of an entry that turns out
 * to be stale: 0.15 ms for one of 25 KB, before the database is asked; a hit is parsed anyway. A bulk read
 * of texts brings none, one with metadata brings it for the versions as well, and 1,024 bytes do not hold the tags of a
 * page of documents.
 *
 * One function: its methods share the binding.
 *
 * @throws PayloadKVError `INVALID_STORE` for options that name no binding, too short a `cacheTtl`, or a `prefix` that
 * belongs to this package
 */
export function cloudflareKV(options: CloudflareKVOptions): Store {
  const { binding, env, cacheTtl } = options;
  const prefix = keyPrefix(options.prefix);
  if (!binding) throw invalid('cloudflareKV needs the name of a KV binding: { binding: "PAYLOAD_CACHE" }.');
  if (cacheTtl !== undefined && !(Number.isInteger(cacheTtl) && cacheTtl >= 30)) {
    throw invalid(
      `cacheTtl of cloudflareKV must be a whole number of at least 30 seconds, not ${JSON.stringify(cacheTtl)}.`,
    );
  }
  checkPrefix('cloudflareKV', prefix);

  function find(): KVBinding {
    const found = currentBinding(binding, env);
    const name = typeof binding === 'string' ? `"${binding}"` : 'given to cloudflareKV';
    if (!isObject(found)) {
      throw missing(
        `The KV binding ${name} is not there.`,
        'Add it to kv_namespaces in the wrangler config, or run "payload-kv doctor".',
      );
    }
    for (const method of ['get', 'put', 'delete', 'list'] as const) {
      if (typeof (found as Record<string, unknown>)[method] !== 'function') {
        throw missing(
          `The binding ${name} is no KV namespace: it has no method "${method}".`,
          'Check that the name belongs to an entry of kv_namespaces.',
        );
      }
    }
    return found as KVBinding;
  }

  const readOptions =
    cacheTtl === undefined ? { type: 'text' as const } : { type: 'text' as const, cacheTtl };

  let registry: Registry | undefined;
  const store: Store = {
    name: 'cloudflareKV',
    minimumTtl: SHORTEST_EXPIRY,
    maximumBytes: LARGEST_VALUE,
    paidWrites: true,
    async get(key) {
      return (await store.getMany([key]))[0];
    },
    async getMany(keys) {
      if (keys.length === 0) return [];
      const kv = find();
      const wanted = [...new Set(keys)].map((key) => prefix + key);
      const batches: string[][] = [];
      for (let start = 0; start < wanted.length; start += MOST_KEYS)
        batches.push(wanted.slice(start, start + MOST_KEYS));
      const answers = await Promise.all(batches.map((batch) => kv.get(batch, readOptions)));
      const values = new Map(answers.flatMap((answer) => [...answer]));
      return keys.map((key) => values.get(prefix + key) ?? undefined);
    },
    async set(key, value, ttl) {
      const expiry =
        ttl === undefined ? undefined : { expirationTtl: Math.max(SHORTEST_EXPIRY, Math.ceil(ttl)) };
      await find().put(prefix + key, value, expiry);
    },
    async setMany(writes) {
      await Promise.all(writes.map(({ key, value, ttl }) => store.set(key, value, ttl)));
    },
    async delete(key) {
      await find().delete(prefix + key);
    },
    async deleteMany(keys) {
      const kv = find();
      await Promise.all(keys.map((key) => kv.delete(prefix + key)));
    },
    async *list(beginning) {
      const kv = find();
      const from = { prefix: prefix + beginning };
      let cursor: string | undefined;
      do {
        // A page may be empty; only `list_complete` ends the list.
        const page = await kv.list(cursor === undefined ? from : { ...from, cursor });
        if (page.keys.length > 0) yield page.keys.map((key) => key.name.slice(prefix.length));
        cursor = page.list_complete ? undefined : page.cursor;
      } while (cursor !== undefined);
    },
    health: () => healthOf(() => find().get([`${prefix}payload-cache:health`], readOptions)),
    close() {},
    nameOfBinding: (is) => nameIn(env, is),
    defaultRegistry() {
      registry ??= kvRegistry(store);
      return registry;
    },
  };
  return store;
}

/**
 * Refuses a prefix with which the keys of the cache and those of Payload's own `kv` could meet.
 *
 * @throws PayloadKVError `INVALID_STORE`
 */
export function checkPrefix(store: string, prefix: unknown): void {
  if (
    typeof prefix === 'string' &&
    !prefix.includes('payload-cache:') &&
    !prefix.includes('payload-kv-value:')
  ) {
    return;
  }
  throw invalid(
    `prefix of ${store} must be text without "payload-cache:" and "payload-kv-value:".`,
    `Choose another prefix for ${store}(), e.g. the site's name.`,
  );
}

function invalid(message: string, nextStep = 'Correct the options of cloudflareKV().'): PayloadKVError {
  return new PayloadKVError({ code: 'INVALID_STORE', message, nextStep });
}

function missing(message: string, nextStep: string): PayloadKVError {
  return new PayloadKVError({ code: 'BINDING_MISSING', message, nextStep });
}
