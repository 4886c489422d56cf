/** Requests of a terminal to the endpoints that watch a site, signed with a key that comes of the site's secret. */
import { createOnce, createSigning, newOnce } from '../../platform/signing.js';

/** Where the endpoints lie, below Payload's REST, where `payload-kv` is a collection of Payload's own. */
export const BASE = '/payload-cache';
/** Carries the signature. */
export const SIGNATURE = 'x-payload-kv-signature';
/** Carries when it was signed, in milliseconds since 1970, and a number used once. */
export const SIGNED = 'x-payload-kv-signed';

const signing = createSigning('payload-kv: watching and purging a cache, 1');
const takeOnce = createOnce('observe.used');

/** What is signed of a request. */
export interface SignedRequest {
  /** `PAYLOAD_SECRET`, as the site's config has it. */
  secret: string;
  method: string;
  /** Its address, or path, with the query. What stands before {@link BASE} is not signed: a proxy may change it. */
  path: string;
  /** Default none. */
  body?: string;
}

/** The headers of a signed request. They are taken once, within a minute. */
export async function signedHeaders(
  request: SignedRequest,
  now = Date.now(),
): Promise<Record<string, string>> {
  const signed = `${now}.${newOnce()}`;
  return { [SIGNATURE]: await signing.sign(request.secret, textOf(request, signed)), [SIGNED]: signed };
}

/** Whether a request is signed, of the last minute, and was not taken before. It is taken from then on. */
export async function isSignedRequest(
  request: SignedRequest,
  headers: { get(name: string): string | null },
  now = Date.now(),
): Promise<boolean> {
  const signed = headers.get(SIGNED) ?? '';
  const [, time, once] = /^(\d{1,15})\.([\w-]{22})$/.exec(signed) ?? [];
  if (!time || !once) return false;
  const signature = headers.get(SIGNATURE) ?? '';
  if (!(await signing.isSigned(request.secret, textOf(request, signed), signature))) return false;
  return takeOnce(Number(time), once, now);
}

/** The body is last: no other request has the same text. */
function textOf({ method, path, body = '' }: SignedRequest, signed: string): string {
  const { pathname, search } = new URL(path, 'http://site');
  const below = pathname.slice(Math.max(pathname.lastIndexOf(`${BASE}/`), 0));
  return [method.toUpperCase(), below + search, signed, body].join('\n');
}
