/** Which Payload instance a function is cached for, and what its functions share. */
import type { Payload, PayloadRequest } from 'payload';
import { PayloadKVError } from '../../errors.js';
import { leastRecentlyUsed } from '../../platform/least-recently-used.js';
import { valueAt } from '../../platform/value-at.js';
import { instanceOf, livingInstances } from '../carried-instance.js';
import { currentCall } from '../operation/operation.js';
import { REMEMBERED_QUERIES } from '../read/context.js';
import type { FillContext } from '../read/fill.js';
import { createRevalidation } from '../read/revalidation.js';
import { createSingleFlight, defaultSingleFlight } from '../read/single-flight.js';
import type { FunctionSite, KnownFunction, Made } from './context.js';
import { createFlightWaits } from './flight-waits.js';

const sites = new WeakMap<FillContext, FunctionSite>();

/** Finds the site; `undefined` where there is none yet, or where it answers nothing from a cache. */
export function siteOf({
  payload,
  req,
}: {
  payload?: Payload | undefined;
  req?: Partial<PayloadRequest> | undefined;
}): FunctionSite | undefined {
  const named = payload ?? req?.payload ?? currentCall()?.recorder?.payload ?? only();
  const instance = named && instanceOf(named);
  const reads = instance?.reads();
  if (!named || !instance || !reads) return undefined;
  return valueAt(sites, reads, () => ({
    payload: named,
    instance,
    reads,
    known: leastRecentlyUsed<string, KnownFunction>(REMEMBERED_QUERIES),
    singleFlight: createSingleFlight<Made>(
      instance.options().singleFlight ?? defaultSingleFlight(),
      instance.waitUntil,
      reads.now,
    ),
    waits: createFlightWaits(),
    revalidation: createRevalidation(reads.background),
  }));
}

function only(): Payload | undefined {
  const [first, second] = livingInstances();
  if (!second) return first;
  throw new PayloadKVError({
    code: 'SEVERAL_INSTANCES',
    message: 'This process has several Payload instances, and the function names none.',
    nextStep: 'Give it one: { payload }, or { req }.',
  });
}
