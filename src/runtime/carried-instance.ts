/** What a Payload instance carries of its cache, for those that ask it; instance.ts answers. */
import type { Payload } from 'payload';
import type { Events } from '../interfaces/events.js';
import type { Registry } from '../interfaces/registry.js';
import type { Background } from '../platform/background.js';
import { shared } from '../platform/shared.js';
import type { PayloadKVOptions } from './policy/options.js';
import type { FillContext } from './read/fill.js';
import type { Counters } from './stats/stats.js';
import type { Invalidation } from './write/invalidation.js';

/** Where a Payload instance carries its cache. Shared by all copies of this module in a bundle. */
const INSTANCE = Symbol.for('payload-kv.instance');

/** The cache of one Payload instance, as it is carried. */
export interface Instance {
  counters: Counters;
  events: Events;
  registry(): Registry;
  background: Background;
  invalidation(): Invalidation | undefined;
  /** What its reads share, whether or not any is answered from the cache. */
  context(): FillContext | undefined;
  /** The same; `undefined` where none is answered from the cache. */
  reads(): FillContext | undefined;
  /** The options, as the environment has changed them. */
  options(): PayloadKVOptions;
  /** Says something to the site's log, once. */
  warn(message: string): void;
  /** What sets a cache without Payload apart; `undefined` for a site. */
  prefix?: string;
  /** Whether a cache without Payload was closed. */
  hasEnded?(): boolean;
  /** Begins what begins with the first use; what is to be waited for then. */
  starting?(): Promise<void> | undefined;
}

/** Has a Payload instance carry its cache. */
export function carryInstance(payload: Payload, instance: Instance): void {
  (payload as unknown as Record<symbol, Instance>)[INSTANCE] = instance;
}

/** What it carries; `undefined` if the site has no cache. */
export function instanceOf(payload: Payload): Instance | undefined {
  return (payload as unknown as Record<symbol, Instance | undefined>)[INSTANCE];
}

/** Whether its store or its registry are given up for the moment. */
export function isSuspended({ context }: Instance): boolean {
  return context()?.isSuspended() ?? false;
}

/** Its database queries under way that reads of other requests may share. */
export function inFlight({ context }: Instance): number {
  return context()?.singleFlight.size() ?? 0;
}

/** The Payload instances of this process that have a cache and are not at their end. */
const living = shared('instances', () => new Set<Payload>());

/** Notes that an instance is there, or at its end. */
export function noteInstance(payload: Payload, isThere: boolean): void {
  if (isThere) living.add(payload);
  else living.delete(payload);
}

/** The instances of this process, in the order in which they came. */
export function livingInstances(): Payload[] {
  return [...living];
}

/** Where a cache without Payload has what stands for the Payload instance. */
const STAND_IN = Symbol.for('payload-kv.stand-in');

/** A cache without Payload, as functions are given it: `createCache()` of `payload-kv/cache` makes one. */
export interface CacheWithoutPayload {
  /** Waits until what is being written is written. */
  settle(): Promise<void>;
  /** Waits as `settle`, and ends what the store has opened. */
  close(): Promise<void>;
}

/** Marks a cache as one without Payload. */
export function carryStandIn<Cache extends CacheWithoutPayload>(cache: Cache, standIn: Payload): Cache {
  return Object.defineProperty(cache, STAND_IN, { value: standIn });
}

/** What stands for the Payload instance of a cache; `undefined` for what is none. */
export function standInOf(cache: CacheWithoutPayload): Payload | undefined {
  return (cache as unknown as Record<symbol, Payload | undefined>)[STAND_IN];
}
