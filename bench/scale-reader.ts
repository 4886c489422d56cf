/**
 * One of several processes of `bench scale`: it reads hot pages through one Redis for as long as it is told.
 * Argument: port of the Redis.
 */
import { payloadKV } from 'payload-kv';
import { redis } from 'payload-kv/redis';
import { startBlog } from '../test/support/payload.js';

const [port] = process.argv.slice(2);
const store = redis({ url: `redis://127.0.0.1:${port}` });
const blog = await startBlog({
  wrapAdapter: (adapter) =>
    Object.assign(adapter, { find: async () => ({ docs: [{ id: 1 }], totalDocs: 1 }) }),
  plugins: [payloadKV({ store, ttl: '1h', database: 'scale', timeout: 30_000 })],
});

process.on('message', async (order: { milliseconds: number } | 'end') => {
  if (order === 'end') {
    await blog.stop();
    await store.close();
    process.disconnect();
    return;
  }
  let reads = 0;
  const start = performance.now();
  while (performance.now() - start < order.milliseconds) {
    await blog.payload.db.find({ collection: 'posts', limit: 1 + (reads % 10) });
    reads += 1;
  }
  process.send?.({ reads, milliseconds: performance.now() - start });
});
process.send?.('ready');
