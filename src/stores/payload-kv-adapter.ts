import type { KVAdapterResult, KVStoreValue } from 'payload';
import { PayloadKVError } from '../errors.js';
import type { Store } from '../interfaces/store.js';
import { type CloudflareKVOptions, cloudflareKV } from './cloudflare-kv.js';

/** Options of {@link cloudflareKVAdapter}: a binding, or a store. */
export type CloudflareKVAdapterOptions = (
  | (Pick<CloudflareKVOptions, 'binding' | 'env' | 'cacheTtl'> & { store?: undefined })
  | {
      /** Where values live instead of a binding: `cloudflareKVRest()` on Node, or any other store. */
      store: Store;
      binding?: undefined;
    }
) & {
  /**
   * Set it when several sites share a KV namespace: the values of one name are never seen or cleared under another.
   * Default `''`.
   */
  namespace?: string;
};

/** What all keys begin with. It begins no key of the cache, nor the other way round. */
const KEY_PREFIX = 'payload-kv-value:';

/**
 * Payload's own key-value storage, `payload.kv`, in Cloudflare KV instead of the database: for the `kv` option of
 * Payload's config. It may share a KV namespace with the cache; `clear()` deletes its own values only. Values are kept
 * as JSON and never expire. KV is eventually consistent: elsewhere a change is seen after a minute or more, and `cacheTtl`
 * bounds how long a location answers from its own copy. On Workers `clear()` costs one operation for each key, of the
 * 1,000 that an invocation has.
 *
 * @throws PayloadKVError `INVALID_STORE` for options that name neither a binding nor a store
 */
export function cloudflareKVAdapter(options: CloudflareKVAdapterOptions): KVAdapterResult {
  const store = options.store ?? cloudflareKV(options);
  // Encoded, it holds no colon: no namespace's keys begin like those of another.
  const prefix = `${KEY_PREFIX}${encodeURIComponent(options.namespace ?? '')}:`;

  async function storedKeys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const page of store.list(prefix)) keys.push(...page);
    return keys;
  }

  const adapter: ReturnType<KVAdapterResult['init']> = {
    async get<Value extends KVStoreValue>(key: string) {
      const text = await store.get(prefix + key);
      return text === undefined ? null : (parse(key, text) as Value);
    },
    async set(key, value) {
      const text: string | undefined = JSON.stringify(value);
      if (text === undefined) {
        throw new PayloadKVError({
          code: 'INVALID_VALUE',
          message: `payload.kv cannot keep the value of ${JSON.stringify(key)}: it has no JSON form.`,
        });
      }
      await store.set(prefix + key, text, undefined);
    },
    has: async (key) => (await store.get(prefix + key)) !== undefined,
    async delete(key) {
      await store.delete(prefix + key);
    },
    keys: async () => (await storedKeys()).map((key) => key.slice(prefix.length)),
    async clear() {
      // Not page by page: a cursor may lose its place where keys go away.
      await store.deleteMany(await storedKeys());
    },
  };
  return { init: () => adapter };
}

function parse(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PayloadKVError({
      code: 'INVALID_VALUE',
      message: `What payload.kv has under ${JSON.stringify(key)} is no JSON: something else wrote it.`,
    });
  }
}
