import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { TimeoutError, withTimeout } from '../../src/platform/timeout.js';
import { createFaultGuard, type FaultGuard } from '../../src/runtime/fault/fault-guard.js';

function guarded() {
  let time = 1_000_000;
  const faults: unknown[] = [];
  let opened = 0;
  const guard = createFaultGuard({
    timeout: 10_000,
    pause: 10_000,
    onFault: (error) => faults.push(error),
    onOpen: () => {
      opened += 1;
    },
    now: () => time,
  });
  return {
    guard,
    faults,
    opened: () => opened,
    advance: (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

const fail = (guard: FaultGuard) =>
  guard.run(() => {
    throw new Error('refused');
  });
const succeed = (guard: FaultGuard) => guard.run(() => 'answer');
const times = (count: number, act: () => unknown) => {
  for (let index = 0; index < count; index++) act();
};

describe('a circuit', () => {
  test('stays closed while fewer than half of the last calls fail, however many do', () => {
    const { guard, faults } = guarded();
    times(200, () => {
      succeed(guard);
      succeed(guard);
      fail(guard);
    });
    expect(faults).toHaveLength(200);
    expect(guard.isOpen()).toBe(false);
  });

  test('opens when half of the last twenty calls failed, though never two in a row', () => {
    const { guard, faults, opened } = guarded();
    times(20, () => succeed(guard));
    for (let count = 0; count < 20 && !guard.isOpen(); count++) {
      fail(guard);
      if (!guard.isOpen()) succeed(guard);
    }
    expect(guard.isOpen()).toBe(true);
    expect(faults).toHaveLength(10);
    expect(opened()).toBe(1);
  });

  test('takes fewer than five faults for no proof', () => {
    const { guard } = guarded();
    times(4, () => fail(guard));
    expect(guard.isOpen()).toBe(false);
    fail(guard);
    expect(guard.isOpen()).toBe(true);
  });

  test('makes no call while it is open', () => {
    const { guard } = guarded();
    times(5, () => fail(guard));
    let calls = 0;
    expect(guard.run(() => ++calls)).toBeUndefined();
    expect(calls).toBe(0);
  });

  test('lets one call through after the pause, and no second while that one is under way', async () => {
    const { guard, advance } = guarded();
    times(5, () => fail(guard));
    advance(9_999);
    expect(guard.isOpen()).toBe(true);
    advance(1);
    expect(guard.isOpen()).toBe(false);
    let answer = (_value: string): void => undefined;
    const probe = guard.run(
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
    );
    expect(guard.isOpen()).toBe(true);
    expect(succeed(guard)).toBeUndefined();
    answer('back');
    expect(await probe).toBe('back');
    expect(guard.isOpen()).toBe(false);
    // As if nothing had been: the faults of before do not count any more.
    times(4, () => fail(guard));
    expect(guard.isOpen()).toBe(false);
  });

  test('begins another pause when the probe fails, at its first fault', () => {
    const { guard, advance, opened } = guarded();
    times(5, () => fail(guard));
    advance(10_000);
    fail(guard);
    expect(guard.isOpen()).toBe(true);
    expect(opened()).toBe(2);
    advance(9_999);
    expect(guard.isOpen()).toBe(true);
  });

  test('sends another probe where the first never tells', () => {
    const { guard, advance } = guarded();
    times(5, () => fail(guard));
    advance(10_000);
    void guard.run(() => new Promise<string>(() => undefined));
    expect(guard.isOpen()).toBe(true);
    advance(10_000);
    expect(guard.isOpen()).toBe(false);
    expect(succeed(guard)).toBe('answer');
    expect(guard.isOpen()).toBe(false);
  });

  test('closes by a call that is a probe of its own before the pause is over', () => {
    const { guard } = guarded();
    times(5, () => fail(guard));
    expect(guard.run(() => 'back', { isProbe: true })).toBe('back');
    expect(guard.isOpen()).toBe(false);
  });

  test('is not opened again by calls that hung since before it closed', async () => {
    const { guard, advance } = guarded();
    const hanging = Array.from({ length: 10 }, () => guard.run(() => sleep(30).then(() => Promise.reject())));
    times(5, () => fail(guard));
    advance(10_000);
    expect(succeed(guard)).toBe('answer');
    await Promise.all(hanging);
    expect(guard.isOpen()).toBe(false);
  });

  test('is not opened twice by calls that were under way when it opened', async () => {
    const { guard, opened } = guarded();
    const calls = Array.from({ length: 30 }, () => guard.run(() => Promise.reject(new Error('refused'))));
    await Promise.all(calls);
    expect(opened()).toBe(1);
  });
});

test('a call that takes too long is a fault, and its timeout may be its own', async () => {
  const { guard, faults } = guarded();
  expect(await guard.run(() => new Promise(() => undefined), { timeout: 5 })).toBeUndefined();
  expect(faults).toEqual([expect.any(TimeoutError)]);
});

test('an answer that came in time counts, though the process was too busy to see it', async () => {
  // Opened, measured, read, closed: several turns of the event loop.
  const reading = readFile(new URL(import.meta.url));
  const limited = withTimeout(reading, 700);
  const until = Date.now() + 1_400;
  while (Date.now() < until);
  expect((await limited).length).toBeGreaterThan(0);
});
