import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { kvRegistry } from '../../src/registries/kv.js';
import {
  cloudflareKV,
  type DurableObjectBinding,
  durableObjectRegistry,
  type KVBinding,
} from '../../src/runtime/cloudflare.js';
import { databaseRegistry, memoryRegistry, type Registry, type Store } from '../../src/runtime/index.js';
import { redis } from '../../src/stores/redis.js';
import { hasRedis, startRedis } from '../support/redis.js';
import { repository } from '../support/repository.js';
import { sharedMemory } from '../support/shared-memory.js';

/** A store and a registry that several sites share. */
export interface Shared {
  /** What one more site is given. */
  join(): { store: Store; registry: Registry };
  stop(): void | Promise<void>;
}

/** A registry with a store that goes with it. */
export interface Backend {
  name: string;
  /** Why it cannot be tried here. */
  missing?: string;
  /** After how many seconds a write of one site is seen by the others at the latest. */
  bound: number;
  start(): Promise<Shared>;
}

/** Every registry. */
export const BACKENDS: Backend[] = [
  {
    name: 'memory',
    bound: 0,
    async start() {
      const [store, registry] = [sharedMemory(), memoryRegistry()];
      return { join: () => ({ store, registry }), stop: () => undefined };
    },
  },
  {
    name: 'kv',
    // A site keeps to its own replacement for as long as KV may take to spread it.
    bound: 123,
    async start() {
      const miniflare = new Miniflare({
        modules: true,
        script: 'export default { fetch() { return new Response(null, { status: 404 }) } }',
        compatibilityDate: '2026-03-01',
        kvNamespaces: ['PAYLOAD_CACHE'],
      });
      const binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
      return {
        join() {
          const store = cloudflareKV({ binding });
          return { store, registry: kvRegistry(store, { interval: 1 }) };
        },
        stop: () => miniflare.dispose(),
      };
    },
  },
  {
    name: 'redis',
    ...(hasRedis ? {} : { missing: 'there is no redis-server' }),
    bound: 0,
    async start() {
      const server = await startRedis();
      return {
        join() {
          const store = redis({ client: server.connect() });
          return { store, registry: store.defaultRegistry() };
        },
        stop: () => server.stop(),
      };
    },
  },
  {
    name: 'database',
    bound: 0,
    async start() {
      const store = sharedMemory();
      return { join: () => ({ store, registry: databaseRegistry() }), stop: () => undefined };
    },
  },
  {
    name: 'durableObject',
    bound: 0,
    async start() {
      const bundle = await build({
        stdin: {
          contents: `
            export { CacheTagRegistry } from './src/runtime/cloudflare.js';
            export default { fetch: () => new Response(null, { status: 404 }) };`,
          resolveDir: repository,
        },
        bundle: true,
        format: 'esm',
        external: ['node:*', 'cloudflare:*'],
        write: false,
        logLevel: 'silent',
      });
      const miniflare = new Miniflare({
        modules: true,
        script: bundle.outputFiles[0]?.text ?? '',
        compatibilityDate: '2026-04-01',
        compatibilityFlags: ['nodejs_compat'],
        durableObjects: { CACHE_TAGS: { className: 'CacheTagRegistry', useSQLite: true } },
      });
      const store = sharedMemory();
      const binding = (await miniflare.getDurableObjectNamespace(
        'CACHE_TAGS',
      )) as unknown as DurableObjectBinding;
      return {
        join: () => ({ store, registry: durableObjectRegistry({ binding }) }),
        stop: () => miniflare.dispose(),
      };
    },
  },
];
