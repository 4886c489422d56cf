import { afterEach, expect, test } from 'vitest';
import { getCacheHealth, memory, memoryRegistry, payloadKV, type Store } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';

let site: Started | undefined;
afterEach(() => site?.stop());

async function healthWith(store: Store): Promise<unknown> {
  site = await startBlog({ plugins: [payloadKV({ store, registry: memoryRegistry() })] });
  return getCacheHealth(site.payload);
}

test('a cache whose store answers is well', async () => {
  expect(await healthWith(memory())).toEqual({
    ok: true,
    store: { name: 'memory', ok: true },
    suspended: false,
  });
});

test.each<[string, Store['health'], string]>([
  ['says that it is not', () => ({ ok: false, message: 'no connection' }), 'no connection'],
  ['rejects', () => Promise.reject(new Error('refused')), 'refused'],
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    'broken',
  ],
  ['never answers', () => new Promise(() => undefined), 'no answer within 2000 ms'],
])('a store that %s is told of', async (_how, health, message) => {
  expect(await healthWith({ ...memory(), health })).toEqual({
    ok: false,
    store: { name: 'memory', ok: false, message },
    suspended: false,
  });
});

test('a cache that has given its store up for the moment is not well, and says so', async () => {
  const getMany = () => {
    throw new Error('refused');
  };
  await healthWith({ ...memory(), getMany });
  for (let count = 0; count < 5; count++) await site?.payload.find({ collection: 'tags', limit: count });
  expect(site && (await getCacheHealth(site.payload))).toMatchObject({
    ok: false,
    store: { ok: true },
    suspended: true,
  });
});

test('a site without a cache has no health of it to tell', async () => {
  site = await startBlog();
  expect(await getCacheHealth(site.payload)).toBeUndefined();
});

test('the store is closed when the site ends, after the last entry was written', async () => {
  const happened: string[] = [];
  const kept = memory();
  await healthWith({
    ...kept,
    set: async (key, value, ttl) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      kept.set(key, value, ttl);
      happened.push('written');
    },
    close: () => {
      happened.push('closed');
    },
  });
  await site?.payload.find({ collection: 'tags' });
  await site?.stop();
  site = undefined;
  expect(happened).toEqual(['written', 'closed']);
});
