export { CacheTagRegistry } from 'payload-kv/cloudflare';
export default { fetch: () => new Response(null) };
