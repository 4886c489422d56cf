/** Questions to a person. Ctrl-C in any of them ends the command before anything is written. */
import { Writable } from 'node:stream';
import { PayloadKVError } from '../../errors.js';
import type { QuestionContext, Row, Screen } from './question-views.js';
import type { Terminal } from './terminal.js';

/** One thing to choose. */
export interface Choice extends Row {
  selected?: boolean;
}

/** Asks, on the terminal given. */
export interface Questions {
  confirm(message: string, initial: boolean): Promise<boolean>;
  text(message: string, initial: string, validate: (value: string) => string | true): Promise<string>;
  select(message: string, choices: Choice[], initial: string): Promise<string>;
  selectMany(message: string, choices: Choice[], hint?: string): Promise<string[]>;
}

/** Questions through `@inquirer/core`, which is loaded when the first one is asked. */
export function createQuestions({ stdin, stdout }: Terminal): Questions {
  async function ask<Answer>(
    view: (views: Views, onInputEnd: () => void, context: QuestionContext) => Promise<Answer>,
  ): Promise<Answer> {
    const views = await import('./question-views.js');
    // Nobody is there any more, and readline would wait for ever.
    if (stdin.readableEnded || stdin.destroyed) throw cancelled();
    const ended = new AbortController();
    const context = { input: stdin, output: kept(stdout), signal: ended.signal };
    try {
      return await view(views, () => ended.abort(), context);
    } catch (error) {
      const name = error instanceof Error ? error.name : '';
      if (name === 'ExitPromptError' || name === 'AbortPromptError') throw cancelled();
      throw error;
    }
  }

  return {
    async confirm(message, initial) {
      const answer = await ask(({ askLine }, onInputEnd, context) =>
        askLine(
          { message, hint: initial ? '(Y/n)' : '(y/N)', read: yesOrNo(initial), screen: stdout, onInputEnd },
          context,
        ),
      );
      return answer === 'yes';
    },
    text: (message, initial, validate) =>
      ask(({ askLine }, onInputEnd, context) =>
        askLine(
          {
            message,
            hint: `(${initial})`,
            proposal: initial,
            read(line) {
              const answer = line === '' ? initial : line;
              const problem = validate(answer);
              return problem === true ? { answer } : { problem };
            },
            screen: stdout,
            onInputEnd,
          },
          context,
        ),
      ),
    async select(message, rows, initial) {
      const [answer] = await ask(({ askList }, onInputEnd, context) =>
        askList(
          {
            message,
            rows,
            chosen: [initial],
            many: false,
            hint: 'arrows to move, enter to choose',
            screen: stdout,
            onInputEnd,
          },
          context,
        ),
      );
      return answer!;
    },
    selectMany: (message, rows, hint = 'space to choose, tab for all, enter') =>
      ask(({ askList }, onInputEnd, context) =>
        askList(
          {
            message,
            rows,
            chosen: rows.flatMap(({ value, selected }) => (selected ? [value] : [])),
            many: true,
            hint,
            screen: stdout,
            onInputEnd,
          },
          context,
        ),
      ),
  };
}

type Views = typeof import('./question-views.js');

function yesOrNo(initial: boolean) {
  return (line: string): { answer: string } | { problem: string } => {
    if (line === '') return { answer: initial ? 'yes' : 'no' };
    if (/^y(es)?$/i.test(line)) return { answer: 'yes' };
    return /^no?$/i.test(line) ? { answer: 'no' } : { problem: 'Answer y or n.' };
  };
}

/** The library ends the stream that it is given. */
function kept(stdout: Screen): Screen {
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, written) {
      stdout.write(chunk);
      written();
    },
  });
  return Object.defineProperty(stream, 'columns', { get: () => stdout.columns });
}

function cancelled(): PayloadKVError {
  return new PayloadKVError({ code: 'CANCELLED', message: 'Cancelled. Nothing was written.' });
}
