import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KVBinding } from '../../src/runtime/cloudflare.js';
import type { CacheStats } from '../../src/runtime/index.js';
import { type RunningWorker, startWorker, until } from './start-worker.js';

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.stop());

const read = async (id: string) => ((await worker.ask(`/read?id=${id}`)) as { text: string }).text;

/** Reads until the answer comes from the cache. */
async function warm(id: string): Promise<void> {
  await until(async () => {
    const before = worker.asked.length;
    await read(id);
    return !worker.asked.slice(before).includes(`read?id=${id}`);
  });
}

const hits = async () => ((await worker.ask('/stats')) as CacheStats).total.hits;

test('a write whose client goes away while the database works makes its document stale', async () => {
  worker.rows.set('left', 'old');
  await warm('left');
  const write = worker.hold('write?id=left');
  const writer = await worker.askAndLeave('/write?id=left');
  await write.reached;
  await writer.leave();
  write.release();
  await until(() => worker.rows.get('left') === 'old+');
  await expect.poll(() => read('left'), { timeout: 10_000 }).toBe('old+');
});

test('a write whose client goes away while versions are replaced holds up no later one, here or in KV', async () => {
  const key = 'payload-cache:tag:posts#stuck';
  const kv = (await worker.miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
  const stored = async () => (await kv.get([key], { type: 'text' })).get(key);
  worker.rows.set('stuck', 'old');
  await warm('stuck');
  const put = worker.hold(`put?key=${encodeURIComponent(key)}`);
  const writer = await worker.askAndLeave('/write?id=stuck');
  await put.reached;
  await writer.leave();
  put.release();
  await worker.ask('/write?id=stuck');
  await expect.poll(stored, { timeout: 10_000 }).toBeTruthy();
  const first = await stored();
  await worker.ask('/write?id=stuck');
  await expect.poll(stored, { timeout: 10_000 }).not.toBe(first);
  // And the cache works again.
  const before = await hits();
  await warm('stuck');
  expect(await hits()).toBeGreaterThan(before);
  expect(await read('stuck')).toBe('old+++');
});
