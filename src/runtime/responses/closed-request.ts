/**
 * Requests of which those behind see what their response is found by, and nothing else: where all that they read of headers
 * cannot be watched, since they copy them as a whole.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { CONDITIONS } from './observed-request.js';
import { type CheckedPolicy, CREDENTIAL_HEADERS, invalid, type ResponsePolicy } from './policy.js';

/** What is of a connection or a body, or is looked at before: a request that has it is passed on, or it makes no difference. */
const NOT_LISTED: ReadonlySet<string> = new Set([
  ...CONDITIONS,
  ...CREDENTIAL_HEADERS,
  'connection',
  'content-length',
  'cookie',
  'expect',
  'host',
  'if-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'range',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What asks for another thing than the page: a connection that is no longer HTTP, or what Next asks itself for. */
const ASKS_FOR_MORE = /^(expect|rsc|upgrade|next-.*|x-nextjs-.*|x-middleware-.*|x-prerender-.*)$/;

/** How it is compressed those in front say; those behind are never asked to. */
const COMPRESSION = 'accept-encoding';

/** By this the admin panel is light or dark; Payload has Next name it in each response of the site. */
const OF_ADMIN_PANEL = 'sec-ch-prefers-color-scheme';

/**
 * The names that a policy lists, in lower case, with that of the host.
 *
 * @throws PayloadKVError `INVALID_RESPONSE_POLICY` for what is no name, and for what no response is found by
 */
export function listedHeaders(
  headers: readonly string[],
  { vary, credentialHeaders = [] }: Pick<ResponsePolicy, 'vary' | 'credentialHeaders'>,
): string[] {
  if (!Array.isArray(headers)) throw invalid('headers must be a list of texts', "headers: ['x-tenant']");
  if (vary) throw invalid('headers and vary cannot go together', "headers: ['x-tenant'], without vary");
  const names = headers.map((name) => String(name).toLowerCase());
  const signingIn = credentialHeaders.map((name) => name.toLowerCase());
  const wrong = names.find(
    (name) => !/^[!#$%&'*+.^`|~\w-]+$/.test(name) || NOT_LISTED.has(name) || signingIn.includes(name),
  );
  if (wrong !== undefined)
    throw invalid(`no response can be found by the header ${JSON.stringify(wrong)}`, "headers: ['x-tenant']");
  return [...new Set(['host', ...names])].sort();
}

/** Whether a request has a header that is not listed, and asks by it for what is not kept. */
export function asksForMore({ headers }: Request, names: readonly string[]): boolean {
  for (const [name] of headers) if (ASKS_FOR_MORE.test(name) && !names.includes(name)) return true;
  return false;
}

/** Whether a response may say that it depends on a header that is not listed: no request with it is answered by it. */
export const isLeftOut = (name: string, { credentials, isOfPayload }: CheckedPolicy): boolean =>
  ['', COMPRESSION, 'cookie', ...credentials].includes(name) ||
  ASKS_FOR_MORE.test(name) ||
  (isOfPayload && name === OF_ADMIN_PANEL);

/** A request with the listed headers, and those that say what whoever asks has already. */
export function closedRequest({ url, method, headers }: Request, names: readonly string[]): Request {
  const shown: [string, string][] = [];
  for (const name of [...names, ...CONDITIONS]) {
    const value = headers.get(name);
    if (value !== null) shown.push([name, value]);
  }
  return new Request(url, { method, headers: shown });
}

/** Whether a connection says by itself who asks, by a certificate, or is of more requests than this one. */
export function isOfSomebody(incoming: IncomingMessage): boolean {
  const { getPeerCertificate } = incoming.socket as { getPeerCertificate?: () => object | null };
  if ('stream' in incoming) return true;
  return Object.keys(getPeerCertificate?.call(incoming.socket) ?? {}).length > 0;
}

/** What may be seen of a connection: how it is, and not whose. */
const OF_CONNECTION: ReadonlySet<PropertyKey> = new Set([
  ...['readable', 'writable', 'destroyed', 'closed', 'errored', 'timeout', 'encrypted', 'parser', '_paused'],
  ...['readableEnded', 'writableEnded', 'writableFinished', 'writableLength', 'writableHighWaterMark'],
  ...['writableNeedDrain', '_readableState', '_writableState', '_events', '_eventsCount', '_httpMessage'],
  ...['on', 'once', 'off', 'addListener', 'removeListener', 'prependListener', 'listenerCount', 'emit'],
  ...['write', 'cork', 'uncork', 'pause', 'resume', 'destroy', 'setTimeout', 'setNoDelay', 'setKeepAlive'],
]);

/** A connection that does not say whose it is. */
function namelessSocket(socket: Socket): Socket {
  return new Proxy(socket, {
    get(target, name, nameless) {
      if (!OF_CONNECTION.has(name)) return undefined;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]): unknown => {
        const returned: unknown = Reflect.apply(value, target, args);
        return returned === target ? nameless : returned;
      };
    },
    has: (_, name) => OF_CONNECTION.has(name),
    ownKeys: () => [],
    getOwnPropertyDescriptor: () => undefined,
  });
}

/**
 * Has those behind see nothing of a request but the headers of a closed one. What they make of the headers they may write
 * there, as Next does.
 *
 * @returns has all be as it was
 */
export function close(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { headers: shown }: Request,
): () => void {
  const pairs = [...shown].filter(([name]) => !CONDITIONS.includes(name));
  const socket = namelessSocket(incoming.socket);
  const values: Record<string, unknown> = {
    headers: Object.fromEntries(pairs),
    headersDistinct: Object.fromEntries(pairs.map(([name, value]) => [name, [value]])),
    rawHeaders: pairs.flat(),
    trailers: {},
    trailersDistinct: {},
    rawTrailers: [],
    httpVersion: '1.1',
    httpVersionMajor: 1,
    httpVersionMinor: 1,
    socket,
    client: socket,
  };
  const before = new Map<string, PropertyDescriptor | undefined>();
  for (const [name, value] of Object.entries(values)) {
    before.set(name, Object.getOwnPropertyDescriptor(incoming, name));
    Object.defineProperty(incoming, name, { configurable: true, enumerable: true, writable: true, value });
  }
  const { socket: own } = outgoing;
  Object.assign(outgoing, { socket: own && socket });
  return () => {
    for (const [name, descriptor] of before) {
      // What was its own is put back, and what was not is seen again.
      if (descriptor) Object.defineProperty(incoming, name, descriptor);
      else Reflect.deleteProperty(incoming, name);
    }
    // The platform has taken it off where the connection is gone.
    if (outgoing.socket === socket) Object.assign(outgoing, { socket: own });
  };
}
