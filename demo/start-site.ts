import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SiteReply, SiteRequests } from './site.js';

/** A site in a process of its own. */
export interface Site {
  /** Base address of its REST API. */
  api: string;
  ask<Name extends keyof SiteRequests>(
    name: Name,
    ask: SiteRequests[Name]['ask'],
    onProgress?: (text: string) => void,
  ): Promise<SiteRequests[Name]['answer']>;
  /** Ends the process, also when it does not answer any more. */
  stop(): Promise<void>;
}

/** What a site is started with. */
export interface SiteOptions {
  databaseUri: string;
  /** Whether the database has its tables, so that none are made. */
  hasTables: boolean;
  /** Gives it a KV namespace of that name. */
  kvBinding?: string;
}

/** Starts the project in `directory`. */
export async function startSite(
  directory: string,
  { databaseUri, hasTables, kvBinding }: SiteOptions,
): Promise<Site> {
  const child = fork(fileURLToPath(new URL('site.ts', import.meta.url)), [], {
    cwd: directory,
    execArgv: ['--import', import.meta.resolve('tsx')],
    env: {
      ...process.env,
      DATABASE_URI: databaseUri,
      DEMO_HAS_TABLES: String(hasTables),
      DEMO_KV_BINDING: kvBinding,
      PAYLOAD_DISABLE_DEPENDENCY_CHECKER: 'true',
      // No WebSocket to a Next.js server that is not there.
      DISABLE_PAYLOAD_HMR: 'true',
      // What is shown must not depend on how busy this machine is: a read that takes longer would ask the database.
      PAYLOAD_KV_TIMEOUT: '10000',
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const address = new Promise<string>((resolve) => {
    child.stdout?.on('data', () => {
      const [, url] = /listening on (\S+)\n/.exec(output) ?? [];
      if (url) resolve(url);
    });
  });
  // Ready is told by message, the address by what the server prints: either may come first.
  await reply(child, () => output);
  const api = await address;

  return {
    api,
    async ask(name, ask, onProgress) {
      child.send({ name, ask });
      return (await reply(child, () => output, onProgress)) as never;
    },
    async stop() {
      if (child.exitCode === null && child.connected) child.send({ name: 'stop', ask: {} });
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** The next answer, or the first sign of life. A site that ends instead is an error with what it printed. */
function reply(
  child: ChildProcess,
  output: () => string,
  onProgress?: (text: string) => void,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done = () => {
      child.off('message', onMessage);
      child.off('exit', onExit);
    };
    const onMessage = (message: SiteReply) => {
      if ('progress' in message && message.progress !== 'ready') return onProgress?.(message.progress);
      done();
      if ('failure' in message) reject(new Error(`${message.failure}\n${output()}`));
      else resolve('answer' in message ? message.answer : undefined);
    };
    const onExit = (code: number | null) => {
      done();
      reject(new Error(`The site ended with code ${code}:\n${output()}`));
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}
