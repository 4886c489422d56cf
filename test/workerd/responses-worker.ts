/**
 * A Worker whose handlers answer from the cache of responses. Only its database is made up: it holds one text for each
 * document.
 */
import * as graphql from 'graphql';
import type { Config, DatabaseAdapter, Payload } from 'payload';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { withResponseCache } from '../../src/runtime/responses.js';

const rows = new Map([['a', 'first']]);
let asked = 0;

async function startSite(): Promise<{ payload: Payload; db: DatabaseAdapter }> {
  const base = {
    name: 'made-up',
    defaultIDType: 'text',
    async findOne({ where }: { where: { id: { equals: string } } }) {
      return { id: where.id.equals, text: rows.get(where.id.equals) };
    },
    async updateOne({ id, data }: { id: string; data: { text: string } }) {
      rows.set(id, data.text);
      return { id, ...data };
    },
  } as unknown as DatabaseAdapter;
  const posts = { slug: 'posts', flattenedFields: [{ name: 'id', type: 'text' }], fields: [], hooks: {} };
  const written = {
    collections: [posts],
    globals: [],
    routes: { api: '/api' },
    db: { defaultIDType: 'text', init: () => base },
  };
  const config = await payloadKV({ store: memory() })(written as unknown as Config);
  const payload = { config, logger: console } as unknown as Payload;
  const db = (await config.db).init({ payload }) as DatabaseAdapter;
  await db.init?.();
  // As Payload does while it starts.
  await db.findOne({ collection: 'posts', where: { id: { equals: 'a' } } });
  return { payload, db };
}

let starting: ReturnType<typeof startSite> | undefined;
const site = () => {
  starting ??= startSite();
  return starting;
};

const post = async () => (await site()).db.findOne({ collection: 'posts', where: { id: { equals: 'a' } } });

/** OpenNext puts a class of its own before the platform's, whose copies of a request are none of it. */
class OpenNextRequest extends Request {}

/** As Next's request looks at what it is made of. */
class NextRequest extends OpenNextRequest {
  constructor(input: Request, init?: RequestInit) {
    if (input instanceof OpenNextRequest) super(input, init);
    else super(input.url, init);
  }
}

const graphQLHandler = async (request: Request) => {
  const { query } = (await request.clone().json()) as { query: string };
  return [query, await request.json()];
};

/** What each handler finds out about who asks. */
const HANDLERS: Record<string, (request: Request) => unknown> = {
  '/nothing': () => null,
  '/header': ({ headers }) => headers.get('x-tenant'),
  '/clone': (request) => request.clone().headers.get('x-tenant'),
  '/spread': ({ headers }) => Object.fromEntries(headers),
  '/copy': (request) => new Request(request).headers.get('x-tenant'),
  '/copy-and-read': (request) => [
    request.headers.get('x-tenant'),
    new Request(request).headers.get('x-tenant'),
    new Request(request).headers.get('x-other'),
  ],
  '/cf': (request) => (request as { cf?: { colo?: string } }).cf?.colo,
  '/graphql': graphQLHandler,
  '/graphql/next': graphQLHandler,
};

const policy = { outcomeHeader: true, payload: async () => (await site()).payload };
const handler = async (request: Request): Promise<Response> => {
  const found = await HANDLERS[new URL(request.url).pathname]?.(request);
  return Response.json({ found, post: await post(), number: ++asked });
};
// As a site has it: at global scope.
const routes = withResponseCache(handler, policy);
const queries = withResponseCache(handler, { ...policy, graphql });

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    const { payload, db } = await site();
    if (pathname === '/write') {
      await db.updateOne({ collection: 'posts', id: 'a', data: { text: searchParams.get('text') } });
      return new Response('written');
    }
    const given = pathname.endsWith('/next') ? new NextRequest(new OpenNextRequest(request)) : request;
    const response = await (pathname.startsWith('/graphql') ? queries : routes)(given);
    await settleCache(payload);
    return response;
  },
};
