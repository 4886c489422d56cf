import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { installDependencies } from '../../src/apply/install.js';
import { removeDirectory } from '../support/remove-directory.js';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'payload-kv-install-'));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await removeDirectory(root);
});

/** Puts a package manager on the path that writes down how it was called. */
async function provide(name: string, exitCode = 0): Promise<void> {
  const script = `#!/bin/sh\necho "$@" > "${root}/called"\npwd >> "${root}/called"\nexit ${exitCode}\n`;
  await writeFile(path.join(root, name), script);
  await chmod(path.join(root, name), 0o755);
  vi.stubEnv('PATH', `${root}:${process.env.PATH}`);
}

test("the project's own package manager installs, in the project", async () => {
  await provide('pnpm');
  await installDependencies(root, 'pnpm');
  expect(await readFile(path.join(root, 'called'), 'utf8')).toBe(`install --no-frozen-lockfile\n${root}\n`);
});

test('a failed installation names the command to run, and says that the files stay', async () => {
  await provide('yarn', 3);
  await expect(installDependencies(root, 'yarn')).rejects.toMatchObject({
    code: 'INSTALL_FAILED',
    message: expect.stringMatching(/it ended with 3\. The files are written and stay\./),
    nextStep: expect.stringContaining('yarn install'),
  });
});

test('a package manager that is not there is named', async () => {
  vi.stubEnv('PATH', root);
  await expect(installDependencies(root, 'bun')).rejects.toMatchObject({
    code: 'INSTALL_FAILED',
    message: expect.stringContaining('bun was not found'),
  });
});
