/** Which Payload instance a function is cached for, and what its functions share. */
import type { Payload, PayloadRequest } from 'payload';
import { PayloadKVError } from '../../errors.js';
import { waitUntilOf } from '../../platform/background.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { shared } from '../../platform/shared.js';
import { valueAt } from '../../platform/value-at.js';
import { type CacheWithoutPayload, instanceOf, livingInstances, standInOf } from '../carried-instance.js';
import { currentCall } from '../operation/operation.js';
import { functionTags } from '../query/tags.js';
import { REMEMBERED_QUERIES } from '../read/context.js';
import type { FillContext } from '../read/fill.js';
import { createRevalidation } from '../read/revalidation.js';
import { createSingleFlight, defaultSingleFlight } from '../read/single-flight.js';
import type { FunctionSite, KnownFunction, Made } from './context.js';
import { createFlightWaits } from './flight-waits.js';

/** Of all copies of this module: functions of two that wait for each other must be known to one. */
const sites = shared('function-sites', () => new WeakMap<FillContext, FunctionSite>());

/** What may say which site is meant. */
export interface NamedSite {
  payload?: Payload | undefined;
  cache?: CacheWithoutPayload | undefined;
  req?: Partial<PayloadRequest> | undefined;
}

/**
 * Finds the site; `undefined` where there is none yet, or where it answers nothing from a cache.
 *
 * @param isOfPayload whether it must have a Payload instance
 * @throws PayloadKVError `SEVERAL_INSTANCES`, or `INVALID_CACHE` for what is no cache
 */
export function siteOf({ payload, cache, req }: NamedSite, isOfPayload = false): FunctionSite | undefined {
  const named =
    (cache && namedBy(cache)) ??
    payload ??
    req?.payload ??
    currentCall()?.recorder?.payload ??
    only(isOfPayload);
  const instance = named && instanceOf(named);
  const reads = instance?.reads();
  if (!named || !instance || !reads) return undefined;
  return valueAt(sites, reads, () => ({
    payload: named,
    instance,
    reads,
    tags: functionTags(instance.prefix),
    known: leastRecentlyUsed<string, KnownFunction>(REMEMBERED_QUERIES),
    singleFlight: createSingleFlight<Made>(
      instance.options().singleFlight ?? defaultSingleFlight(),
      () => waitUntilOf(instance.options()),
      reads.now,
    ),
    waits: createFlightWaits(),
    revalidation: createRevalidation(reads.background),
  }));
}

/**
 * To be called before something is changed.
 *
 * @throws PayloadKVError `CACHE_CLOSED`
 */
export function checkOpen({ cache }: NamedSite): void {
  const standIn = cache && standInOf(cache);
  if (!standIn || !instanceOf(standIn)?.hasEnded?.()) return;
  throw new PayloadKVError({
    code: 'CACHE_CLOSED',
    message: 'The cache was closed, and changes nothing any more.',
    nextStep: 'Close it when all that uses it has ended, or make another with createCache().',
  });
}

function namedBy(cache: CacheWithoutPayload): Payload {
  const standIn = standInOf(cache);
  if (standIn) return standIn;
  throw new PayloadKVError({
    code: 'INVALID_CACHE',
    message: 'The option cache is no cache without Payload.',
    nextStep: "Make it with createCache() of 'payload-kv/cache'; a Payload instance is named by { payload }.",
  });
}

function only(isOfPayload: boolean): Payload | undefined {
  const living = livingInstances();
  const [first, second] = isOfPayload
    ? living.filter((each) => instanceOf(each)?.prefix === undefined)
    : living;
  if (!second) return first;
  throw new PayloadKVError({
    code: 'SEVERAL_INSTANCES',
    message:
      'This process has several Payload instances, or caches without Payload, and the function names none.',
    nextStep: 'Give it one: { payload }, { req } or { cache }.',
  });
}
