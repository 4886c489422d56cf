/**
 * A Worker whose cache is watched: the real cache over a real KV binding, and its endpoints, called as Payload calls them.
 * Only its database is made up.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Config, DatabaseAdapter, Endpoint, Payload, PayloadRequest } from 'payload';
import { cloudflareKV, type KVBinding } from '../../src/runtime/cloudflare.js';
import { payloadKV } from '../../src/runtime/index.js';
import { observe } from '../../src/runtime/observe.js';

interface Environment {
  PAYLOAD_CACHE: KVBinding;
}

const requests = new AsyncLocalStorage<{
  env: Environment;
  ctx: { waitUntil(work: Promise<unknown>): void };
}>();
// As OpenNext does it.
Object.defineProperty(globalThis, Symbol.for('__cloudflare-context__'), { get: () => requests.getStore() });

const logged: string[] = [];
const log = (message: unknown): void =>
  void logged.push(String((message as { msg?: string }).msg ?? message));

let site: Promise<{ payload: Payload; db: DatabaseAdapter }> | undefined;

// Outside of a request, as a project's config is.
const watched = observe({ metricsToken: 'sixteen-or-more-letters' });
const base = {
  name: 'made-up',
  defaultIDType: 'text',
  findOne: async ({ where }: { where: { id: { equals: string } } }) => ({ id: where.id.equals }),
} as unknown as DatabaseAdapter;
const posts = { slug: 'posts', flattenedFields: [{ name: 'id', type: 'text' }], fields: [], hooks: {} };
const written = {
  secret: 'only-for-tests',
  admin: { user: 'users' },
  collections: [posts],
  globals: [],
  db: { defaultIDType: 'text', init: () => base },
};
const plugin = payloadKV({
  store: cloudflareKV({ binding: 'PAYLOAD_CACHE' }),
  database: 'main',
  observe: watched,
});

async function start(): Promise<{ payload: Payload; db: DatabaseAdapter }> {
  const config = await plugin(written as unknown as Config);
  const logger = { info: log, warn: log, error: log, debug: log };
  const payload = { config, logger } as unknown as Payload;
  const db = (await config.db).init({ payload }) as DatabaseAdapter;
  await db.init?.();
  const findByID = ({ id }: { id: string }) =>
    db.findOne({
      collection: 'posts',
      where: { id: { equals: id } },
      req: { context: {} } as PayloadRequest,
    });
  return { payload: Object.assign(payload, { findByID }), db };
}

export default {
  async fetch(request: Request, env: Environment, ctx: { waitUntil(work: Promise<unknown>): void }) {
    return requests.run({ env, ctx }, async () => {
      site ??= start();
      const { payload, db } = await site;
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === '/read') {
        const id = searchParams.get('id');
        return Response.json(await db.findOne({ collection: 'posts', where: { id: { equals: id } } }));
      }
      if (pathname === '/logged') return Response.json(logged);
      const endpoint = (payload.config.endpoints as Endpoint[]).find(
        ({ method, path }) => method === request.method.toLowerCase() && pathname === `/api${path}`,
      );
      if (!endpoint) return new Response(null, { status: 404 });
      const response = await endpoint.handler(Object.assign(request, { payload, user: null }) as never);
      // As Payload passes it on.
      return new Response(response.body, { headers: new Headers(response.headers), status: response.status });
    });
  },
};
