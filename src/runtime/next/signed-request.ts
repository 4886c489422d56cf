/**
 * Requests that tell a site of writes made elsewhere. Each carries the tags, a time and a number used once, and is signed
 * with a key that comes of the site's secret: whoever does not have it can neither make one nor change one, and none is
 * taken twice.
 */
import type { Payload } from 'payload';
import { processEnvironment } from '../../platform/environment.js';
import { createOnce, createSigning, newOnce } from '../../platform/signing.js';
import { createBatches, tell } from '../../platform/told-elsewhere.js';
import { instanceOf } from '../carried-instance.js';

/** The endpoint, below Payload's REST, where `payload-kv` is a collection of Payload's own. */
export const ENDPOINT = '/payload-cache/revalidate';
/** Carries the signature. */
export const SIGNATURE = 'x-payload-kv-signature';
/** A larger body is not read. */
export const LONGEST_BODY = 64 * 1024;

/** Tags in one request. */
const MOST_TAGS = 250;

const signing = createSigning('payload-kv: pages made stale by a request, 1');
const takeOnce = createOnce('next.used');

interface Body {
  tags: string[];
  time: number;
  once: string;
}

/** Sends requests. */
export interface Requests {
  /**
   * Tells the site of the tags. That it could not be told is a warning; rejects with what was thrown on the way, after which
   * the tags go once more with those of the next write.
   */
  send(payload: Payload, tags: readonly string[]): Promise<void>;
}

/** Creates what sends requests to one site. What is told while a request is under way goes with the next one. */
export function createRequests(url: string | undefined): Requests {
  const batches = createBatches<Payload>(MOST_TAGS, (tags, payload) => sendOne(payload, url, tags));
  return { send: (payload, tags) => batches(tags, payload) };
}

async function sendOne(payload: Payload, url: string | undefined, tags: string[]): Promise<void> {
  const warn = (message: string): void => instanceOf(payload)?.warn(`payload-kv: ${message}`);
  const site = url || processEnvironment().PAYLOAD_KV_SITE_URL || payload.config.serverURL;
  if (!site) {
    warn(
      'a write was made where no Next runs, and the address of the site is not known, so its pages stay as they are. Set PAYLOAD_KV_SITE_URL, or serverURL in the Payload config.',
    );
    return;
  }
  const failure = await tell(async () => {
    // A site may lie below a path.
    const address = new URL(`${site.replace(/\/+$/, '')}${payload.config.routes?.api ?? '/api'}${ENDPOINT}`);
    const authorization = authorizationIn(address);
    const { body, signature } = await signed(payload.secret, tags);
    const headers = { 'content-type': 'application/json', [SIGNATURE]: signature, ...authorization };
    return { url: address, init: { headers, body } };
  });
  if (failure === undefined) return;
  warn(
    `the site at ${hostOf(site)} could not be told of a write (${failure}), so its pages stay as they are until their time is over. It must run with the same PAYLOAD_SECRET, a clock that goes right, and nextPages({ revalidate: 'push' }).`,
  );
}

/** Takes name and password out of an address, where `fetch` allows none: a site under test may ask for them. */
function authorizationIn(address: URL): { authorization?: string } {
  const { username, password } = address;
  if (!username) return {};
  address.username = '';
  address.password = '';
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}

/** An address may hold a password. */
function hostOf(site: string): string {
  try {
    return new URL(site).host;
  } catch {
    return 'the given address';
  }
}

/** A body with its signature. */
export async function signed(
  secret: string,
  tags: readonly string[],
  now = Date.now(),
): Promise<{ body: string; signature: string }> {
  const body = JSON.stringify({ tags: [...tags], time: now, once: newOnce() } satisfies Body);
  return { body, signature: await signing.sign(secret, body) };
}

/** The tags of a request, or `undefined` where it is not signed, too old, or was taken before. */
export async function verified(
  secret: string,
  body: string,
  signature: string,
  now = Date.now(),
): Promise<string[] | undefined> {
  if (!(await signing.isSigned(secret, body, signature))) return undefined;
  const { tags, time, once } = JSON.parse(body) as Body;
  return takeOnce(time, once, now) ? tags : undefined;
}
