/**
 * The second process of `bench peers`: it reads one page of the blog again and again, and says what it saw when.
 * Arguments: address of the database, port of the Redis. Told which cache to read through by a message.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { startBlog } from '../test/support/payload.js';
import { CACHES, type CacheName, type Tier } from './caches.js';
import { now, postPage } from './peers-pages.js';

/** Reads through a cache, until it is told another one, or nothing. */
export interface Order {
  name: CacheName;
  tier: Tier;
}

/** The time that the page of the first post tells, and when it was seen, in milliseconds since the epoch. */
export interface Sight {
  publishedAt: string;
  at: number;
}

const [databaseURL = '', port] = process.argv.slice(2);
const plain = await startBlog({ url: databaseURL });
let reading: Promise<void> = Promise.resolve();
let order: Order | undefined;

async function read(current: Order): Promise<void> {
  const cache = await CACHES[current.name]({
    tier: current.tier,
    source: (args) => plain.payload.db.find(args as never),
    port: Number(port),
    databaseURL,
  });
  if (!cache) return;
  let last: string | undefined;
  while (order === current) {
    const { docs } = (await cache.read(postPage(1))) as { docs: { publishedAt: string }[] };
    const { publishedAt = '' } = docs[0] ?? {};
    if (publishedAt !== last) process.send?.({ publishedAt, at: now() } satisfies Sight);
    last = publishedAt;
    await sleep(1);
  }
  await cache.close();
}

process.on('message', (next: Order | 'end') => {
  order = next === 'end' ? undefined : next;
  reading = reading.then(async () => {
    if (next === 'end') {
      await plain.stop();
      process.disconnect();
    } else if (order === next) await read(next);
  });
});
process.send?.('ready');
