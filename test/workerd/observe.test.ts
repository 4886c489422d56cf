import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signedHeaders } from '../../src/runtime/observe/signature.js';
import { workerBundle } from '../support/worker-bundle.js';
import { until } from './start-worker.js';

let miniflare: Miniflare;
let address: URL;

beforeAll(async () => {
  const script = await workerBundle({
    entryPoints: ['test/workerd/observe-worker.ts'],
  });
  miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: '2026-04-01',
    compatibilityFlags: ['nodejs_compat'],
    kvNamespaces: ['PAYLOAD_CACHE'],
  });
  address = await miniflare.ready;
});
afterAll(() => miniflare?.dispose());

async function ask(page: string, body?: unknown): Promise<Response> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const url = new URL(`/api/payload-cache${page}`, address);
  const request = { secret: 'only-for-tests', method: text === undefined ? 'GET' : 'POST', path: url.href };
  const signed = await signedHeaders({ ...request, ...(text === undefined ? {} : { body: text }) });
  return fetch(url, {
    method: request.method,
    headers: { ...signed, 'content-type': 'application/json' },
    ...(text === undefined ? {} : { body: text }),
  });
}

const read = async (id: string): Promise<void> => void (await fetch(new URL(`/read?id=${id}`, address)));

test('in workerd each endpoint answers those who may ask it', async () => {
  await read('a');
  expect((await fetch(new URL('/api/payload-cache/stats', address))).status).toBe(401);
  expect(await (await ask('/health')).json()).toMatchObject({ ok: true });
  expect(await (await ask('/stats')).json()).toMatchObject({ format: 1, scope: 'process' });
  const metrics = await fetch(new URL('/api/payload-cache/metrics', address), {
    headers: { authorization: 'Bearer sixteen-or-more-letters' },
  });
  expect(await metrics.text()).toMatch(/^# HELP /);

  const entries = async () => ((await (await ask('/entries')).json()) as { entries: unknown[] }).entries;
  await until(async () => (await entries()).length === 1);
  expect(await entries()).toEqual([
    expect.objectContaining({
      name: 'posts',
      operation: 'findOne',
      tags: ['posts#a', 'posts*'],
      tier: 'store',
    }),
  ]);
  const why = await ask('/why', { collection: 'posts', id: 'a' });
  expect(await why.json()).toMatchObject({ reads: [{ name: 'posts', operation: 'findOne', entry: true }] });

  const target = { collection: 'posts', id: 'a' };
  const dry = await ask('/purge', { target, dryRun: true });
  expect(await dry.json()).toEqual({ ok: true, dryRun: true, target, entries: 1 });
  expect(await (await ask('/purge', { target })).json()).toMatchObject({ ok: true, dryRun: false });
  const logged = (await (await fetch(new URL('/logged', address))).json()) as string[];
  expect(logged).toContain('payload-kv: purge of {"collection":"posts","id":"a"} by a signed request: done');
});

test('in workerd a stream tells of what other requests do', async () => {
  const response = await ask(`/events?types=hit,miss,stale&profile=${'0'.repeat(32)}`);
  expect(response.status).toBe(200);
  await response.body!.cancel();

  const stream = (await ask('/events?types=miss')).body!.pipeThrough(new TextDecoderStream() as never);
  const reader = stream.getReader() as ReadableStreamDefaultReader<string>;
  let text = '';
  const until = async (wanted: string): Promise<void> => {
    while (!text.includes(wanted)) text += (await reader.read()).value ?? '';
  };
  await until(': open');
  for (const id of ['b', 'c', 'd']) {
    await read(id);
    await until('event: miss');
    text = text.slice(text.indexOf('\n\n', text.indexOf('event: miss')));
  }
  await reader.cancel();
  await read('e');
  expect((await ask('/health')).status).toBe(200);
});
