/**
 * Comes in: a request, the handler that answers it, and a policy. Goes out: its response, from the store while all that it
 * was made of is as it was. asked.ts says what is asked for, make-response.ts has it made, observed-request.ts sees what the
 * handler reads of the request, kept-response.ts says what may be kept, and sent-response.ts makes what is sent.
 */
import { PayloadKVError } from '../../errors.js';
import type { Refusal } from '../../interfaces/recorder.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { instanceOf, livingInstances } from '../carried-instance.js';
import { momentIn } from '../events/moment.js';
import type {
  CachedOptions,
  FunctionCall,
  FunctionSite,
  Made,
  Recorded,
  WantedFunction,
} from '../functions/context.js';
import { type Looked, lookUp, noteEntry, recordedIn } from '../functions/lookup.js';
import { isRateLimited, revalidate, runShared } from '../functions/run.js';
import { siteOf } from '../functions/site-of.js';
import { wantedOf } from '../functions/wanted.js';
import { REMEMBERED_QUERIES } from '../read/context.js';
import { answerWithGrace } from '../read/grace.js';
import { isOfFuture } from '../read/judge.js';
import { areCurrent } from '../read/known-versions.js';
import { countBypass, noteLookup } from '../read/outcome.js';
import { type Asked, askedBy, headOf, signsIn } from './asked.js';
import { asksForMore, closedRequest } from './closed-request.js';
import { createGraphQLReader } from './graphql-request.js';
import { type KeptResponse, PassedOn } from './kept-response.js';
import { makeResponse } from './make-response.js';
import { type CheckedPolicy, checkedPolicy, type ResponsePolicy } from './policy.js';
import { etagOf, labelled, matches, send } from './sent-response.js';

/** The namespace of responses: of their counts, and to make all of them stale. */
export const RESPONSES = 'http responses';
const RESPONSE = { subject: 'function', name: RESPONSES, operation: 'cached' } as const;

/** What anybody is answered who has not signed in holds no secret, whatever was read for it. */
const PUBLIC: ReadonlySet<Refusal> = new Set<Refusal>([
  'auth-collection',
  'authentication',
  'shared-request',
]);
/** The handler makes the requests that it reads with, and the policy tells who makes them. */
const TOLD: ReadonlySet<Refusal> = new Set<Refusal>(['authentication', 'shared-request']);
/** Who asks where nobody has signed in. */
const NOBODY = { user: null, locale: undefined, fallbackLocale: undefined, payloadAPI: undefined };

/** The paths of which it is remembered which headers are read for them. */
const REMEMBERED_PATHS = 1_000;

type Handler = (request: Request) => Response | Promise<Response>;

/**
 * Answers requests to one handler.
 *
 * @param pass answers what the cache is not asked for, in the handler's place; it is told why
 * @returns nothing where `pass` has answered
 */
export type ResponseCache = (
  request: Request,
  params: unknown,
  handler: Handler,
  pass?: (outcome: string) => void,
) => Promise<Response | undefined>;

/** What is behind a cache that is not around one handler. */
export interface Behind {
  /** Whether pages may be made there. */
  holdsPages: boolean;
  /** The headers that are seen there, each of them part of the key. Default: all, and it is watched which are read. */
  only: readonly string[] | undefined;
}

/**
 * Creates the cache of one handler's responses. One function: each step of a response works by the same policy, and all
 * share what is under way.
 *
 * @throws PayloadKVError `INVALID_RESPONSE_POLICY` or `INVALID_DURATION`
 */
export function createResponseCache(
  given: ResponsePolicy,
  { holdsPages, only }: Behind = { holdsPages: false, only: undefined },
): ResponseCache {
  const policy = checkedPolicy(given);
  const read = policy.graphql && createGraphQLReader(policy.graphql);
  const { isOfPayload } = policy;
  /** Headers that Payload reads for each request, and what it has answer GraphQL. */
  const usual: readonly string[] = [
    ...(policy.graphql ? ['accept', 'content-type'] : []),
    ...(isOfPayload ? ['disableautologin', 'origin'] : []),
    ...(only ?? []),
  ];
  const listed = (only ?? []).filter((name) => name !== 'host').length;
  const headersRead = leastRecentlyUsed<string, readonly string[]>(REMEMBERED_PATHS);
  /** Heads of responses, to answer whoever has them already without a body. */
  const heads = leastRecentlyUsed<string, { head: KeptResponse; recorded: Recorded }>(REMEMBERED_QUERIES);

  function countPass(reason: string, site: FunctionSite | undefined): void {
    if (!site) return;
    const counted = reason === 'endpoint' ? 'policy' : reason === 'access' ? reason : 'request';
    countBypass(site.reads.counts('function', RESPONSES), counted);
    const { events } = site.reads;
    // How long the handler takes is seen by whoever sends the response.
    if (events.isHeard()) events.tell({ type: 'bypass', ...RESPONSE, reason: counted });
  }

  async function wantedBy(site: FunctionSite, asked: Asked, request: Request) {
    const names = headersRead.get(asked.path) ?? usual;
    const { ttl, swr, staleIfError } = policy;
    const options: CachedOptions = {
      key: [asked.question, names.map((name) => [name, request.headers.get(name)])],
      namespace: RESPONSES,
      shared: asked.isTold,
      ...(ttl !== undefined && { ttl }),
      ...(swr !== undefined && { swr }),
      ...(staleIfError !== undefined && { staleIfError }),
    };
    const found = await wantedOf(site, options);
    if (typeof found === 'string') return found;
    const wanted: WantedFunction = {
      ...found,
      asker: asked.isTold ? undefined : NOBODY,
      ...(asked.mustAsk && { mustAsk: true, swr: 0, staleIfError: 0 }),
    };
    return { wanted, options, names };
  }

  /** The head of a response that whoever asks has, and that is what it was. */
  async function unchanged(site: FunctionSite, wanted: WantedFunction, request: Request, seconds: number) {
    const known = heads.get(wanted.key);
    if (!known || wanted.mustAsk) return undefined;
    const { head, recorded } = known;
    // A clock may be set back.
    const now = site.reads.now();
    if (recorded.until <= now + 1000 * seconds || isOfFuture((now - recorded.askedAt) / 1000))
      return undefined;
    const has = request.headers.get('if-none-match');
    if (!matches(has, etagOf(head, policy))) return undefined;
    return (await areCurrent(site.reads, wanted, recorded.tags, recorded.versions)) ? known : undefined;
  }

  function remember(key: string, kept: KeptResponse, recorded: Recorded): void {
    const etag = etagOf(kept, policy);
    if (kept.status === 200 && etag !== undefined) heads.set(key, { head: { ...kept, body: '' }, recorded });
  }

  return async (given, params, handler, pass) => {
    let request = given;
    const passOn = async (reason: string): Promise<Response | undefined> => {
      countPass(reason, site);
      const outcome = `bypass (${reason})`;
      if (pass) pass(outcome);
      else return labelled(await handler(request), policy, outcome);
    };
    const site = await siteFor(policy);
    const head = headOf(request, policy);
    if (typeof head === 'string') return passOn(head);
    const early = policy.vary ? undefined : signsIn(request, policy);
    if (early || !site) return passOn(early ?? 'not-started');
    // What else is behind may have pages at the same paths.
    if (holdsPages && policy.api && !isBelowAPI(site, head.url)) return passOn('endpoint');
    if (only) {
      if (asksForMore(request, usual)) return passOn('header');
      request = closedRequest(request, usual);
    }
    const asked = await askedBy({ ...head, request }, policy, site.payload, await params, read);
    if (typeof asked === 'string') return passOn(asked);
    const found = await wantedBy(site, asked, request);
    if (typeof found === 'string') return passOn(found);
    const { wanted, options, names } = found;
    const varies = [
      ...names.filter((name) => name !== 'host'),
      'authorization',
      'cookie',
      ...(isOfPayload ? ['accept-language'] : []),
    ];
    // What the policy tells apart, and what depends on headers that a network does not look at, is for no network to keep.
    const isForAll =
      !asked.isTold && (policy.cdn?.tags !== 'cloudflare' || names.length === usual.length - listed);
    const answer = (kept: KeptResponse, outcome: string, tags: readonly string[] | undefined, age = 0) =>
      send(kept, request, policy, {
        outcome,
        age: age + (kept.age ?? 0),
        tags: isForAll ? tags : undefined,
        varies,
      });

    const { events } = site.reads;
    const since = momentIn(events);
    const known = await unchanged(site, wanted, request, asked.minimumFresh);
    if (known) {
      const { head, recorded } = known;
      noteLookup(events, 'hit', wanted.subject, wanted, since, 0);
      wanted.parent?.note(recorded.tags, recorded.versions, recorded.askedAt);
      wanted.parent?.expires?.(recorded.until);
      return answer(head, 'hit', recorded.tags, ageOf(site, wanted, head, recorded.askedAt));
    }
    const looked = await lookUp(site, wanted);
    if (looked.found && isGoodFor(site, looked, asked.minimumFresh)) {
      const { entry } = looked;
      const kept = looked.result as KeptResponse;
      noteLookup(events, 'hit', wanted.subject, wanted, since, entry.length);
      noteEntry(wanted.parent, entry);
      remember(wanted.key, kept, recordedIn(entry));
      return answer(kept, 'hit', entry.tags, ageOf(site, wanted, kept, entry.askedAt));
    }
    if (asked.onlyIfCached) return labelled(new Response(null, { status: 504 }), policy, 'miss');
    noteLookup(events, looked.found || looked.stale ? 'stale' : 'miss', wanted.subject, wanted, since);

    const call: FunctionCall = {
      site,
      wanted,
      options,
      before: looked.found ? undefined : looked.before,
      ignored: asked.isTold ? TOLD : PUBLIC,
      isQuiet: true,
      holdsPages,
      mustRead: only !== undefined,
      fn: ({ ttl }) =>
        makeResponse({
          request,
          asked,
          policy,
          handler,
          names,
          isClosed: only !== undefined,
          limit: ttl,
          depends: (more) => headersRead.set(asked.path, more),
        }),
    };
    const old =
      looked.found || (looked.old?.result as KeptResponse | undefined)?.mustBeFresh ? undefined : looked.old;
    let made: Made | undefined;
    const answering = answerWithGrace(site.reads, wanted.subject, wanted, old, {
      make: async () => {
        const run = await runShared(call);
        if (old?.ifError && run.result instanceof PassedOn && run.result.isFailure) {
          const { response, reason } = run.result;
          run.result.discard();
          throw new Error(
            `the handler answered with ${reason === 'errors' ? reason : `status ${response.status}`}`,
          );
        }
        made = run;
        return run.result;
      },
      revalidate: () =>
        revalidate({
          ...call,
          async fn(context) {
            const result = await call.fn(context);
            if (result instanceof PassedOn) result.discard();
            return result;
          },
        }),
      what: 'a response',
      recorder: wanted.parent,
    });
    const result = await answering.catch((error: unknown) => {
      if (!isRateLimited(error)) throw error;
      return new PassedOn(tooMany(error), 'limited');
    });
    if (result instanceof PassedOn) return labelled(result.response, policy, `miss (${result.reason})`);
    const kept = result as KeptResponse;
    // What is old, or depends on what nobody can say, is for no other cache.
    if (!made) {
      const age = old ? Math.max(0, Math.floor((site.reads.now() - old.askedAt) / 1000)) : 0;
      return answer(kept, 'stale', undefined, age);
    }
    if (made.kept) remember(wanted.key, kept, made.kept.recorded);
    return answer(kept, made.kept ? 'miss' : `miss (${made.refusal})`, made.kept?.recorded.tags);
  };
}

/** What is answered where what makes the response happens too often. */
const tooMany = ({ retryAfter = 1 }: PayloadKVError): Response =>
  new Response('Too many requests.', {
    status: 429,
    headers: { 'retry-after': `${retryAfter}`, 'cache-control': 'no-store' },
  });

const isBelowAPI = ({ payload }: FunctionSite, { pathname }: URL): boolean =>
  pathname.startsWith(`${payload.config.routes.api}/`);

/** Whether an entry is good for some seconds yet. */
function isGoodFor(
  { reads }: FunctionSite,
  { entry }: Extract<Looked, { found: true }>,
  seconds: number,
): boolean {
  return entry.askedAt + 1000 * (entry.ttl - seconds) >= reads.now();
}

/**
 * Seconds since a response was made, or since it was certain that it was still what it had been. How long it lives where its
 * handler says so, no version tells.
 */
function ageOf(
  { reads }: FunctionSite,
  wanted: WantedFunction,
  { ttl }: KeptResponse,
  askedAt: number,
): number {
  const age = Math.max(0, Math.floor((reads.now() - askedAt) / 1000));
  if (ttl !== undefined) return age;
  if (wanted.mustAsk) return 0;
  return wanted.rule.eventual ? age : Math.min(age, Math.ceil(wanted.rule.maximumAge));
}

/** The site whose responses these are; `undefined` where there is none yet, or no telling. */
async function siteFor({ payload }: CheckedPolicy): Promise<FunctionSite | undefined> {
  try {
    const named = typeof payload === 'function' ? await payload() : payload;
    return siteOf({ payload: named }, true);
  } catch (error) {
    if (!(error instanceof PayloadKVError)) throw error;
    // Whatever it is, the site is answered.
    const [first] = livingInstances();
    if (first)
      instanceOf(first)?.warn(`payload-kv: responses are not cached. ${error.message} ${error.nextStep}`);
    return undefined;
  }
}
