import { Miniflare } from 'miniflare';
import { cloudflareKV, type KVBinding } from '../../src/stores/cloudflare-kv.js';
import { describeStore } from './conformance.js';

describeStore(
  'cloudflareKV on Miniflare',
  async () => {
    const miniflare = new Miniflare({
      modules: true,
      script: 'export default { fetch() { return new Response(null, { status: 404 }) } }',
      compatibilityDate: '2026-03-01',
      kvNamespaces: ['PAYLOAD_CACHE'],
    });
    const binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
    return { store: cloudflareKV({ binding }), stop: () => miniflare.dispose() };
  },
  { expires: false, largeValue: 8 * 1024 * 1024 },
);
