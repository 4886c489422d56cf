import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { isRegistryReachable } from '../support/package-registry.js';
import { repository } from '../support/repository.js';

const isReachable = await isRegistryReachable();

test.skipIf(!isReachable)(
  "What is recorded of Payload's own plugins is what the packages themselves make of the samples",
  async () => {
    const { exitCode, stdout, stderr } = await execa(
      'tsx',
      ['test/inspect/official-plugins/record.ts', '--check'],
      { cwd: repository, preferLocal: true, localDir: path.join(repository), reject: false },
    );
    expect(`${stdout}\n${stderr}`).not.toContain('something else');
    expect(exitCode).toBe(0);
  },
  300_000,
);
