/** What command lines have in common. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Columns } from './help-block.js';
import type { Terminal } from './terminal/terminal.js';

/** The flags that every command has, but the one that prints a completion. */
export interface CommonFlags {
  cwd: string;
  config?: string;
  json?: boolean;
  verbose?: boolean;
}

/** What a command does; its exit code. */
export type Work = (options: any, terminal: Terminal, ...what: (string | undefined)[]) => Promise<number>;
/** Makes of a command's work what is run once its flags are read; what stands before them are its arguments. */
export type Action = (
  name: string,
  work: Work,
) => (...given: [...what: (string | undefined)[], options: CommonFlags, command: Command]) => Promise<void>;

/** What a command line is declared with. */
export interface CommandLine {
  program: Command;
  action: Action;
  stdout: Columns & { write(text: string): unknown };
}

/** Gives a command the flags that all have. */
export function common(command: Command): Command {
  return command
    .option('--cwd <dir>', 'directory of the project', directory, process.cwd())
    .option('--config <path>', 'path of the Payload config, if it is not found or one of several')
    .option('--json', 'one JSON document on standard output')
    .option('--verbose', 'more detail, and stack traces')
    .showHelpAfterError(`See \`payload-kv ${command.name()} --help\`.`);
}

/** Reads a flag that may be given several times. */
export function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

/** Reads a flag that may be given several times, each time with one of these: `choices()` alone keeps the last one. */
export function collectOf(choices: readonly string[]) {
  return (value: string, previous?: string[]): string[] => {
    if (!choices.includes(value))
      throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
    return collect(value, previous);
  };
}

/** Reads a whole number. */
export function wholeNumber(least: number, most: number) {
  return (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < least || number > most)
      throw new InvalidArgumentError(`Give a number from ${least} to ${most}.`);
    return number;
  };
}

function directory(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('It is empty.');
  return value;
}
