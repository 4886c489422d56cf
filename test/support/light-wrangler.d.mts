import type { Ended } from '../../src/doctor/wrangler-command.js';

/** Runs a command in this process, as if in that directory. */
export declare function lightWrangler(
  args: readonly string[],
  cwd: string,
  env?: NodeJS.ProcessEnv,
): Promise<Ended>;
