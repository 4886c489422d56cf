import path from 'node:path';
import { execa } from 'execa';
import { repository } from './repository.js';

/** How the command is run. */
export interface CliOptions {
  cwd: string;
  /** Text on standard input. Default none: standard input is closed. */
  input?: string;
  /** Environment over this process's own. */
  env?: Record<string, string>;
}

/** What the command said. */
export interface CliResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Runs the built executable as a user's shell does, without a terminal and without colour. */
export async function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const result = await execa(process.execPath, [path.join(repository, 'bin/payload-kv.js'), ...args], {
    cwd: options.cwd,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    // `NODE_ENV=test` is this process's affair; a user's shell has none.
    env: { NODE_ENV: undefined, VITEST: undefined, NO_COLOR: '1', ...options.env },
    reject: false,
    stripFinalNewline: false,
  });
  if (result.exitCode === undefined) throw new Error(`payload-kv did not run: ${result.originalMessage}`);
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
}
