/** What a site on Cloudflare Workers, or with Cloudflare KV elsewhere, adds to the runtime. */

export { CacheTagRegistry } from '../registries/cache-tag-object.js';
export {
  type DurableObjectBinding,
  type DurableObjectRegistryOptions,
  durableObjectRegistry,
} from '../registries/durable-object.js';
export { type CloudflareKVOptions, cloudflareKV, type KVBinding } from '../stores/cloudflare-kv.js';
export { type CloudflareKVRestOptions, cloudflareKVRest } from '../stores/cloudflare-kv-rest.js';
export { type CloudflareKVAdapterOptions, cloudflareKVAdapter } from '../stores/payload-kv-adapter.js';
