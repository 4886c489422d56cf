/**
 * Comes in: requests to `/api/payload-cache/…`. Goes out: what an endpoint answers those who may ask it. access.ts says who
 * may, rate-limit.ts how often; each endpoint has a file of its own.
 */
import type { Endpoint, PayloadRequest } from 'payload';
import { PayloadKVError } from '../../../errors.js';
import { boundedBody } from '../../../platform/bounded-body.js';
import { isObject } from '../../../platform/is-object.js';
import { instanceOf } from '../../carried-instance.js';
import { type ObserveOptions, observationOf } from '../observation.js';
import { BASE, SIGNATURE } from '../signature.js';
import { isOfSite, personOf } from './access.js';
import { json, type ObserveEndpoint, refusal, STATUS_OF } from './asked.js';
import { entries } from './entries.js';
import { events } from './events.js';
import { health } from './health.js';
import { metrics } from './metrics.js';
import { purge } from './purge.js';
import { addressOf, createRateLimit, type RateLimit } from './rate-limit.js';
import { stats } from './stats.js';
import { why } from './why.js';

/** All of them. */
export const ENDPOINTS: readonly ObserveEndpoint[] = [health, stats, metrics, events, entries, why, purge];

/** A larger body is not read. */
const LONGEST_BODY = 64 * 1024;
/** Levels of objects and lists in it. */
const DEEPEST_BODY = 30;

/** What the endpoints of one site are given. */
export type EndpointOptions = Pick<ObserveOptions, 'access'> & {
  /** The token for metrics, if there is one. */
  token: string | undefined;
};

/** The endpoints for the config of a site. */
export function observeEndpoints(options: EndpointOptions): Endpoint[] {
  const limit = createRateLimit(Date.now);
  return ENDPOINTS.map((endpoint) => ({
    path: `${BASE}/${endpoint.name}`,
    method: endpoint.method,
    handler: (req) => answer(endpoint, req, options, limit),
  }));
}

async function answer(
  endpoint: ObserveEndpoint,
  req: PayloadRequest,
  options: EndpointOptions,
  limit: RateLimit,
): Promise<Response> {
  try {
    return await answerIfAllowed(endpoint, req, options, limit);
  } catch (error) {
    if (error instanceof PayloadKVError && error.code in STATUS_OF) return answerOf(error);
    req.payload.logger.error({ err: error, msg: `payload-kv: the endpoint ${endpoint.name} failed` });
    return answerOf(
      new PayloadKVError({
        code: 'FAILED',
        message: 'The cache could not answer.',
        nextStep: "See the site's log.",
      }),
    );
  }
}

async function answerIfAllowed(
  endpoint: ObserveEndpoint,
  req: PayloadRequest,
  { access, token }: EndpointOptions,
  limit: RateLimit,
): Promise<Response> {
  const { payload, headers } = req;
  const isPost = endpoint.method === 'post';
  const text = isPost ? await boundedBody(req as unknown as Request, LONGEST_BODY) : '';
  const person =
    text === undefined
      ? undefined
      : await personOf({
          req,
          body: text,
          options: { access },
          token: endpoint.takesToken ? token : undefined,
          onFault: (error) =>
            payload.logger.error({
              err: error,
              msg: `payload-kv: \`access\` of observe() threw, so ${endpoint.name} is closed`,
            }),
        });
  if (!person) {
    checkLimit(limit, 'refused', addressOf(headers));
    if (text === undefined) throw tooLarge();
    const isSomebody = req.user || headers.has('authorization') || headers.has(SIGNATURE);
    throw isSomebody ? notAllowed() : notSignedIn();
  }
  if (isPost && person.byCookie && !isOfSite(req)) throw ofAnotherSite();
  const instance = instanceOf(payload);
  const bodyOf = (): unknown => (isPost ? jsonIn(headers.get('content-type'), text as string) : undefined);
  const after = limit.take(endpoint.limit, person.name);
  if (after !== undefined) {
    const error = tooMany(after);
    if (instance && endpoint.refused)
      endpoint.refused({ req, payload, instance, person, body: bodyOf() }, error);
    throw error;
  }
  const body = bodyOf();
  const observation = observationOf(payload);
  if (!instance || !observation) throw withoutCache();
  const query = new URL(req.url ?? '', 'http://site').searchParams;
  return endpoint.answer({ req, payload, instance, observation, person, query, body });
}

function checkLimit(limit: RateLimit, ...taken: Parameters<RateLimit['take']>): void {
  const after = limit.take(...taken);
  if (after !== undefined) throw tooMany(after);
}

/** What was sent, as JSON: a form of another site's page cannot send it without asking first. */
function jsonIn(type: string | null, text: string): unknown {
  if (!/^application\/json\s*(;|$)/i.test(type ?? '')) {
    throw refusal(
      'NOT_JSON',
      'The body must be JSON.',
      'Send it with the header content-type: application/json.',
    );
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw refusal('BAD_REQUEST', 'The body is no JSON.', 'Send an object as JSON.');
  }
  if (!isPlain(body)) {
    throw refusal('BAD_REQUEST', 'The body is nested too deep, or names __proto__.', 'Send a plain object.');
  }
  return body;
}

/** Whether what was sent is safe to walk through and to copy. */
function isPlain(body: unknown): boolean {
  let level: unknown[] = [body];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST_BODY) return false;
    const objects = level.filter(isObject);
    if (objects.some((each) => Object.hasOwn(each, '__proto__'))) return false;
    level = objects.flatMap((each) => Object.values(each));
  }
  return true;
}

function tooMany(seconds: number): PayloadKVError {
  return new PayloadKVError({
    code: 'TOO_MANY_REQUESTS',
    message: 'There were too many requests.',
    nextStep: `Ask again in ${seconds} s.`,
    retryAfter: seconds,
  });
}

const tooLarge = (): PayloadKVError =>
  refusal('BODY_TOO_LARGE', 'The body is too large.', `Send ${LONGEST_BODY / 1024} KiB at most.`);
const notSignedIn = (): PayloadKVError =>
  refusal('NOT_SIGNED_IN', 'Only those who are signed in may ask the cache.', 'Sign in to the admin panel.');
const notAllowed = (): PayloadKVError =>
  refusal(
    'NOT_ALLOWED',
    'You may not ask the cache.',
    "Sign in as somebody who may enter the admin panel, see `access` of observe(), or sign the request with the site's PAYLOAD_SECRET and a clock that goes right.",
  );
const ofAnotherSite = (): PayloadKVError =>
  refusal(
    'NOT_ALLOWED',
    'The request comes from a page of another site.',
    'Add its origin to `csrf` of the Payload config.',
  );
const withoutCache = (): PayloadKVError =>
  refusal('NOT_AVAILABLE', 'The site has no cache, or it could not be prepared.', "See the site's log.");

function answerOf(error: PayloadKVError): Response {
  const { code, message, nextStep, retryAfter: seconds } = error;
  return json(
    { error: { code, message, nextStep } },
    STATUS_OF[code] ?? 500,
    seconds === undefined ? {} : { 'retry-after': `${seconds}` },
  );
}
