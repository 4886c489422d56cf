import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';

/** Ctrl-C, in place of an answer. */
export const CTRL_C = '\x03';

/** The rows to be chosen of a list, a line to be typed or the beginning of a row, yes or no. */
export type Answer = readonly string[] | string | boolean;

/** What somebody sees and touches. */
export interface Desk {
  stdin: Writable;
  /** Everything that was written to the screen until now. */
  screen(): string;
  /** Settled once nothing more will be asked. */
  ended: Promise<unknown>;
}

/**
 * Answers questions by keys, each once it stands on the screen.
 * @throws Error where fewer questions were asked than there are answers
 */
export async function answerAll(answers: readonly Answer[], { stdin, screen, ended }: Desk): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  ended.then(over, over);
  let seen = 0;
  const shown = () => textOf(screen().slice(seen));
  const until = async (condition: () => boolean, what: string) => {
    while (!condition()) {
      if (isOver) throw new Error(`${what}: it did not come. On the screen is:\n${shown()}`);
      await sleep(2);
    }
  };
  const press = (keys: string) => {
    seen = screen().length;
    stdin.write(keys);
  };
  const type = async (line: string) => {
    press(line);
    const isTyped = () =>
      shown()
        .split('\n')
        .some((row) => row.endsWith(line));
    await until(isTyped, line);
    press('\r');
  };

  for (const answer of answers) {
    await until(() => /^\? ./m.test(shown()), `A question for ${JSON.stringify(answer)}`);
    if (answer === CTRL_C) press(answer);
    else if (typeof answer === 'string') await type(answer);
    else if (typeof answer === 'boolean') await type(answer ? 'y' : 'n');
    else {
      const chosen = () => Number([...shown().matchAll(/(\d+) of \d+ chosen/g)].at(-1)?.[1]);
      await until(() => chosen() >= 0, 'A list');
      for (let before = chosen(); before !== 0; before = chosen()) {
        stdin.write('\t');
        await until(() => chosen() !== before, 'None of them chosen');
      }
      for (const [index, row] of answer.entries()) {
        stdin.write(`${row} \r`);
        await until(() => chosen() === index + 1, `${row} chosen`);
      }
      press('\r');
    }
  }
}

/** Each drawing of a question begins a line of its own. */
function textOf(screen: string): string {
  return stripVTControlCharacters(screen.replaceAll('\x1B[G', '\n'));
}
