/** What a site on Cloudflare Workers adds to the runtime. */
export { type CloudflareKVOptions, cloudflareKV, type KVBinding } from '../stores/cloudflare-kv.js';
