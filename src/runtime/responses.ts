/** Responses of HTTP handlers, from the cache. */
export { expressCache, type Middleware, type MiddlewarePolicy } from './responses/express-cache.js';
export type { GraphQLModule } from './responses/graphql-request.js';
export {
  type CDN,
  type CDNPolicy,
  CREDENTIAL_HEADERS,
  HARMLESS_COOKIES,
  type ResponsePolicy,
} from './responses/policy.js';
export {
  type PurgeHook,
  type PurgeOptions,
  purgeCloudflare,
  purgeFastly,
  purgeVercel,
} from './responses/purge.js';
export { withResponseCache } from './responses/with-response-cache.js';
