import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { createQuestions } from '../../src/cli/questions.js';
import { createTerminal } from '../../src/cli/terminal.js';

/** Asks for a text on a terminal of 40 columns. Keys are pressed one after the other; what is no key is waited for. */
async function ask(keys: (string | RegExp)[], problem: string): Promise<{ answer: string; screen: string }> {
  const stream = () => Object.assign(new PassThrough(), { isTTY: true, columns: 40, setRawMode() {} });
  const [stdin, stdout] = [stream(), stream()];
  let screen = '';
  stdout.on('data', (chunk) => {
    screen += chunk;
  });
  const { text } = createQuestions(
    createTerminal({ stdin, stdout, stderr: stream(), env: { NO_COLOR: '1' } }),
  );
  const answer = text('Name?', 'x', (value) => value === 'good' || problem);
  for (const key of keys) {
    if (typeof key === 'string') stdin.write(key);
    else await vi.waitFor(() => expect(screen).toMatch(key), { timeout: 60_000 });
  }
  return { answer: await answer, screen };
}

test('what is wrong with an answer stands on one line, however narrow the terminal', async () => {
  const { answer, screen } = await ask(
    ['g', 'o', '\r', /This explains/, 'o', 'd', '\r'],
    'This explains at length what is wrong with the answer.',
  );
  expect(answer).toBe('good');
  expect(screen).toContain('This explains at length what is wro…');
  expect(screen).not.toContain('with the answer.');
});

test('keys that mean nothing leave nothing in the answer', async () => {
  const { answer } = await ask(['g', 'o', '\x15', 'o', 'd', '\r'], 'no');
  expect(answer).toBe('good');
});
