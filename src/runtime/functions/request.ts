/** Requests for what functions read. */
import type { Payload, PayloadRequest } from 'payload';
import type { Recorder } from '../../interfaces/recorder.js';
import { deriveState } from '../operation/operation.js';

/**
 * A request that shows all that another has, and has a data loader of its own: Payload's memoises documents for a request,
 * so that a function would depend on a document that somebody has populated before and not know of it. What is set on it
 * stays with it. A proxy, since the properties of a platform's request are private to it.
 */
export function deriveRequest(outer: object, recorder: Recorder): PayloadRequest {
  const own: Record<PropertyKey, unknown> = { payloadDataLoader: undefined };
  const has = (name: PropertyKey): boolean => Object.hasOwn(own, name);
  const derived = new Proxy({} as object, {
    get: (_target, name) => (has(name) ? own[name] : Reflect.get(outer, name, outer)),
    set(_target, name, value) {
      own[name] = value;
      return true;
    },
    defineProperty(_target, name, { value }) {
      own[name] = value;
      return true;
    },
    deleteProperty(_target, name) {
      // It must not show what the other has in its place.
      own[name] = undefined;
      return true;
    },
    has: (_target, name) => has(name) || Reflect.has(outer, name),
    ownKeys: () => [...new Set([...Reflect.ownKeys(outer), ...Reflect.ownKeys(own)])],
    getOwnPropertyDescriptor(_target, name) {
      if (!has(name) && !Object.hasOwn(outer, name)) return undefined;
      const value = has(name) ? own[name] : Reflect.get(outer, name, outer);
      return { value, writable: true, enumerable: true, configurable: true };
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
