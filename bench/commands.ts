import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeLargeProject } from '../test/support/large-project.js';
import { repository } from '../test/support/repository.js';
import { quantile } from './measure.js';

const RUNS = 7;
/** What each command is to take at most, in seconds, warm and on two cores. */
const AIM = 2;

const COMMANDS: [name: string, args: string[]][] = [
  ['inspect', ['inspect']],
  ['sync --check', ['sync', '--check']],
  ['doctor', ['doctor']],
];

/** How long the commands take on a project of 60 collections and 1,500 source files, from start to end of process. */
export async function benchCommands(): Promise<void> {
  const cwd = mkdtempSync(path.join(tmpdir(), 'payload-kv-large-'));
  const run = (args: string[]) =>
    spawnSync(process.execPath, [path.join(repository, 'bin/payload-kv.js'), ...args], {
      cwd,
      encoding: 'utf8',
    });
  try {
    writeLargeProject(cwd);
    execFileSync(process.execPath, [
      path.join(repository, 'bin/payload-kv.js'),
      ...['init', '--yes', '--no-install', '--store', 'memory', '--cwd', cwd],
    ]);
    const start = medianOf(() => spawnSync(process.execPath, ['--eval', '0']));
    console.log(`  60 collections, 1,500 source files; Node alone starts in ${start.toFixed(2)} s`);
    for (const [name, args] of COMMANDS) {
      const { status, stdout, stderr } = run(args);
      if (status === 2) throw new Error(`${name} did not run: ${stdout}${stderr}`);
      const took = medianOf(() => run(args));
      console.log(`  ${name.padEnd(14)}${took.toFixed(2).padStart(6)} s   aim: under ${AIM} s`);
    }
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function medianOf(work: () => unknown): number {
  const seconds = Array.from({ length: RUNS }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  });
  return quantile(seconds, 0.5);
}
