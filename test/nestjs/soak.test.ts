import { expect, test } from 'vitest';
import { soak } from './soak/soak.js';

/** Growth of a heap that is no leak, in bytes: what is kept in memory, and compiled. */
const NO_LEAK = 40_000_000;

test('two processes on a Redis that comes and goes answer nobody wrongly', async () => {
  const found = await soak({ seconds: 0, faults: 3, between: 1_000 });
  const { stale, tooOld, strangers, failures, faults, unrecovered } = found;
  expect({ stale, tooOld, strangers, failures, faults, unrecovered }).toEqual({
    stale: [],
    tooOld: [],
    strangers: [],
    failures: [],
    faults: [],
    unrecovered: 0,
  });
  expect([found.kills, found.pauses]).toEqual([2, 1]);
  expect(found.writes).toBeGreaterThan(20);
  expect(found.hits).toBeGreaterThan(100);
  for (const { first, last } of found.heaps) expect(last).toBeLessThan(first + NO_LEAK);
}, 300_000);
