/** Measures by the project's own Payload: `payload run` starts it, connects its database, and reads with and without. */
import path from 'node:path';
import { PayloadKVError } from '../../errors.js';
import type { Project } from '../../inspect/project.js';
import { hiding, lastLine, payloadBin, placeIn, secretsOf } from '../exact/read-exact.js';
import { payloadRun } from '../payload-run.js';
import type { MeasuredCollection } from './measurement.js';
import type { MeasureReply } from './script.js';

const LONGEST_MS = 180_000;

/**
 * Reads a few documents of each collection through the project's Payload, with the cache and without.
 * @throws PayloadKVError `MEASURE_UNAVAILABLE`, `MEASURE_TIMED_OUT`, `MEASURE_FAILED`, `MEASURE_NO_CACHE`,
 *   `MEASURE_NO_DATABASE`
 */
export async function measureConfig({
  root,
  configPath,
}: Pick<Project, 'root' | 'configPath'>): Promise<MeasuredCollection[]> {
  let said = await ask(root, configPath);
  // Payload's loader now and then ends before it has begun; nothing was read then.
  if (said.reply === undefined && said.exitCode === 0) said = await ask(root, configPath);
  const { reply, exitCode, stderr, timedOut } = said;
  if (timedOut) {
    throw new PayloadKVError({
      code: 'MEASURE_TIMED_OUT',
      message: `It was not measured within ${LONGEST_MS / 1000} seconds.`,
      location: { file: configPath },
      nextStep: 'See that the database of the config answers from here, or ask the running site with --url.',
    });
  }
  if (reply?.ok) return reply.collections;
  if (reply?.reason === 'no-cache') {
    throw new PayloadKVError({
      code: 'MEASURE_NO_CACHE',
      message: 'The site runs without the cache: the config has none, or it is off.',
      location: { file: configPath },
      nextStep: 'Run `payload-kv init`, or `payload-kv doctor` to see what is wrong.',
    });
  }
  if (reply?.reason === 'no-database') {
    throw new PayloadKVError({
      code: 'MEASURE_NO_DATABASE',
      message: `There is no database yet: ${reply.file} does not exist.`,
      location: { file: configPath },
      nextStep: 'Start the site once, add some documents, and run the command again.',
    });
  }
  const hide = hiding(secretsOf(root));
  throw new PayloadKVError({
    code: 'MEASURE_FAILED',
    message: reply
      ? `Payload could not be started: ${hide(reply.message)}`
      : `Payload's loader ended with ${exitCode ?? 'a signal'}: ${hide(lastLine(stderr))}`,
    location: placeIn(reply?.stack ?? stderr, root) ?? { file: configPath },
    nextStep:
      'See that the site starts here with the environment that it needs, or ask a running one with --url.',
  });
}

function ask(root: string, configPath: string) {
  const bin = installedPayload(root);
  return payloadRun<MeasureReply>({
    bin,
    script: 'dist/cli/measure/script.js',
    root,
    configPath,
    timeout: LONGEST_MS,
    env: { PAYLOAD_KV_PAYLOAD: path.dirname(bin), PAYLOAD_DISABLE_DEPENDENCY_CHECKER: 'true' },
  });
}

function installedPayload(root: string): string {
  try {
    return payloadBin(root);
  } catch (error) {
    if (!(error instanceof PayloadKVError)) throw error;
    throw new PayloadKVError({
      code: 'MEASURE_UNAVAILABLE',
      message: "Payload is not installed here, and it is the project's own that is measured.",
      location: { file: 'package.json' },
      nextStep: 'Install the dependencies of the project, or ask a running site with --url.',
      cause: error,
    });
  }
}
