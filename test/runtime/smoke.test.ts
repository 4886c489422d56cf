import { afterAll, beforeAll, expect, test } from 'vitest';
import { getCacheStats, memory, payloadKV } from '../../src/runtime/index.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';

const calls = countDatabaseCalls();
let blog: Started;
beforeAll(async () => {
  blog = await startBlog({
    seed: 30,
    wrapAdapter: calls.wrapAdapter,
    plugins: [payloadKV({ store: memory() })],
  });
});
afterAll(() => blog.stop());

test('a repeated find of posts with population asks the database for what is not cacheable only', async () => {
  const find = () => blog.payload.find({ collection: 'posts', limit: 10, depth: 2 });
  const first = await find();
  calls.reset();
  const second = await find();
  console.log(calls.counts(), JSON.stringify(getCacheStats(blog.payload), null, 1));
  expect(second).toEqual(first);
});
