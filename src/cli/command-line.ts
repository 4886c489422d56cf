/** What command lines have in common. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../platform/nearest.js';
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

/** A flag whose value is one of a few; `repeatable` for one that may be given several times. Default once. */
export function choice(
  flags: string,
  description: string,
  choices: readonly string[],
  { repeatable = false }: { repeatable?: boolean } = {},
): Option {
  const read = oneOf(choices);
  const option = new Option(flags, description).choices(choices);
  return repeatable
    ? option.argParser((value, previous?: string[]) => collect(read(value), previous))
    : option.argParser(read);
}

/** An argument that is one of a few. */
export function choiceArgument(name: string, description: string, choices: readonly string[]): Argument {
  return new Argument(name, description).choices(choices).argParser(oneOf(choices));
}

/** Reads one of a few words; what is none of them is refused with all of them, and with the one that was meant. */
function oneOf(choices: readonly string[]): (value: string) => string {
  return (value) => {
    if (choices.includes(value)) return value;
    const meant = nearest(value, choices);
    const allowed = `Allowed choices are ${choices.join(', ')}.`;
    throw new InvalidArgumentError(meant === undefined ? allowed : `Did you mean ${meant}? ${allowed}`);
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
