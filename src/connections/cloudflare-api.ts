/** Requests to Cloudflare's API about one KV namespace. Nothing that leaves this file holds the token. */
import { PayloadKVError } from '../errors.js';
import { processEnvironment } from '../platform/environment.js';
import { sleep } from '../platform/sleep.js';

/** Where a namespace is and who asks for it. What is not given comes from the environment, as wrangler reads it. */
export interface CloudflareAPIOptions {
  /** Id of the account. Default `CLOUDFLARE_ACCOUNT_ID`, else `CF_ACCOUNT_ID`. */
  accountId?: string;
  /** Id of the KV namespace, 32 characters; `wrangler kv namespace list` shows it. Default `PAYLOAD_KV_NAMESPACE_ID`. */
  namespaceId?: string;
  /**
   * API token with the permission "Workers KV Storage: Edit". Default `CLOUDFLARE_API_TOKEN`, else `CF_API_TOKEN`. It is
   * sent to the API and shows up nowhere else.
   */
  apiToken?: string;
  /** Address of the API. Default `CLOUDFLARE_API_BASE_URL`, else `https://api.cloudflare.com/client/v4`. */
  baseUrl?: string;
  /**
   * How long a single HTTP request may take before it is given up, in milliseconds. The cache waits less for a read:
   * see `timeout` of the plugin. Default 5,000.
   */
  requestTimeout?: number;
}

/** A request that failed, and may succeed another time: too many requests, a fault of the server or the network. */
export class CloudflareAPIError extends Error {
  override readonly name = 'CloudflareAPIError';
  /** HTTP status, `undefined` where there was no answer. */
  readonly status: number | undefined;
  /** For how long the server asked to be left alone, in milliseconds. */
  readonly retryAfter: number | undefined;

  constructor(message: string, status?: number, retryAfter?: number) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** One request. */
export interface CloudflareAPIRequest {
  method: 'GET' | 'POST' | 'PUT';
  /** What follows the namespace's address, e.g. `/bulk/get`. */
  path: string;
  /** JSON. */
  body?: string;
  /**
   * Whether somebody waits who can do without the answer: then it is not sent at all while requests are, or are about
   * to be, refused for their number. Default `false`.
   */
  isDispensable?: boolean;
}

/** Answer of the API. */
export interface CloudflareAPIAnswer {
  result: unknown;
  /** For a list: where it goes on. */
  cursor: string | undefined;
}

/** The API, for one namespace. */
export interface CloudflareAPI {
  /**
   * Sends one request, once.
   *
   * @throws CloudflareAPIError where another attempt may succeed
   * @throws PayloadKVError `CLOUDFLARE_SETTING_MISSING`, or `CLOUDFLARE_API_REFUSED` where none will
   */
  request(request: CloudflareAPIRequest): Promise<CloudflareAPIAnswer>;
  /** Sends a request up to `retries` times more, each after a pause. */
  retry(request: CloudflareAPIRequest, retries: number): Promise<CloudflareAPIAnswer>;
}

const DEFAULT_BASE_URL = 'https://api.cloudflare.com/client/v4';
const DEFAULT_REQUEST_TIMEOUT = 5_000;
/** Most milliseconds between two attempts: what is to wait longer fails, and is its caller's to repeat. */
export const LONGEST_PAUSE = 30_000;
/** First pause between attempts in milliseconds, doubled each time; a random part of it is waited. */
const FIRST_PAUSE = 250;
/** How long an answer may tell to stay away, in milliseconds: a block of the API lasts five minutes. */
const LONGEST_BLOCK = 600_000;
/**
 * With so few requests left, those that can be done without are no longer sent: beyond the limit the API blocks all that
 * the user does, wrangler and the dashboard included, for five minutes.
 * https://developers.cloudflare.com/fundamentals/api/reference/limits/
 */
const FEWEST_REQUESTS_LEFT = 20;
const LONGEST_MESSAGE = 300;

/**
 * How long to wait before another attempt, in milliseconds: what the server asked for, else exponential backoff with
 * full jitter. `undefined` where another attempt is of no use, or is so far away that nobody should wait for it.
 */
export function pauseAfter(error: unknown, attempt: number): number | undefined {
  if (!(error instanceof CloudflareAPIError)) return undefined;
  const jitter = Math.random() * FIRST_PAUSE * 2 ** attempt;
  const pause = error.retryAfter === undefined ? jitter : error.retryAfter + Math.random() * FIRST_PAUSE;
  return pause > LONGEST_PAUSE ? undefined : pause;
}

/** `Retry-After` in milliseconds from now: it holds seconds or a date. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  const text = header?.trim() ?? '';
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(0, milliseconds), LONGEST_BLOCK);
}

/**
 * Prepares requests about one namespace. The environment is read with the first of them, so that a project without the
 * variables can be built.
 *
 * One function: its requests share the limit that the API sets them.
 *
 * @throws PayloadKVError `INVALID_STORE` for an option that cannot be right
 */
export function cloudflareAPI(options: CloudflareAPIOptions): CloudflareAPI {
  const { requestTimeout = DEFAULT_REQUEST_TIMEOUT } = options;
  if (!(Number.isFinite(requestTimeout) && requestTimeout > 0)) {
    throw invalid('requestTimeout must be a positive number of milliseconds.');
  }
  for (const name of ['accountId', 'namespaceId', 'apiToken', 'baseUrl'] as const) {
    const value: unknown = options[name];
    if (value !== undefined) check(name, typeof value === 'string' ? value.trim() : '');
  }

  let access: Access | undefined;
  /** Until when nothing is sent, in milliseconds since 1970. */
  let blockedUntil = 0;
  /** Until when nothing dispensable is sent. */
  let savingUntil = 0;
  /** Refusals in a row that did not say for how long. */
  let refusals = 0;

  async function request(what: CloudflareAPIRequest): Promise<CloudflareAPIAnswer> {
    const { method, path, body, isDispensable = false } = what;
    access ??= findAccess(options);
    const left = Math.max(blockedUntil, isDispensable ? savingUntil : 0) - Date.now();
    // More is left only where the clock was set back.
    if (left > 0 && left <= LONGEST_BLOCK) {
      const seconds = Math.ceil(left / 1_000);
      throw new CloudflareAPIError(
        `Cloudflare's API is not asked for another ${seconds} s: its limit of requests is reached.`,
        429,
        left,
      );
    }
    const { url, token } = access;
    const tell = (text: string): string => withoutToken(text, token).slice(0, LONGEST_MESSAGE);
    let response: Response;
    let text: string;
    try {
      response = await unpatchedFetch()(url + path, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        redirect: 'error',
        signal: AbortSignal.timeout(requestTimeout),
      });
      text = await response.text();
    } catch (error) {
      // Not as a cause: it may hold the request with its headers.
      throw new CloudflareAPIError(`Cloudflare's API did not answer: ${tell(reasonOf(error))}`);
    }
    note(response);
    const answer = parse(text);
    if (response.ok && answer?.success === true) {
      refusals = 0;
      const { cursor } = (answer.result_info ?? {}) as { cursor?: unknown };
      return {
        result: answer.result,
        cursor: typeof cursor === 'string' && cursor !== '' ? cursor : undefined,
      };
    }
    const { status } = response;
    const said = response.ok && !answer ? 'the answer is no JSON' : messagesOf(answer);
    const message = `Cloudflare's API failed with status ${status}${said ? `: ${tell(said)}` : ''}`;
    const isPassing = response.ok || status === 408 || status === 429 || status >= 500;
    const retryAfter =
      status === 429 ? blockedUntil - Date.now() : parseRetryAfter(header(response), Date.now());
    const error = new CloudflareAPIError(message, status, retryAfter);
    if (isPassing) throw error;
    throw new PayloadKVError({
      code: 'CLOUDFLARE_API_REFUSED',
      message: error.message,
      nextStep: ADVICE[status] ?? 'Check what was written against the limits of KV.',
      cause: error,
    });
  }

  /** Learns from an answer for how long to be quiet. */
  function note(response: Response): void {
    const now = Date.now();
    if (response.status === 429) {
      const asked = parseRetryAfter(header(response), now);
      if (asked === undefined) refusals += 1;
      const pause = asked ?? Math.min(1_000 * 2 ** (refusals - 1), LONGEST_BLOCK / 2);
      blockedUntil = now + pause;
    }
    // Several limits may be listed, each such as `"default";r=50;t=30`: so many left for so many seconds.
    for (const [, left, seconds] of (response.headers.get('ratelimit') ?? '').matchAll(
      /;\s*r=(\d+);\s*t=(\d+)/g,
    )) {
      if (Number(left) >= FEWEST_REQUESTS_LEFT) continue;
      savingUntil = Math.max(savingUntil, now + Math.min(Number(seconds) * 1_000, LONGEST_BLOCK));
    }
  }

  async function retry(what: CloudflareAPIRequest, retries: number): Promise<CloudflareAPIAnswer> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await request(what);
      } catch (error) {
        const pause = pauseAfter(error, attempt);
        const isLimited = error instanceof CloudflareAPIError && error.status === 429;
        if (attempt >= retries || pause === undefined || (what.isDispensable && isLimited)) throw error;
        await sleep(pause);
      }
    }
  }

  return { request, retry };
}

/** What to do about a request that was refused. */
const ADVICE: Record<number, string> = {
  400: 'Check apiToken (CLOUDFLARE_API_TOKEN), namespaceId (PAYLOAD_KV_NAMESPACE_ID), and what was written.',
  401: 'Check apiToken (CLOUDFLARE_API_TOKEN): it may have expired.',
  403: 'Give the API token (CLOUDFLARE_API_TOKEN) the permission "Workers KV Storage: Edit" for this account.',
  404: 'Check accountId (CLOUDFLARE_ACCOUNT_ID) and namespaceId (PAYLOAD_KV_NAMESPACE_ID).',
};

interface Access {
  /** Address of the namespace. */
  url: string;
  token: string;
}

/** Variables of the environment for each option: wrangler's, the older name after the newer. */
const VARIABLES = {
  accountId: ['CLOUDFLARE_ACCOUNT_ID', 'CF_ACCOUNT_ID'],
  namespaceId: ['PAYLOAD_KV_NAMESPACE_ID'],
  apiToken: ['CLOUDFLARE_API_TOKEN', 'CF_API_TOKEN'],
  baseUrl: ['CLOUDFLARE_API_BASE_URL', 'CF_API_BASE_URL'],
} as const;
type Setting = keyof typeof VARIABLES;

function findAccess(options: CloudflareAPIOptions): Access {
  const environment = processEnvironment();
  const settings: Partial<Record<Setting, string>> = {};
  const missing: string[] = [];
  for (const name of Object.keys(VARIABLES) as Setting[]) {
    const variable = VARIABLES[name].find((each) => environment[each]?.trim());
    const value = (options[name] ?? (variable && environment[variable]))?.trim();
    if (value) settings[name] = check(options[name] === undefined ? `${variable}` : name, value, name);
    else if (name !== 'baseUrl') missing.push(`${name} (${VARIABLES[name][0]})`);
  }
  if (missing.length > 0) {
    throw new PayloadKVError({
      code: 'CLOUDFLARE_SETTING_MISSING',
      message: `cloudflareKVRest lacks ${missing.join(' and ')}.`,
      nextStep: 'Set the environment variable in brackets, or give the option.',
    });
  }
  const { accountId, namespaceId, apiToken = '', baseUrl = DEFAULT_BASE_URL } = settings;
  return {
    url: `${baseUrl.replace(/\/+$/, '')}/accounts/${accountId}/storage/kv/namespaces/${namespaceId}`,
    token: apiToken,
  };
}

/** Checks the form of a setting. The error tells where it stands and never what: it may be a token in a wrong place. */
function check(place: string, value: string, setting: string = place): string {
  if (setting === 'baseUrl') {
    const url = URL.canParse(value) ? new URL(value) : undefined;
    if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
      throw invalid(`${place} must be the address of an API, such as ${DEFAULT_BASE_URL}.`);
    }
  } else if (setting === 'apiToken') {
    // Beyond these characters no header could hold it.
    if (!/^[\x21-\x7e]+$/.test(value)) throw invalid(`${place} must be an API token of Cloudflare.`);
  } else if (!/^\w{1,64}$/.test(value)) {
    throw invalid(`${place} must be an id of letters and digits.`);
  }
  return value;
}

/**
 * Next.js puts a `fetch` of its own in place of the platform's. It would keep answers, and tags read once would be
 * current for ever; or make each page dynamic that reads from the cache.
 */
function unpatchedFetch(): typeof fetch {
  return (fetch as typeof fetch & { _nextOriginalFetch?: typeof fetch })._nextOriginalFetch ?? fetch;
}

function header(response: Response): string | null {
  return response.headers.get('retry-after');
}

interface Envelope {
  success?: unknown;
  errors?: unknown;
  result?: unknown;
  result_info?: unknown;
}

function parse(text: string): Envelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function messagesOf(answer: Envelope | undefined): string {
  if (!Array.isArray(answer?.errors)) return '';
  return answer.errors
    .map((error: { code?: unknown; message?: unknown } | null) =>
      `${error?.message ?? ''}${error?.code === undefined ? '' : ` [code ${error.code}]`}`.trim(),
    )
    .join('; ');
}

/** Why there was no answer. Node says only "fetch failed", and the reason in a cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, message } = (error.cause ?? {}) as { code?: unknown; message?: unknown };
  return [error.message, code ?? message].filter(Boolean).join(': ');
}

function withoutToken(text: string, token: string): string {
  return text.replaceAll(token, '[token]').replaceAll(encodeURIComponent(token), '[token]');
}

function invalid(message: string): PayloadKVError {
  return new PayloadKVError({
    code: 'INVALID_STORE',
    message,
    nextStep: 'Correct the options of cloudflareKVRest(), or the environment.',
  });
}
