/**
 * What this site caches, for how long, and where. Yours to change; of the files
 * beside it only `schema.generated.ts` belongs to `payload-kv sync`.
 */
import { memory, payloadKV } from 'payload-kv';
import type { Config } from '../payload-types';
import { hooks } from './hooks';
import { schema } from './schema.generated';

export const cache = payloadKV<Config>({
  store: memory(),
  ttl: '5m',
  collections: {},
  globals: {
    'site-settings': {},
  },
  hooks,
  schema,
});
