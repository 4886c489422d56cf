import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { expect, onTestFinished, test } from 'vitest';
import { written } from '../inspect/written.js';
import { repository } from '../support/repository.js';

/** Starts a command that runs a loader in a project, and gives both once the loader is there. */
async function running(loader: string): Promise<{ root: string; command: ChildProcess; loader: number }> {
  const root = written({
    'bin.cjs': `${loader}\nif (!process.send) require('node:fs').writeFileSync('pid', String(process.pid));`,
    'payload.config.ts': '',
  });
  const script = path.join(root, 'command.mjs');
  await build({
    stdin: {
      contents: `import { payloadRun } from './src/cli/payload-run.ts';
        await payloadRun({ bin: ${JSON.stringify(path.join(root, 'bin.cjs'))}, script: 'none', root: ${JSON.stringify(root)}, configPath: 'payload.config.ts', timeout: 120_000 });`,
      resolveDir: repository,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    outfile: script,
  });
  const command = spawn(process.execPath, [script], { stdio: 'ignore' });
  const file = path.join(root, 'pid');
  for (let tries = 0; tries < 200 && !(existsSync(file) && readFileSync(file, 'utf8')); tries++)
    await sleep(100);
  const pid = Number(readFileSync(file, 'utf8'));
  onTestFinished(() => {
    command.kill('SIGKILL');
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return { root, command, loader: pid };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function isGoneWithin(pid: number, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(100)) if (!isAlive(pid)) return true;
  return false;
}

const DEAF = "process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);";
const BUSY = "require('node:fs').writeFileSync('pid', String(process.pid)); while (true) {}";

test.each<[string, NodeJS.Signals, string]>([
  ['that heeds no signal, after Ctrl-C', 'SIGINT', DEAF],
  ['that heeds no signal, after its end by force', 'SIGKILL', DEAF],
  ['that only waits, after its end by force', 'SIGKILL', 'setInterval(() => {}, 1000);'],
  ['that is busy for ever, after its end by force', 'SIGKILL', BUSY],
])(
  'nothing is left of a loader %s',
  async (_name, signal, code) => {
    const { command, loader } = await running(code);
    expect(isAlive(loader)).toBe(true);
    command.kill(signal);
    expect(await isGoneWithin(loader, 15_000)).toBe(true);
  },
  60_000,
);

test('a process that the config forks is let alone', async () => {
  const { root } = await running(
    `const { fork } = require('node:child_process');
     if (process.send) setTimeout(() => { require('node:fs').writeFileSync('forked', ''); process.exit(); }, 2000);
     else fork(__filename);`,
  );
  const forked = path.join(root, 'forked');
  for (let tries = 0; tries < 100 && !existsSync(forked); tries++) await sleep(100);
  expect(existsSync(forked)).toBe(true);
}, 60_000);
