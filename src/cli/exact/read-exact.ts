/** Asks the project itself for its schema: runs Payload's own loader in it and reads the sanitised config. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PayloadKVError } from '../../errors.js';
import { readIfThere, upwards } from '../../inspect/file-system.js';
import { readManifest } from '../../inspect/manifest.js';
import type { Project } from '../../inspect/project.js';
import type { ExactSchema } from '../../inspect/sanitised-schema.js';
import { variablesOf } from '../environment-files.js';
import { payloadRun } from '../payload-run.js';
import type { ExactReply } from './script.js';

/** How the project is asked. */
export interface ExactOptions {
  /** Longest wait in milliseconds. Default 60,000. */
  timeout?: number;
}

/**
 * The schema of the config as Payload sanitises it. Nothing that the project prints is shown, and no value of its
 * environment either.
 * @throws PayloadKVError `EXACT_UNAVAILABLE` where Payload is not installed, `EXACT_FAILED` where the config throws,
 *   `EXACT_TIMED_OUT`
 */
export async function readExactSchema(
  { root, configPath }: Pick<Project, 'root' | 'configPath'>,
  options: ExactOptions = {},
): Promise<ExactSchema> {
  const { timeout = 60_000 } = options;
  const bin = payloadBin(root);
  const script = 'dist/cli/exact/script.js';
  const ask = () => payloadRun<ExactReply>({ bin, script, root, configPath, timeout });
  let outcome = await ask();
  // On a busy machine Node 20 may lose it once; what fails for a reason says it, or is lost again.
  if (outcome.isSilent) outcome = await ask();
  const { reply, exitCode, timedOut, stderr, isSilent } = outcome;
  if (timedOut) {
    throw new PayloadKVError({
      code: 'EXACT_TIMED_OUT',
      message: `The config was not loaded within ${timeout / 1000} seconds.`,
      location: { file: configPath },
      nextStep: 'It may wait for a server: run the command where that answers, or without --exact.',
    });
  }
  const hide = hiding(secretsOf(root));
  if (reply?.ok) return reply.schema;
  if (isSilent) {
    throw new PayloadKVError({
      code: 'EXACT_FAILED',
      message: "Payload's loader ended without loading the config, twice, and gave no reason.",
      location: { file: configPath },
      nextStep:
        'Run it again: under Node 20 `payload run` itself does so at times, where the machine is busy. Or leave --exact out.',
    });
  }
  const stack = reply?.stack ?? stderr;
  throw new PayloadKVError({
    code: 'EXACT_FAILED',
    message: reply
      ? `The config could not be loaded: ${hide(reply.message)}`
      : `Payload's loader ended with ${exitCode ?? 'a signal'}: ${hide(lastLine(stderr))}`,
    location: placeIn(stack, root) ?? { file: configPath },
    nextStep:
      'See that `npx payload run` works here with the environment that it needs, or leave --exact out.',
  });
}

/** Payload's executable as the project has it. */
export function payloadBin(root: string): string {
  for (const directory of upwards(root)) {
    const home = path.join(directory, 'node_modules/payload');
    const bin: string | Record<string, string> | undefined = readManifest(home)?.bin;
    const file = typeof bin === 'string' ? bin : bin?.payload;
    if (file) return path.join(home, file);
  }
  throw new PayloadKVError({
    code: 'EXACT_UNAVAILABLE',
    message: 'Payload is not installed here, and --exact asks the project itself.',
    location: { file: 'package.json' },
    nextStep: 'Install the dependencies of the project, or leave --exact out.',
  });
}

export function lastLine(text: string): string {
  const lines = text
    .split('\n')
    .filter(
      (line) => line.trim() !== '' && !/^\s+at /.test(line) && !/^Node\.js v\d|^\(Use `node /.test(line),
    );
  // Node shows the source of what was thrown, a caret below its place, and then what it is.
  const caret = lines.findLastIndex((line) => /^\s*\^+\s*$/.test(line));
  return (
    (caret === -1 ? undefined : lines[caret + 1]) ??
    lines.find((line) => /^(?:Uncaught )?\[?\w*Error\b/.test(line)) ??
    lines.find((line) => /Error/.test(line)) ??
    lines.at(-1) ??
    'it said nothing'
  );
}

/** The first place of a stack that is in the project's own files. */
export function placeIn(stack: string, root: string): { file: string; line: number } | undefined {
  const real = realpathSync(root);
  for (const [, where, line] of stack.matchAll(
    /((?:file:\/\/)?\/[^\s()]+?|[A-Z]:\\[^\s()]+?):(\d+)(?::\d+)?\)?$/gm,
  )) {
    const plain = where!.replace(/\?.*$/, '');
    const file = plain.startsWith('file:') ? fileURLToPath(plain) : plain;
    const relative = path.relative(real, file);
    if (relative.startsWith('..') || relative.split(path.sep).includes('node_modules')) continue;
    return { file: relative.split(path.sep).join('/'), line: Number(line) };
  }
  return undefined;
}

// ---- the environment is not shown ---------------------------------------------------------------------------------

const MEANT_TO_BE_SECRET = /secret|token|key|pass|cred|auth|ur[il]|dsn|connection|database/i;
const ENV_FILES = [
  '.env',
  '.env.local',
  '.env.development',
  '.env.development.local',
  '.env.production',
  '.env.test',
];

/** Values that an error message must not show, with their names: what `.env` files hold, what looks like a secret. */
export function secretsOf(root: string): [name: string, value: string][] {
  const inherited = Object.entries(process.env).filter(([name]) => MEANT_TO_BE_SECRET.test(name));
  const own = ENV_FILES.flatMap((file) => variablesOf(readIfThere(path.join(root, file)) ?? ''));
  return [...own, ...inherited]
    .filter((entry): entry is [string, string] => (entry[1]?.length ?? 0) >= 4)
    .sort(([, one], [, other]) => other.length - one.length);
}

export function hiding(secrets: [name: string, value: string][]): (text: string) => string {
  return (text) => secrets.reduce((so, [name, value]) => so.replaceAll(value, `[${name}]`), text);
}
