/**
 * A Worker with the runtime of this package in it: the real cache over a real KV binding. Only its database is made up:
 * each of its calls is a request to the test, which answers when it likes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Config, DatabaseAdapter, Payload } from 'payload';
import { cloudflareKV, type KVBinding } from '../../src/runtime/cloudflare.js';
import { getCacheStats, memory, payloadKV, type SingleFlightScope } from '../../src/runtime/index.js';

interface Environment {
  PAYLOAD_CACHE: KVBinding;
  /** Answered by the test. */
  DATABASE: { fetch(url: string): Promise<Response> };
}

interface ExecutionContext {
  waitUntil?(promise: Promise<unknown>): void;
}

const requests = new AsyncLocalStorage<{ env: Environment; ctx: ExecutionContext }>();
// As OpenNext does it.
Object.defineProperty(globalThis, Symbol.for('__cloudflare-context__'), { get: () => requests.getStore() });

function current(): { env: Environment; ctx: ExecutionContext } {
  const found = requests.getStore();
  if (!found) throw new Error('called outside a request');
  return found;
}

/** Pages whose client went away before the answer. */
const departed: string[] = [];

async function askTest(what: string): Promise<unknown> {
  const response = await current().env.DATABASE.fetch(`http://database.test/${what}`);
  return response.json();
}

/** The binding of the current request; the test may hold its writes. */
const heldKV: KVBinding = {
  get: (keys, options) => current().env.PAYLOAD_CACHE.get(keys, options),
  async put(key, value, options) {
    await askTest(`put?key=${encodeURIComponent(key)}`);
    await current().env.PAYLOAD_CACHE.put(key, value, options);
  },
  delete: (key) => current().env.PAYLOAD_CACHE.delete(key),
  list: (options) => current().env.PAYLOAD_CACHE.list(options),
};

interface Site {
  payload: Payload;
  db: DatabaseAdapter;
}

const memoryStore = memory();
const sites = new Map<string, Promise<Site>>();

/** One site per scope of single flight, made once in the isolate as Payload is. */
function siteOf(scope: string): Promise<Site> {
  let site = sites.get(scope);
  if (!site) {
    site = startSite(scope);
    sites.set(scope, site);
  }
  return site;
}

async function startSite(scope: string): Promise<Site> {
  const base = {
    name: 'made-up',
    defaultIDType: 'text',
    async findOne(args: { where: { id: { equals: string } } }) {
      return askTest(`read?id=${args.where.id.equals}`);
    },
    async updateOne(args: { id: string }) {
      return askTest(`write?id=${args.id}`);
    },
  } as unknown as DatabaseAdapter;
  const posts = { slug: 'posts', flattenedFields: [{ name: 'id', type: 'text' }], fields: [], hooks: {} };
  const written = { collections: [posts], globals: [], db: { defaultIDType: 'text', init: () => base } };
  const plugin = payloadKV({
    store: cloudflareKV({ binding: () => heldKV }),
    namespace: scope,
    ...(scope === 'default' ? {} : { singleFlight: scope as SingleFlightScope }),
  });
  const config = await plugin(written as unknown as Config);
  const payload = { config, logger: console } as unknown as Payload;
  const db = (await config.db).init({ payload }) as DatabaseAdapter;
  await db.init?.();
  return { payload, db };
}

const read = ({ db }: Site, id: string) => db.findOne({ collection: 'posts', where: { id: { equals: id } } });

async function answer(url: URL, ctx: ExecutionContext): Promise<unknown> {
  const id = url.searchParams.get('id') ?? '';
  const site = await siteOf(url.searchParams.get('scope') ?? 'default');
  switch (url.pathname) {
    case '/read':
      return read(site, id);
    case '/read-twice':
      return Promise.all([read(site, id), read(site, id)]);
    case '/answer-early':
      read(site, id).catch(() => undefined);
      // Its database query is under way when the response leaves, and nothing else keeps the request.
      await askTest(`leave-early?id=${id}`);
      return 'early';
    case '/answer-early-in-background': {
      const reading = Promise.all([read(site, id), read(site, id)]);
      ctx.waitUntil?.(reading.then((results) => askTest(`told?id=${id}&results=${results.length}`)));
      await askTest(`leave-early?id=${id}`);
      return 'early';
    }
    case '/write':
      return site.db.updateOne({ collection: 'posts', id, data: {} });
    case '/keep':
      memoryStore.set(id, 'kept', 0.1);
      return memoryStore.getMany([id]);
    case '/kept':
      return memoryStore.getMany([id]);
    case '/departed':
      return departed;
    case '/stats':
      return getCacheStats(site.payload);
    default:
      throw new Error(`no such page: ${url.pathname}`);
  }
}

export default {
  async fetch(request: Request, env: Environment, ctx: ExecutionContext): Promise<Response> {
    const url = new URL(request.url);
    request.signal.addEventListener('abort', () => {
      departed.push(url.pathname + url.search);
    });
    // A platform that cannot keep a request alive.
    const offered = url.searchParams.has('without-wait-until') ? {} : ctx;
    return requests.run({ env, ctx: offered }, async () => Response.json((await answer(url, ctx)) ?? null));
  },
};
