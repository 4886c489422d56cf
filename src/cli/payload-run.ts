/** Runs a script of this package in the user's project, by Payload's own loader. */
import path from 'node:path';
import { execa } from 'execa';
import { packageFile } from './package-files.js';

/**
 * Ends a process whose command is gone, after two seconds for what it does at its end: a config may heed no signal, or
 * be busy for ever, and is then left by a command that is ended. In a thread of its own, so that it runs nevertheless.
 */
const watchOf = (command: number) => `
const parent = process.ppid;
function isGone() {
  // A command that nobody waited for yet has its number still.
  if (parent === ${command} && process.ppid !== parent) return true;
  try {
    process.kill(${command}, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}
const timer = setInterval(() => {
  if (!isGone()) return;
  clearInterval(timer);
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2000);
}, 500);`;

/**
 * Nothing that Payload's loader waits for keeps its process alive while the hooks that translate TypeScript, in another
 * thread, are slow to answer: Node then ends it with 0. It ends itself when it is done, whatever this would wait for.
 */
const keptAlive = (command: number) => `
import { isMainThread, Worker } from 'node:worker_threads';
setInterval(() => {}, 60000);
if (isMainThread)
  new Worker(${JSON.stringify(watchOf(command))}, { eval: true, execArgv: [], env: {} }).unref();`;

/** What is run, and where. */
export interface PayloadRun {
  /** Payload's executable as the project has it. */
  bin: string;
  /** File of this package, such as `dist/cli/exact/script.js`. */
  script: string;
  /** The project's directory. */
  root: string;
  /** Path of its config, from there. */
  configPath: string;
  /** Longest wait in milliseconds. */
  timeout: number;
  /** Variables of the script besides `PAYLOAD_KV_CONFIG`. */
  env?: Record<string, string>;
}

/** How it ended. Nothing that the project prints is shown. */
export interface PayloadRunOutcome<Reply> {
  /** What the script answered, if anything. */
  reply: Reply | undefined;
  exitCode: number | undefined;
  timedOut: boolean;
  stderr: string;
  /** Whether it ended well without an answer or an error. */
  isSilent: boolean;
}

/** Runs it once. */
export async function payloadRun<Reply>({
  bin,
  script,
  root,
  configPath,
  timeout,
  env,
}: PayloadRun): Promise<PayloadRunOutcome<Reply>> {
  const preload = `data:text/javascript,${encodeURIComponent(keptAlive(process.pid))}`;
  const { exitCode, timedOut, stdio } = await execa(
    process.execPath,
    ['--import', preload, bin, 'run', packageFile(script)],
    {
      cwd: root,
      env: { ...env, PAYLOAD_KV_CONFIG: path.resolve(root, configPath), NODE_NO_WARNINGS: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      timeout,
      reject: false,
    },
  );
  const [, , stderr, answer] = stdio as unknown as [unknown, unknown, string, string];
  const isSilent = exitCode === 0 && [stderr, answer].every((text) => String(text ?? '').trim() === '');
  return { reply: parse<Reply>(answer), exitCode, timedOut, stderr, isSilent };
}

function parse<Reply>(text: string): Reply | undefined {
  try {
    return JSON.parse(text) as Reply;
  } catch {
    return undefined;
  }
}
