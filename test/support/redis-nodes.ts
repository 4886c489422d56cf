import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { expect, vi } from 'vitest';
import { freePort } from './free-port.js';
import { type RedisServer, startRedis } from './redis.js';
import { removeDirectory } from './remove-directory.js';

/** Several servers that are one to their clients. */
export interface RedisNodes {
  nodes: RedisServer[];
  stop(): Promise<void>;
}

/** Starts a cluster of two primaries, which share the slots. */
export async function startRedisCluster(): Promise<RedisNodes> {
  const start = async (): Promise<RedisServer> => {
    const [bus, node] = [await freePort(), '15000'];
    const address = ['--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', node];
    return startRedis(['--cluster-enabled', 'yes', '--cluster-port', `${bus}`, ...address]);
  };
  const nodes = [await start(), await start()] as const;
  const [first, second] = nodes.map((node) => node.connect()) as [Redis, Redis];
  await first.call('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
  await second.call('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
  await second.call('CLUSTER', 'SET-CONFIG-EPOCH', '2');
  const bus = String(((await second.config('GET', 'cluster-port')) as string[])[1]);
  await first.call('CLUSTER', 'MEET', '127.0.0.1', `${nodes[1].port}`, bus);
  for (const node of [first, second]) {
    await vi.waitFor(
      async () => {
        expect(await node.call('CLUSTER', 'INFO')).toMatch(/cluster_state:ok[\s\S]*cluster_known_nodes:2/);
      },
      { timeout: 30_000, interval: 100 },
    );
  }
  return {
    nodes: [...nodes],
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** Where sentinels are asked for the primary of this name. */
export const PRIMARY = 'payload';

/** Starts a server and a sentinel that watches it. */
export async function startRedisSentinel(): Promise<RedisNodes & { port: number }> {
  const server = await startRedis();
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-sentinel-'));
  const port = await freePort();
  const file = path.join(directory, 'sentinel.conf');
  const watch = `sentinel monitor ${PRIMARY} 127.0.0.1 ${server.port} 1`;
  await writeFile(file, `port ${port}\nbind 127.0.0.1\ndir ${directory}\n${watch}\n`);
  const sentinel: ChildProcess = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' });
  const probe = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50, maxRetriesPerRequest: null });
  probe.on('error', () => undefined);
  await probe.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY);
  probe.disconnect();
  return {
    port,
    nodes: [server],
    async stop() {
      const ended = new Promise((resolve) => sentinel.once('exit', resolve));
      sentinel.kill('SIGKILL');
      await ended;
      await server.stop();
      await removeDirectory(directory);
    },
  };
}
