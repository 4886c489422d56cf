import type { CollectionBeforeOperationHook } from 'payload';
import { getCacheStats, memory, payloadKV } from 'payload-kv';
import { expect, test } from 'vitest';
import { startBlog } from '../support/payload.js';

// The hook that docs/one-call.md has for REST.
const preview: CollectionBeforeOperationHook = ({ req }) => {
  if (req.headers.get('x-preview') === 'true') req.context.payloadCache = 'bypass';
};

test('A beforeOperation hook gives a REST request its cache setting, for that request alone', async () => {
  const site = await startBlog({
    seed: 3,
    plugins: [payloadKV({ store: memory() })],
    configure: (config) => ({
      ...config,
      collections: config.collections?.map((collection) =>
        collection.slug === 'posts'
          ? { ...collection, hooks: { ...collection.hooks, beforeOperation: [preview] } }
          : collection,
      ),
    }),
  });
  try {
    const counts = () => {
      const posts = getCacheStats(site.payload)?.collections.posts;
      return { hits: posts?.hits, bypassed: posts?.bypasses.request ?? 0 };
    };
    const get = async (headers = {}) => {
      const response = await site.handle(new Request('http://site.test/api/posts?depth=0', { headers }));
      expect(response.status).toBe(200);
      await response.json();
      return counts();
    };
    const cold = await get();
    const hot = await get();
    expect(hot).toEqual({ hits: (cold.hits ?? 0) + 1, bypassed: 0 });
    const previewed = await get({ 'x-preview': 'true' });
    expect(previewed).toEqual({ hits: hot.hits, bypassed: 1 });
    expect(await get()).toEqual({ hits: (hot.hits ?? 0) + 1, bypassed: 1 });
  } finally {
    await site.stop();
  }
});
