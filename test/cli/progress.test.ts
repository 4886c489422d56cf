import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createProgress } from '../../src/cli/terminal/progress.js';

function streamOf(more: object) {
  const stdout = Object.assign(new PassThrough(), more);
  return { stdout, written: () => String(stdout.read() ?? '').replaceAll('\u001b', '^') };
}

test('on a terminal what goes on takes the place of what was before, in one row, and leaves nothing behind', () => {
  const { stdout, written } = streamOf({ isTTY: true, columns: 20 });
  const progress = createProgress({ json: false, stdout }, {});
  progress.clear();
  progress.show('one');
  progress.show('a line that is longer than the terminal');
  progress.clear();
  progress.clear();
  expect(written()).toBe('\r^[2K… one\r^[2K… a line that is lo\r^[2K');
});

test.each([
  ['without a terminal', {}, false, {}],
  ['with --json', { isTTY: true }, true, {}],
  ['on a terminal that cannot write over', { isTTY: true }, false, { TERM: 'dumb' }],
])('%s nothing of it is written', (_name, stream, json, env) => {
  const { stdout, written } = streamOf(stream);
  const progress = createProgress({ json, stdout }, env);
  progress.show('one');
  progress.clear();
  expect(written()).toBe('');
});
