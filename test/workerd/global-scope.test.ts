import path from 'node:path';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';
import { describe, expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { repository } from '../support/repository.js';
import { stubPayload } from './stub-payload.js';

/**
 * A Worker's modules are loaded at global scope, where workerd allows no randomness, no timers and no I/O: a Payload
 * config is evaluated there, and with it every factory of ours that it calls.
 */

// What is imported of the panel brings in styles, which Next alone can read.
vi.mock('@payloadcms/ui', () => ({}));
vi.mock('next/navigation.js', () => ({}));

/** How a site would call each export that makes something, by entry; `undefined` for what makes nothing. */
const CASES: Record<string, Record<string, string | undefined>> = {
  '.': {
    PayloadKVError: `({ PayloadKVError }) => new PayloadKVError({ code: 'A', message: 'b' })`,
    CacheMissError: `({ CacheMissError }) => new CacheMissError('posts', 'find')`,
    aesGCM: `({ aesGCM }) => aesGCM({ keys: ['QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE='] })`,
    databaseRegistry: `({ databaseRegistry }) => databaseRegistry()`,
    gzip: `({ gzip }) => gzip()`,
    kvRegistry: `({ kvRegistry, memory }) => kvRegistry(memory())`,
    memory: `({ memory }) => memory().defaultRegistry()`,
    memoryRegistry: `({ memoryRegistry }) => memoryRegistry()`,
    payloadKV: `({ payloadKV, memory, databaseRegistry, tiered, gzip }) => [
      payloadKV({ store: memory() })(config()),
      payloadKV({ store: memory(), registry: databaseRegistry(), compression: gzip() })(config()),
      payloadKV({ store: tiered(memory(), memory()) })(config()),
    ]`,
    byCost: `({ byCost, memory }) => memory({ eviction: byCost() })`,
    tinyLFU: `({ tinyLFU, memory }) => memory({ eviction: tinyLFU() })`,
    tiered: `({ tiered, memory }) => tiered(memory(), memory()).defaultRegistry()`,
    keepWarm: `({ keepWarm }) => keepWarm('numbers', [() => 1], { every: '5m' })`,
    memoize: `({ memoize }) => memoize(() => 1, { namespace: 'numbers' })`,
    namespace: `({ namespace }) => namespace('numbers', { ttl: '1m' })`,
    // Of a running site.
    cached: undefined,
    getCacheHealth: undefined,
    getCacheStats: undefined,
    invalidateCache: undefined,
    settleCache: undefined,
  },
  './cache': {
    createCache: `({ createCache }) => createCache({ prefix: 'orders', namespaces: { prices: { ttl: '1m' } } })`,
  },
  './client': {
    // Components, which React alone calls.
    DocumentPurge: undefined,
    LiveCache: undefined,
    NavLink: undefined,
  },
  './cloudflare': {
    cloudflareKV: `({ cloudflareKV }) => cloudflareKV({ binding: 'PAYLOAD_CACHE' }).defaultRegistry()`,
    cloudflareKVAdapter: `({ cloudflareKVAdapter }) => cloudflareKVAdapter({ binding: 'PAYLOAD_KV' }).init()`,
    cloudflareKVRest: `({ cloudflareKVRest }) =>
      cloudflareKVRest({ accountId: 'a'.repeat(32), namespaceId: 'b'.repeat(32), apiToken: 'c' }).defaultRegistry()`,
    durableObjectRegistry: `({ durableObjectRegistry }) => durableObjectRegistry({ binding: 'CACHE_TAGS' })`,
    // Only workerd makes one, and not at global scope.
    CacheTagRegistry: undefined,
  },
  './decorators': {
    CacheEvict: `({ CacheEvict }) => CacheEvict({ namespace: 'numbers', all: true })(async () => {}, { kind: 'method', name: 'a' })`,
    CacheKey: `({ CacheKey }) => CacheKey()({}, 'a', 0)`,
    CachePut: `({ CachePut }) =>
      CachePut({ namespace: 'numbers', key: '#{0}' })(async (id) => id, { kind: 'method', name: 'a' })`,
    Cached: `({ Cached }) => Cached({ namespace: 'numbers', ttl: '1h' })(async () => {}, { kind: 'method', name: 'a' })`,
  },
  './keyv': {
    keyv: `({ keyv }) => keyv({ keyv: client }).defaultRegistry()`,
  },
  './metrics': {
    METRICS: undefined,
    PROMETHEUS_CONTENT_TYPE: undefined,
    logs: `({ logs }) => logs({ events: ['error'], sample: 0.5 })`,
    openTelemetry: `({ openTelemetry }) => openTelemetry()`,
    prometheus: `({ prometheus }) => prometheus({ register: { registerMetric() {} } })`,
    // Of a running site.
    prometheusText: undefined,
    statsD: `({ statsD }) => statsD({ client: { increment() {}, timing() {}, gauge() {} }, every: '1m' })`,
  },
  './msgpack': {
    messagePack: `({ messagePack }) => messagePack()`,
  },
  './next': {
    nextPages: `({ nextPages }) => [nextPages({ revalidate: 'push' }), nextPages({ revalidate: 'handler' })]`,
  },
  './next/cache-handler': {
    default: `({ default: Handler }) => new Handler({})`,
  },
  './next/open-next': {
    // Not called by anybody but OpenNext.
    default: undefined,
  },
  './next/use-cache-handler': {
    // Not called by anybody but Next.
    default: undefined,
  },
  './observe': {
    BUCKET_BOUNDS: undefined,
    TRIED_TTLS: undefined,
    observe: `({ observe }) => observe({ shareEvery: '1m' })`,
    // Of a running site.
    observationOf: undefined,
  },
  './redis': {
    redis: `({ redis }) => [
      redis().defaultRegistry(),
      redis({ url: 'redis://:secret@127.0.0.1:6379/0', prefix: 'a:' }).defaultRegistry(),
      redis({ client: { call() {}, on() {} } }).defaultRegistry(),
    ]`,
    redisRegistry: `({ redisRegistry }) => redisRegistry()`,
  },
  './rsc': {
    CacheNavLink: undefined,
    CacheView: undefined,
    DocumentCache: undefined,
  },
  './responses': {
    CREDENTIAL_HEADERS: undefined,
    HARMLESS_COOKIES: undefined,
    expressCache: `({ expressCache }) => expressCache({ ttl: '5m' })`,
    purgeCloudflare: `({ purgeCloudflare }) => purgeCloudflare()`,
    purgeFastly: `({ purgeFastly }) => purgeFastly()`,
    purgeVercel: `({ purgeVercel }) => purgeVercel()`,
    withResponseCache: `({ withResponseCache }) =>
      withResponseCache(() => new Response(), { api: 'rest', cdn: { maxAge: '1m', tags: 'fastly' } })`,
  },
};

/** For frameworks that run on Node alone: no Worker can load what they are made of. */
const OF_NODE = ['./nestjs'];
const entries = Object.keys(manifest.exports).filter(
  (entry) => !entry.endsWith('.json') && !OF_NODE.includes(entry),
);
const COMPONENTS = ['./client', './rsc'];
const source = (entry: string): string => {
  if (COMPONENTS.includes(entry)) return `./src/admin/${entry.slice(2)}.js`;
  return `./src/runtime/${entry === '.' ? 'index' : entry.slice(2)}.js`;
};

/** Runs text at the global scope of a Worker, which answers with what it exports as \`answer\`. */
async function atGlobalScope(text: string, compatibilityDate: string): Promise<unknown> {
  const bundle = await build({
    stdin: {
      contents: `${text}\nexport default { async fetch() { return Response.json(await answer()); } };`,
      resolveDir: repository,
    },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    // As on a site that gives its own client.
    external: ['node:*', 'cloudflare:*', 'ioredis', 'next/*'],
    plugins: [stubPayload],
    write: false,
    logLevel: 'silent',
  });
  const miniflare = new Miniflare({
    modules: [{ type: 'ESModule', path: 'worker.js', contents: bundle.outputFiles[0]?.text ?? '' }],
    compatibilityDate,
    compatibilityFlags: ['nodejs_compat'],
  });
  try {
    return await (await miniflare.dispatchFetch('http://worker.test/')).json();
  } finally {
    await miniflare.dispose();
  }
}

const DATES = ['2025-05-01', '2026-04-01'];

test('all entries of the package are here, and in each all that it exports', async () => {
  expect(Object.keys(CASES).sort()).toEqual(entries.sort());
  for (const entry of entries) {
    const module = (await import(path.join(repository, source(entry).replace('.js', '.ts')))) as object;
    expect(Object.keys(CASES[entry] as object).sort()).toEqual(Object.keys(module).sort());
  }
});

test('workerd does forbid it', async () => {
  const text = `let said = 'allowed';
    try { crypto.getRandomValues(new Uint8Array(1)); } catch (error) { said = String(error); }
    const answer = () => said;`;
  expect(await atGlobalScope(text, '2026-04-01')).toContain('not allowed within global scope');
});

describe.each(DATES)('at the global scope of workerd as of %s', (date) => {
  test.each(entries)('%s is loaded, and all that it makes is made', async (entry) => {
    const makers = Object.entries(CASES[entry] as object).filter(([, make]) => make !== undefined);
    const text = `import * as entry from '${source(entry)}';
      const config = () => ({ collections: [], globals: [], db: { defaultIDType: 'text', init() {} } });
      const client = { store: {}, on() {} };
      for (const name of ['get', 'getMany', 'set', 'setMany', 'delete', 'deleteMany']) client[name] = async () => undefined;
      // Deployed, time stands still there, and this randomness is the same each time: who asked for it would be misled.
      const misleading = [[Date, 'now'], [Math, 'random'], [performance, 'now']].map(([of, name]) => {
        const original = of[name];
        of[name] = () => {
          throw new Error(name + '() at global scope');
        };
        return () => {
          of[name] = original;
        };
      });
      const made = {};
      for (const [name, make] of Object.entries({ ${makers.map(([name, make]) => `${name}: ${make}`).join(',\n')} })) {
        try {
          make(entry);
          made[name] = 'made';
        } catch (error) {
          made[name] = String(error);
        }
      }
      for (const restore of misleading) restore();
      const answer = () => made;`;
    expect(await atGlobalScope(text, date)).toEqual(
      Object.fromEntries(makers.map(([name]) => [name, 'made'])),
    );
  });

  test('what was made there works in a request', async () => {
    const text = `import { memory, payloadKV } from './src/runtime/index.js';
      const asked = [];
      const base = {
        name: 'made-up',
        defaultIDType: 'text',
        async findOne({ where }) {
          asked.push(where.id.equals);
          return { id: where.id.equals };
        },
        async updateOne({ id }) {
          return { id };
        },
      };
      const posts = { slug: 'posts', flattenedFields: [{ name: 'id', type: 'text' }], fields: [], hooks: {} };
      const plugin = payloadKV({ store: memory() });
      const config = plugin({ collections: [posts], globals: [], db: { defaultIDType: 'text', init: () => base } });
      async function answer() {
        const db = config.db.init({ payload: { config, logger: console } });
        const read = () => db.findOne({ collection: 'posts', where: { id: { equals: 'a' } } });
        for (let time = 0; time < 3; time++) await read();
        await db.updateOne({ collection: 'posts', id: 'a', data: {} });
        await read();
        return asked;
      }`;
    expect(await atGlobalScope(text, date)).toEqual(['a', 'a']);
  });
});
