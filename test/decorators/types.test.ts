import path from 'node:path';
import { execaNode } from 'execa';
import { expect, test } from 'vitest';
import { repository } from '../support/repository.js';

const tsc = path.join(repository, 'node_modules/typescript/bin/tsc');

/** With the decorators of the language the program of the whole repository compiles the same files. */
test("What is decorated, and what must not be, compiles so with TypeScript's legacy decorators", async () => {
  const { stdout, exitCode } = await execaNode(tsc, ['--pretty', 'false', '-p', 'test/decorators/legacy'], {
    cwd: repository,
    reject: false,
  });
  expect(stdout).toBe('');
  expect(exitCode).toBe(0);
});
