import { afterEach, beforeEach, expect, test } from 'vitest';
import { versionKey } from '../../src/interfaces/keys.js';
import { kvRegistry } from '../../src/registries/kv.js';
import { createFaultGuard } from '../../src/runtime/fault/fault-guard.js';
import { memory } from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';

let clock: Clock;
beforeEach(() => {
  clock = takeClock();
});
afterEach(() => clock.stop());

test('a store that was given up is asked again where the clock was set back', () => {
  const guard = createFaultGuard({
    timeout: 1_000,
    pause: 10_000,
    onFault: () => undefined,
    onOpen: () => undefined,
    now: Date.now,
  });
  for (let count = 0; count < 5; count++) {
    guard.run(() => {
      throw new Error('no such server');
    });
  }
  expect(guard.isOpen()).toBe(true);
  clock.advance(-3_600);
  expect(guard.isOpen()).toBe(false);
});

test('a version waits for its interval and no longer where the clock was set back', async () => {
  const store = memory();
  const registry = kvRegistry(store, { interval: 20 });
  const background: Promise<unknown>[] = [];
  const replace = () => registry.replace(['posts'], { background: (work) => background.push(work) });
  await replace();
  clock.advance(-3_600);
  const versions = await replace();
  await Promise.all(background);
  expect(store.getMany([versionKey('posts')])).toEqual(versions);
});
