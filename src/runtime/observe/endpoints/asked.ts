/** What an endpoint is, what it is asked, and how it refuses. */
import type { Payload, PayloadRequest } from 'payload';
import { PayloadKVError } from '../../../errors.js';
import type { Instance } from '../../carried-instance.js';
import type { Observation } from '../observation.js';
import type { Person } from './access.js';

/** One endpoint. It is asked by those who may only. */
export interface ObserveEndpoint {
  /** Below `/api/payload-cache/`. */
  name: string;
  method: 'get' | 'post';
  /** How often one person may ask it. */
  limit: 'read' | 'purge';
  /** Whether the token for metrics lets in as well. Default `false`. */
  takesToken?: boolean;
  answer(asked: Asked): Response | Promise<Response>;
  /** Hears of a request that somebody who may ask makes too often. */
  refused?(asked: Omit<Asked, 'observation' | 'query'>, error: unknown): void;
}

/** What an endpoint is asked. */
export interface Asked {
  req: PayloadRequest;
  payload: Payload;
  instance: Instance;
  observation: Observation;
  person: Person;
  query: URLSearchParams;
  /** What was sent; `undefined` with `GET`. */
  body: unknown;
}

/** The status of an answer that is an error, by its code. */
export const STATUS_OF: Readonly<Record<string, number>> = {
  BAD_REQUEST: 400,
  ACCESS_DENIED: 403,
  NOT_SIGNED_IN: 401,
  NOT_ALLOWED: 403,
  NOT_FOUND: 404,
  BODY_TOO_LARGE: 413,
  NOT_JSON: 415,
  TOO_MANY_REQUESTS: 429,
  RATE_LIMITED: 429,
  NOT_AVAILABLE: 503,
};

/** What refuses a request, with what its sender can do. */
export function refusal(code: keyof typeof STATUS_OF, message: string, nextStep: string): PayloadKVError {
  return new PayloadKVError({ code, message, nextStep });
}

/** An answer, which nobody keeps. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
}
