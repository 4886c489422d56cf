import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';
import { removeDirectory } from './remove-directory.js';

/** Whether a Redis server can be started here: else its tests are skipped. CI installs one, and skips nothing. */
export const hasRedis = Boolean(process.env.CI) || spawnSync('redis-server', ['--version']).status === 0;

/** A Redis server of a test's own. */
export interface RedisServer {
  port: number;
  /** A new client, closed by `stop`. */
  connect(): Redis;
  /** Ends the server with a signal, without saving. */
  kill(): Promise<void>;
  /** Has it stand still for some milliseconds, and go on with all that it knows. */
  pause(milliseconds: number): Promise<void>;
  /** Starts it again after `kill`, with the same directory and port. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a Redis server on a free port of the loopback, with nothing on disk unless `settings` say so. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-redis-'));
  const port = await freePort();
  const clients: Redis[] = [];
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    server = spawn(
      'redis-server',
      ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', '', ...settings],
      { stdio: 'ignore' },
    );
    const probe = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
    probe.on('error', () => undefined);
    await probe.ping();
    probe.disconnect();
  }

  async function kill(): Promise<void> {
    const running = server;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await ended;
  }

  await start();
  return {
    port,
    connect() {
      const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 });
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    kill,
    async pause(milliseconds) {
      server?.kill('SIGSTOP');
      await sleep(milliseconds);
      server?.kill('SIGCONT');
    },
    start,
    async stop() {
      for (const client of clients) client.disconnect();
      await kill();
      await removeDirectory(directory);
    },
  };
}
