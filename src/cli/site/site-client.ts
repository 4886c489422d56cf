/** Asks the endpoints of a running site, and understands why one does not answer. */
import { hostname, userInfo } from 'node:os';
import { PayloadKVError } from '../../errors.js';
import { isObject } from '../../platform/is-object.js';
import { BASE, signedHeaders } from '../../runtime/observe/signature.js';
import type { Statistics } from '../../runtime/observe/snapshot.js';
import {
  type Credentials,
  credentialsFor,
  type SiteAddress,
  type SiteFlags,
  siteAddress,
} from './site-address.js';
import { bytesOf, parsed, unreachable } from './site-answer.js';
import type { AnsweredRead, EntriesPage, Purged, ShownEntry, Source } from './source.js';
import { resolved } from './target.js';

const LONGEST_ANSWER_MS = 30_000;
const LONGEST_ANSWER_MB = 64;

/**
 * The running site that the flags name.
 * @throws PayloadKVError what {@link siteAddress} and {@link credentialsFor} throw
 */
export function openSite(flags: SiteFlags, env = process.env): Source {
  const address = siteAddress(flags, env);
  return siteSource(address, credentialsFor(flags, address, env));
}

/** A site as a source. Its calls throw PayloadKVErrors whose codes begin with `SITE_`. */
export function siteSource(address: SiteAddress, credentials: Credentials): Source {
  const { api } = address;
  const closed = new AbortController();
  const ask = (path: string, body?: unknown): Promise<unknown> =>
    askSite(address, credentials, closed.signal, path, body);
  const statistics = async (scope: Statistics['scope']): Promise<Statistics> => {
    const found = await ask(`/stats${scope === 'all' ? '?scope=all' : ''}`);
    if (isStatistics(found)) return found;
    throw isObject(found) && 'format' in found
      ? otherVersion(api)
      : notUnderstood(api, 'its statistics are none');
  };
  return {
    kind: 'site',
    isSigned: credentials.kind === 'secret',
    place: api,
    statistics,
    async resolve(named) {
      return resolved(named, await statistics('process'));
    },
    async entries(query) {
      const search = new URLSearchParams(
        Object.entries(query).flatMap(([name, value]): [string, string][] =>
          value === undefined ? [] : [[name, String(value)]],
        ),
      );
      const found = await ask(`/entries?${search}`);
      if (
        isObject(found) &&
        'entries' in found &&
        Array.isArray(found.entries) &&
        found.entries.every(isEntry)
      )
        return found as unknown as EntriesPage;
      throw notUnderstood(api, 'its list of entries is none');
    },
    async why(question) {
      const found = await ask('/why', question).catch(whyNot);
      if (isObject(found) && 'reads' in found && Array.isArray(found.reads) && found.reads.every(isRead))
        return found as unknown as { reads: AnsweredRead[] };
      throw notUnderstood(api, 'it does not say what the query is answered by');
    },
    async purge(target, dryRun) {
      const by = credentials.kind === 'secret' ? terminalName() : undefined;
      const found = await ask('/purge', { target, dryRun, by });
      if (isObject(found) && 'ok' in found && 'dryRun' in found && found.dryRun === dryRun)
        return { entries: null, ...found } as unknown as Purged;
      throw notUnderstood(api, 'it does not say what became of the purge');
    },
    // An answer that nobody waits for any more would keep the process alive.
    close: async () => closed.abort(),
  };
}

/** Who types here, for the site's account of purges; `undefined` where the machine does not tell. */
function terminalName(): string | undefined {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return undefined;
  }
}

/** Whoever asks was let in before, when it was asked what the site has: this is about the query. */
function whyNot(error: unknown): never {
  if (!(error instanceof PayloadKVError) || error.code !== 'SITE_FORBIDDEN') throw error;
  throw new PayloadKVError({
    code: 'NOT_ALLOWED',
    message: 'Access control lets whoever asks here read nothing of it.',
    nextStep: "Leave --visitor out to ask as the site's own code does.",
    cause: error,
  });
}

const isStatistics = (found: unknown): found is Statistics =>
  isObject(found) &&
  (found as Partial<Statistics>).format === 1 &&
  isObject((found as Partial<Statistics>).counts) &&
  isObject((found as Partial<Statistics>).counts!.total) &&
  isObject((found as Partial<Statistics>).latency) &&
  isObject((found as Partial<Statistics>).policies) &&
  Array.isArray((found as Partial<Statistics>).hotQueries) &&
  Array.isArray((found as Partial<Statistics>).repeatedQueries);

const isEntry = (found: unknown): found is ShownEntry =>
  isObject(found) && typeof (found as Partial<ShownEntry>).key === 'string' && hasTags(found);

const isRead = (found: unknown): found is AnsweredRead =>
  isObject(found) && typeof (found as Partial<AnsweredRead>).outcome === 'string' && hasTags(found);

const hasTags = (found: object): boolean =>
  'tags' in found && Array.isArray(found.tags) && found.tags.every((tag) => typeof tag === 'string');

async function askSite(
  address: SiteAddress,
  credentials: Credentials,
  closed: AbortSignal,
  path: string,
  content: unknown,
): Promise<unknown> {
  const { api } = address;
  const body = content === undefined ? {} : { body: JSON.stringify(content) };
  const signal = AbortSignal.any([closed, AbortSignal.timeout(LONGEST_ANSWER_MS)]);
  const response = await fetchOf(address, credentials, signal, { path, ...body });
  const bytes = await bytesOf(response, LONGEST_ANSWER_MB).catch((error) => {
    throw unreachable(new URL(address.api), error, LONGEST_ANSWER_MS);
  });
  if (bytes === undefined) throw notUnderstood(api, `it answers with more than ${LONGEST_ANSWER_MB} MB`);
  const text = bytes.toString('utf8');
  const answer = parsed(text);
  if (response.ok && answer !== undefined) return answer;
  throw refusal(response, text, address, credentials);
}

/** Sends a request. Where it is not answered, or its answer breaks off, it rejects with `SITE_UNREACHABLE`. */
async function fetchOf(
  address: SiteAddress,
  credentials: Credentials,
  signal: AbortSignal,
  { path, body }: { path: string; body?: string },
): Promise<Response> {
  const url = new URL(`${address.api}${BASE}${path}`);
  const method = body === undefined ? 'GET' : 'POST';
  try {
    return await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(await headersOf(address, credentials, { method, url, body })),
      },
      ...(body === undefined ? {} : { body }),
      // Where it leads, nobody knows the credentials for.
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    throw unreachable(new URL(address.api), error, LONGEST_ANSWER_MS);
  }
}

/** The headers by which a site knows who asks. */
export async function headersOf(
  { basic }: SiteAddress,
  credentials: Credentials,
  { method, url, body }: { method: string; url: URL; body: string | undefined },
): Promise<Record<string, string>> {
  if (credentials.kind === 'api-key') return { authorization: credentials.authorization };
  const own: Record<string, string> = basic === undefined ? {} : { authorization: basic };
  if (credentials.kind === 'none') return own;
  const path = `${url.pathname}${url.search}`;
  return { ...own, ...(await signedHeaders({ secret: credentials.secret, method, path, body: body ?? '' })) };
}

/** What the site says of an error, where its endpoints say it. */
function saidBy(answer: unknown): { code: string; message: string; nextStep?: string } | undefined {
  const error = isObject(answer) && 'error' in answer ? answer.error : undefined;
  if (!isObject(error)) return undefined;
  const { code, message, nextStep } = error as Record<string, unknown>;
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { code, message, ...(typeof nextStep === 'string' ? { nextStep } : {}) };
}

/** What is wrong where a site does not answer as it should. */
export function refusal(
  { status, headers }: Response,
  text: string,
  { api }: SiteAddress,
  credentials: Credentials,
): PayloadKVError {
  const said = saidBy(parsed(text));
  const fault = (code: string, message: string, nextStep: string): PayloadKVError =>
    new PayloadKVError({ code, message, nextStep });
  // Whoever asks was let in; it is the site that may not do it, or not so often.
  if (said?.code === 'ACCESS_DENIED' || said?.code === 'RATE_LIMITED')
    return fault(said.code, said.message, said.nextStep ?? 'See `access` and `rateLimit` in its options.');
  if (status === 401 || status === 403) return notLetIn(status, api, credentials);
  if (status === 429) {
    const seconds = Number(headers.get('retry-after'));
    return fault(
      'SITE_LIMIT',
      `${api} takes no more requests for the moment.`,
      seconds > 0 ? `Run the command again in ${seconds} seconds.` : 'Run the command again later.',
    );
  }
  // Of a store that has no word for it, or of a wrong name: the endpoint itself has answered.
  if (said && status < 500) {
    return new PayloadKVError({
      code: /^[A-Z][A-Z\d_]{1,60}$/.test(said.code) ? said.code : 'SITE_REFUSED',
      message: said.message,
      ...(said.nextStep === undefined ? {} : { nextStep: said.nextStep }),
    });
  }
  if (status === 404) {
    return fault(
      'SITE_NO_ENDPOINTS',
      `There are no endpoints of payload-kv at ${api}${BASE}.`,
      'Give payloadKV() the option `observe: observe()` of payload-kv/observe, with this version of the package or a newer one. Where `routes.api` is not /api, name it: --url http://localhost:3000/rest.',
    );
  }
  if (status >= 300 && status < 400) {
    return notUnderstood(api, `it redirects, with ${status}`);
  }
  if (status >= 500) {
    return fault(
      'SITE_FAILED',
      `${api} answers ${status}${said ? `: ${said.message.replace(/\.$/, '')}` : ''}.`,
      said?.nextStep ?? "Look into the site's log.",
    );
  }
  const isPage = /^\s*</.test(text);
  return notUnderstood(api, `it answers ${isPage ? 'a page' : 'text'} instead of JSON, with ${status}`);
}

function notLetIn(status: number, api: string, credentials: Credentials): PayloadKVError {
  const code = status === 401 ? 'SITE_UNAUTHORIZED' : 'SITE_FORBIDDEN';
  switch (credentials.kind) {
    case 'none':
      return new PayloadKVError({
        code,
        message: `${api} tells nobody of its cache whom it does not know (${status}).`,
        nextStep:
          "Set PAYLOAD_SECRET to the site's own secret, here or in the project's .env, or PAYLOAD_KV_API_KEY to the API key of a user who may see the admin panel.",
      });
    case 'secret':
      return new PayloadKVError({
        code,
        message: `${api} does not take what PAYLOAD_SECRET signs (${status}).`,
        nextStep:
          "Set PAYLOAD_SECRET to that of this very site: the project's .env may hold another. Both clocks must go right, to a minute.",
      });
    case 'api-key': {
      const [collection] = credentials.authorization.split(' ');
      return new PayloadKVError({
        code,
        message: `${api} does not let in whose API key PAYLOAD_KV_API_KEY is, in the collection ${collection} (${status}).`,
        nextStep:
          'Name the right collection with --api-key-collection. It needs `auth: { useAPIKey: true }`, and its user access to the admin panel, or to what `access` of observe() says.',
      });
    }
  }
}

function otherVersion(api: string): PayloadKVError {
  return new PayloadKVError({
    code: 'SITE_OTHER_VERSION',
    message: `${api} has another version of payload-kv, whose statistics are not understood here.`,
    nextStep: 'Run the command with the version that the site has: npx payload-kv in its project.',
  });
}

function notUnderstood(api: string, what: string): PayloadKVError {
  return new PayloadKVError({
    code: 'SITE_NOT_UNDERSTOOD',
    message: `What ${api}${BASE} answers is not understood: ${what}.`,
    nextStep:
      'Name the site itself, and the path that `routes.api` of its config says, e.g. --url http://localhost:3000/api.',
  });
}
