/** Responses of a server with middleware, such as Express: what comes after it answers, and is heard while it does. */
import { EventEmitter } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http';
import { close, isOfSomebody, listedHeaders } from './closed-request.js';
import type { ResponsePolicy } from './policy.js';
import { createResponseCache } from './response-cache.js';

/** A middleware, as Express and Connect take it. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** How the responses of those behind a middleware are cached. */
export interface MiddlewarePolicy extends Omit<ResponsePolicy, 'graphql' | 'swr'> {
  /**
   * The headers by which those behind go, such as `'accept-language'` or `'x-tenant'`. They are then given these and `Host`
   * and no others, nor an address of whoever asks, and each is part of what a response is found by. It takes the place of
   * watching what they read, for those who copy all headers at once, as Next does. What has read nothing through Payload
   * is not kept. Requests that are passed on keep all of theirs. It cannot go with `vary`. Default: what they read is watched.
   */
  headers?: readonly string[];
}

/**
 * A middleware that has what comes after it answered from the cache, as `withResponseCache` does: `GET` and `HEAD`, where
 * nobody has signed in or the policy tells people apart. Put it behind what compresses, and before what reads sessions.
 * What the others read of the socket, such as an address, is not seen: tell requests apart by `vary` where that matters.
 * Nothing old is served while a new response is being made: those behind answer on the connection of who asks.
 *
 * @throws PayloadKVError `INVALID_RESPONSE_POLICY` or `INVALID_DURATION` for a policy that cannot be
 */
export function expressCache(policy: MiddlewarePolicy = {}): Middleware {
  const { headers, ...rest } = policy;
  const only = headers && listedHeaders(headers, policy);
  const cache = createResponseCache({ ...rest, swr: false }, { holdsPages: true, only });
  return (incoming, outgoing, next) => {
    const request = requestOf(incoming, only !== undefined);
    if (!request || (only && isOfSomebody(incoming))) return next();
    const { write, end, on, setHeader, writeHead } = outgoing;
    const answered = cache(
      request,
      // Routes go by what was sent, of which an address has made `/b` of `/a/../b`.
      { target: targetOf(incoming) },
      (shown) =>
        only
          ? captured(outgoing, next, close(incoming, outgoing, shown))
          : heard(shown, incoming, outgoing, next),
      (outcome) => {
        if (policy.outcomeHeader) outgoing.setHeader('X-Payload-Cache', outcome);
        next();
      },
    );
    answered
      .then((response) => response && send(response, outgoing, { write, end, on, setHeader, writeHead }))
      .catch(next);
  };
}

const targetOf = (incoming: IncomingMessage & { originalUrl?: string }): string =>
  incoming.originalUrl ?? incoming.url ?? '/';

/** The request as the platform has it; `undefined` for one that it does not take, and for one with a body. */
function requestOf(
  incoming: IncomingMessage & { protocol?: string },
  isClosed: boolean,
): Request | undefined {
  const { method = 'GET', headers, rawHeaders } = incoming;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  // What is read of it is not part of the key.
  if ('transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0') return undefined;
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2)
    pairs.push([rawHeaders[index] as string, rawHeaders[index + 1] as string]);
  // Whether a proxy in front was asked by https those behind do not see either, unless its header is listed.
  const said = isClosed ? undefined : incoming.protocol;
  const scheme = said ?? ('encrypted' in incoming.socket ? 'https' : 'http');
  try {
    const url = new URL(targetOf(incoming), `${scheme}://${headers.host ?? 'localhost'}`);
    return new Request(url, { method, headers: pairs });
  } catch {
    return undefined;
  }
}

/** Has those behind answer, and takes what they say for a response. What they read of the headers is told. */
function heard(
  request: Request,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  next: (error?: unknown) => void,
): Promise<Response> {
  const { headers: shown } = request;
  const headers = new Proxy(incoming.headers, {
    get: (target, name) =>
      typeof name === 'string' && !shown.has(name) ? undefined : Reflect.get(target, name),
    has: (target, name) => (typeof name === 'string' ? shown.has(name) : Reflect.has(target, name)),
    ownKeys: () => [...shown.keys()],
    getOwnPropertyDescriptor: (target, name) =>
      typeof name === 'string' && !shown.has(name)
        ? undefined
        : Reflect.getOwnPropertyDescriptor(target, name),
  });
  const own = ['rawHeaders', 'headersDistinct', 'ip', 'ips'] as const;
  const { rawHeaders } = incoming;
  const define = (name: string, property: PropertyDescriptor): void =>
    void Object.defineProperty(incoming, name, { configurable: true, ...property });
  define('headers', { value: headers });
  for (const name of own) {
    if (!(name in incoming)) continue;
    define(name, {
      get() {
        // All of them, and where they came from.
        void [...shown.keys()];
        return name === 'rawHeaders'
          ? rawHeaders
          : Reflect.get(Object.getPrototypeOf(incoming), name, incoming);
      },
    });
  }
  const asBefore = (): void => {
    for (const name of ['headers', ...own] as const)
      delete (incoming as Partial<typeof incoming>)[name as 'headers'];
    // Of its own, unlike the others.
    define('rawHeaders', { value: rawHeaders, writable: true, enumerable: true });
  };
  return captured(outgoing, next, asBefore);
}

type Chunk = string | Uint8Array;

/** Headers by which it is told whether a response may be kept, whoever has set them. */
const JUDGED =
  /^(age|cache-control|clear-site-data|connection|content-.*|date|etag|expires|last-modified|set-cookie2?|vary)$/;

/**
 * What is written to a response, as one of the platform's, from its first byte on. Nothing of it is sent. One function: the
 * methods that stand in for the response's share what was written.
 *
 * @param ended hears that there is no more to come
 */
function captured(
  outgoing: ServerResponse,
  next: (error?: unknown) => void,
  ended: () => void,
): Promise<Response> {
  const { on } = outgoing;
  // Of this request, and not of its response: whatever is in front sets them again for the next one.
  const before = { ...outgoing.getHeaders() };
  const isItsOwn = (name: string): boolean =>
    JUDGED.test(name) || String(outgoing.getHeader(name)) !== String(before[name]);
  // What compresses hears of what it has sent itself.
  const room = new EventEmitter();
  function listen(name: string, listener: (...args: any[]) => void): ServerResponse {
    if (name !== 'drain') return Reflect.apply(on, outgoing, [name, listener]) as ServerResponse;
    room.on(name, listener);
    return outgoing;
  }
  return new Promise((resolve, reject) => {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    let hasHead = false;
    let hasBegun = false;
    let hasEnded = false;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (given) => {
          controller = given;
        },
        pull: () => void room.emit('drain'),
        // Something else is sent in its place.
        cancel() {
          hasEnded = true;
          ended();
          room.emit('drain');
        },
      },
      { highWaterMark: 65_536, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    const gone = (): void => {
      const error = new Error('The connection was closed before the response was complete.');
      hasEnded = true;
      ended();
      if (hasBegun) controller.error(error);
      reject(error);
    };
    const begin = (): void => {
      if (hasBegun) return;
      hasBegun = true;
      // What compresses behind it decides there whether it does, and adds its headers.
      if (!hasHead) outgoing.writeHead(outgoing.statusCode);
      const own = outgoing.getHeaderNames().filter(isItsOwn);
      resolve(responseOf(outgoing, own, body));
      for (const name of own) outgoing.removeHeader(name);
      // What compresses behind it calls it before each write, since it sees no head that was sent.
      Object.assign(outgoing, { writeHead: () => outgoing, setHeader: tooLate });
      Object.defineProperty(outgoing, 'headersSent', { configurable: true, value: true });
    };
    const add = (chunk: unknown, encoding: unknown): void => {
      if (typeof chunk === 'string')
        controller.enqueue(
          Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'),
        );
      else if (chunk instanceof Uint8Array) controller.enqueue(chunk.slice());
    };
    const callbackOf = (...args: unknown[]): (() => void) | undefined =>
      args.find((one) => typeof one === 'function') as (() => void) | undefined;

    outgoing.once('close', gone);
    Object.assign(outgoing, {
      writeHead(status: number, ...rest: unknown[]) {
        hasHead = true;
        outgoing.statusCode = status;
        for (const given of rest) if (typeof given === 'string') outgoing.statusMessage = given;
        const headers = rest.find((one) => typeof one === 'object' && one !== null);
        setAll(outgoing, headers);
        return outgoing;
      },
      on: listen,
      addListener: listen,
      flushHeaders: begin,
      write(chunk: Chunk, encoding?: unknown, callback?: unknown) {
        if (hasEnded) return false;
        begin();
        add(chunk, encoding);
        callbackOf(encoding, callback)?.();
        return (controller.desiredSize ?? 0) > 0;
      },
      end(chunk?: unknown, encoding?: unknown, callback?: unknown) {
        if (hasEnded) return outgoing;
        hasEnded = true;
        begin();
        add(chunk, encoding);
        const done = callbackOf(chunk, encoding, callback);
        if (done) outgoing.once('finish', done);
        outgoing.off('close', gone);
        ended();
        controller.close();
        return outgoing;
      },
    });
    next();
  });
}

/** As the platform says it, where one that is begun is answered with an error page. */
function tooLate(): never {
  throw Object.assign(new Error('Cannot set headers after they are sent to the client'), {
    code: 'ERR_HTTP_HEADERS_SENT',
  });
}

/** Sets headers as `writeHead` takes them: by name, in pairs, or one after another. */
function setAll(outgoing: ServerResponse, given: unknown): void {
  if (!Array.isArray(given)) {
    for (const [name, value] of Object.entries(given ?? {})) outgoing.setHeader(name, value);
    return;
  }
  const list = (Array.isArray(given[0]) ? given.flat() : given) as OutgoingHttpHeader[];
  for (let index = 0; index < list.length; index += 2) outgoing.removeHeader(String(list[index]));
  for (let index = 0; index < list.length; index += 2) {
    const value = list[index + 1] as OutgoingHttpHeader;
    outgoing.appendHeader(String(list[index]), Array.isArray(value) ? value : String(value));
  }
}

function responseOf(
  outgoing: ServerResponse,
  names: readonly string[],
  body: ReadableStream<Uint8Array>,
): Response {
  const headers = new Headers();
  for (const name of names) {
    for (const one of [outgoing.getHeader(name)].flat()) headers.append(name, String(one));
  }
  const { statusCode: status, statusMessage } = outgoing;
  const hasBody = ![101, 103, 204, 205, 304].includes(status);
  return new Response(hasBody ? body : null, { status, statusText: statusMessage ?? '', headers });
}

/** Sends a response, past what was put in the places of these methods. */
async function send(
  response: Response,
  outgoing: ServerResponse,
  {
    write,
    end,
    on,
    setHeader,
    writeHead,
  }: Pick<ServerResponse, 'write' | 'end' | 'on' | 'setHeader' | 'writeHead'>,
): Promise<void> {
  const reader = response.body?.getReader();
  let next = await reader?.read();
  // Its own write calls the latter.
  Object.assign(outgoing, { setHeader, writeHead });
  Reflect.deleteProperty(outgoing, 'headersSent');
  outgoing.statusCode = response.status;
  outgoing.statusMessage = response.statusText;
  response.headers.forEach((value, name) => {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  });
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  let goOn = (): void => {};
  Reflect.apply(on, outgoing, ['drain', () => goOn()]);
  for (; next && !next.done; next = await reader?.read()) {
    const drained = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    if (!Reflect.apply(write, outgoing, [next.value])) await drained;
  }
  Reflect.apply(end, outgoing, []);
}
