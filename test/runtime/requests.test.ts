import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createLocalReq, type PayloadRequest } from 'payload';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memory, memoryRegistry, payloadKV } from '../../src/runtime/index.js';
import { type Adapter, type Started, startBlog } from '../support/payload.js';

let bare: Adapter;
let blog: Started;
beforeAll(async () => {
  blog = await startBlog({
    plugins: [payloadKV({ store: memory() })],
    wrapAdapter(adapter) {
      bare = adapter;
      return adapter;
    },
    configure: (config) => ({
      ...config,
      collections: config.collections?.map((collection) =>
        collection.slug === 'tags' ? { ...collection, access: { read: () => false } } : collection,
      ),
    }),
  });
  await blog.payload.create({ collection: 'categories', data: { name: 'one', slug: 'one' } });
});
afterAll(() => blog.stop());

test.each([{ and: { id: { equals: 1 } } }, { and: [null] }, { and: 'x' }, null, undefined])(
  'a direct read with the where %j is answered as the adapter answers it',
  async (where) => {
    const find = (db: Adapter) => db.find({ collection: 'categories', where: where as never, req: {} });
    const outcome = (reading: Promise<unknown>) =>
      reading.then(
        (value) => ({ value }),
        (error: Error) => ({ error: error.message }),
      );
    expect(await outcome(find(blog.payload.db))).toEqual(await outcome(find(bare)));
  },
);

test('a request that access control turned away is not kept', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const { payload } = blog;
  async function deniedRead(): Promise<WeakRef<PayloadRequest>> {
    const req = await createLocalReq({}, payload);
    const reading = payload.findByID({ collection: 'tags', id: 1, joins: false, overrideAccess: false, req });
    await expect(reading).rejects.toThrow('not allowed');
    return new WeakRef(req);
  }
  const request = await deniedRead();
  await new Promise((resolve) => setTimeout(resolve));
  collectGarbage();
  expect(request.deref()).toBeUndefined();
});

test('what a process writes that could not connect its registry is stale for those that could', async () => {
  const [store, registry] = [memory(), memoryRegistry()];
  const writer = await startBlog({
    plugins: [
      payloadKV({
        store,
        registry: { ...registry, connect: () => Promise.reject(new Error('not yet')) },
      }),
    ],
    configure: (config) => ({ ...config, logger: { options: { level: 'silent' } } }),
  });
  const tag = await registry.get(['categories']);
  await writer.payload.create({ collection: 'categories', data: { name: 'one', slug: 'one' } });
  expect(await registry.get(['categories'])).not.toEqual(tag);
  await writer.stop();
});
