import { cloudflareContext, isWorkerd, type WaitUntil } from '../../platform/background.js';
import { withTimeout } from '../../platform/timeout.js';
import { valueAt } from '../../platform/value-at.js';
import type { SingleFlightScope } from '../policy/options.js';

/** Shares one query among identical ones. */
export interface SingleFlight<Shared> {
  /**
   * Runs `lead` unless the same key is under way, and then waits for that one instead.
   *
   * @returns what the leader made, with `led` telling whether it was this call; `undefined` for a follower whose leader
   *   failed, died, or takes too long: it asks the database itself
   */
  run(key: string, lead: () => Promise<Shared>): Promise<{ led: boolean; shared: Shared } | undefined>;
  /** Queries under way. */
  size(): number;
}

interface Flight<Shared> {
  promise: Promise<Shared>;
  startedAt: number;
}

/** How long a follower waits for another request's query, in milliseconds, where that request may be gone. */
export const FOLLOWER_PATIENCE = 2_000;
/** How long where it can only be the database that does not answer. */
export const PROCESS_PATIENCE = 10_000;

/** Creates the single flight of a cache. */
export function createSingleFlight<Shared>(
  scope: SingleFlightScope,
  waitUntil: () => WaitUntil | undefined,
  now: () => number,
  patience = scope === 'isolate' ? FOLLOWER_PATIENCE : PROCESS_PATIENCE,
): SingleFlight<Shared> {
  const shared = new Map<string, Flight<Shared>>();
  const byRequest = new WeakMap<object, Map<string, Flight<Shared>>>();

  function flights(): Map<string, Flight<Shared>> | undefined {
    if (scope === false) return undefined;
    if (scope !== 'request') return shared;
    const ctx = cloudflareContext()?.ctx;
    return ctx && valueAt(byRequest, ctx, () => new Map<string, Flight<Shared>>());
  }

  /** A leader whose request is gone, or whose query hangs, ends nothing itself; nobody may ever ask for the same again. */
  function forgetTheDead(): void {
    for (const [key, flight] of shared) {
      const passed = now() - flight.startedAt;
      // A clock that was set back does not tell.
      if (passed >= 0 && passed < patience) return;
      shared.delete(key);
    }
  }

  function keepAlive(work: Promise<unknown>): void {
    try {
      waitUntil()?.(work);
    } catch {
      // Outside a request, or after its end. Who waits for the leader does so on a timer of its own.
    }
  }

  return {
    async run(key, lead) {
      const under = flights();
      if (!under) return { led: true, shared: await lead() };
      if (under === shared) forgetTheDead();
      const current = under.get(key);
      if (current) {
        try {
          // A timer of the request that waits, so that it fires whatever becomes of the leader's.
          const waiting = under === shared ? withTimeout(current.promise, patience) : current.promise;
          return { led: false, shared: await waiting };
        } catch {
          // The leader's fault is the leader's: this call asks for itself, and reports its own.
          return undefined;
        }
      }
      const promise = lead();
      const flight = { promise, startedAt: now() };
      under.set(key, flight);
      if (scope === 'isolate') keepAlive(promise.catch(() => undefined));
      try {
        return { led: true, shared: await promise };
      } finally {
        if (under.get(key) === flight) under.delete(key);
      }
    },
    size: () => shared.size,
  };
}

/** The scope that is safe where this code runs. */
export function defaultSingleFlight(): SingleFlightScope {
  return isWorkerd() ? 'request' : 'process';
}
