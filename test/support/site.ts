import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import { freePort } from './free-port.js';
import { commitAll } from './project.js';
import { removeDirectory } from './remove-directory.js';
import { repository } from './repository.js';

/** A real Next site with Payload, its packages installed, this package among them, wired by `init`, and built. */
export interface BuiltSite {
  /** Absolute path; its content is not to be changed. */
  dir: string;
  /** What `init` printed. */
  wiring: string;
}

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

/** What of the fixture no copy takes along. */
const LEFT_BEHIND = new Set(['node_modules', '.next', 'media', 'next-env.d.ts']);
const FIXTURE = path.join(repository, 'fixtures', 'site');
const DATABASE = 'site.db';
export const SITE_PASSWORD = 'only-for-tests';

/** What a test or a bench sets for itself is not for the site. */
const OWN_ENVIRONMENT = {
  NEXT_TELEMETRY_DISABLED: '1',
  NODE_ENV: undefined,
  PAYLOAD_KV_TIMEOUT: undefined,
  TSX_TSCONFIG_PATH: undefined,
  VITEST: undefined,
} as const;

/**
 * The site, from where an earlier run left it if neither the fixture nor the package has changed since. What takes
 * minutes, the packages and the build, is done once for a machine: below the directory for temporary files.
 */
export async function builtSite(report: (step: string) => void = () => {}): Promise<BuiltSite> {
  const base = path.join(
    tmpdir(),
    `payload-kv-site-${createHash('sha256').update(repository).digest('hex').slice(0, 12)}`,
  );
  await mkdir(base, { recursive: true });
  const unlock = await lock(path.join(base, 'lock'));
  try {
    const dir = path.join(base, 'site');
    const wiringFile = path.join(base, 'wiring.txt');
    const stateFile = path.join(base, 'state');
    const packagesFile = path.join(base, 'packages');
    const packages = await digestOf([path.join(FIXTURE, 'package-lock.json')]);
    const state = await digestOf([
      FIXTURE,
      ...['bin', 'dist', 'templates'].map((name) => path.join(repository, name)),
    ]);
    if ((await textOf(stateFile)) === state) return { dir, wiring: await textOf(wiringFile) };

    await rm(stateFile, { force: true });
    const modules = path.join(dir, 'node_modules');
    const kept = path.join(base, 'node_modules');
    if (existsSync(modules)) {
      await removeDirectory(kept);
      await rename(modules, kept);
    }
    await removeDirectory(dir);
    await cp(FIXTURE, dir, { recursive: true, filter: (source) => !LEFT_BEHIND.has(path.basename(source)) });
    const run = (command: string, args: string[]) =>
      execa(command, args, { cwd: dir, env: OWN_ENVIRONMENT, stdin: 'ignore' });
    if (existsSync(kept) && (await textOf(packagesFile)) === packages) await rename(kept, modules);
    else {
      report('installing the packages of the site');
      await removeDirectory(kept);
      await run('npm', ['ci', '--ignore-scripts']);
      await writeFile(packagesFile, packages);
    }
    await commitAll(dir);
    report('installing this package');
    const { stdout } = await execa(
      'npm',
      ['pack', '--silent', '--ignore-scripts', '--pack-destination', base],
      {
        cwd: repository,
      },
    );
    await run('npm', [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--prefer-offline',
      path.join(base, stdout.trim().split('\n').at(-1)!),
    ]);
    report('filling its database');
    await run('npm', ['run', 'seed']);
    report('wiring the cache');
    const init = ['payload-kv', 'init', '--yes', '--no-install', '--store', 'memory'];
    const { stdout: wiring } = await run('npx', init);
    // What is proposed, and what the admin panel asks again and again, which is cached where it is named.
    const all = [...(/^ +cached +(.+), for /m.exec(wiring)?.[1]?.split(', ') ?? []), 'payload-preferences'];
    const named = all.filter((slug) => !['footer', 'header'].includes(slug));
    await run('npx', [...init, '--force', '--collections', named.join(',')]);
    report('building it');
    await run('npm', ['run', 'build']);
    await writeFile(wiringFile, wiring);
    await writeFile(stateFile, state);
    return { dir, wiring };
  } finally {
    await unlock();
  }
}

/** Starts the site as `next start` does in production. */
export async function startSite(
  { dir: built }: BuiltSite,
  env: Record<string, string> = {},
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
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const next = path.join(built, 'node_modules', 'next', 'dist', 'bin', 'next');
  let log = '';
  const child = execa(process.execPath, [next, 'start', '-p', String(port), '-H', '127.0.0.1'], {
    cwd: dir,
    env: {
      ...OWN_ENVIRONMENT,
      NODE_ENV: 'production',
      DATABASE_URI: `file:${path.join(dir, DATABASE)}`,
      SITE_MEASUREMENTS: '1',
      ...env,
    },
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
    await removeDirectory(dir);
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

/** The text of a file, none where it is not there. */
async function textOf(file: string): Promise<string> {
  return existsSync(file) ? readFile(file, 'utf8') : '';
}

/** One digest of files and of all files in directories, by path and content. */
async function digestOf(roots: string[]): Promise<string> {
  const digest = createHash('sha256');
  const add = async (file: string): Promise<void> => {
    if (LEFT_BEHIND.has(path.basename(file)) || path.basename(file) === '.tsbuildinfo') return;
    if ((await stat(file)).isDirectory()) {
      for (const name of (await readdir(file)).sort()) await add(path.join(file, name));
    } else digest.update(`${file}\0`).update(await readFile(file));
  };
  for (const root of roots) await add(root);
  return digest.digest('hex').slice(0, 24);
}

/** Waits until no other process prepares the site. A lock whose process is gone counts for nothing. */
async function lock(file: string): Promise<() => Promise<void>> {
  for (;;) {
    try {
      const handle = await open(file, 'wx');
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(await readFile(file, 'utf8').catch(() => ''));
    if (owner && !isRunning(owner)) await rm(file, { force: true });
    else await sleep(500);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
