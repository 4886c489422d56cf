/** Questions to a person. Ctrl-C in any of them ends the command before anything is written. */
import type { Writable } from 'node:stream';
import prompts from 'prompts';
import { PayloadKVError } from '../errors.js';
import type { Terminal } from './terminal.js';

/** One thing to choose. */
export interface Choice {
  title: string;
  value: string;
  description?: string;
  selected?: boolean;
}

/** Asks, on the terminal given. */
export interface Questions {
  confirm(message: string, initial: boolean): Promise<boolean>;
  text(message: string, initial: string, validate: (value: string) => string | true): Promise<string>;
  select(message: string, choices: Choice[], initial: string): Promise<string>;
  selectMany(message: string, choices: Choice[], hint?: string): Promise<string[]>;
}

/** Questions through `prompts`. */
export function createQuestions({ stdin, stdout }: Terminal): Questions {
  async function ask<Value>(question: Omit<prompts.PromptObject<'value'>, 'name'>): Promise<Value> {
    const streams = { stdin, stdout };
    const answers = await prompts(
      { ...question, ...streams, name: 'value' } as prompts.PromptObject<'value'>,
      {
        onCancel: () => {
          throw cancelled();
        },
      },
    );
    // Without an answer the input has ended: nobody is there.
    if (answers.value === undefined) throw cancelled();
    return answers.value as Value;
  }

  return {
    confirm: (message, initial) => ask({ type: 'confirm', message, initial }),
    async text(message, initial, validate) {
      const value = await ask<string>({
        type: 'text',
        message,
        initial,
        validate: (it: string) => {
          const problem = validate(typed(it));
          return problem === true ? true : fitting(problem, stdout);
        },
      });
      return typed(value);
    },
    select: (message, choices, initial) =>
      ask({
        type: 'select',
        message,
        choices,
        initial: Math.max(
          0,
          choices.findIndex(({ value }) => value === initial),
        ),
      }),
    selectMany: (message, choices, hint = 'space to choose, a for all, enter') =>
      ask({ type: 'multiselect', message, choices, instructions: false, hint }),
  };
}

/** What was typed, without the control characters of keys that mean nothing here. */
function typed(value: string): string {
  return value.replace(/\p{Cc}/gu, '').trim();
}

/** On one line: of a message that wraps, `prompts` would leave the rest behind on the screen. */
function fitting(message: string, stdout: Writable & { columns?: number }): string {
  const { columns = 80 } = stdout;
  const room = Math.max(20, columns - 4);
  return message.length <= room ? message : `${message.slice(0, room - 1)}…`;
}

function cancelled(): PayloadKVError {
  return new PayloadKVError({ code: 'CANCELLED', message: 'Cancelled. Nothing was written.' });
}
