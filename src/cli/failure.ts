import kleur from 'kleur';
import { PayloadKVError } from '../errors.js';
import { runnable } from './runnable.js';
import { printable, type Terminal } from './terminal/terminal.js';

/** Exit codes of all commands. */
export const EXIT = {
  /** Done, or nothing to do. */
  ok: 0,
  /** It ran, and found something: drift, a failed check, an edit that is left to the person. */
  found: 1,
  /** It could not run: a wrong flag, no config, a file that cannot be written. */
  failed: 2,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** An error as it stands in a `--json` document. */
export interface FailureDocument {
  code: string;
  message: string;
  location?: { file: string; line?: number };
  nextStep?: string;
  stack?: string;
}

/** Tells a person, or a script, what went wrong; returns the exit code. */
export function reportFailure(error: unknown, command: string, terminal: Terminal): number {
  const failure = describe(error, terminal.verbose);
  terminal.document({ command, ok: false, error: failure });
  if (!terminal.json) for (const line of failureLines(failure)) terminal.note(line);
  return failure.code === 'CANCELLED' ? EXIT.interrupted : EXIT.failed;
}

/** An error as data. Anything that was not thrown on purpose is `UNEXPECTED`. */
export function describe(error: unknown, verbose: boolean): FailureDocument {
  const stack = verbose && error instanceof Error && error.stack ? { stack: stackOf(error) } : {};
  if (isOurs(error)) {
    const { code, message, location, nextStep } = error;
    return { code, message, ...(location ? { location } : {}), ...(nextStep ? { nextStep } : {}), ...stack };
  }
  const { code, path: file } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  if ((code === 'EACCES' || code === 'EPERM') && file !== undefined) {
    return {
      code: 'FILE_UNREADABLE',
      message: `${file} may not be read: permission denied.`,
      location: { file },
      nextStep: 'Make it readable and run the command again.',
      ...stack,
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'UNEXPECTED',
    message,
    nextStep: 'Run the command with --verbose to see where it comes from.',
    ...stack,
  };
}

/** An error in lines: what happened, where, what to do. */
export function failureLines({ code, message, location, nextStep, stack }: FailureDocument): string[] {
  const lines = [`${kleur.red('✗')} ${printable(runnable(message))} ${kleur.dim(`[${code}]`)}`];
  if (location)
    lines.push(`  ${kleur.dim('at')} ${printable(location.file)}${location.line ? `:${location.line}` : ''}`);
  if (nextStep) lines.push(`  ${kleur.cyan('→')} ${printable(runnable(nextStep))}`);
  if (stack) lines.push(kleur.dim(stack));
  return lines;
}

function isOurs(error: unknown): error is PayloadKVError {
  return error instanceof PayloadKVError;
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack}${cause}`;
}
