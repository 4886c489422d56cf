import { connect } from 'node:net';
import type { Plugin } from 'esbuild';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { workerBundle } from '../support/worker-bundle.js';

/** Runs that were told of, by key: their tokens, and what lets each go on. */
let told: { key: string; token: number; answer(): void }[] = [];
/** The client of a store that is not used here. */
const withoutRedis: Plugin = {
  name: 'ioredis',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^ioredis$/ }, ({ path }) => ({ path, namespace: 'none' }));
    onLoad({ filter: /./, namespace: 'none' }, () => ({ contents: 'export {};' }));
  },
};

let miniflare: Miniflare;
let address: URL;

beforeAll(async () => {
  const common = {
    modules: true as const,
    script: await workerBundle({ entryPoints: ['test/functions/lock-worker.ts'], plugins: [withoutRedis] }),
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat', 'enable_request_signal'],
    kvNamespaces: { PAYLOAD_CACHE: 'cache' },
    serviceBindings: {
      RUNS: async (request: { url: string }) => {
        const { searchParams } = new URL(request.url);
        const run = told.length + 1;
        await new Promise<void>((resolve) => {
          const token = Number(searchParams.get('token'));
          told.push({ key: searchParams.get('key') ?? '', token, answer: resolve });
        });
        return new Response(JSON.stringify(run)) as never;
      },
    },
  };
  miniflare = new Miniflare({
    workers: [
      {
        ...common,
        name: 'one',
        durableObjects: { CACHE_TAGS: { className: 'CacheTagRegistry', useSQLite: true } },
      },
      {
        ...common,
        name: 'other',
        durableObjects: { CACHE_TAGS: { className: 'CacheTagRegistry', scriptName: 'one', useSQLite: true } },
      },
    ],
  });
  address = await miniflare.ready;
});
afterAll(() => miniflare?.dispose());
beforeEach(() => {
  told = [];
});

async function ask(worker: string, query: string): Promise<number[]> {
  const { fetch } = await miniflare.getWorker(worker);
  const response = await fetch(`http://worker.test/?${query}`);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as number[];
}

test('of twelve requests to two Workers, with three calls each, one runs it', async () => {
  const asked = Array.from({ length: 12 }, (_, index) => ask(index % 2 ? 'one' : 'other', 'key=many'));
  await expect.poll(() => told.length, { timeout: 60_000 }).toBe(1);
  told[0]?.answer();
  expect((await Promise.all(asked)).flat()).toEqual(Array(36).fill(1));
  expect(told).toHaveLength(1);
  expect(Number.isSafeInteger(told[0]?.token)).toBe(true);
}, 120_000);

test('a request that is gone costs the others the lifetime of its lock, and then one of them runs it', async () => {
  const socket = connect(Number(address.port), address.hostname);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  socket.write('GET /?key=gone&lifetime=1 HTTP/1.1\r\nHost: worker.test\r\n\r\n');
  await expect.poll(() => told.length, { timeout: 60_000 }).toBe(1);
  const asked = ['one', 'other', 'other'].map((worker) => ask(worker, 'key=gone&lifetime=1'));
  socket.resetAndDestroy();
  await expect.poll(() => told.length, { timeout: 60_000 }).toBe(2);
  told[1]?.answer();
  expect((await Promise.all(asked)).flat()).toEqual(Array(9).fill(2));
  expect(told).toHaveLength(2);
  expect(told[1]!.token).toBeGreaterThan(told[0]!.token);
}, 120_000);
