/**
 * What this site caches, for how long, and where. Yours to change; of the files
 * beside it only `schema.generated.ts` belongs to `payload-kv sync`.
 */
import { payloadKV } from 'payload-kv';
import { cloudflareKV } from 'payload-kv/cloudflare';
import type { Config } from '../../types/payload';
import { hooks } from './hooks';
import { schema } from './schema.generated';

export const cache = payloadKV<Config>({
  store: cloudflareKV({ binding: 'PAYLOAD_CACHE' }),
  ttl: '5m',
  collections: {
    posts: { ttl: '1h', slices: ['slug', 'tenant'] },
    'site-pages': {},
  },
  globals: {
    header: { ttl: 90 },
  },
  hooks,
  schema,
});
