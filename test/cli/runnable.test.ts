import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runnable } from '../../src/cli/runnable.js';

/** An empty project of a package manager. */
function projectOf(packageManager: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'payload-kv-runnable-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ packageManager }));
  return directory;
}

test.each([
  ['npm@11.0.0', 'npx'],
  ['pnpm@10.0.0', 'pnpm exec'],
  ['yarn@4.0.0', 'yarn'],
  ['bun@1.0.0', 'bunx'],
])('with %s a message names commands that can be typed', (packageManager, runner) => {
  const directory = projectOf(packageManager);
  expect(
    runnable('Run `payload-kv init`, or `payload generate:types`. See `payload-kv --help`.', directory),
  ).toBe(
    `Run \`${runner} payload-kv init\`, or \`${runner} payload generate:types\`. See \`${runner} payload-kv --help\`.`,
  );
});

test('a name alone is no command', () => {
  const text = 'There are `payload-kv` and `payload`; `npx payload-kv sync` is one already.';
  expect(runnable(text, projectOf('npm@11.0.0'))).toBe(text);
});
