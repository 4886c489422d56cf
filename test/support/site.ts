import { cp, mkdtemp, readdir, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import { freePort } from './free-port.js';
import { removeDirectory } from './remove-directory.js';
import { repository } from './repository.js';
import { type BuiltSite, OWN_ENVIRONMENT } from './site-build.js';

/** One call of the database adapter in the site; see `fixtures/site/src/measurements.ts`. */
export interface SiteCall {
  operation: string;
  slug?: string;
  statements: string[];
}

/** A running site, with a database and a page cache of its own. */
export interface RunningSite {
  url: string;
  dir: string;
  /** What it has written to its terminal. */
  log(): string;
  /** What it asked its database since the last time; needs `SITE_MEASUREMENTS`. */
  takeCalls(): Promise<SiteCall[]>;
  stop(): Promise<void>;
}

const DATABASE = 'site.db';
export const SITE_PASSWORD = 'only-for-tests';

/** Starts the site as `next start` does in production. `flags` are for Node. */
export async function startSite(
  built: BuiltSite,
  env: Record<string, string> = {},
  flags: readonly string[] = [],
): Promise<RunningSite> {
  const next = path.join(built.dir, 'node_modules', 'next', 'dist', 'bin', 'next');
  return started(built, env, (port) => [...flags, next, 'start', '-p', String(port), '-H', '127.0.0.1']);
}

/** Starts the site behind a server of its own, which answers REST from the cache before Next is asked. */
export async function startOwnServer(
  built: BuiltSite,
  env: Record<string, string> = {},
): Promise<RunningSite> {
  const file = path.join(repository, 'test/support/own-server.mjs');
  return started(built, env, (port) => ['own-server.mjs', String(port)], [file]);
}

async function started(
  { dir: built }: BuiltSite,
  env: Record<string, string>,
  run: (port: number) => string[],
  added: readonly string[] = [],
): Promise<RunningSite> {
  const dir = await mkdtemp(path.join(tmpdir(), 'payload-kv-running-'));
  for (const name of await readdir(built)) {
    const from = path.join(built, name);
    if (name === 'node_modules') await symlink(from, path.join(dir, name));
    else if (name === '.next') {
      const isCache = (file: string) => path.relative(from, file).split(path.sep)[0] === 'cache';
      await cp(from, path.join(dir, name), { recursive: true, filter: (file) => !isCache(file) });
    } else if (name !== '.git' && name !== 'src') await cp(from, path.join(dir, name), { recursive: true });
  }
  for (const file of added) await cp(file, path.join(dir, path.basename(file)));
  return served({
    dir,
    arguments: run,
    env: {
      NODE_ENV: 'production',
      DATABASE_URI: `file:${path.join(dir, DATABASE)}`,
      SITE_MEASUREMENTS: '1',
      ...env,
    },
    owned: dir,
  });
}

/** Starts a server of the site with Node, and waits until it answers. `owned` goes with it. */
export async function served(server: {
  dir: string;
  arguments: (port: number) => string[];
  env: Record<string, string>;
  owned: string;
}): Promise<RunningSite> {
  const { dir, owned } = server;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let log = '';
  const child = execa(process.execPath, server.arguments(port), {
    cwd: dir,
    env: { ...OWN_ENVIRONMENT, ...server.env },
    stdin: 'ignore',
    reject: false,
    buffer: false,
    all: true,
  });
  child.all.on('data', (chunk) => {
    log += chunk;
  });
  const stop = async () => {
    await ended(child);
    await removeDirectory(owned);
  };
  try {
    await answering(url, child, () => log);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    dir,
    log: () => log,
    async takeCalls() {
      const { calls } = (await (await fetch(`${url}/measurements`)).json()) as { calls: SiteCall[] };
      return calls;
    },
    stop,
  };
}

/** The cookie of a seeded author who has signed in. */
export async function signIn(url: string, name = 'ada'): Promise<string> {
  const response = await fetch(`${url}/api/users/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `${name}@example.com`, password: SITE_PASSWORD }),
  });
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
  if (!cookie) throw new Error(`Signing in was answered with ${response.status}: ${await response.text()}`);
  return cookie;
}

async function ended(child: ResultPromise): Promise<void> {
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await child;
  clearTimeout(late);
}

async function answering(url: string, child: ResultPromise, log: () => string): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`The site has ended:\n${log()}`);
    try {
      await fetch(`${url}/measurements`);
      return;
    } catch {
      if (Date.now() > deadline) throw new Error(`The site does not answer:\n${log()}`);
      await sleep(100);
    }
  }
}
