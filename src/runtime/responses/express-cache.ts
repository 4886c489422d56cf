/** Responses of a server with middleware, such as Express: what comes after it answers, and is heard while it does. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ResponsePolicy } from './policy.js';
import { createResponseCache } from './response-cache.js';

/** A middleware, as Express and Connect take it. */
export type Middleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * A middleware that has what comes after it answered from the cache, as `withResponseCache` does: `GET` and `HEAD`, where
 * nobody has signed in or the policy tells people apart. Put it behind what compresses, and before what reads sessions.
 * What the others read of the socket, such as an address, is not seen: tell requests apart by `vary` where that matters.
 *
 * @throws PayloadKVError `INVALID_RESPONSE_POLICY` or `INVALID_DURATION` for a policy that cannot be
 */
export function expressCache(policy: Omit<ResponsePolicy, 'graphql'> = {}): Middleware {
  const cache = createResponseCache(policy);
  return (incoming, outgoing, next) => {
    const request = requestOf(incoming);
    if (!request) return next();
    const { write, end } = outgoing;
    const answered = cache(
      request,
      undefined,
      (shown) => heard(shown, incoming, outgoing, next),
      (outcome) => {
        if (policy.outcomeHeader) outgoing.setHeader('X-Payload-Cache', outcome);
        next();
      },
    );
    answered.then((response) => response && send(response, outgoing, { write, end })).catch(next);
  };
}

/** The request as the platform has it; `undefined` for one that it does not take, and for one with a body. */
function requestOf(
  incoming: IncomingMessage & { originalUrl?: string; protocol?: string },
): Request | undefined {
  const { method = 'GET', headers, rawHeaders } = incoming;
  if (method !== 'GET' && method !== 'HEAD') return undefined;
  // What is read of it is not part of the key.
  if ('transfer-encoding' in headers || (headers['content-length'] ?? '0') !== '0') return undefined;
  const pairs: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2)
    pairs.push([rawHeaders[index] as string, rawHeaders[index + 1] as string]);
  const scheme = incoming.protocol ?? ('encrypted' in incoming.socket ? 'https' : 'http');
  try {
    const url = new URL(
      incoming.originalUrl ?? incoming.url ?? '/',
      `${scheme}://${headers.host ?? 'localhost'}`,
    );
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
  return captured(outgoing, next).finally(asBefore);
}

type Chunk = string | Uint8Array;

/** What is written to a response, as one of the platform's, from its first byte on. Nothing of it is sent. */
function captured(outgoing: ServerResponse, next: (error?: unknown) => void): Promise<Response> {
  const { writeHead } = outgoing;
  return new Promise((resolve, reject) => {
    let controller: ReadableStreamDefaultController<Uint8Array>;
    let hasBegun = false;
    let hasEnded = false;
    const body = new ReadableStream<Uint8Array>(
      {
        start: (given) => {
          controller = given;
        },
        pull: () => void outgoing.emit('drain'),
      },
      { highWaterMark: 65_536, size: (chunk) => chunk?.byteLength ?? 0 },
    );
    const gone = (): void => {
      const error = new Error('The connection was closed before the response was complete.');
      if (hasBegun) controller.error(error);
      reject(error);
    };
    const begin = (): void => {
      if (hasBegun) return;
      hasBegun = true;
      // Its own write calls it.
      Object.assign(outgoing, { writeHead });
      resolve(responseOf(outgoing, body));
      for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
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
        outgoing.statusCode = status;
        for (const given of rest) if (typeof given === 'string') outgoing.statusMessage = given;
        const headers = rest.find((one) => typeof one === 'object' && one !== null);
        for (const [name, value] of Object.entries((headers ?? {}) as Record<string, string>))
          outgoing.setHeader(name, value);
        return outgoing;
      },
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
        controller.close();
        return outgoing;
      },
    });
    next();
  });
}

function responseOf(outgoing: ServerResponse, body: ReadableStream<Uint8Array>): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(outgoing.getHeaders())) {
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, String(one));
  }
  const { statusCode: status, statusMessage } = outgoing;
  const hasBody = ![101, 103, 204, 205, 304].includes(status);
  return new Response(hasBody ? body : null, { status, statusText: statusMessage ?? '', headers });
}

/** Sends a response, past what was put in the places of these methods. */
async function send(
  response: Response,
  outgoing: ServerResponse,
  { write, end }: Pick<ServerResponse, 'write' | 'end'>,
): Promise<void> {
  outgoing.statusCode = response.status;
  response.headers.forEach((value, name) => {
    if (name !== 'set-cookie') outgoing.setHeader(name, value);
  });
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) outgoing.setHeader('set-cookie', cookies);
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (!next || next.done) break;
    if (!Reflect.apply(write, outgoing, [next.value]))
      await new Promise((resolve) => outgoing.once('drain', resolve));
  }
  Reflect.apply(end, outgoing, []);
}
