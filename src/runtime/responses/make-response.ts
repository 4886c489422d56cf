/** Has a handler make a response, and looks at what it has read of the request and whether the response may be kept. */
import type { Recorder } from '../../interfaces/recorder.js';
import { runCall } from '../operation/operation.js';
import type { Asked } from './asked.js';
import { isLeftOut } from './closed-request.js';
import { type KeptResponse, keep, type NotKept, PassedOn, refusalOf } from './kept-response.js';
import { CONDITIONS, type Observed, observe } from './observed-request.js';
import type { CheckedPolicy } from './policy.js';

/** A response is made for a request. */
export interface Making {
  request: Request;
  asked: Asked;
  policy: CheckedPolicy;
  handler(request: Request): Response | Promise<Response>;
  /** Headers that are part of the key. */
  names: readonly string[];
  /** Whether the handler sees these headers and no others, so that it need not be watched. */
  isClosed: boolean;
  /** Says that the response may be served for no longer than so many seconds. */
  limit(seconds: number): void;
  /** Says that the response depends on more headers: it is looked for by these the next time. */
  depends(names: readonly string[]): void;
}

/** A response that depends on more headers is nobody else's. */
const MOST_HEADERS = 16;

/** What the policy reads is no part of the response. */
const DEAF: Recorder = { note() {}, refuse() {} };

/** What a handler says may be for ever, in seconds: a year. */
const LONGEST_LIFE = 31_536_000;

/** @returns a plain value, or what must not be kept */
export async function makeResponse(making: Making): Promise<KeptResponse | PassedOn> {
  const { request, asked, policy, names } = making;
  const { isOfPayload } = policy;
  const shown = { cookies: asked.isTold, isOfPayload, names };
  const answer = async (given: Request): Promise<KeptResponse | PassedOn> => {
    const response = await making.handler(given);
    const refusal = refusalOf(response);
    return refusal ? new PassedOn(response, refusal) : keep(response, policy.maxBytes);
  };
  if (making.isClosed) {
    const result = await answer(request);
    return result instanceof PassedOn ? result : judgedClosed(making, result);
  }
  const { result, observed } = await observe(request, shown, answer);
  if (result instanceof PassedOn) {
    observed.follow();
    return result;
  }
  const refuse = (reason: NotKept): PassedOn => new PassedOn(responseOf(result), reason);
  const errors = policy.graphql && errorsOf(result);
  if (errors) return new PassedOn(responseOf(result), 'errors', errors.some(isOfServer));
  if (observed.isOpaque || (isOfPayload && isOtherLanguage(observed, asked))) return refuse('request-read');
  const needed = neededNames(observed, result, policy).filter((name) => !names.includes(name));
  if (needed.length > 0) {
    // Found by less than it depends on, it would be served to others.
    if (names.length + needed.length <= MOST_HEADERS) making.depends([...names, ...needed].sort());
    return refuse('request-read');
  }
  if (asked.isTold && !(await isStillTold(making))) return refuse('vary');
  if (result.ttl !== undefined) making.limit(Math.min(result.ttl, LONGEST_LIFE));
  return result;
}

/** What is made of a request that is closed depends on its key, unless it says that it depends on more. */
function judgedClosed({ names, limit, policy }: Making, result: KeptResponse): KeptResponse | PassedOn {
  const more = namedByVary(result).some((name) => !names.includes(name) && !isLeftOut(name, policy));
  if (more) return new PassedOn(responseOf(result), 'vary');
  if (result.ttl !== undefined) limit(Math.min(result.ttl, LONGEST_LIFE));
  return result;
}

/** Headers that the response depends on: those that were read, and those that it names itself. */
function neededNames({ headers }: Observed, kept: KeptResponse, policy: CheckedPolicy): string[] {
  const named = namedByVary(kept);
  const hidden = new Set([...CONDITIONS, ...policy.credentials, 'cookie', '']);
  // A query is found by what it says, however it is spelled.
  if (policy.graphql) hidden.add('content-length');
  return [...new Set([...headers, ...named])].filter((name) => !hidden.has(name));
}

const namedByVary = ({ headers }: KeptResponse): string[] =>
  headers
    .filter(([name]) => name === 'vary')
    .flatMap(([, value]) => value.split(','))
    .map((name) => name.trim().toLowerCase());

/**
 * Whether the policy tells of whoever asks what it did before. The handler has found out by itself who that is, and of
 * somebody whose role has changed in between it has answered with what is for another key.
 */
async function isStillTold({ request, asked, policy }: Making): Promise<boolean> {
  try {
    const told = await runCall(undefined, () => policy.vary?.(request), { recorder: DEAF });
    return JSON.stringify(told) === JSON.stringify(asked.question.told);
  } catch {
    return false;
  }
}

const isOtherLanguage = ({ language }: Observed, asked: Asked): boolean =>
  language !== undefined && language !== asked.question.language;

/** What went wrong with a query; an empty list where the response does not say. */
function errorsOf({ body }: KeptResponse): readonly unknown[] | undefined {
  try {
    const { errors } = JSON.parse(body as string) as { errors?: unknown };
    return errors === undefined ? undefined : [errors].flat();
  } catch {
    return [];
  }
}

/** Whether an error of GraphQL is one of the server: Payload says so in it, in a response of status 200. */
const isOfServer = (error: unknown): boolean =>
  Number((error as { extensions?: { statusCode?: unknown } } | null)?.extensions?.statusCode) >= 500;

/** A response as its handler made it. */
function responseOf({ status, headers, body }: KeptResponse): Response {
  return new Response(body as string | Uint8Array<ArrayBuffer> | null, { status, headers });
}
