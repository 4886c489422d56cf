import * as graphql from 'graphql';
import {
  getCacheStats,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type ResponsePolicy, withResponseCache } from '../../src/runtime/responses.js';
import { graphqlOf } from '../people/graphql.js';
import { type BlogOptions, type Started, startBlog } from './payload.js';

/** A blog behind a cache of its responses. */
export interface ResponseSite extends Started {
  /** Asks for a path below `/api`, through the cache. */
  get(path: string, init?: RequestInit): Promise<Response>;
  /** Asks without the cache. */
  bare(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a query of GraphQL through the cache. */
  query(body: object, init?: RequestInit & { search?: string }): Promise<Response>;
  /** What became of a request: `X-Payload-Cache`. */
  outcome(path: string, init?: RequestInit): Promise<string | null>;
  /** How often Payload was asked. */
  asked(): number;
}

/** Starts one. */
export async function startResponseSite({
  policy = {},
  options = {},
  blog = {},
}: {
  policy?: ResponsePolicy;
  options?: Partial<PayloadKVOptions>;
  blog?: BlogOptions;
} = {}): Promise<ResponseSite> {
  const site = await startBlog({ plugins: [payloadKV({ store: memory(), ...options })], seed: 6, ...blog });
  const { payload, config } = site;
  let count = 0;
  const plain = (request: Request): Promise<Response> => {
    count += 1;
    return site.handle(request);
  };
  const common = { outcomeHeader: true, payload, ...policy };
  const rest = withResponseCache(plain, { api: 'rest', ...common });
  const api = graphqlOf(config, site.instanceKey);
  const counted = (request: Request): Promise<Response> => {
    count += 1;
    return api(request);
  };
  const queries = withResponseCache(counted, { graphql, ...common });
  const requestFor = (path: string, init?: RequestInit) =>
    new Request(`http://site.example/api${path}`, init);
  const settled = async (response: Response): Promise<Response> => {
    await settleCache(payload);
    return response;
  };
  const get = async (path: string, init?: RequestInit): Promise<Response> =>
    settled(await rest(requestFor(path, init)));
  return {
    ...site,
    get,
    bare: (path, init) => site.handle(requestFor(path, init)),
    async query(body, { search = '', ...init } = {}) {
      const text = JSON.stringify(body);
      return settled(
        await queries(
          requestFor(`/graphql${search}`, {
            method: 'POST',
            body: text,
            ...init,
            headers: {
              'content-type': 'application/json',
              'content-length': String(text.length),
              ...(init.headers as Record<string, string>),
            },
          }),
        ),
      );
    },
    outcome: async (path, init) => (await get(path, init)).headers.get('x-payload-cache'),
    asked: () => count,
  };
}

/** What was counted of responses. */
export const responseCounts = (site: Started) => getCacheStats(site.payload)?.functions['http responses'];

/** A handler of the site's own behind the cache. */
export interface CachedHandler {
  /** Asks for a path, and waits until what is to be stored is. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** What became of it. */
  outcome(path: string, init?: RequestInit): Promise<string | null>;
  /** How often the handler was asked. */
  asked(): number;
}

/** Puts one there. */
export function cachedHandler(
  { payload }: Started,
  handler: (request: any) => Response | Promise<Response>,
  policy: ResponsePolicy = {},
  kind: typeof Request = Request,
): CachedHandler {
  let count = 0;
  const cached = withResponseCache(
    (request: Request) => {
      count += 1;
      return handler(request);
    },
    { payload, outcomeHeader: true, ...policy },
  );
  const ask = async (path: string, init?: RequestInit): Promise<Response> => {
    const response = await cached(new kind(new URL(path, 'http://site.example').href, init));
    await settleCache(payload);
    return response;
  };
  return {
    ask,
    outcome: async (path, init) => (await ask(path, init)).headers.get('x-payload-cache'),
    asked: () => count,
  };
}
