import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The clocks of machines: one that goes wrong by as much as a site's does, and time that passes for all of them at
 * once. It is told by `Date.now()`; timers keep to the real one.
 */

const real = Date.now;
const ahead = new AsyncLocalStorage<number>();
let passed = 0;

/** By what the clock of this process is set, once. */
export function takeClocks(): void {
  Date.now = () => real() + passed + (ahead.getStore() ?? 0);
}

/** Runs a function on a machine whose clock is ahead by so many milliseconds, or behind by as many below zero. */
export const onClock = <Value>(milliseconds: number, run: () => Value): Value => ahead.run(milliseconds, run);

/** Lets time pass on all machines. */
export function pass(milliseconds: number): void {
  passed += milliseconds;
}

/** The time as the store's machine has it, whoever asks. */
export const storeTime = (): number => real() + passed;
