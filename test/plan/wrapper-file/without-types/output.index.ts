/**
 * What this site caches, for how long, and where. Yours to change; of the files
 * beside it only `schema.generated.ts` belongs to `payload-kv sync`.
 */
import { memory, payloadKV } from 'payload-kv';
import { hooks } from './hooks';
import { schema } from './schema.generated';

export const cache = payloadKV<typeof schema>({
  store: memory(),
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
