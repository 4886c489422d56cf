/** What holds for the responses of one handler. */
import type { Payload } from 'payload';
import { type Duration, parseDuration } from '../../duration.js';
import { PayloadKVError } from '../../errors.js';
import type { GraphQLModule } from './graphql-request.js';

/** Networks that delete by tag, each with a header of its own for the tags. */
export type CDN = 'cloudflare' | 'fastly' | 'vercel';

/** What a network in front of the site may keep. */
export interface CDNPolicy {
  /** How long it may serve a response without asking: `s-maxage`. Purge it by tag, or choose it short. */
  maxAge: Duration;
  /** How long after that it may serve the old one while it asks: `stale-while-revalidate`. Default none. */
  swr?: Duration;
  /** The network whose header gets the tags of the response. Default none. */
  tags?: CDN;
}

/** How the responses of a handler are cached. */
export interface ResponsePolicy {
  /**
   * `'rest'` says that the handler is Payload's REST API: only Payload's own endpoints that read documents are then
   * answered from the cache, and `Accept-Language` counts as the language that Payload makes of it.
   */
  api?: 'rest';
  /**
   * Says that the handler is Payload's GraphQL API: the module `graphql` of the site, which reads the queries
   * (`import * as graphql from 'graphql'`). Without it a `POST` is passed on.
   */
  graphql?: GraphQLModule;
  /** How long a response may be served. Default: the plugin's `ttl`. */
  ttl?: Duration;
  /** Overrides that of the plugin. */
  swr?: Duration | false;
  /** Overrides that of the plugin. */
  staleIfError?: Duration | false;
  /**
   * Tells people apart: texts that stand for all that the response may depend on of whoever asks, such as their id and
   * role. Requests with the same texts get the same response. `undefined`: this request is not answered from the cache.
   * It is asked once more before a response is kept. Default: only requests of nobody in particular are answered.
   */
  vary?: (request: Request) => VaryAnswer | Promise<VaryAnswer>;
  /**
   * Cookies that say nothing of what is answered; one that ends in `*` stands for all that begin so. The handler does not
   * see them. A request with another cookie is passed on. Default: {@link HARMLESS_COOKIES}.
   */
  harmlessCookies?: readonly string[];
  /** Headers that sign somebody in, beside the {@link CREDENTIAL_HEADERS}: a request that has one is passed on. */
  credentialHeaders?: readonly string[];
  /**
   * Endpoints of the site's own that may be answered from the cache as well, as paths below the API's, such as
   * `'/posts/popular'`; one that ends in `/*` stands for all below it. Default none: nobody knows what they read.
   */
  endpoints?: readonly string[];
  /**
   * Whether GraphQL may be answered from the cache although the site has queries of its own there (`graphQL.queries` of the
   * config): they depend on what they read through Payload, and on nothing else. Default `false`.
   */
  ownQueries?: boolean;
  /** Largest body that is kept, in bytes. Default 1,000,000. */
  maxBytes?: number;
  /** The kind of `ETag`, or none. Both are a digest of the response; a strong one says that it is so byte for byte. Default `'weak'`. */
  etag?: 'weak' | 'strong' | false;
  /** What a network in front of the site may keep. Default nothing: `Cache-Control` is left as it is. */
  cdn?: CDNPolicy;
  /** Adds `X-Payload-Cache`, which says what became of the request, and why. Default `false`. */
  outcomeHeader?: boolean;
  /** The Payload instance. Default: the only one of this process. */
  payload?: Payload | (() => Payload | Promise<Payload>);
}

type VaryAnswer = readonly string[] | undefined;

/** Cookies of analytics, which no site reads on its server. */
export const HARMLESS_COOKIES: readonly string[] = [
  '_ga',
  '_ga_*',
  '_gid',
  '_gat',
  '_gat_*',
  '_gcl_*',
  '_fbp',
  '_fbc',
  '__utm*',
  '_hj*',
  '_clck',
  '_clsk',
  '_pk_*',
  '_uet*',
  '__cf_bm',
  '_cfuvid',
];

/** Headers that sign somebody in, as far as they have usual names. */
export const CREDENTIAL_HEADERS: readonly string[] = [
  'authorization',
  'proxy-authorization',
  'api-key',
  'apikey',
  'x-api-key',
  'x-apikey',
  'x-auth',
  'x-auth-token',
  'x-access-token',
  'x-session',
  'x-session-id',
  'x-session-token',
  'x-user',
  'x-user-id',
  'x-forwarded-user',
  'x-forwarded-email',
  'x-forwarded-access-token',
  'cf-access-jwt-assertion',
  'cf-access-client-id',
  'cf-access-token',
  'x-amzn-oidc-data',
  'x-amzn-oidc-identity',
  'x-amzn-oidc-accesstoken',
  'x-amzn-mtls-clientcert',
  'x-goog-iap-jwt-assertion',
  'x-goog-authenticated-user-email',
  'x-ms-client-principal',
  'x-ms-client-principal-id',
  'x-ms-client-principal-name',
  'x-ms-token-aad-id-token',
  'x-arr-clientcert',
  'x-forwarded-client-cert',
  'x-ssl-client-cert',
  'x-ssl-client-verify',
  'x-ssl-client-s-dn',
  'ssl-client-cert',
  'client-cert',
  'x-forwarded-preferred-username',
  'x-forwarded-groups',
  'remote-user',
  'remote-email',
  'remote-groups',
  'x-remote-user',
  'x-webauth-user',
  'x-auth-request-user',
  'x-auth-request-email',
  'x-authentik-username',
  'x-pomerium-jwt-assertion',
  'x-amz-security-token',
  'tailscale-user-login',
];

/** Largest body that is kept where nothing is said, in bytes. */
const LARGEST_BODY = 1_000_000;

/** A policy with what it leaves out. */
export interface CheckedPolicy extends ResponsePolicy {
  maxBytes: number;
  etag: 'weak' | 'strong' | false;
  isHarmless(cookie: string): boolean;
  isOwnEndpoint(path: string): boolean;
  credentials: readonly string[];
  /** Whether the handler is one of Payload's. */
  isOfPayload: boolean;
  /** For CDNs: `Cache-Control`. */
  forCDN: string | undefined;
}

/**
 * Looks at a policy before the first request comes.
 *
 * @throws PayloadKVError `INVALID_RESPONSE_POLICY` or `INVALID_DURATION`
 */
export function checkedPolicy(policy: ResponsePolicy): CheckedPolicy {
  const { api, graphql, ttl, swr, staleIfError, cdn, maxBytes = LARGEST_BODY, etag = 'weak' } = policy;
  if (api !== undefined && api !== 'rest') throw invalid('api must be "rest"', "api: 'rest'");
  if (graphql !== undefined && typeof graphql?.parse !== 'function')
    throw invalid('graphql must be the module of that name', "import * as graphql from 'graphql'");
  if (!Number.isInteger(maxBytes) || maxBytes <= 0)
    throw invalid('maxBytes must be a positive whole number', 'maxBytes: 500_000');
  if (etag !== false && etag !== 'weak' && etag !== 'strong')
    throw invalid('etag must be "weak", "strong" or false', "etag: 'weak'");
  if (cdn?.tags !== undefined && !['cloudflare', 'fastly', 'vercel'].includes(cdn.tags))
    throw invalid(
      'cdn.tags must be "cloudflare", "fastly" or "vercel"',
      "cdn: { maxAge: '1m', tags: 'fastly' }",
    );
  for (const name of ['harmlessCookies', 'credentialHeaders', 'endpoints'] as const)
    if (policy[name] !== undefined && !isListOfTexts(policy[name]))
      throw invalid(`${name} must be a list of texts`, `${name}: ['…']`);
  if (ttl !== undefined) parseDuration(ttl, 'ttl');
  if (swr) parseDuration(swr, 'swr');
  if (staleIfError) parseDuration(staleIfError, 'staleIfError');
  const endpoints = policy.endpoints ?? [];
  return {
    ...policy,
    maxBytes,
    etag,
    isHarmless: matcher(policy.harmlessCookies ?? HARMLESS_COOKIES, '*'),
    isOwnEndpoint: matcher(endpoints, '/*'),
    credentials: [
      ...CREDENTIAL_HEADERS,
      ...(policy.credentialHeaders ?? []).map((name) => name.toLowerCase()),
    ],
    isOfPayload: Boolean(api || graphql),
    forCDN: cdn && cacheControlOf(cdn),
  };
}

function cacheControlOf({ maxAge, swr }: CDNPolicy): string {
  const old = swr === undefined ? '' : `, stale-while-revalidate=${parseDuration(swr, 'cdn.swr')}`;
  return `public, max-age=0, s-maxage=${parseDuration(maxAge, 'cdn.maxAge')}${old}`;
}

/** Whether a name is one of those, or begins as one of those that end in a wildcard. */
export function matcher(names: readonly string[], wildcard: string): (name: string) => boolean {
  const whole = new Set(names.filter((name) => !name.endsWith(wildcard)));
  const beginnings = names.filter((name) => name.endsWith(wildcard)).map((name) => name.slice(0, -1));
  return (name) => whole.has(name) || beginnings.some((beginning) => name.startsWith(beginning));
}

const isListOfTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '');

/** Whether all cookies of a header have names that say nothing of who asks. */
export const areHarmless = (cookies: string, isHarmless: (name: string) => boolean): boolean =>
  cookies
    .split(';')
    .every((cookie) => cookie.trim() === '' || isHarmless(cookie.split('=', 1)[0]?.trim() ?? ''));

/** A policy that cannot be. */
export function invalid(what: string, example: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_RESPONSE_POLICY',
    message: `The policy of a response cache is not valid: ${what}.`,
    nextStep: `Write for example ${example}.`,
  });
}
