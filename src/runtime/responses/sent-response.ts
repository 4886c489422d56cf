/** Makes responses of what is kept: with an `ETag`, or as 304, and with what caches on the way are to know. */
import { pushedTag } from '../next/page-tags.js';
import { entityOfSingle } from '../query/tags.js';
import { dateOf } from './http-date.js';
import type { KeptResponse } from './kept-response.js';
import type { CDN, CheckedPolicy } from './policy.js';

/** What is known of a kept response at the moment it is sent. */
export interface Sending {
  /** What became of the request, for who wants to see it. */
  outcome: string;
  /** Seconds since it was made, or since its versions were last known to be the current ones. */
  age: number;
  /** What it depends on; `undefined` where no other cache is to keep it. */
  tags: readonly string[] | undefined;
  /** Headers that the response depends on. */
  varies: readonly string[];
}

/** Each network's own. */
const TAG_HEADER = {
  cloudflare: ['Cache-Tag', ','],
  fastly: ['Surrogate-Key', ' '],
  vercel: ['Vercel-Cache-Tag', ','],
} as const;

/** Tags in one header: Vercel takes 128, and others count its characters, of which there may be 16,000. */
const MOST_TAGS = 100;
const LONGEST_TAGS = 8_000;

/** What says something of a body, of which a 304 has none. */
const OF_BODY = /^content-(?!security|location)/;

/** The response to a request. */
export function send(kept: KeptResponse, request: Request, policy: CheckedPolicy, how: Sending): Response {
  const headers = new Headers(kept.headers);
  const etag = etagOf(kept, policy);
  if (etag !== undefined) headers.set('ETag', etag);
  if (how.age > 0 || policy.forCDN) headers.set('Age', String(how.age));
  addVary(headers, how.varies);
  if (policy.forCDN) addForCDN(headers, policy.forCDN, policy.cdn?.tags, how.tags);
  if (policy.outcomeHeader) headers.set('X-Payload-Cache', how.outcome);
  const { status } = kept;
  if (status === 200 && has(request, kept, etag)) {
    for (const name of [...headers.keys()]) if (OF_BODY.test(name)) headers.delete(name);
    return new Response(null, { status: 304, headers });
  }
  return new Response(kept.body as string | Uint8Array<ArrayBuffer> | null, { status, headers });
}

/** Whether whoever asks has what is kept (RFC 9110, section 13.2.2). */
function has({ headers }: Request, kept: KeptResponse, etag: string | undefined): boolean {
  const etags = headers.get('if-none-match');
  if (etags !== null) return matches(etags, etag);
  const changed = kept.headers.find(([name]) => name === 'last-modified')?.[1];
  return changed !== undefined && dateOf(changed) <= dateOf(headers.get('if-modified-since') ?? '');
}

/** The `ETag` of what is kept: its own, where the handler has given it one. */
export function etagOf(
  { digest, status, headers, body }: KeptResponse,
  policy: CheckedPolicy,
): string | undefined {
  const own = headers.find(([name]) => name === 'etag');
  if (own) return own[1];
  // Of a body that is not there, as of HEAD, no digest can be made.
  if (policy.etag === false || status !== 200 || body === null) return undefined;
  return policy.etag === 'strong' ? `"${digest}"` : `W/"${digest}"`;
}

/** Whether `If-None-Match` has an `ETag`, by the weak comparison (RFC 9110, section 13.1.2). */
export function matches(header: string | null, etag: string | undefined): boolean {
  if (header === null || etag === undefined) return false;
  if (header.trim() === '*') return true;
  const wanted = etag.replace(/^W\//, '');
  return [...header.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, opaque]) => opaque === wanted);
}

/** Says that a response depends on headers. */
function addVary(headers: Headers, names: readonly string[]): void {
  const there = (headers.get('vary') ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean);
  const known = new Set(there.map((name) => name.toLowerCase()));
  const all = [...there, ...names.filter((name) => !known.has(name.toLowerCase()))];
  if (all.length > 0) headers.set('Vary', all.join(', '));
}

/** A response that is passed on, with what became of its request; no network keeps what was made for one visitor. */
export function labelled(response: Response, policy: CheckedPolicy, outcome: string): Response {
  if (!policy.outcomeHeader && !policy.forCDN) return response;
  // An error, or a connection that is no longer HTTP: of neither can a copy be made.
  if (response.status < 200) return response;
  // Those of a redirect, and of what was fetched, cannot be changed.
  const headers = new Headers(response.headers);
  if (policy.outcomeHeader) headers.set('X-Payload-Cache', outcome);
  if (policy.forCDN && !headers.has('cache-control')) headers.set('Cache-Control', 'private, no-cache');
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

function addForCDN(
  headers: Headers,
  control: string,
  cdn: CDN | undefined,
  tags: readonly string[] | undefined,
): void {
  const sent = cdn ? tags && sentTags(tags) : tags && [];
  // What could not be deleted by all of its tags is not for a network to keep.
  if (!headers.has('cache-control')) headers.set('Cache-Control', sent ? control : 'private, no-cache');
  if (!cdn || !sent) return;
  const [name, separator] = TAG_HEADER[cdn];
  headers.set(name, sent.join(separator));
}

/**
 * Tags as a network takes them; of too many documents the tag of their collection, which is told of each as well.
 * `undefined` where they are too many all the same.
 */
function sentTags(tags: readonly string[]): string[] | undefined {
  const areFew = (sent: readonly string[]): boolean =>
    sent.length <= MOST_TAGS && sent.join(' ').length <= LONGEST_TAGS;
  const all = tags.map(pushedTag);
  if (areFew(all)) return all;
  const whole = [...new Set(tags.map((tag) => pushedTag(entityOfSingle(tag) ?? tag)))];
  return areFew(whole) ? whole : undefined;
}
