/** Responses as they are kept. Comes in: what a handler answered. Goes out: a plain value, or why it is for nobody else. */
import { hash } from '../../platform/hash.js';
import { TimeoutError, withTimeout } from '../../platform/timeout.js';
import { type Directives, directivesOf, secondsOf } from './cache-control.js';
import { dateOf } from './http-date.js';

/** A response as a plain value. */
export interface KeptResponse {
  status: number;
  headers: [name: string, value: string][];
  /** As text where it is that, in UTF-8. */
  body: string | Uint8Array | null;
  /** A digest of all of it. */
  digest: string;
  /** Seconds that it was old when it came, by what the handler says. */
  age?: number;
  /** Seconds it may be served by what the handler says; none where it says nothing. */
  ttl?: number;
  /** Whether it must not be served when it is old. */
  mustBeFresh?: true;
}

/** Why a response is not kept. */
export type NotKept =
  | 'status'
  | 'set-cookie'
  | 'cache-control'
  | 'vary'
  | 'stream'
  | 'too-large'
  | 'errors'
  | 'request-read'
  | 'limited';

/** A response that is passed on, which has no text form, so that nothing of it is stored. */
export class PassedOn {
  readonly response: Response;
  readonly reason: NotKept;
  /** Whether it says that the server failed, so that an old one may be served in its place. */
  readonly isFailure: boolean;

  constructor(response: Response, reason: NotKept, isFailure = response.status >= 500) {
    this.response = response;
    this.reason = reason;
    this.isFailure = isFailure;
  }

  /** Ends what is still being sent of it, where nobody gets it. */
  discard(): void {
    this.response.body?.cancel().catch(() => {});
  }
}

const KEPT_STATUS: ReadonlySet<number> = new Set([200, 301, 302, 308, 404]);

/** Headers that are of one connection, or are made anew with each response. */
const OF_CONNECTION: ReadonlySet<string> = new Set([
  'age',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What changes what the browser of one visitor keeps. */
const OF_BROWSER = ['set-cookie', 'set-cookie2', 'clear-site-data'];

/** What is sent piece by piece, as things happen. */
const STREAMED = /^(text\/event-stream|multipart\/x-mixed-replace|application\/(x-)?ndjson)/i;

/** How long the end of a body is waited for, in milliseconds. */
const PATIENCE = 2_000;

/** Why a response must not be kept, by its head. */
export function refusalOf(response: Response): NotKept | undefined {
  const { status, headers } = response;
  if (!KEPT_STATUS.has(status) || headers.has('content-range')) return 'status';
  if (OF_BROWSER.some((name) => headers.has(name))) return 'set-cookie';
  const control = directivesOf(headers.get('cache-control'));
  if (['private', 'no-store', 'no-cache'].some((name) => control.has(name))) return 'cache-control';
  const life = lifeOf(headers, control);
  if (life !== undefined && life <= 0) return 'cache-control';
  if ((headers.get('vary') ?? '').split(',').some((name) => name.trim() === '*')) return 'vary';
  return STREAMED.test(headers.get('content-type') ?? '') ? 'stream' : undefined;
}

/**
 * Makes a plain value of a response, whose head does not speak against it.
 *
 * @param maxBytes largest body; a larger one, and one that does not end, is passed on as it comes
 */
export async function keep(response: Response, maxBytes: number): Promise<KeptResponse | PassedOn> {
  const { status, headers } = response;
  const read = await readBody(response, maxBytes);
  if (read instanceof PassedOn) return read;
  const kept = [...headers].filter(([name]) => !OF_CONNECTION.has(name) && !isNamedBy(headers, name));
  const body = read && textOf(read);
  const shown = typeof body === 'string' ? body : body && Buffer.from(body).toString('base64');
  const control = directivesOf(headers.get('cache-control'));
  const ttl = lifeOf(headers, control);
  const mustBeFresh = ['must-revalidate', 'proxy-revalidate', 's-maxage'].some((name) => control.has(name));
  return {
    status,
    headers: kept,
    body,
    digest: hash(JSON.stringify([status, kept, typeof body, shown])).slice(0, 27),
    ...(oldOf(headers) > 0 ? { age: oldOf(headers) } : {}),
    ...(ttl === undefined ? {} : { ttl }),
    ...(mustBeFresh ? { mustBeFresh } : {}),
  };
}

/** Whether `Connection` says that a header is of the connection. */
function isNamedBy(headers: Headers, name: string): boolean {
  const named = headers.get('connection') ?? '';
  return named.split(',').some((one) => one.trim().toLowerCase() === name);
}

/** `Age`; of several the first counts, and what cannot be read is none. */
function oldOf(headers: Headers): number {
  const [first = ''] = (headers.get('age') ?? '').split(',');
  return /^\s*\d+\s*$/.test(first) ? Math.min(Number(first), 2 ** 31) : 0;
}

/** For how many seconds a shared cache may serve a response, by what it says itself (RFC 9111, section 4.2.1). */
function lifeOf(headers: Headers, control: Directives): number | undefined {
  const old = oldOf(headers);
  const said = secondsOf(control, 's-maxage') ?? secondsOf(control, 'max-age');
  if (said !== undefined) return said - old;
  const expires = headers.get('expires');
  if (expires === null) return undefined;
  const until = dateOf(expires);
  const since = dateOf(headers.get('date') ?? '');
  // What cannot be read, such as 0, is in the past.
  return Number.isNaN(until)
    ? 0
    : Math.floor((until - (Number.isNaN(since) ? Date.now() : since)) / 1000) - old;
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array | null | PassedOn> {
  if (!response.body) return null;
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const until = performance.now() + PATIENCE;
  for (;;) {
    const reading = reader.read();
    const next = await withTimeout(reading, Math.max(0, until - performance.now())).catch(undefinedIfLate);
    if (!next) return rest(response, chunks, reader, reading, 'stream');
    if (next.done) break;
    chunks.push(next.value);
    // What is not of bytes, such as text, some servers send all the same.
    if (!ArrayBuffer.isView(next.value)) return rest(response, chunks, reader, undefined, 'stream');
    size += next.value.byteLength;
    if (size > maxBytes) return rest(response, chunks, reader, undefined, 'too-large');
  }
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return whole;
}

function undefinedIfLate(error: unknown): undefined {
  if (!(error instanceof TimeoutError)) throw error;
}

/** The response with what has been read of it, and the rest as it comes. */
function rest(
  { status, statusText, headers }: Response,
  chunks: Uint8Array[],
  reader: ReadableStreamDefaultReader<Uint8Array>,
  reading: ReturnType<typeof reader.read> | undefined,
  reason: NotKept,
): PassedOn {
  let first = reading;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift();
      if (chunk) return controller.enqueue(chunk);
      const next = await (first ?? reader.read());
      first = undefined;
      if (next.done) controller.close();
      else controller.enqueue(next.value);
    },
    cancel: (why) => reader.cancel(why),
  });
  return new PassedOn(new Response(body, { status, statusText, headers }), reason);
}

/** Bytes as text where nothing is lost by it. */
function textOf(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}
