/**
 * Comes in: a call of a store or a registry. Goes out: its answer within a time, or `undefined`, at once while it fails
 * too often.
 */
import { withTimeout } from '../../platform/timeout.js';

/**
 * Bounds what a failing backend can cost: each call has a timeout, and a circuit breaker stops asking one that fails
 * too often. After a pause a single call probes it; its answer closes the circuit, its fault begins another pause.
 */
export interface FaultGuard {
  /** Whether calls are stopped right now. After the pause they are not, until one of them is the probe. */
  isOpen(): boolean;
  /** Runs one call: its value, or `undefined` after a fault, which is reported, or where the circuit is open. */
  run<Value>(
    call: () => Value | Promise<Value>,
    how?: CallOptions,
  ): Value | undefined | Promise<Value | undefined>;
}

/** How one call differs from others. */
export interface CallOptions {
  /** Longest wait in milliseconds. Default the guard's own. */
  timeout?: number;
  /** Whether it is made while the circuit is open too, as a probe. Default `false`. */
  isProbe?: boolean;
  /** What it is for, for those who watch. Default `read`. */
  operation?: string;
}

/** Options of {@link createFaultGuard}. */
export interface FaultGuardOptions {
  /** Longest wait for one call, in milliseconds. */
  timeout: number;
  /** How long calls stop, in milliseconds. */
  pause: number;
  onFault(error: unknown): void;
  /** Called when calls stop, once per pause, with the last fault. */
  onOpen(error: unknown): void;
  /** Called when they go on. */
  onClose?(): void;
  /** Called before each call: what to call with its outcome, if it is not there at once and somebody wants to know. */
  watch?(operation: string): ((isDone: boolean) => void) | undefined;
  now(): number;
}

/** Calls whose outcome is remembered. */
export const WINDOW = 20;
/** Share of them that must have failed for the circuit to open. */
export const FAILURE_RATE = 0.5;
/** Fewer faults than this prove nothing. */
export const FEWEST_FAULTS = 5;

/**
 * Creates a guard for one store or registry. One function: all in it shares the state of the circuit.
 */
export function createFaultGuard(options: FaultGuardOptions): FaultGuard {
  const { now, pause } = options;
  /** The last calls, in a ring: whether each failed. */
  let failed: boolean[] = [];
  let next = 0;
  let faults = 0;
  /** When calls stopped; `undefined` while the circuit is closed. */
  let openedAt: number | undefined;
  /** When the probe was sent. In workerd it may be gone with its request, and never tell. */
  let probedAt: number | undefined;
  /** How often the circuit has closed again: what was under way before says nothing of the backend since. */
  let era = 0;

  /** A clock may be set back: what lies in the future is over. */
  const isWithin = (since: number | undefined, milliseconds: number): boolean => {
    const passed = since === undefined ? milliseconds : now() - since;
    return passed >= 0 && passed < milliseconds;
  };

  function remember(hasFailed: boolean): void {
    if (failed[next]) faults -= 1;
    failed[next] = hasFailed;
    if (hasFailed) faults += 1;
    next = (next + 1) % WINDOW;
  }

  function close(): void {
    openedAt = undefined;
    probedAt = undefined;
    failed = [];
    next = 0;
    faults = 0;
    era += 1;
    options.onClose?.();
  }

  function succeeded(isProbe: boolean, begun: number): void {
    if (isProbe) close();
    else if (openedAt === undefined && begun === era) remember(false);
  }

  function fault(error: unknown, isProbe: boolean, begun: number): undefined {
    options.onFault(error);
    // A call from before the circuit opened says nothing new.
    if ((openedAt !== undefined && !isProbe) || begun !== era) return undefined;
    if (!isProbe) remember(true);
    if (isProbe || (faults >= FEWEST_FAULTS && faults >= failed.length * FAILURE_RATE)) {
      openedAt = now();
      probedAt = undefined;
      options.onOpen(error);
    }
    return undefined;
  }

  function isOpen(): boolean {
    if (openedAt === undefined) return false;
    return isWithin(openedAt, pause) || isWithin(probedAt, pause);
  }

  return {
    isOpen,
    run(call, how = {}) {
      if (!how.isProbe && isOpen()) return undefined;
      const { timeout = options.timeout } = how;
      const isProbe = openedAt !== undefined;
      const begun = era;
      if (isProbe) probedAt = now();
      const watched = options.watch?.(how.operation ?? 'read');
      try {
        const answer = call();
        if (!(answer instanceof Promise)) {
          succeeded(isProbe, begun);
          return answer;
        }
        return withTimeout(answer, timeout).then(
          (value) => {
            watched?.(true);
            succeeded(isProbe, begun);
            return value;
          },
          (error) => {
            watched?.(false);
            return fault(error, isProbe, begun);
          },
        );
      } catch (error) {
        return fault(error, isProbe, begun);
      }
    },
  };
}
