import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, test, vi } from 'vitest';
import { createQuestions, type Questions } from '../../src/cli/terminal/questions.js';
import { createTerminal } from '../../src/cli/terminal/terminal.js';

const [TAB, ENTER, ESCAPE, CTRL_C, CTRL_D, CTRL_U, CTRL_Z] = [
  '\t',
  '\r',
  '\x1b',
  '\x03',
  '\x04',
  '\x15',
  '\x1a',
];
const DOWN = '\x1b[B';
const slugs = Array.from({ length: 60 }, (_, index) => `collection-${index}`);
const choices = slugs.map((value) => ({
  title: value,
  value,
  description: 'precise for slug',
  selected: true,
}));

/** Somebody at a terminal. Keys are pressed one after the other; what is no key is waited for. */
function sit(columns: number, env: NodeJS.ProcessEnv = { NO_COLOR: '1' }) {
  const raw: boolean[] = [];
  const stream = () =>
    Object.assign(new PassThrough(), {
      isTTY: true,
      columns,
      rows: 24,
      setRawMode: (on: boolean) => raw.push(on),
    });
  const [stdin, stdout] = [stream(), stream()];
  const shown = { output: '' };
  stdout.on('data', (chunk) => {
    shown.output += chunk;
  });
  const questions = createQuestions(createTerminal({ stdin, stdout, stderr: stream(), env }));
  const rows = () => stripVTControlCharacters(shown.output.replaceAll('\x1b[G', '\n')).split('\n');
  /** What was drawn last, the question's row first. */
  const drawing = () => rows().slice(rows().findLastIndex((row) => /^[?✓✗] /.test(row)));
  async function ask<Answer>(
    question: (questions: Questions) => Promise<Answer>,
    ...keys: (string | RegExp)[]
  ): Promise<Answer> {
    const before = rows().length;
    const answer = question(questions);
    // Whether it is answered is found out below; until then nobody is to complain that nobody listens.
    answer.catch(() => {});
    const waitFor = (what: RegExp) =>
      vi.waitFor(
        () =>
          expect(
            rows()
              .slice(before - 1)
              .join('\n'),
          ).toMatch(what),
        { timeout: 60_000, interval: 5 },
      );
    await waitFor(/^\? /m);
    for (const key of keys) {
      if (typeof key === 'string') stdin.write(key);
      else await waitFor(key);
    }
    return answer;
  }
  return { ask, questions, drawing, rows, raw, shown, stdin };
}

test('what is wrong with an answer is said below it, broken between words, and the answer can be corrected', async () => {
  const { ask, rows } = sit(40);
  const problem = 'This explains at length what is wrong with the answer.';
  const text = (it: Questions) => it.text('Name?', 'x', (value) => value === 'good' || problem);
  expect(await ask(text, 'go', ENTER, /with the answer\./, 'od', ENTER)).toBe('good');
  expect(rows()).toEqual(
    expect.arrayContaining(['! This explains at length what is wrong', '  with the answer.']),
  );
  expect(rows().filter((row) => row.length > 40)).toEqual([]);
});

test('keys that mean nothing leave nothing in the answer', async () => {
  const { ask } = sit(40);
  const text = (it: Questions) => it.text('Name?', 'x', (value) => value === 'good' || 'no');
  expect(await ask(text, 'g', 'o', CTRL_U, CTRL_Z, '\x07', 'good', ENTER)).toBe('good');
  expect(await ask((it) => it.text('Name?', 'good', () => true), ENTER)).toBe('good');
  expect(await ask((it) => it.text('Name?', 'goo', () => true), TAB, 'd', ENTER)).toBe('good');
});

test('only yes and no are answers where one of them is wanted', async () => {
  const { ask } = sit(80);
  const sure = (it: Questions) => it.confirm('Write it?', true);
  expect(await ask(sure, ENTER)).toBe(true);
  expect(await ask(sure, 'q', ENTER, /Answer y or n/, CTRL_U, 'No', ENTER)).toBe(false);
  expect(await ask((it) => it.confirm('Write it?', false), 'y', ENTER)).toBe(true);
});

test('of many, what is typed narrows the list, and nobody answers with what is out of sight', async () => {
  const { ask, drawing, rows } = sit(80);
  const many = (it: Questions) => it.selectMany('Which?', choices);
  const answer = await ask(
    many,
    ...[TAB, /0 of 60 chosen/, 'COLLECTION-4', DOWN, ' ', /1 of 60 chosen/],
    ...[ENTER, '59', TAB, /2 of 60 chosen/, ESCAPE, /2 of 60 chosen: type/, ENTER],
  );
  expect(answer).toEqual(['collection-40', 'collection-59']);
  expect(drawing()[0]).toBe('✓ Which? collection-40, collection-59');
  const narrowed = rows().slice(rows().lastIndexOf('? Which? 59'));
  expect(narrowed.slice(1, 3)).toEqual([
    expect.stringMatching(/^❯ ◉ collection-59 {2}precise for slug$/),
    expect.stringMatching(/^ {2}2 of 60 chosen: .*enter to see all/),
  ]);
});

test('a list of many is never higher than the terminal, and no row of it is wider', async () => {
  for (const columns of [80, 40]) {
    const { ask, drawing, rows } = sit(columns);
    const pages = [/❯ ◉ collection-0/, '\x1b[6~', /❯ ◉ collection-1\d/, '\x1b[A', '\x1b[A'];
    await ask((it) => it.selectMany('Which collections are to be cached?', choices), ...pages, ENTER);
    const answered = drawing().map((row) => row.trim());
    expect(answered.join(' ')).toBe('✓ Which collections are to be cached? all 60 ');
    expect(rows().filter((row) => row.length > columns)).toEqual([]);
    const height = rows().findIndex((row, index) => index > 0 && /^[?✓] /.test(row));
    expect(height).toBeLessThan(24);
  }
});

test('an answer that is too long for its row is broken between words', async () => {
  const { ask, rows } = sit(60);
  const some = choices.slice(0, 8);
  await ask((it) => it.selectMany('Which?', some), ENTER);
  const answer = rows().slice(rows().findLastIndex((row) => row.startsWith('✓')));
  expect(answer.slice(0, 2)).toEqual([
    '✓ Which? collection-0, collection-1, collection-2,',
    '  collection-3, collection-4, collection-5, collection-6,',
  ]);
});

test('of a list that yields one, the row that was proposed is where it begins, and where it goes back to', async () => {
  const { ask } = sit(80);
  const one = (it: Questions) => it.select('Which?', choices, 'collection-7');
  expect(await ask(one, ENTER)).toBe('collection-7');
  expect(await ask(one, DOWN, ENTER)).toBe('collection-8');
  expect(await ask(one, '12', ENTER)).toBe('collection-12');
  expect(await ask(one, 'nobody', ENTER, ESCAPE, /is called so.*❯ collection-7/s, ENTER)).toBe(
    'collection-7',
  );
});

test.each([
  ['Ctrl-C', (it: Questions) => it.text('Name?', 'x', () => true), CTRL_C],
  ['Ctrl-D', (it: Questions) => it.text('Name?', 'x', () => true), CTRL_D],
  ['Ctrl-C', (it: Questions) => it.confirm('Sure?', true), CTRL_C],
  ['Ctrl-C', (it: Questions) => it.selectMany('Which?', choices), CTRL_C],
  ['Ctrl-D', (it: Questions) => it.selectMany('Which?', choices), CTRL_D],
  ['Ctrl-D', (it: Questions) => it.select('Which?', choices, 'collection-1'), CTRL_D],
])('%s ends it and leaves the terminal as it was: %s', async (_key, question, key) => {
  const { ask, drawing, raw, shown } = sit(80);
  await expect(ask<unknown>(question, key)).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(drawing()).toEqual([expect.stringMatching(/^✗ \w+\?$/), '']);
  expect(raw).toEqual([true, false]);
  expect(shown.output.lastIndexOf('\x1b[?25l')).toBeLessThan(shown.output.lastIndexOf('\x1b[?25h'));
});

test('the end of the input is no answer', async () => {
  const { ask, questions, stdin } = sit(80);
  const sure = (it: Questions) => it.confirm('Sure?', true);
  const answer = ask(sure, 'y');
  stdin.end();
  await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
  await vi.waitFor(() => expect(stdin.readableEnded).toBe(true));
  await expect(sure(questions)).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('of several lines that are pasted at once, the first alone is an answer', async () => {
  const { ask } = sit(80);
  expect(await ask((it) => it.text('Name?', 'x', () => true), `one${ENTER}two${ENTER}y${ENTER}`)).toBe('one');
  expect(await ask((it) => it.confirm('Sure?', true), 'n', ENTER)).toBe(false);
});

test('questions are coloured only where that is wanted', async () => {
  for (const [env, coloured] of [
    [{ NO_COLOR: '1' }, false],
    [{}, true],
  ] as const) {
    const { ask, shown } = sit(80, env);
    await ask((it) => it.selectMany('Which?', choices), ENTER);
    await ask((it) => it.confirm('Sure?', true), 'q', ENTER, /Answer/, CTRL_U, ENTER);
    expect(/\[\d+m/.test(shown.output)).toBe(coloured);
  }
});
