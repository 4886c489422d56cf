import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningWorker, startWorker } from './start-worker.js';

let worker: RunningWorker;
beforeAll(async () => {
  worker = await startWorker();
});
afterAll(() => worker?.stop());

test('an entry in memory expires, though the request that stored it took its timers with it', async () => {
  expect(await worker.ask('/keep?id=a')).toEqual(['kept']);
  await expect.poll(() => worker.ask('/kept?id=a'), { timeout: 5_000 }).toEqual([null]);
});
