/**
 * Called once a write is committed and what it made stale is marked: the
 * place to purge a CDN, to revalidate pages or to warm them up. An error in a
 * hook is logged and never reaches the write. Yours to change.
 */
import type { PayloadKVOptions } from 'payload-kv';
import type { Config } from '../../types/payload';

export const hooks: PayloadKVOptions<Config>['hooks'] = {
  collections: {
    posts: ({ ids, payload }) => {
      payload.logger.debug({ ids }, 'payload-kv: posts changed');
    },
    'site-pages': ({ ids, payload }) => {
      payload.logger.debug({ ids }, 'payload-kv: site-pages changed');
    },
  },
  globals: {
    header: ({ payload }) => {
      payload.logger.debug('payload-kv: header changed');
    },
  },
};
