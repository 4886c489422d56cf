/** A Worker that keeps tag versions in Durable Objects, and does with them what a request says. */
import { CacheTagRegistry, durableObjectRegistry } from '../../../src/runtime/cloudflare.js';

export { CacheTagRegistry };

interface Asked {
  operation: 'get' | 'replace' | 'rows';
  tags: string[];
  lifetime?: number;
  version?: string;
  /** `env` as in a Worker of one's own; otherwise OpenNext's request context. */
  through?: 'env';
}

export default {
  async fetch(request: Request, env: { CACHE_TAGS: never }): Promise<Response> {
    const asked = (await request.json()) as Asked;
    const context = { env, ctx: {} };
    Object.assign(globalThis, {
      [Symbol.for('__cloudflare-context__')]: asked.through === 'env' ? undefined : context,
    });
    const registry = durableObjectRegistry({
      binding: 'CACHE_TAGS',
      ...(asked.through === 'env' ? { env } : {}),
    });
    const answer =
      asked.operation === 'get'
        ? await registry.get(asked.tags)
        : await registry.replace(asked.tags, {
            ...(asked.lifetime ? { lifetime: asked.lifetime } : {}),
            ...(asked.version ? { version: asked.version } : {}),
          });
    return Response.json(answer);
  },
};
