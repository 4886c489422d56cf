/** Requests for what functions read. */
import type { Payload, PayloadRequest } from 'payload';
import type { Recorder } from '../../interfaces/recorder.js';
import { deriveState } from '../operation/operation.js';
import type { Asker } from './asker.js';

/**
 * A request that shows all that another has, and has a data loader of its own: Payload's memoises documents for a request,
 * so that a function would depend on a document that somebody has populated before and not know of it. What is set on it
 * stays with it. A proxy, since the properties of a platform's request are private to it.
 *
 * @param asker what the key says of the request, whatever becomes of that meanwhile
 */
export function deriveRequest(outer: object, recorder: Recorder, asker: Partial<Asker> = {}): PayloadRequest {
  // Nor is it in a transaction that the other begins meanwhile.
  const own: Record<PropertyKey, unknown> = {
    ...asker,
    payloadDataLoader: undefined,
    transactionID: undefined,
  };
  const has = (name: PropertyKey): boolean => Object.hasOwn(own, name);
  const derived = new Proxy(own as object, {
    get: (_target, name) => (has(name) ? own[name] : Reflect.get(outer, name, outer)),
    // What stands on the other may be for reading only.
    set: (_target, name, value) => Reflect.set(own, name, value),
    // It must not show what the other has in its place.
    deleteProperty: (_target, name) => Reflect.set(own, name, undefined),
    has: (_target, name) => has(name) || Reflect.has(outer, name),
    ownKeys: () => [...new Set([...Reflect.ownKeys(outer), ...Reflect.ownKeys(own)])],
    getOwnPropertyDescriptor(_target, name) {
      if (has(name)) return Reflect.getOwnPropertyDescriptor(own, name);
      if (!Object.hasOwn(outer, name)) return undefined;
      return { value: Reflect.get(outer, name, outer), writable: true, enumerable: true, configurable: true };
    },
    getPrototypeOf: () => Reflect.getPrototypeOf(outer),
  });
  deriveState(derived, recorder);
  return derived as PayloadRequest;
}

/** What a function is given where it was called for no request: of nobody. */
export function newRequest(payload: Payload): object {
  return { payload, payloadAPI: 'local', user: null, context: {}, headers: new Headers() };
}
