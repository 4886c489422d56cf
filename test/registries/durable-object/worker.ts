/** A Worker that keeps tag versions in Durable Objects, and does with them what a request says. */
import { CacheTagRegistry, durableObjectRegistry } from '../../../src/runtime/cloudflare.js';
import type { HeldLock, Locks } from '../../../src/runtime/index.js';

export { CacheTagRegistry };

interface Asked {
  operation: 'get' | 'replace' | 'acquire' | 'extend' | 'release';
  /** The lock, and milliseconds. */
  lock?: string;
  time?: number;
  tags: string[];
  lifetime?: number;
  version?: string;
  /** `env` as in a Worker of one's own; otherwise OpenNext's request context. */
  through?: 'env';
}

/** Locks that requests before have taken, by token. */
const held = new Map<string, HeldLock>();

async function answerLock(locks: Locks, { operation, lock = '', time = 0, tags }: Asked): Promise<unknown> {
  if (operation === 'acquire') {
    const taken = await locks.acquire(lock, time);
    if (!taken) return null;
    held.set(`${lock} ${taken.token}`, taken);
    return taken.token;
  }
  const taken = held.get(`${lock} ${tags[0]}`);
  return operation === 'extend' ? taken?.extend(time) : ((await taken?.release(time)) ?? null);
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
    if (registry.locks && asked.operation !== 'get' && asked.operation !== 'replace')
      return Response.json(await answerLock(registry.locks, asked));
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
