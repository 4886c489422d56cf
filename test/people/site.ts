import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CacheStats } from '../../src/runtime/index.js';
import type { SiteSetup } from './site-child.js';

/** One process of the site. */
export interface SiteProcess {
  /** Such as `http://127.0.0.1:40123/api`. */
  api: string;
  stats(): Promise<CacheStats | undefined>;
  stop(): Promise<void>;
}

/** Starts a process of the site, and waits until it listens. */
export async function startSiteProcess(setup: SiteSetup): Promise<SiteProcess> {
  const child = fork(fileURLToPath(new URL('site-child.ts', import.meta.url)), [JSON.stringify(setup)], {
    execArgv: ['--import', import.meta.resolve('tsx')],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-4_000);
    });
  const { api } = await next<{ api: string }>(child, () => output);
  return {
    api,
    async stats() {
      const answer = next<{ stats?: CacheStats }>(child, () => output);
      child.send('stats');
      return (await answer).stats;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      // One that has just ended by itself takes no message.
      if (child.connected) child.send('stop', () => undefined);
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** What the process says next; one that ends instead is an error with what it printed. */
function next<Message>(child: ChildProcess, output: () => string): Promise<Message> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`The site ended with code ${code}:\n${output()}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as Message);
    });
  });
}
