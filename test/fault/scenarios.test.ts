import { readFileSync } from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, test, vi } from 'vitest';
import { hasRedis } from '../support/redis.js';
import { repository } from '../support/repository.js';
import { SCENARIOS } from './scenarios.js';
import type { SoakOutcome } from './soak.js';

// The timeout is part of what is tested here.
vi.stubEnv('PAYLOAD_KV_TIMEOUT', undefined);

/** Those that the other tests of this directory do not go through step by step. */
const HERE = ['Redis paused', 'KV answers 429 for a minute'];
const scenarios = SCENARIOS.filter(
  ({ name, versions }) => HERE.includes(name) && versions === 'in the store',
);

describe.each(scenarios)('a store in trouble: $name', ({ needsRedis, opens, run }) => {
  test.runIf(!needsRedis || hasRedis)(
    'every answer is the database’s, none fails, and it hits again afterwards',
    async () => {
      const { differences, failures, hitsAgain, operations, samples } = await run(15);
      expect({ differences, failures, hitsAgain }).toEqual({
        differences: [],
        failures: [],
        hitsAgain: true,
      });
      expect(operations).toBeGreaterThan(30);
      if (opens) expect(samples.some(({ isOpen }) => isOpen)).toBe(true);
    },
  );
});

test('A site that works for long under faults keeps no more than before', async () => {
  const { stdout } = await execa({
    cwd: repository,
  })`${process.execPath} --expose-gc --import tsx test/fault/soak.ts 4000`;
  const { differences, failures, growth, events } = JSON.parse(
    stdout.trim().split('\n').at(-1) ?? '',
  ) as SoakOutcome;
  expect({ differences, failures }).toEqual({ differences: 0, failures: 0 });
  expect(Math.abs(growth)).toBeLessThan(2 * 1024 * 1024);
  expect(events).toBeGreaterThan(4_000);
});

test('The table in the documentation has the rows of the script', () => {
  const text = readFileSync(path.join(repository, 'docs/faults.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (.+?) \| (elsewhere|in the store) \|/gm)].map(([, name, versions]) => ({
    name,
    versions,
  }));
  expect(rows).toEqual(SCENARIOS.map(({ name, versions }) => ({ name, versions })));
});
