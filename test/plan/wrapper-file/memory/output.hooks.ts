/**
 * Called once a write is committed and what it made stale is marked: the
 * place to purge a CDN, to revalidate pages or to warm them up. An error in a
 * hook is logged and never reaches the write. Yours: nothing happens here
 * until you write a hook, or take the comment off the first. For a CDN that
 * keeps responses by tag there is `all: purgeCloudflare()`, from
 * 'payload-kv/responses', and `purgeFastly` and `purgeVercel` beside it.
 */
import type { PayloadKVOptions } from 'payload-kv';
import type { Config } from '../payload-types';

export const hooks: PayloadKVOptions<Config>['hooks'] = {
  collections: {
    // posts: ({ ids, payload }) => {
    //   payload.logger.info({ ids }, 'posts changed');
    // },
  },
  globals: {},
};
