import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  getCacheStats,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { redis, redisRegistry } from '../../src/runtime/redis.js';
import { type Started, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';

/** For what happens soon, on a machine that has other things to do. Less than `eventual` remembers while it is told. */
const PATIENT = { timeout: 30_000 };

describe.runIf(hasRedis)('memory over Redis, in several processes', () => {
  let server: RedisServer;
  let admin: Redis;
  let directory: string;
  let url: string;
  const sites: Started[] = [];
  beforeAll(async () => {
    server = await startRedis();
    admin = server.connect();
    url = `redis://127.0.0.1:${server.port}`;
    directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-tiered-redis-'));
  });
  beforeEach(async () => {
    await admin.flushall();
  });
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.stop();
    await expect.poll(subscribers, PATIENT).toBe(0);
  });
  afterAll(async () => {
    await server?.stop();
    await removeDirectory(directory);
  });

  async function start(options: PayloadKVOptions): Promise<Started> {
    const site = await startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      plugins: [payloadKV({ collections: { tags: {} }, globals: {}, ...options })],
    });
    sites.push(site);
    return site;
  }

  const subscribers = async (): Promise<number> => {
    const [, count] = (await admin.pubsub('NUMSUB', 'payload-cache:replaced')) as [string, number];
    return Number(count);
  };
  const names = async ({ payload }: Started): Promise<string[]> => {
    const { docs } = await payload.find({ collection: 'tags', pagination: false, depth: 0, sort: 'id' });
    await settleCache(payload);
    return docs.map((tag) => String(tag.name));
  };
  const write = async ({ payload }: Started, name: string): Promise<void> => {
    await payload.create({ collection: 'tags', data: { name } as never });
    await settleCache(payload);
  };
  const hits = ({ payload }: Started): number => getCacheStats(payload)!.total.hits;
  /** Commands on entries and versions since the statistics were reset. */
  const commands = async (): Promise<string[]> => {
    const stats = await admin.info('commandstats');
    const used = [...stats.matchAll(/cmdstat_(\w+):calls=/g)].map(([, name]) => String(name));
    return used.filter((name) => ['get', 'mget', 'set', 'del'].includes(name));
  };

  test.each([
    ['eventual', 'eventual'],
    ['bounded', { bounded: '1h' }],
  ] as const)(
    'under %s a hot page asks Redis for nothing, and is new as soon as another process has written',
    async (_mode, consistency) => {
      const one = await start({ store: tiered(memory(), redis({ url })), consistency });
      const other = await start({ store: tiered(memory(), redis({ url })), consistency });
      await expect.poll(subscribers, PATIENT).toBe(2);
      const before = await names(one);
      // Longer than `eventual` remembers without being told.
      if (consistency === 'eventual') await sleep(2_500);
      await admin.config('RESETSTAT');
      const hitsBefore = hits(one);
      expect(await names(one)).toEqual(before);
      expect(hits(one)).toBe(hitsBefore + 1);
      expect(await commands()).toEqual([]);
      for (const [writer, reader] of [
        [other, one],
        [one, other],
        [other, one],
      ] as const) {
        await names(reader);
        await write(writer, `written ${before.length}`);
        before.push(`written ${before.length}`);
        expect(await names(writer)).toEqual(before);
        await expect.poll(() => names(reader), PATIENT).toEqual(before);
      }
    },
  );

  test('without messages the other process serves what its bound allows', async () => {
    const client = server.connect();
    const silent = {
      sendCommand: ([command, ...args]: string[]) => client.call(command as string, ...args),
    };
    const consistency = { bounded: '1h' } as const;
    const one = await start({ store: tiered(memory(), redis({ client: silent })), consistency });
    const other = await start({ store: tiered(memory(), redis({ url })), consistency });
    await expect.poll(subscribers, PATIENT).toBe(1);
    const before = await names(one);
    await write(other, 'unheard');
    expect(await names(other)).toEqual([...before, 'unheard']);
    await sleep(200);
    expect(await names(one)).toEqual(before);
  });

  test('a lost connection makes what it might have missed be asked for, when it is lost and when it is back', async () => {
    await admin.call('ACL', 'SETUSER', 'site', 'on', '>site', '~*', '&*', '+@all');
    const own = `redis://site:site@127.0.0.1:${server.port}`;
    const consistency = { bounded: '1h' } as const;
    const one = await start({ store: tiered(memory(), redis({ url: own })), consistency });
    const other = await start({ store: tiered(memory(), redis({ url })), consistency: 'strong' });
    await expect.poll(subscribers, PATIENT).toBe(1);
    const before = await names(one);

    await admin.call('ACL', 'SETUSER', 'site', '-subscribe');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expect.poll(subscribers, PATIENT).toBe(0);
    // Asks, because it was lost; then remembers as long as the bound says, because nobody will tell.
    await admin.config('RESETSTAT');
    await expect
      .poll(async () => {
        expect(await names(one)).toEqual(before);
        return commands();
      }, PATIENT)
      .toEqual(['mget']);
    await write(other, 'missed');
    expect(await names(other)).toEqual([...before, 'missed']);
    expect(await names(one)).toEqual(before);

    await admin.call('ACL', 'SETUSER', 'site', '+subscribe');
    await expect.poll(() => names(one), PATIENT).toEqual([...before, 'missed']);
    await expect.poll(subscribers, PATIENT).toBe(1);
    await write(other, 'heard');
    await expect.poll(() => names(one), PATIENT).toEqual([...before, 'missed', 'heard']);
  });

  test('versions in Redis beside entries in memory: nothing is asked of Redis while nothing changes', async () => {
    const one = await start({ store: memory(), registry: redisRegistry({ url }), consistency: 'eventual' });
    const other = await start({ store: memory(), registry: redisRegistry({ url }), consistency: 'eventual' });
    await expect.poll(subscribers, PATIENT).toBe(2);
    const before = await names(one);
    await sleep(2_500);
    await admin.config('RESETSTAT');
    expect(await names(one)).toEqual(before);
    expect(await commands()).toEqual([]);
    await write(other, 'in memory');
    await expect.poll(() => names(one), PATIENT).toEqual([...before, 'in memory']);
  });

  test.each([
    ['strong asks at each lookup', () => ({ store: tiered(memory(), redis({ url })) })],
    [
      'versions come with their entries',
      () => ({ store: redis({ url }), consistency: { bounded: '1h' } as const }),
    ],
  ])('nobody subscribes where it would gain nothing: %s', async (_why, options) => {
    const one = await start(options());
    await names(one);
    await names(one);
    await sleep(200);
    expect(await subscribers()).toBe(0);
  });

  test('a site that ends leaves no connection behind', async () => {
    const clients = async () => Number(/connected_clients:(\d+)/.exec(await admin.info('clients'))?.[1]);
    const before = await clients();
    const options = () => ({
      store: tiered(memory(), redis({ url })),
      registry: redisRegistry({ url }),
      consistency: 'eventual' as const,
    });
    const one = await start(options());
    await write(one, 'last');
    await names(one);
    await expect.poll(subscribers, PATIENT).toBe(1);
    expect(await clients()).toBe(before + 3);
    await one.payload.destroy();
    await expect.poll(clients, PATIENT).toBe(before);
  });
});
