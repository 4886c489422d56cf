import { spawnSync } from 'node:child_process';

/** Whether promtool, of Prometheus, can be run here: else its tests are skipped. CI installs it, and skips nothing. */
export const hasPromtool = Boolean(process.env.CI) || spawnSync('promtool', ['--version']).status === 0;

/** Runs promtool. `input` is what it reads from its standard input. */
export function promtool(args: readonly string[], input = ''): { status: number | null; said: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { input, encoding: 'utf8' });
  if (error) throw error;
  return { status, said: `${stdout}${stderr}` };
}
