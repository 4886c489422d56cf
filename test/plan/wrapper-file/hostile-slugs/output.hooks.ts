/**
 * Called once a write is committed and what it made stale is marked: the
 * place to purge a CDN, to revalidate pages or to warm them up. An error in a
 * hook is logged and never reaches the write. Yours to change.
 */
import type { PayloadKVOptions } from 'payload-kv';
import type { schema } from './schema.generated';

export const hooks: PayloadKVOptions<typeof schema>['hooks'] = {
  collections: {
    "it's": ({ ids, payload }) => {
      payload.logger.debug({ ids }, "payload-kv: it's changed");
    },
    '\x3C/script>\n*/': ({ ids, payload }) => {
      payload.logger.debug({ ids }, 'payload-kv: \x3C/script>\n*/ changed');
    },
    '{{globals}}': ({ ids, payload }) => {
      payload.logger.debug({ ids }, 'payload-kv: {{globals}} changed');
    },
  },
  globals: {
    ['__proto__']: ({ payload }) => {
      payload.logger.debug('payload-kv: __proto__ changed');
    },
    constructor: ({ payload }) => {
      payload.logger.debug('payload-kv: constructor changed');
    },
  },
};
