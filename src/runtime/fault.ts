/**
 * Bounds what a failing store can cost: each call has a timeout, and after several faults in a row the store is left
 * alone for a while.
 */
export interface FaultGuard {
  /** Whether calls are stopped right now. */
  isOpen(): boolean;
  /** Runs one call: its value, or `undefined` after a fault, which is reported. */
  run<Value>(call: () => Value | Promise<Value>): Value | undefined | Promise<Value | undefined>;
}

/** Options of {@link createFaultGuard}. */
export interface FaultGuardOptions {
  /** Longest wait for one call, in milliseconds. */
  timeout: number;
  /** Faults in a row after which calls stop. */
  threshold: number;
  /** How long calls stop, in milliseconds. */
  pause: number;
  onFault(error: unknown): void;
  /** Called when calls stop, once per pause, with the last fault. */
  onOpen(error: unknown): void;
  now(): number;
}

/** Error of a call that did not answer in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

/** Rejects with {@link TimeoutError} if the promise takes longer than `milliseconds`. */
export async function withTimeout<Value>(promise: Promise<Value>, milliseconds: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new TimeoutError(`no answer within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Creates a guard for one store or registry. */
export function createFaultGuard(options: FaultGuardOptions): FaultGuard {
  let faults = 0;
  let openUntil = 0;

  function fault(error: unknown): undefined {
    faults += 1;
    options.onFault(error);
    if (faults >= options.threshold) {
      faults = 0;
      openUntil = options.now() + options.pause;
      options.onOpen(error);
    }
    return undefined;
  }

  return {
    isOpen() {
      const left = openUntil - options.now();
      // More than a pause is left only where the clock was set back.
      return left > 0 && left <= options.pause;
    },
    run(call) {
      try {
        const answer = call();
        if (!(answer instanceof Promise)) {
          faults = 0;
          return answer;
        }
        return withTimeout(answer, options.timeout).then((value) => {
          faults = 0;
          return value;
        }, fault);
      } catch (error) {
        return fault(error);
      }
    },
  };
}
