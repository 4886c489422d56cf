import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Payload } from 'payload';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EVENT_TYPES } from '../../src/interfaces/events.js';
import { instanceOf } from '../../src/runtime/carried-instance.js';
import {
  type CacheEvent,
  cached,
  invalidateCache,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import { chaoticStore } from '../support/chaos.js';
import { type Started, startBlog } from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';

let site: Started;
let payload: Payload;
let events: CacheEvent[];
afterEach(() => site?.stop());

async function start(options: Partial<PayloadKVOptions> = {}): Promise<void> {
  events = [];
  const onEvent = (event: CacheEvent) => void events.push(event);
  site = await startBlog({ plugins: [payloadKV({ store: memory(), onEvent, ...options })], seed: 3 });
  ({ payload } = site);
  await settleCache(payload);
  events.length = 0;
}

const find = (slug = 'post-1') =>
  payload.db.find({ collection: 'posts', where: { slug: { equals: slug } }, limit: 1, req: {} as never });
const told = (types = EVENT_TYPES as readonly string[]) =>
  events
    .filter(({ type }) => types.includes(type))
    .map(({ type, reason }) => (reason ? `${type} (${reason})` : type));

describe('events of reads and writes', () => {
  beforeEach(() => start());

  test('a miss and its fill, a hit, a write, and what it made stale', async () => {
    await find();
    await settleCache(payload);
    await find();
    expect(told()).toEqual(['miss', 'fill', 'hit']);
    const [miss, fill, hit] = events as [CacheEvent, CacheEvent, CacheEvent];
    expect(miss).toMatchObject({ subject: 'collection', name: 'posts', operation: 'find' });
    expect(fill).toMatchObject({ outcome: 'kept', key: miss.key, bytes: expect.any(Number) });
    expect(hit).toMatchObject({ key: miss.key, bytes: expect.any(Number), duration: expect.any(Number) });
    expect(hit.key).toMatch(/^[\w-]{22,64}$/);
    events.length = 0;

    const { docs } = await payload.find({
      collection: 'posts',
      where: { slug: { equals: 'post-1' } },
      limit: 1,
    });
    await settleCache(payload);
    events.length = 0;
    await payload.update({ collection: 'posts', id: docs[0]!.id, data: { title: 'Another' } });
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'invalidate',
        subject: 'collection',
        name: 'posts',
        outcome: 'replaced',
        count: expect.any(Number),
        operation: expect.stringContaining('updateOne'),
      }),
    );
    expect(told()).toContain('bypass (write-operation)');
    events.length = 0;
    await find();
    expect(told()).toEqual(['stale (written)', 'fill']);
  });

  test('a bypass is told with its reason when the database has answered', async () => {
    await payload.find({ collection: 'posts', limit: 1, depth: 0, context: { payloadCache: 'bypass' } });
    expect(told()[0]).toBe('bypass (request)');
    await payload.find({ collection: 'users', limit: 1 });
    expect(told()).toContain('bypass (auth-collection)');
  });

  test('invalidation by hand', async () => {
    await invalidateCache(payload, { collection: 'posts' });
    await invalidateCache(payload, 'everything');
    const told = (type: string) => events.filter((event) => event.type === type);
    expect(told('invalidate')).toEqual([
      expect.objectContaining({ type: 'invalidate', operation: 'invalidateCache', outcome: 'replaced' }),
      expect.objectContaining({
        type: 'invalidate',
        operation: 'invalidateCache',
        count: expect.any(Number),
      }),
    ]);
    expect(told('purge')).toHaveLength(2);
    expect(events).toHaveLength(4);
  });

  test('functions, by their namespace', async () => {
    const run = () =>
      cached(async ({ req }) => payload.count({ collection: 'posts', req }), {
        key: ['n'],
        namespace: 'counts',
        payload,
      });
    await run();
    await settleCache(payload);
    await run();
    const own = events.filter(({ subject }) => subject === 'function');
    expect(own.map(({ type, name, operation }) => [type, name, operation])).toEqual([
      ['miss', 'counts', 'cached'],
      ['fill', 'counts', 'cached'],
      ['hit', 'counts', 'cached'],
    ]);
  });

  test('no event holds a value of a query, of a document, or a secret', async () => {
    const secret = 'hunter2-do-not-tell';
    await payload.create({
      collection: 'users',
      data: { email: `${secret}@example.com`, password: secret } as never,
    });
    await payload.find({ collection: 'users', where: { email: { equals: `${secret}@example.com` } } });
    await find(secret);
    await find(secret);
    await payload.login({
      collection: 'users',
      data: { email: `${secret}@example.com`, password: secret } as never,
    });
    await cached(async () => secret, { key: [secret], payload });
    await settleCache(payload);
    expect(events.length).toBeGreaterThan(5);
    expect(JSON.stringify(events)).not.toContain(secret);
  });

  test('of a key that the site makes itself only the hash is told', async () => {
    await site.stop();
    await start({ key: ({ args }) => `hunter2:${JSON.stringify(args.where)}` });
    await find('hunter3');
    expect(events.length).toBeGreaterThan(0);
    expect(JSON.stringify(events)).not.toMatch(/hunter/);
  });

  test('a listener that throws is logged, and the site goes on', async () => {
    await site.stop();
    let isBroken = false;
    await start({
      onEvent() {
        if (isBroken) throw new Error('mine');
      },
    });
    isBroken = true;
    const warn = vi.spyOn(payload.logger, 'warn').mockImplementation(() => undefined);
    expect(await find()).toMatchObject({ docs: [{ slug: 'post-1' }] });
    expect(warn.mock.calls.flat()).toContainEqual(
      expect.objectContaining({ msg: expect.stringContaining('a listener to events failed') }),
    );
  });
});

describe('who hears', () => {
  test('nobody: no event is built', async () => {
    await start({ onEvent: undefined });
    const own = instanceOf(payload)!.events;
    const tell = vi.spyOn(own, 'tell');
    await find();
    await settleCache(payload);
    await find();
    const { isHeard } = own;
    const asked = vi.spyOn(own, 'isHeard');
    await find();
    expect(tell).not.toHaveBeenCalled();
    // Once at the beginning of the read: a hit asks no second time.
    expect(asked).toHaveBeenCalledTimes(1);
    expect(isHeard()).toBe(false);
  });

  test('a subscriber of one channel hears of nothing else, and of every instance', async () => {
    await start({ onEvent: undefined });
    const heard: CacheEvent[] = [];
    const hear = (message: unknown) => void heard.push(message as CacheEvent);
    subscribe('payload-kv:hit', hear);
    try {
      await find();
      await settleCache(payload);
      await find();
    } finally {
      unsubscribe('payload-kv:hit', hear);
    }
    await find();
    expect(heard).toEqual([
      expect.objectContaining({ type: 'hit', name: 'posts', instance: expect.any(String) }),
    ]);
  });
});

describe('whoever watches and fails', () => {
  test('later, when it is asynchronous, is told of in the log, and nothing else happens', async () => {
    const rejected = vi.fn();
    process.on('unhandledRejection', rejected);
    try {
      await start({
        onEvent: (async () => {
          throw new Error('no such table of events');
        }) as never,
      });
      const warn = vi.spyOn(payload.logger, 'warn').mockImplementation(() => undefined);
      instanceOf(payload)!.events.listen((async () => Promise.reject('later')) as never);
      await find('post-2');
      await settleCache(payload);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(rejected).not.toHaveBeenCalled();
      void warn;
    } finally {
      process.off('unhandledRejection', rejected);
    }
  });

  test('at its begin or its end keeps nobody from reading, and the site from ending', async () => {
    let begun = 0;
    const watching = (attach: () => unknown) =>
      start({ observe: { name: 'mine', attach: () => attach() as () => void } });
    await watching(() => {
      begun += 1;
      throw new Error('it cannot begin');
    });
    await find();
    await settleCache(payload);
    expect(begun).toBeGreaterThan(0);
    events.length = 0;
    await find();
    expect(told()).toEqual(['hit']);
    await site.stop();

    for (const end of [
      undefined,
      () => Promise.reject(new Error('later')),
      () => expect.fail('it cannot end'),
    ]) {
      const store = memory();
      const close = vi.spyOn(store, 'close');
      events = [];
      site = await startBlog({
        plugins: [payloadKV({ store, observe: { name: 'mine', attach: () => end as () => void } })],
        seed: 1,
      });
      await site.stop();
      expect(close).toHaveBeenCalled();
    }
  });
});

describe('faults', () => {
  test('errors, with their reason, and a breaker that opens', async () => {
    const broken = { is: false };
    await start({ store: chaoticStore(memory(), () => (broken.is ? 'reject' : undefined)) });
    vi.spyOn(payload.logger, 'warn').mockImplementation(() => undefined);
    broken.is = true;
    for (let index = 0; index < 12; index++) await find(`post-${index}`);
    await settleCache(payload);
    expect(events).toContainEqual(expect.objectContaining({ type: 'error', part: 'store', reason: 'fault' }));
    expect(events.filter(({ type }) => type === 'breaker')).toEqual([
      expect.objectContaining({ part: 'store', outcome: 'open' }),
    ]);
    expect(told()).toContain('bypass (error)');
  });

  test('an entry that is no entry', async () => {
    const wrong = { is: false };
    await start({
      store: chaoticStore(memory(), ({ operation }) =>
        wrong.is && operation === 'getMany' ? 'garbage' : undefined,
      ),
    });
    vi.spyOn(payload.logger, 'warn').mockImplementation(() => undefined);
    await find();
    await settleCache(payload);
    wrong.is = true;
    for (let index = 0; index < 6; index++) await find();
    expect(told(['error'])).toContain('error (corrupt-entry)');
  });
});

describe.skipIf(!hasRedis)('calls over a network (needs redis-server)', () => {
  let server: RedisServer;
  afterEach(() => server?.stop());

  test('each is told with what it was for', async () => {
    server = await startRedis();
    await start({ store: redis({ url: `redis://127.0.0.1:${server.port}` }) });
    await find();
    await settleCache(payload);
    await find();
    const calls = events.filter(({ type }) => type === 'call');
    expect(calls).toContainEqual(
      expect.objectContaining({ part: 'store', operation: 'read', outcome: 'ok' }),
    );
    expect(calls).toContainEqual(
      expect.objectContaining({ part: 'store', operation: 'write', outcome: 'ok' }),
    );
    events.length = 0;
    await invalidateCache(payload, { collection: 'posts' });
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'call', part: 'replacement', operation: 'replace', outcome: 'ok' }),
    );
    vi.spyOn(payload.logger, 'warn').mockImplementation(() => undefined);
    await server.kill();
    await find('post-2');
    expect(events).toContainEqual(expect.objectContaining({ type: 'call', outcome: 'failed' }));
  });
});
