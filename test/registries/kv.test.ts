import { Miniflare } from 'miniflare';
import { kvRegistry } from '../../src/registries/kv.js';
import { cloudflareKV, type KVBinding } from '../../src/stores/cloudflare-kv.js';
import { describeRegistry } from './conformance.js';

describeRegistry(
  'kv on Miniflare',
  async () => {
    const miniflare = new Miniflare({
      modules: true,
      script: 'export default { fetch() { return new Response(null, { status: 404 }) } }',
      compatibilityDate: '2026-03-01',
      kvNamespaces: ['PAYLOAD_CACHE'],
    });
    const binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
    const store = cloudflareKV({ binding });
    return {
      registry: kvRegistry(store, { interval: 5 }),
      another: kvRegistry(cloudflareKV({ binding }), { interval: 5 }),
      stored: async (key) => (await store.getMany([key]))[0],
      stop: () => miniflare.dispose(),
    };
  },
  { stored: true },
);
