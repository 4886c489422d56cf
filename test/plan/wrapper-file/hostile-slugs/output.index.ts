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
    "it's": { slices: ['"a"', '`b`'] },
    '\x3C/script>\n*/': {},
    '{{globals}}': { slices: ['{{ttl}}'] },
  },
  globals: {
    ['__proto__']: {},
    constructor: {},
  },
  hooks,
  schema,
});
