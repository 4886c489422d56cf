/**
 * Tells which request an event belongs to, for those who profile one: on Node, where `node:http` tells of requests. A
 * request is known by a number in its header that only who profiles it has; nothing is watched while nobody does.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** Carries the number. */
export const PROFILE = 'x-payload-kv-profile';

/** A request that is profiled. */
export interface ProfiledRequest {
  /** Tells it from others with the same number. */
  label: string;
  /** The profile that it is of. */
  profile: object;
}

/** What became of one. */
export interface EndedRequest {
  /** When it had ended, in milliseconds since 1970. */
  time: number;
  request: string;
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  /** In milliseconds. */
  duration: number;
  /** Whether the answer was sent as a whole. */
  complete: boolean;
}

/** One who profiles. */
interface Profile {
  requests: number;
  onEnd(request: EndedRequest): void;
}

/** What `node:http` tells. */
interface Told {
  request: { method?: string; url?: string; headers: Record<string, string | string[] | undefined> };
  response: {
    statusCode: number;
    writableFinished: boolean;
    once(name: 'close', listener: () => void): void;
  };
}

const BEGINS = 'http.server.request.start';

const current = new AsyncLocalStorage<ProfiledRequest | undefined>();
const profiles = new Map<string, Profile>();

/** The profiled request that this code runs for, if it runs for one. */
export const profiledRequest = (): ProfiledRequest | undefined => current.getStore();

/** Whether a text can be the number of a profile: 128 bits in hexadecimal, or in base64url. */
export const isProfileId = (text: string): boolean => /^([0-9a-f]{32}|[\w-]{22})$/.test(text);

/**
 * Begins to tell of the requests with a number.
 *
 * @returns the profile, and what ends it; `undefined` where somebody has taken the number
 */
export function profile(
  id: string,
  onEnd: (request: EndedRequest) => void,
): { profile: object; end(): void } | undefined {
  if (profiles.has(id)) return undefined;
  const own: Profile = { requests: 0, onEnd };
  if (profiles.size === 0) subscribe(BEGINS, begin);
  profiles.set(id, own);
  return {
    profile: own,
    end() {
      if (profiles.get(id) !== own) return;
      profiles.delete(id);
      if (profiles.size === 0) unsubscribe(BEGINS, begin);
    },
  };
}

function begin(told: unknown): void {
  const { request, response } = told as Told;
  const id = request.headers[PROFILE];
  const own = typeof id === 'string' ? profiles.get(id) : undefined;
  // Also for others: the next request of a connection runs where the one before it did.
  current.enterWith(own && { label: `${++own.requests}`, profile: own });
  if (!own) return;
  const label = `${own.requests}`;
  const since = performance.now();
  response.once('close', () => {
    own.onEnd({
      time: Date.now(),
      request: label,
      method: request.method ?? '',
      path: (request.url ?? '').replace(/\?.*$/s, ''),
      status: response.statusCode,
      duration: performance.now() - since,
      complete: response.writableFinished,
    });
  });
}
