/** What of a request decides what Payload answers: part of the key, and all that a function is shown of its user. */
import type { PayloadRequest } from 'payload';
import { isObject, isPlainObject } from '../../platform/is-object.js';
import { OF_PAYLOAD, SESSIONS } from '../policy/secrets.js';

/** Who asks, as it was when they asked. */
export interface Asker {
  user: unknown;
  locale: unknown;
  fallbackLocale: unknown;
  payloadAPI: unknown;
}

/** What differs between two requests of one user, and says nothing of what they may see. */
const OF_SESSION: ReadonlySet<string> = new Set(['_sid', '_strategy']);
/** What a user of a request may have that signs them in, or helps to. */
const SIGNS_IN: ReadonlySet<string> = new Set([...OF_PAYLOAD, SESSIONS, 'apiKey', 'apiKeyIndex']);

/** @returns `undefined` where there is more to the user than can be seen, or where something throws */
export function askerOf(request: Partial<PayloadRequest>): Asker | undefined {
  try {
    const { user, locale, fallbackLocale, payloadAPI, query } = request;
    const seen = isObject(user) ? visible(user) : { user: user ?? null };
    return (
      seen && {
        ...seen,
        // Where Payload looks for one itself.
        locale: locale ?? (query as { locale?: unknown } | undefined)?.locale,
        fallbackLocale,
        payloadAPI: payloadAPI ?? 'local',
      }
    );
  } catch {
    return undefined;
  }
}

/** A user without what differs from session to session, and what signs them in. */
function visible(user: object): { user: object } | undefined {
  const names = Object.keys(user);
  // Two who look alike may be two all the same.
  if (!isPlainObject(user) || Reflect.ownKeys(user).length !== names.length) return undefined;
  const shown = names.filter((name) => !OF_SESSION.has(name) && !SIGNS_IN.has(name));
  return { user: Object.fromEntries(shown.map((name) => [name, user[name]])) };
}

/** Who a request is of, as text. */
export function userOf(request: unknown): string | undefined {
  const { user } = (request ?? {}) as { user?: unknown };
  if (user === undefined || user === null) return undefined;
  if (!isObject(user)) return String(user);
  const { id, collection } = user as { id?: unknown; collection?: unknown };
  return JSON.stringify([collection, String(id)]);
}
