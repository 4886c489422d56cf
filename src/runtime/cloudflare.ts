/** What a site on Cloudflare Workers adds to the runtime. */

export { CacheTagRegistry } from '../registries/cache-tag-object.js';
export {
  type DurableObjectBinding,
  type DurableObjectRegistryOptions,
  durableObjectRegistry,
} from '../registries/durable-object.js';
export { type CloudflareKVOptions, cloudflareKV, type KVBinding } from '../stores/cloudflare-kv.js';
