/** Watches what a handler reads of its request, so that nothing is kept that depends on what its key does not hold. */
import { CREDENTIAL_HEADERS } from '../responses/policy.js';
import { OF_ADDRESS } from './asked-route.js';
import type { Route, RouteRequest } from './route-options.js';

/** What servers and middleware tell of whoever asks. */
const OF_PERSON = ['ip', 'ips', 'session', 'sessionID', 'cookies', 'signedCookies', 'rawHeaders'] as const;

/** A watch of one run of a handler. */
export interface Watch {
  /** What it read that the key does not hold, or nothing. */
  end(): string | undefined;
}

/** Watches a request until `end` is called. */
export function watchRequest(request: RouteRequest, route: Route): Watch {
  // Whose an answer is has been said.
  const isTold = route.vary !== undefined || route.shared === true;
  const known = new Set([...OF_ADDRESS, ...route.headers]);
  if (isTold) {
    for (const name of [...CREDENTIAL_HEADERS, ...(route.credentialHeaders ?? []), 'cookie'])
      known.add(name.toLowerCase());
  }
  let read: string | undefined;
  let isOver = false;
  const note = (what: string): void => {
    if (!isOver) read ??= what;
  };
  const noteHeader = (name: PropertyKey): void => {
    if (typeof name === 'string' && !(name in Object.prototype) && !known.has(name))
      note(`the header "${name}"`);
  };
  const headers = new Proxy(request.headers, {
    get(target, name, receiver) {
      noteHeader(name);
      return Reflect.get(target, name, receiver);
    },
    has(target, name) {
      noteHeader(name);
      return Reflect.has(target, name);
    },
    getOwnPropertyDescriptor(target, name) {
      noteHeader(name);
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    ownKeys(target) {
      note('all headers at once');
      return Reflect.ownKeys(target);
    },
  });
  const restore = [shadow(request, 'headers', () => headers)];
  if (!isTold) {
    for (const name of OF_PERSON) {
      if (!(name in request)) continue;
      restore.push(
        shadow(request, name, (value) => {
          note(`"${name}" of the request`);
          return value();
        }),
      );
    }
  }
  return {
    end() {
      isOver = true;
      for (const each of restore) each();
      return read;
    },
  };
}

/** Has a property answered by a function, until what is returned is called. */
function shadow(request: RouteRequest, name: string, get: (value: () => unknown) => unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(request, name);
  if (before && !before.configurable) return () => undefined;
  const value = (): unknown => {
    if (!before) return Reflect.get(Object.getPrototypeOf(request) as object, name, request);
    return before.get ? before.get.call(request) : (before.value as unknown);
  };
  const own: PropertyDescriptor = {
    configurable: true,
    enumerable: before?.enumerable ?? false,
    get: () => get(value),
    set(next: unknown) {
      restore();
      (request as Record<string, unknown>)[name] = next;
    },
  };
  const restore = (): void => {
    if (Object.getOwnPropertyDescriptor(request, name)?.get !== own.get) return;
    if (before) Object.defineProperty(request, name, before);
    else delete (request as Record<string, unknown>)[name];
  };
  Object.defineProperty(request, name, own);
  return restore;
}
