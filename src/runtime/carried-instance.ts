/** What a Payload instance carries of its cache, for those that ask it; instance.ts answers. */
import type { Payload } from 'payload';
import type { Store } from '../interfaces/store.js';
import type { Background } from '../platform/background.js';
import type { Counters } from './stats/stats.js';
import type { Invalidation } from './write/invalidation.js';

/** Where a Payload instance carries its cache. Shared by all copies of this module in a bundle. */
const INSTANCE = Symbol.for('payload-kv.instance');

/** The cache of one Payload instance, as it is carried. */
export interface Instance {
  counters: Counters;
  background: Background;
  store(): Store;
  invalidation(): Invalidation | undefined;
  /** Database queries under way that reads of other requests may share. */
  inFlight(): number;
  /** Whether store or registry are given up for the moment. */
  isSuspended(): boolean;
}

/** Has a Payload instance carry its cache. */
export function carryInstance(payload: Payload, instance: Instance): void {
  (payload as unknown as Record<symbol, Instance>)[INSTANCE] = instance;
}

/** What it carries; `undefined` if the site has no cache. */
export function instanceOf(payload: Payload): Instance | undefined {
  return (payload as unknown as Record<symbol, Instance | undefined>)[INSTANCE];
}
