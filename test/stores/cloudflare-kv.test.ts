import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CloudflareKVOptions, cloudflareKV, type KVBinding } from '../../src/stores/cloudflare-kv.js';
import { describeStore } from './conformance.js';

let miniflare: Miniflare;
let binding: KVBinding;
beforeAll(async () => {
  miniflare = new Miniflare({
    modules: true,
    script: 'export default { fetch() { return new Response(null, { status: 404 }) } }',
    compatibilityDate: '2026-03-01',
    kvNamespaces: ['PAYLOAD_CACHE'],
  });
  binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
});
afterAll(() => miniflare.dispose());

describeStore('cloudflareKV on Miniflare', () => ({ store: cloudflareKV({ binding }) }), {
  expires: false,
  largeValue: 8 * 1024 * 1024,
});

async function listed(store: ReturnType<typeof cloudflareKV>, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list(prefix)) keys.push(...page);
  return keys.sort();
}

test('A prefix comes before every key and shows in none', async () => {
  const store = cloudflareKV({ binding, prefix: 'site-a:' });
  const other = cloudflareKV({ binding, prefix: 'site-b:' });
  await store.set('one', 'a', undefined);
  await store.setMany([{ key: 'two', value: 'a', ttl: 300 }]);
  await other.set('one', 'b', undefined);
  expect(await listed(cloudflareKV({ binding }), 'site-')).toEqual([
    'site-a:one',
    'site-a:two',
    'site-b:one',
  ]);
  expect(await store.getMany(['one', 'two', 'site-b:one'])).toEqual(['a', 'a', undefined]);
  expect(await store.get('one')).toBe('a');
  expect(await listed(store, '')).toEqual(['one', 'two']);
  expect(await listed(store, 't')).toEqual(['two']);
  await store.delete('one');
  await store.deleteMany(['two']);
  expect(await listed(store, '')).toEqual([]);
  expect(await other.get('one')).toBe('b');
  expect(await store.health()).toEqual({ ok: true });
});

test.each([{ prefix: 'payload-cache:' }, { prefix: 'x:payload-kv-value:' }, { prefix: 5 }])(
  'Keys of the cache and of payload.kv could meet with %j, which is refused',
  (options) => {
    expect(() => cloudflareKV({ binding, ...options } as CloudflareKVOptions)).toThrow(
      /prefix of cloudflareKV/,
    );
  },
);
