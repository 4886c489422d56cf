/** A Worker whose requests call one function under a lock; each run is told to the test, which answers when it likes. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createCache } from '../../src/runtime/cache.js';
import {
  CacheTagRegistry,
  cloudflareKV,
  durableObjectRegistry,
  type KVBinding,
} from '../../src/runtime/cloudflare.js';

export { CacheTagRegistry };

interface Environment {
  PAYLOAD_CACHE: KVBinding;
  CACHE_TAGS: never;
  /** Answered by the test. */
  RUNS: { fetch(url: string): Promise<Response> };
}
interface ExecutionContext {
  waitUntil(promise: Promise<unknown>): void;
}

const requests = new AsyncLocalStorage<{ env: Environment; ctx: ExecutionContext }>();
// As OpenNext does it.
Object.defineProperty(globalThis, Symbol.for('__cloudflare-context__'), { get: () => requests.getStore() });

const cache = createCache({
  store: cloudflareKV({ binding: 'PAYLOAD_CACHE' }),
  registry: durableObjectRegistry({ binding: 'CACHE_TAGS' }),
  timeout: 30_000,
  writeTimeout: 30_000,
});

export default {
  async fetch(request: Request, env: Environment, ctx: ExecutionContext): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const key = searchParams.get('key') ?? '';
    const lifetime = Number(searchParams.get('lifetime') ?? 60);
    const call = () =>
      cache.cached(
        async ({ fencingToken }) => {
          const response = await env.RUNS.fetch(`http://runs.test/?key=${key}&token=${fencingToken}`);
          return response.json();
        },
        { key: [key], lock: { wait: '2m', lifetime } },
      );
    return requests.run({ env, ctx }, async () => Response.json(await Promise.all([call(), call(), call()])));
  },
};
