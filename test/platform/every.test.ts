import { afterEach, expect, test, vi } from 'vitest';
import { every } from '../../src/platform/every.js';

afterEach(() => void vi.restoreAllMocks());

test('an interval that timers do not know is the longest that they do', () => {
  const set = vi.spyOn(globalThis, 'setInterval');
  const clear = vi.spyOn(globalThis, 'clearInterval');
  for (const [milliseconds, delay] of [
    [1_000, 1_000],
    [1_000 * 86_400 * 30, 2 ** 31 - 1],
  ] as const) {
    const end = every(milliseconds, () => undefined);
    expect(set).toHaveBeenLastCalledWith(expect.any(Function), delay);
    const timer = set.mock.results.at(-1)!.value as NodeJS.Timeout;
    expect(timer.hasRef()).toBe(false);
    end();
    expect(clear).toHaveBeenLastCalledWith(timer);
  }
});
