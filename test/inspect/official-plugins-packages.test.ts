import path from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';

const isReachable = process.env.CI
  ? true
  : await execa('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=10000'], { reject: false }).then(
      ({ exitCode }) => exitCode === 0,
    );

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
