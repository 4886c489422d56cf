import type { Payload, PayloadRequest } from 'payload';
import { afterEach, describe, expect, test } from 'vitest';
import { RECORD_PREFIX } from '../../src/interfaces/kinds-of-keys.js';
import { memory, type PayloadKVOptions, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type ObserveOptions, observationOf, observe, type Statistics } from '../../src/runtime/observe.js';
import { redis } from '../../src/runtime/redis.js';
import { type Clock, takeClock } from '../support/clock.js';
import { type Started, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';

const sites: Started[] = [];
let clock: Clock | undefined;
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
  clock?.stop();
  clock = undefined;
});

async function start(
  options: Partial<PayloadKVOptions> = {},
  observing: ObserveOptions = {},
): Promise<Payload> {
  const plugins = [payloadKV({ store: memory(), observe: observe(observing), ...options })];
  const site = await startBlog({ plugins, seed: 8 });
  sites.push(site);
  await settleCache(site.payload);
  return site.payload;
}

const own = (payload: Payload): Statistics => observationOf(payload)!.ownStatistics();
const find = (payload: Payload, slug: string, req: unknown = {}) =>
  payload.db.find({
    collection: 'posts',
    where: { slug: { equals: slug } },
    limit: 1,
    req: req as PayloadRequest,
  });
const shapeIn = ({ hotQueries }: Statistics, shape: string) =>
  hotQueries.find((each) => each.name === 'posts' && each.shape === shape);

describe('statistics of one process', () => {
  test('a shape is counted whatever its values, with what it saved', async () => {
    const payload = await start();
    for (const slug of ['post-1', 'post-2', 'post-1', 'post-1', 'post-2']) {
      await find(payload, slug);
      await settleCache(payload);
    }
    const statistics = own(payload);
    const shape = shapeIn(statistics, 'slug equals, limit 1')!;
    expect(shape).toMatchObject({ operation: 'find', count: 5, error: 0, hits: 3, misses: 2, measured: 2 });
    expect(shape.databaseTime).toBeGreaterThan(0);
    // Each hit has saved what a miss took in the mean.
    expect(shape.saved.calls).toBe(3);
    expect(shape.saved.time).toBeCloseTo(3 * shape.databaseTime, 6);
    expect(statistics.savedBy.posts!.calls).toBeGreaterThanOrEqual(3);
    expect(statistics.latency.hit.count).toBeGreaterThanOrEqual(3);
    expect(statistics.latency.database.count).toBeGreaterThanOrEqual(2);
    expect(statistics).toMatchObject({ format: 1, scope: 'process', processes: 1 });
    expect(statistics.near).toMatchObject({ entries: expect.any(Number), evictions: 0 });
    expect(statistics.counts.collections.posts).toMatchObject({ hits: expect.any(Number) });
    expect(statistics.policies.posts).toMatchObject({ cached: true, ttl: 300, consistency: 'strong' });
    expect(statistics.policies.users).toEqual({ cached: false, reason: 'auth-collection' });
  });

  test('the last hour, by intervals, and what is older is gone', async () => {
    clock = takeClock();
    const payload = await start({ ttl: '1d' });
    await find(payload, 'post-1');
    await settleCache(payload);
    clock.advance(600);
    await find(payload, 'post-1');
    const sum = (name: 'hits' | 'misses'): number =>
      own(payload).history.points.reduce((all, point) => all + point[name], 0);
    const { points, interval } = own(payload).history;
    expect(points).toHaveLength(3600 / interval);
    expect(points.filter(({ hits }) => hits > 0)).toHaveLength(1);
    expect(
      points.every(({ at }, index) => index === 0 || at - points[index - 1]!.at === 1000 * interval),
    ).toBe(true);
    const misses = sum('misses');
    expect(misses).toBeGreaterThan(0);
    clock.advance(3400);
    expect(sum('misses')).toBeLessThan(misses);
    expect(sum('hits')).toBe(1);
    clock.advance(3600);
    expect(sum('hits')).toBe(0);
  });

  test('what one request asks again and again is found, with the place that asks', async () => {
    const payload = await start();
    // A request that is passed on as copies and proxies, as Payload does.
    const headers = new Headers();
    async function namesOfEach(): Promise<void> {
      for (let id = 1; id <= 7; id++) {
        const req = { headers, context: {} };
        await payload.db.findOne({ collection: 'posts', where: { id: { equals: id } }, req: req as never });
      }
    }
    await namesOfEach();
    for (let id = 1; id <= 7; id++) await find(payload, `post-${id}`);
    const repeated = own(payload).repeatedQueries;
    expect(repeated).toEqual([
      expect.objectContaining({
        name: 'posts',
        operation: 'findOne',
        shape: 'id equals',
        requests: 1,
        most: 7,
        queries: 7,
        place: expect.stringMatching(/^test\/observe\/statistics\.test\.ts:\d+$/),
      }),
    ]);
    expect(repeated[0]!.databaseTime).toBeGreaterThan(0);
  });

  test('nothing of a visitor is in them', async () => {
    const payload = await start();
    await find(payload, 'hunter2');
    await payload.find({ collection: 'users', where: { email: { equals: 'hunter2@example.com' } } });
    expect(JSON.stringify(own(payload))).not.toContain('hunter2');
  });

  test('they end with the instance', async () => {
    const payload = await start();
    await sites.pop()!.stop();
    expect(observationOf(payload)).toBeUndefined();
  });
});

describe.skipIf(!hasRedis)('statistics of all processes that share a store (needs redis-server)', () => {
  let server: RedisServer;
  afterEach(() => server?.stop());

  const sharing = (shareEvery: ObserveOptions['shareEvery']) =>
    start({ store: redis({ url: `redis://127.0.0.1:${server.port}` }), database: 'main' }, { shareEvery });

  test('are those of each, added up; who does not share theirs has their own alone', async () => {
    clock = takeClock();
    server = await startRedis();
    const [first, second] = [await sharing('1m'), await sharing('1m')];
    for (const payload of [first, second, second]) {
      await find(payload, 'post-1');
      await settleCache(payload);
    }
    clock.advance(61);
    const [one, other] = [own(first), own(second)];
    // The next event writes the record, with what was counted before.
    await find(second, 'post-2');
    await settleCache(second);
    const all = await observationOf(first)!.statistics('all');
    expect(all).toMatchObject({ scope: 'all', processes: 2 });
    expect(all.counts.total.hits).toBe(one.counts.total.hits + other.counts.total.hits);
    expect(shapeIn(all, 'slug equals, limit 1')!.count).toBe(
      shapeIn(one, 'slug equals, limit 1')!.count + shapeIn(other, 'slug equals, limit 1')!.count,
    );
    expect(all.latency.database.count).toBe(one.latency.database.count + other.latency.database.count);
    expect(await observationOf(first)!.statistics()).toMatchObject({ scope: 'process', processes: 1 });

    const alone = await sharing(false);
    expect(await observationOf(alone)!.statistics('all')).toMatchObject({ scope: 'process', processes: 1 });
  });

  test('a record that is no record is left out', async () => {
    clock = takeClock();
    server = await startRedis();
    const [first, second] = [await sharing('1m'), await sharing('1m')];
    clock.advance(61);
    await find(second, 'post-1');
    await settleCache(second);
    const client = server.connect();
    const [key] = await client.keys(`*${RECORD_PREFIX}*`);
    expect(key).toBeDefined();
    await client.set(
      key!.replace(/[\w-]+$/, 'nonsense'),
      '1j--:{"format":1,"hotQueries":[],"history":{"points":[{}]}}',
    );
    await client.set(key!.replace(/[\w-]+$/, 'worse'), 'no record');
    const all = await observationOf(first)!.statistics('all');
    expect(all.processes).toBe(2);
    expect(JSON.stringify(all)).not.toContain('null,"misses"');
  });
});
