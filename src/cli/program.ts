import { Command, CommanderError } from 'commander';
import type { Action, CommonFlags } from './command-line.js';
import { declareCommands } from './command-lines.js';
import { EXIT, reportFailure } from './failure.js';
import { EXIT_CODES, helpBlock } from './help-block.js';
import { packageVersion } from './package-files.js';
import { runnable } from './runnable.js';
import { createTerminal, fitted, type TerminalOptions } from './terminal/terminal.js';

/**
 * Runs the command line. Whatever happens, it returns an exit code: 0 done, 1 something was found, 2 could not run,
 * 130 ended by Ctrl-C.
 */
export async function run(args: readonly string[], streams: TerminalOptions = {}): Promise<number> {
  const json = args.includes('--json');
  let exitCode: number = EXIT.ok;
  const program = createProgram(
    (name, work) =>
      async (...given) => {
        const [options] = given.slice(-2) as [CommonFlags];
        const what = given.slice(0, -2) as (string | undefined)[];
        const terminal = createTerminal({ ...streams, json, verbose: options.verbose === true });
        try {
          const { finishEarlierRun } = await import('./earlier-run.js');
          finishEarlierRun(options, terminal);
          exitCode = await work(options, terminal, ...what);
        } catch (error) {
          exitCode = reportFailure(error, name, terminal);
        }
      },
    streams,
  );
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.ok;
    if (json) {
      const message = error.message.replace(/^error: /, '');
      const known = program.commands.find((each) => each.name() === args[0]);
      const help = known ? `payload-kv ${known.name()} --help` : 'payload-kv --help';
      const failure = { code: 'USAGE', message, nextStep: `See \`${help}\`.` };
      createTerminal({ ...streams, json }).document({ command: args[0] ?? null, ok: false, error: failure });
    }
    return EXIT.failed;
  }
  return exitCode;
}

function createProgram(
  action: Action,
  { stdout = process.stdout, stderr = process.stderr }: TerminalOptions,
): Command {
  const program = new Command('payload-kv')
    .description(
      'A cache for Payload CMS: scaffolds it, keeps it in step with the schema, proves that it works.',
    )
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(runnable(text)),
      outputError: (text, write) => write(fitted(text, stderr)),
      getOutHelpWidth: () => stdout.columns ?? 80,
    })
    // Narrower terminals too have the descriptions in their column.
    .configureHelp({ minWidthToWrap: 10 })
    .showHelpAfterError('See `payload-kv --help`.')
    .addHelpText('after', () => helpBlock('Exit codes', EXIT_CODES, stdout));

  declareCommands({ program, action, stdout });
  return program;
}
