import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readExactSchema } from '../../src/cli/exact/read-exact.js';

/** A project whose Payload has this executable. Each run of it adds a line to `runs`. */
function projectWith(bin: string) {
  const root = mkdtempSync(path.join(tmpdir(), 'payload-kv-loader-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const home = path.join(root, 'node_modules/payload');
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, 'package.json'), '{ "name": "payload", "bin": "bin.cjs" }');
  writeFileSync(
    path.join(home, 'bin.cjs'),
    `const { appendFileSync, readFileSync, writeSync } = require('node:fs');
appendFileSync('runs', 'run\\n');
const run = readFileSync('runs', 'utf8').split('\\n').length - 1;
const answer = () => writeSync(3, JSON.stringify({ ok: true, schema: { collections: [], globals: [], locales: ['en'] } }));
${bin}`,
  );
  writeFileSync(path.join(root, 'payload.config.ts'), '');
  const runs = () =>
    existsSync(path.join(root, 'runs'))
      ? readFileSync(path.join(root, 'runs'), 'utf8').trim().split('\n').length
      : 0;
  return { root, configPath: 'payload.config.ts', runs };
}

test('a loader that ends without a word is asked a second time', async () => {
  const project = projectWith('if (run > 1) answer(); process.exit(0);');
  expect((await readExactSchema(project)).locales).toEqual(['en']);
  expect(project.runs()).toBe(2);
});

test('one that never says a word is asked no third time, and the message says what that is', async () => {
  const project = projectWith('process.exit(0);');
  await expect(readExactSchema(project)).rejects.toMatchObject({
    code: 'EXACT_FAILED',
    message: expect.stringMatching(/ended without loading the config, twice/),
    nextStep: expect.stringContaining('again'),
  });
  expect(project.runs()).toBe(2);
});

test.each([
  ['says why', "console.error('Error: no'); process.exit(0);", 'Error: no'],
  ['ends with an error', 'process.exit(3);', 'ended with 3'],
])('one that %s is not asked again', async (_name, bin, message) => {
  const project = projectWith(bin);
  await expect(readExactSchema(project)).rejects.toMatchObject({
    code: 'EXACT_FAILED',
    message: expect.stringContaining(message),
  });
  expect(project.runs()).toBe(1);
});

test.each([
  [
    'the source of a thrown error above it',
    'setTimeout(() => {\n  throw new TypeError(["later", 2].join(" "));\n}, 10);',
    'TypeError: later 2',
  ],
  [
    'the source of a rejection above it',
    'setTimeout(() => {\n  Promise.reject(new Error(["unheard", 2].join(" ")));\n}, 10);',
    'Error: unheard 2',
  ],
  [
    'an error of its own name',
    'setTimeout(() => {\n  throw Object.assign(new Error(["odd", 2].join(" ")), { name: "Odd" });\n}, 10);',
    'Odd: odd 2',
  ],
  ['what is no error', 'setTimeout(() => {\n  throw ["a text", 2].join(" ");\n}, 10);', 'a text 2'],
  [
    'a warning before it',
    "console.error('warning: Error may follow'); throw new Error(['now', 2].join(' '));",
    'Error: now 2',
  ],
])('what is said later is the message, with %s', async (_name, bin, message) => {
  const project = projectWith(bin);
  await expect(readExactSchema(project)).rejects.toMatchObject({
    message: `Payload's loader ended with 1: ${message}`,
  });
});

test('a loader whose work waits in another thread is kept alive until it has answered', async () => {
  // As Node 20 waits for the hooks that translate TypeScript: nothing that it waits for keeps the process alive.
  const project = projectWith('setTimeout(() => { answer(); process.exit(0); }, 200).unref();');
  expect((await readExactSchema(project)).locales).toEqual(['en']);
  expect(project.runs()).toBe(1);
});
