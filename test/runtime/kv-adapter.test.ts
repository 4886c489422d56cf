import type { Miniflare } from 'miniflare';
import { databaseKVAdapter, inMemoryKVAdapter, type KVAdapterResult, type Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PayloadKVError } from '../../src/errors.js';
import { cloudflareKV, cloudflareKVAdapter, cloudflareKVRest } from '../../src/runtime/cloudflare.js';
import { getCacheStats, invalidateCache, payloadKV, settleCache } from '../../src/runtime/index.js';
import type { KVBinding } from '../../src/stores/cloudflare-kv.js';
import { type CloudflareAPIServer, startCloudflareAPI } from '../support/cloudflare-api.js';
import { createMiniflare, type Started, startBlog } from '../support/payload.js';

type KV = Payload['kv'];

let miniflare: Miniflare;
let binding: KVBinding;
let api: CloudflareAPIServer;
let site: Started;
beforeAll(async () => {
  miniflare = createMiniflare();
  binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
  api = await startCloudflareAPI();
  // Payload's own adapter for databases, to which the contract is held as well.
  site = await startBlog({ configure: (config) => ({ ...config, kv: databaseKVAdapter() }) });
});
afterAll(async () => {
  await site?.stop();
  await api?.stop();
  await miniflare?.dispose();
});

const restStore = () => {
  const { baseUrl, accountId, namespaceId, apiToken } = api;
  return cloudflareKVRest({ baseUrl, accountId, namespaceId, apiToken, writeInterval: 0 });
};
const open = (adapter: KVAdapterResult): KV => adapter.init({ payload: site.payload });
const sorted = async (kv: KV) => (await kv.keys()).sort();

const ADAPTERS: [string, () => KV][] = [
  ["Payload's in memory", () => open(inMemoryKVAdapter())],
  ["Payload's in the database", () => site.payload.kv],
  ['cloudflareKVAdapter with a binding', () => open(cloudflareKVAdapter({ binding }))],
  ['cloudflareKVAdapter over HTTP', () => open(cloudflareKVAdapter({ store: restStore() }))],
];

describe.each(ADAPTERS)('payload.kv: %s', (_name, make) => {
  let kv: KV;
  beforeAll(async () => {
    kv = make();
    await kv.clear();
  });

  test.each([
    ['text', 'text'],
    ['empty text', ''],
    ['a number', 4.5],
    ['zero', 0],
    ['true', true],
    ['false', false],
    ['a list', [1, 'two', { three: [3] }, null]],
    ['an object', { deep: { list: [1, { deeper: true }], nothing: null }, text: 'Grüße 🏝️' }],
    ['an empty object', {}],
  ])('gives back %s', async (name, value) => {
    await kv.set(name, value);
    expect(await kv.get(name)).toEqual(value);
    expect(await kv.has(name)).toBe(true);
  });

  test('has nothing under a key that was never set', async () => {
    expect(await kv.get('never')).toBeNull();
    expect(await kv.has('never')).toBe(false);
  });

  test('a later value takes the place of the earlier', async () => {
    await kv.set('replaced', { a: 1, b: 2 });
    await kv.set('replaced', { b: 3 });
    expect(await kv.get('replaced')).toEqual({ b: 3 });
    expect((await kv.keys()).filter((key) => key === 'replaced')).toHaveLength(1);
  });

  test('deletes a key and no other, and an absent key is no fault', async () => {
    await kv.set('deleted', 1);
    await kv.set('deleted-not', 2);
    await kv.delete('deleted');
    await kv.delete('deleted');
    expect(await kv.get('deleted')).toBeNull();
    expect(await kv.has('deleted')).toBe(false);
    expect(await kv.get('deleted-not')).toBe(2);
  });

  test('lists its keys as they were set, and clears them all', async () => {
    await kv.clear();
    expect(await kv.keys()).toEqual([]);
    await kv.clear();
    const keys = ['a', 'b:c', 'payload-cache:tag:posts', 'ü/% ?', 'z*'];
    for (const key of keys) await kv.set(key, key);
    expect(await sorted(kv)).toEqual([...keys].sort());
    for (const key of keys) expect(await kv.get(key)).toBe(key);
    await kv.clear();
    expect(await kv.keys()).toEqual([]);
    expect(await kv.get('a')).toBeNull();
  });
});

describe('cloudflareKVAdapter', () => {
  test('keeps the values of each namespace apart, also where one name begins like another', async () => {
    const names = [undefined, 'a', 'ab', 'a:', 'a:b', '%3A', 'payload-cache', 'ü'];
    const adapters = names.map((namespace) => open(cloudflareKVAdapter({ binding, namespace })));
    for (const [index, kv] of adapters.entries()) {
      await kv.set('key', index);
      await kv.set(':key', index);
    }
    for (const [index, kv] of adapters.entries()) {
      expect(await sorted(kv), `${names[index]}`).toEqual([':key', 'key']);
      expect(await kv.get('key')).toBe(index);
      await kv.clear();
      expect(await kv.keys()).toEqual([]);
      const others = await Promise.all(adapters.slice(index + 1).map((other) => other.keys()));
      expect(others.every((keys) => keys.length === 2)).toBe(true);
    }
  });

  test('lists and clears more keys than KV tells at once', async () => {
    const kv = open(cloudflareKVAdapter({ store: restStore(), namespace: 'many' }));
    const keys = Array.from({ length: 2_100 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => kv.set(key, 1)));
    expect(await sorted(kv)).toEqual([...keys].sort());
    await kv.clear();
    expect(await kv.keys()).toEqual([]);
  });

  test('follows the cursors of the binding, empty pages too, before it deletes', async () => {
    const deleted: string[] = [];
    const page = (index: number) => ({
      keys: index === 1 ? [] : [{ name: `payload-kv-value::${index}` }],
      list_complete: index === 3,
      ...(index === 3 ? {} : { cursor: `${index + 1}` }),
    });
    const paged: KVBinding = {
      ...({} as KVBinding),
      get: () => Promise.resolve(new Map()),
      put: () => Promise.resolve(),
      delete: (key) => Promise.resolve(void deleted.push(key)),
      list: ({ cursor }) => {
        expect(deleted).toEqual([]);
        return Promise.resolve(page(Number(cursor ?? 0)));
      },
    };
    const kv = open(cloudflareKVAdapter({ binding: paged }));
    expect(await kv.keys()).toEqual(['0', '2', '3']);
    await kv.clear();
    expect(deleted).toEqual(['payload-kv-value::0', 'payload-kv-value::2', 'payload-kv-value::3']);
  });

  test('looks its binding up for each call: one belongs to a request', async () => {
    const env: { KV?: KVBinding } = {};
    const kv = open(cloudflareKVAdapter({ binding: 'KV', env }));
    await expect(kv.get('key')).rejects.toThrow('The KV binding "KV" is not there.');
    env.KV = binding;
    expect(await kv.get('key')).toBeNull();
  });

  test('refuses to be without a place for its values', () => {
    expect(() => cloudflareKVAdapter({} as never)).toThrow(PayloadKVError);
  });

  test('refuses what has no JSON form, and says under which key there is none', async () => {
    const kv = open(cloudflareKVAdapter({ binding, namespace: 'bad' }));
    await expect(kv.set('a-function', () => undefined)).rejects.toThrow(/"a-function".*no JSON form/);
    await expect(kv.set('a-bigint', 5n)).rejects.toThrow();
    expect(await kv.keys()).toEqual([]);
    await cloudflareKV({ binding }).set('payload-kv-value:bad:broken', '{', undefined);
    await expect(kv.get('broken')).rejects.toThrow(/"broken" is no JSON/);
    expect(await kv.has('broken')).toBe(true);
  });

  test('tells that a write failed', async () => {
    api.faultOf = () => ({ status: 403 });
    const kv = open(cloudflareKVAdapter({ store: restStore() }));
    await expect(kv.set('key', 1)).rejects.toThrow('status 403');
    await expect(kv.get('key')).rejects.toThrow('status 403');
    await expect(kv.keys()).rejects.toThrow('status 403');
    await expect(kv.clear()).rejects.toThrow('status 403');
    api.faultOf = () => undefined;
  });
});

describe('a site with the adapter and the cache in one KV namespace', () => {
  test.each([
    ['a binding', () => ({ store: cloudflareKV({ binding }), kv: cloudflareKVAdapter({ binding }) })],
    ['HTTP', () => ({ store: restStore(), kv: cloudflareKVAdapter({ store: restStore() }) })],
  ])('through %s has both, and neither touches the other', async (_through, make) => {
    const { store, kv } = make();
    const both = await startBlog({
      seed: 3,
      configure: (config) => ({ ...config, kv }),
      plugins: [payloadKV({ store, timeout: 10_000, writeTimeout: 10_000 })],
    });
    try {
      const { payload } = both;
      const find = () => payload.find({ collection: 'posts', depth: 0 });
      const hits = () => getCacheStats(payload)?.collections.posts?.hits ?? 0;
      const cached = async () => {
        const keys: string[] = [];
        for await (const page of store.list('payload-cache:posts')) keys.push(...page);
        return keys.length;
      };
      await payload.kv.clear();
      await payload.kv.set('settings', { theme: 'dark' });
      await find();
      await settleCache(payload);
      await find();
      expect(hits()).toBeGreaterThan(0);
      expect(await cached()).toBeGreaterThan(0);
      expect(await payload.kv.keys()).toEqual(['settings']);
      // Without a collection of Payload's own for it, there is nothing to look after.
      expect(payload.collections['payload-kv' as never]).toBeUndefined();

      await invalidateCache(payload, 'everything');
      expect(await payload.kv.get('settings')).toEqual({ theme: 'dark' });
      await find();
      await settleCache(payload);
      const entries = await cached();
      const before = hits();
      await payload.kv.clear();
      expect(await payload.kv.keys()).toEqual([]);
      expect(await cached()).toBe(entries);
      await find();
      expect(hits()).toBe(before + 1);
    } finally {
      await both.stop();
    }
  });
});
