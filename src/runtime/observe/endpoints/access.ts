/** Who may see the statistics of a site, and purge. */
import { timingSafeEqual } from 'node:crypto';
import type { PayloadRequest } from 'payload';
import { hash } from '../../../platform/hash.js';
import { isObject } from '../../../platform/is-object.js';
import type { PurgedBy } from '../../policy/audit.js';
import { nameOf } from '../../purge/by-hand.js';
import type { ObserveOptions } from '../observation.js';
import { isSignedRequest, SIGNATURE } from '../signature.js';

/** Who asks. */
export interface Person {
  /** For the log: a user's collection and id, or what else let somebody in. */
  name: string;
  /** The same, for what keeps account of purges. */
  by: PurgedBy;
  /** Whether the request is signed with the site's secret: its sender may do whatever the site's own code may. */
  isSigned: boolean;
  /** Whether it is a user that a browser's cookie tells of: its requests may be made by another site's page. */
  byCookie: boolean;
}

/** What is known of a request before anybody is let in. */
export interface Entering {
  req: PayloadRequest;
  /** Its body, as it was sent. */
  body: string;
  options: Pick<ObserveOptions, 'access'>;
  /** The token that lets in here, where one does. */
  token: string | undefined;
  /** Says that `access` threw. */
  onFault(error: unknown): void;
}

/** Who asks, if they may. */
export async function personOf({
  req,
  body,
  options,
  token,
  onFault,
}: Entering): Promise<Person | undefined> {
  const { headers } = req;
  if (headers.has(SIGNATURE)) {
    const { secret } = req.payload.config;
    const { method = '', url = '' } = req as unknown as Request;
    const isSigned = await isSignedRequest({ secret, method, path: url, body }, headers);
    return isSigned
      ? { name: 'a signed request', by: { kind: 'terminal' }, isSigned: true, byCookie: false }
      : undefined;
  }
  const given = bearerOf(headers.get('authorization'));
  if (token !== undefined && given !== undefined && isSame(given, token)) {
    return { name: 'the token for metrics', by: { kind: 'somebody' }, isSigned: false, byCookie: false };
  }
  const { access = mayEnterAdminPanel } = options;
  try {
    if ((await access({ req })) !== true) return undefined;
  } catch (error) {
    onFault(error);
    return undefined;
  }
  const by = userIn(req);
  return {
    name: nameOf(by),
    by,
    isSigned: false,
    // With both, either may have told who it is.
    byCookie: headers.has('cookie') || !OWN_HEADER.test(headers.get('authorization') ?? ''),
  };
}

/** As Payload's own `canAccessAdmin`, which not all releases have, but never for nobody. */
async function mayEnterAdminPanel({ req }: { req: PayloadRequest }): Promise<boolean> {
  const { user, payload } = req;
  if (!user || user.collection !== payload.config.admin.user) return false;
  const { admin } = payload.collections[user.collection]?.config.access ?? {};
  return admin ? Boolean(await admin({ req })) : true;
}

/** What a page of another site cannot have a browser send, unlike what a browser adds by itself. */
const OWN_HEADER = /^(JWT |Bearer |\S+ API-Key )/;

function userIn({ user }: PayloadRequest): PurgedBy {
  return isObject(user) ? { kind: 'user', collection: user.collection, id: user.id } : { kind: 'somebody' };
}

const bearerOf = (authorization: string | null): string | undefined =>
  /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];

/** Takes the same time wherever they differ, and however long they are. */
const isSame = (given: string, token: string): boolean =>
  timingSafeEqual(Buffer.from(hash(given)), Buffer.from(hash(token)));

/**
 * Whether a request of a browser comes from a page of the site, or of one that may sign in to it (`csrf` of the Payload
 * config). What a browser says of it no page can change; what is no browser says nothing of it.
 */
export function isOfSite({ headers, payload, url }: PayloadRequest): boolean {
  const { csrf = [], serverURL } = payload.config;
  const origin = headers.get('origin');
  if (origin && (csrf.includes(origin) || origin === urlOf(serverURL)?.origin)) return true;
  const from = headers.get('sec-fetch-site');
  if (from) return from === 'same-origin' || from === 'none';
  if (!origin) return true;
  const host = urlOf(origin)?.host;
  return (
    host !== undefined &&
    [headers.get('x-forwarded-host'), headers.get('host'), urlOf(url)?.host].includes(host)
  );
}

/** A page in a sandbox has no origin, which browsers call `null`. */
function urlOf(text: string | undefined): URL | undefined {
  return text && URL.canParse(text) ? new URL(text) : undefined;
}
