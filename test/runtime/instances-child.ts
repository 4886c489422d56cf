/** A process of a site on Redis, which asks once and says what it got. Arguments: database file, port of the Redis. */
import { Redis } from 'ioredis';
import { getCacheStats, payloadKV } from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import { startBlog } from '../support/payload.js';

const [url, port] = process.argv.slice(2);
const client = new Redis({ host: '127.0.0.1', port: Number(port) });
const site = await startBlog({
  url: String(url),
  plugins: [payloadKV({ store: redis({ client }), timeout: 30_000 })],
});
const { docs } = await site.payload.find({ collection: 'authors', sort: 'id', depth: 0 });
const { hits = 0, misses = 0 } = getCacheStats(site.payload)?.collections.authors ?? {};
console.log(JSON.stringify({ names: docs.map(({ name }) => name), hits, misses }));
await site.stop();
client.disconnect();
