const worker = { fetch: () => new Response(null) };

export { worker as default };

export { CacheTagRegistry } from 'payload-kv/cloudflare';
