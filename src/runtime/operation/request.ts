import { isObject } from '../../platform/is-object.js';

/** The id of a transaction. */
export type TransactionID = string | number;

/** Whether a value can be the id of a transaction. */
export function isTransactionID(id: unknown): id is TransactionID {
  return (typeof id === 'string' && id !== '') || typeof id === 'number';
}

/** The id of the request's transaction, or `undefined` without one. */
export async function transactionOf(request: unknown): Promise<TransactionID | undefined> {
  if (!isObject(request)) return undefined;
  const id = await (request as { transactionID?: unknown }).transactionID;
  return isTransactionID(id) ? id : undefined;
}

/** What database adapters take from a request, besides its transaction. */
const PLAIN_PROPERTIES = ['context', 'fallbackLocale', 'i18n', 'locale', 'payload', 't', 'user'] as const;

/**
 * A request as database adapters use one, for a question that goes on while its own request does other things: that one
 * may begin a transaction, and an answer from inside it is not for everybody.
 */
export function apartFrom(request: unknown): Record<string, unknown> | undefined {
  if (!isObject(request)) return undefined;
  const from = request as Record<string, unknown>;
  return Object.fromEntries(PLAIN_PROPERTIES.map((name) => [name, from[name]]));
}
