/** What is asked for by a request, or why the cache is not asked. */
import type { Payload } from 'payload';
import { getRequestLanguage } from 'payload';
import { type Directives, directivesOf, secondsOf } from './cache-control.js';
import type { GraphQLQuestion } from './graphql-request.js';
import { readsDocuments } from './payload-endpoint.js';
import { areHarmless, type CheckedPolicy } from './policy.js';

/** Why a request is passed on. */
export type PassReason =
  | 'method'
  | 'credentials'
  | 'cookie'
  | 'vary'
  | 'no-store'
  | 'header'
  | 'range'
  | 'draft'
  | 'endpoint'
  | 'graphql'
  | 'too-large'
  | 'not-started';

/** A request that may be answered from the cache. */
export interface Asked {
  /** All that the response is found by, beside headers that the handler reads. */
  question: Readonly<Record<string, unknown>>;
  /** Sets headers apart that are read for it from those of other paths. */
  path: string;
  /** Whether people are told apart by the policy. */
  isTold: boolean;
  /** Whether the versions are to be asked of the registry, whatever is remembered of them. */
  mustAsk: boolean;
  /** Whether nothing is to be made. */
  onlyIfCached: boolean;
  /** Seconds that it must be good for yet. */
  minimumFresh: number;
}

/** Longest address, and longest body of a query, in characters. */
const LONGEST_URL = 16_000;
const LONGEST_BODY = 100_000;

/** By these a handler, or what is in front of it, may take a request for another than it is. */
const OVERRIDES = [
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-payload-http-method-override',
];

/** Of a query in the address. Of a query in the body they are nothing, unless a server reads both. */
const QUERY_NAMES = ['query', 'operationName', 'variables'];

/** What asks for a part, or makes it depend on what somebody has. */
const PARTIAL = ['range', 'if-range', 'if-match', 'if-unmodified-since'];

/** Why nobody in particular may have made a request. */
export function signsIn(request: Request, policy: CheckedPolicy): 'credentials' | 'cookie' | undefined {
  const { headers } = request;
  if (policy.credentials.some((name) => headers.has(name))) return 'credentials';
  const cookies = headers.get('cookie');
  if (cookies === null) return undefined;
  return areHarmless(cookies, policy.isHarmless) ? undefined : 'cookie';
}

/** A request, with what is read of it more than once. */
interface Head {
  request: Request;
  url: URL;
  control: Directives;
}

/** Looks at a request, without its body. */
export function headOf(request: Request, policy: CheckedPolicy): Head | PassReason {
  const { method, headers } = request;
  const isQuery = policy.graphql && method === 'POST';
  if (method !== 'GET' && method !== 'HEAD' && !isQuery) return 'method';
  // Some platforms have bodies there, which are not part of the key.
  if (method !== 'POST' && request.body) return 'method';
  if (OVERRIDES.some((name) => headers.has(name))) return 'method';
  if (request.url.length > LONGEST_URL) return 'too-large';
  const control = directivesOf(headers.get('cache-control'));
  if (control.has('no-store')) return 'no-store';
  if (PARTIAL.some((name) => headers.has(name))) return 'range';
  // As Payload reads it: `draft`, and whatever qs makes of what begins so.
  const url = new URL(request.url);
  for (const [name, value] of url.searchParams)
    if (/^\[?draft\b/.test(name) && value !== 'false') return 'draft';
  return { request, url, control };
}

/**
 * What is asked for.
 *
 * @param params those of the route, by which handlers may go rather than by the address
 * @param read reads a GraphQL query
 */
export async function askedBy(
  { request, url, control }: Head,
  policy: CheckedPolicy,
  payload: Payload,
  params: unknown,
  read: ((asked: unknown) => GraphQLQuestion) | undefined,
): Promise<Asked | PassReason> {
  const { method, headers } = request;
  let told: readonly string[] | undefined;
  if (policy.vary) {
    told = await policy.vary(request);
    if (!told) return 'vary';
  }
  const path = pathOf(url, params, payload);
  if (policy.api && !readsDocuments(payload, path) && !policy.isOwnEndpoint(path)) return 'endpoint';
  // What the site's own queries go by nobody knows, and which of the fields are theirs.
  if (read && hasOwnQueries(payload) && !policy.ownQueries) return 'endpoint';
  const graphql = read ? await graphqlOf(request, url, read) : undefined;
  if (typeof graphql === 'string') return graphql;
  return {
    question: {
      method,
      // Of a query in the address only what it says counts.
      url: graphql && method !== 'POST' ? url.origin + url.pathname : url.href,
      params,
      graphql: graphql?.question,
      told,
      language: policy.isOfPayload ? languageOf(payload, headers) : undefined,
    },
    path: url.pathname,
    isTold: told !== undefined,
    mustAsk:
      control.has('no-cache') ||
      control.has('max-age') ||
      (control.size === 0 && /\bno-cache\b/i.test(headers.get('pragma') ?? '')),
    onlyIfCached: control.has('only-if-cached'),
    minimumFresh: secondsOf(control, 'min-fresh') ?? 0,
  };
}

/** Whether the site has added queries to its GraphQL API. */
const hasOwnQueries = ({ config }: Payload): boolean => typeof config.graphQL?.queries === 'function';

/** The language that Payload answers in, by what the handler is shown. */
function languageOf(payload: Payload, headers: Headers): string | undefined {
  try {
    return getRequestLanguage({
      config: payload.config,
      cookies: new Map(),
      headers,
    });
  } catch {
    return undefined;
  }
}

/** The path below that of Payload's API. */
function pathOf(url: URL, params: unknown, payload: Payload): string {
  const { slug } = (params ?? {}) as { slug?: unknown };
  if (Array.isArray(slug)) return `/${slug.map((segment) => encodeURIComponent(String(segment))).join('/')}`;
  const { api } = payload.config.routes;
  return url.pathname.startsWith(`${api}/`) ? url.pathname.slice(api.length) : url.pathname;
}

async function graphqlOf(
  request: Request,
  url: URL,
  read: (asked: unknown) => GraphQLQuestion,
): Promise<{ question: unknown } | 'graphql' | 'draft'> {
  if (QUERY_NAMES.some((name) => url.searchParams.getAll(name).length > (request.method === 'POST' ? 0 : 1)))
    return 'graphql';
  const asked = request.method === 'POST' ? await posted(request) : inAddress(url);
  if (asked === undefined) return 'graphql';
  const found = read(asked);
  return 'left' in found ? found.left : found;
}

/** The body of a request, which is left for the handler. */
async function posted(request: Request): Promise<unknown> {
  const { headers } = request;
  if (!/^application\/json\s*(;|$)/i.test(headers.get('content-type') ?? '')) return undefined;
  const length = Number(headers.get('content-length') ?? Number.NaN);
  // Of what does not say how long it is, nobody knows where it ends.
  if (!(length <= LONGEST_BODY)) return undefined;
  try {
    return JSON.parse(await request.clone().text());
  } catch {
    return undefined;
  }
}

function inAddress({ searchParams }: URL): unknown {
  const rest = [...searchParams].filter(([name]) => !QUERY_NAMES.includes(name));
  if (!searchParams.has('query')) return undefined;
  try {
    const variables = searchParams.get('variables');
    return {
      query: searchParams.get('query'),
      ...(searchParams.has('operationName') && { operationName: searchParams.get('operationName') }),
      ...(variables !== null && { variables: JSON.parse(variables) }),
      rest,
    };
  } catch {
    return undefined;
  }
}
