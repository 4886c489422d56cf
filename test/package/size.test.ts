import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installSize } from '../../scripts/size.js';
import { removeDirectory } from '../support/remove-directory.js';
import { pack } from './packed.js';

/** In bytes, as `npm run size` has it. */
const BUDGET = 7_500_000;

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'payload-kv-size-test-'));
});

afterAll(() => removeDirectory(directory));

test('An installation stays within its size budget, and brings no compiler', async () => {
  const { total, rows } = installSize((await pack(directory)).tarball);
  const names = rows.map(({ name }) => name).join();
  expect(names).toContain('`yaml`');
  expect(names).not.toMatch(/ts-morph|`typescript/);
  expect(rows.every(({ bytes }) => bytes > 0)).toBe(true);
  expect(total.bytes).toBeGreaterThan(1_000_000);
  expect(total.bytes).toBeLessThan(BUDGET);
});
