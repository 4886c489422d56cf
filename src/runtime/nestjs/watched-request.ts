/** Watches what a handler reads of its request, so that nothing is kept that depends on what its key does not hold. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isObject } from '../../platform/is-object.js';
import { CREDENTIAL_HEADERS } from '../responses/policy.js';
import { OF_ADDRESS } from './asked-route.js';
import { foreignOf } from './foreign-names.js';
import { isToldApart, type Route, type RouteRequest } from './route-options.js';

/** What servers and middleware tell of whoever asks. */
const OF_PERSON = ['ip', 'ips', 'session', 'sessionID', 'cookies', 'signedCookies'] as const;
/** The request of Node, where a platform has one inside of its own: it is watched by itself. */
const RAW = 'raw';

/** Of the key, and made by Express with a look at the visitor's address, for the proxies that it trusts. */
const OF_KEY = ['protocol', 'secure', 'host', 'hostname', 'subdomains'] as const;

/** What a connection tells of whoever asks. */
const OF_PEER: ReadonlySet<PropertyKey> = new Set([
  'remoteAddress',
  'remotePort',
  'remoteFamily',
  'authorized',
  'authorizationError',
  'getPeerCertificate',
  'getPeerX509Certificate',
  'getSession',
]);

/** A watch of one run of a handler. */
export interface Watch {
  /** Runs the handler. */
  run<Result>(handler: () => Result): Result;
  /** From now on others read the request too, such as whoever sends an answer: what the handler reads is told by where it runs. */
  answered(): void;
  /** What it read that the key does not hold, or nothing. */
  end(): string | undefined;
}

const running = new AsyncLocalStorage<object>();

/**
 * Watches a request, and `locals` of its response, until `end` is called. One function: whatever is watched tells of the
 * same reads.
 */
export function watchRequest(request: RouteRequest, response: object, route: Route): Watch {
  const isTold = isToldApart(route);
  const known = new Set([...OF_ADDRESS, ...route.headers]);
  if (isTold) {
    for (const name of [...CREDENTIAL_HEADERS, ...(route.credentialHeaders ?? []), 'cookie'])
      known.add(name.toLowerCase());
  }
  let read: string | undefined;
  let isOver = false;
  let isOfKey = false;
  let isAnswered = false;
  const self = {};
  const note = (what: string): void => {
    if (isOver || isOfKey || (isAnswered && running.getStore() !== self)) return;
    read ??= what;
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
  const connectionOf = (value: unknown): unknown => (isTold ? value : watchPeer(value, note));
  // Fastify has the request of Node inside of its own.
  const { raw } = request;
  if (isObject(raw))
    restore.push(shadow(request, RAW, () => watchRaw(raw, { headers, note, isTold, connectionOf })));
  if ('rawHeaders' in request) {
    restore.push(
      shadow(request, 'rawHeaders', (value) => {
        note('all headers at once');
        return value();
      }),
    );
  }
  if (!isTold) {
    for (const name of new Set([...OF_PERSON, ...foreignOf(request)])) {
      if (!(name in request) || name === RAW) continue;
      restore.push(
        shadow(request, name, (value) => {
          note(`"${name}" of the request`);
          return value();
        }),
      );
    }
    for (const name of OF_KEY) {
      if (!(name in request)) continue;
      restore.push(
        shadow(request, name, (value) => {
          isOfKey = true;
          try {
            return value();
          } finally {
            isOfKey = false;
          }
        }),
      );
    }
    for (const name of ['socket', 'client']) {
      if (name in request) restore.push(shadow(request, name, (value) => connectionOf(value())));
    }
  }
  // A template may be shown what the handler puts there.
  if ('locals' in response) {
    restore.push(
      shadow(response, 'locals', (value) => {
        note('"locals" of the response');
        return value();
      }),
    );
  }
  return {
    run: (handler) => running.run(self, handler),
    answered() {
      isAnswered = true;
    },
    end() {
      isOver = true;
      for (const each of restore) each();
      return read;
    },
  };
}

/** What a platform's request takes of Node's, as it takes it of its own. */
function watchRaw(
  raw: object,
  {
    headers,
    note,
    isTold,
    connectionOf,
  }: {
    headers: object;
    note(what: string): void;
    isTold: boolean;
    connectionOf(connection: unknown): unknown;
  },
): object {
  const foreign = new Set<PropertyKey>(isTold ? [] : foreignOf(raw));
  return new Proxy(raw, {
    get(target, name) {
      if (name === 'headers') return headers;
      if (name === 'rawHeaders' || name === 'headersDistinct') note('all headers at once');
      else if (foreign.has(name)) note(`"${String(name)}" of the request`);
      const value: unknown = Reflect.get(target, name);
      if (name === 'socket' || name === 'connection' || name === 'client') return connectionOf(value);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
}

/** A connection that has it noted when it is asked who is at its other end. */
function watchPeer(connection: unknown, note: (what: string) => void): unknown {
  if (typeof connection !== 'object' || connection === null) return connection;
  return new Proxy(connection, {
    get(target, name) {
      if (OF_PEER.has(name)) note(`"${String(name)}" of the connection`);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
}

/** Has a property answered by a function, until what is returned is called. */
function shadow(request: object, name: string, get: (value: () => unknown) => unknown): () => void {
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
