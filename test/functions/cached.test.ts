import type { Payload, PayloadRequest } from 'payload';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type CachedOptions,
  cached,
  type FunctionContext,
  getCacheStats,
  invalidateCache,
  memoize,
  memory,
  namespace,
  type PayloadKVOptions,
  payloadKV,
  type Refusal,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';

let site: Started;
let payload: Payload;
afterEach(() => site?.stop());

async function start(options: Partial<PayloadKVOptions> = {}): Promise<void> {
  site = await startBlog({ plugins: [payloadKV({ store: memory(), ...options })], seed: 3 });
  ({ payload } = site);
}

/** A function that says how often it ran. */
function counting<Result>(fn: (context: FunctionContext) => Result | Promise<Result>) {
  const runs = { count: 0 };
  const counted = async (context: FunctionContext) => {
    runs.count += 1;
    return { run: runs.count, result: await fn(context) };
  };
  return { runs, counted };
}

const notStored = (space = ''): { [reason in Refusal]?: number } =>
  getCacheStats(payload)?.functions[space]?.notStored ?? {};

async function idOf(collection: 'posts' | 'authors', number = 0): Promise<number> {
  const { docs } = await payload.db.find<{ id: number }>({ collection, sort: 'id', limit: 10 });
  return docs[number]!.id;
}

describe('what a function reads, it depends on', () => {
  beforeEach(() => start());

  /** Runs a function twice, then a write, then once more: whether it ran again. */
  async function runsAgain(
    fn: (context: FunctionContext) => unknown,
    write: () => Promise<unknown>,
    options: Partial<CachedOptions> = {},
  ): Promise<boolean> {
    const { runs, counted } = counting(fn);
    const call = () => cached(counted, { key: ['test'], payload, ...options });
    const first = await call();
    await settleCache(payload);
    expect(await call()).toEqual(first);
    expect(runs.count).toBe(1);
    await write();
    const fresh = await call();
    const isNew = runs.count === 2;
    if (isNew) expect(fresh.run).toBe(2);
    return isNew;
  }

  const title = (value: string) => ({ title: value });

  test.each(['req', 'none'])('a document by its id, with the request %s', async (which) => {
    const [id, other] = [await idOf('posts', 0), await idOf('posts', 1)];
    const read = ({ req }: FunctionContext) =>
      payload.findByID({ collection: 'posts', id, depth: 0, ...(which === 'req' ? { req } : {}) });
    expect(
      await runsAgain(read, () => payload.update({ collection: 'posts', id: other, data: title('B') })),
    ).toBe(false);
    expect(
      await runsAgain(read, () => payload.update({ collection: 'posts', id, data: title('A') }), {
        key: [2],
      }),
    ).toBe(true);
  });

  test('what it populates, at any depth', async () => {
    const id = await idOf('posts');
    const author = await idOf('authors');
    await payload.update({ collection: 'posts', id, data: { author } });
    const read = ({ req }: FunctionContext) => payload.findByID({ collection: 'posts', id, depth: 2, req });
    expect(
      await runsAgain(read, () =>
        payload.update({ collection: 'authors', id: author, data: { name: 'Zoe' } }),
      ),
    ).toBe(true);
    expect(
      await runsAgain(read, () => payload.update({ collection: 'posts', id, data: { author: null } }), {
        key: [2],
      }),
    ).toBe(true);
    expect(
      await runsAgain(
        read,
        () => payload.update({ collection: 'authors', id: author, data: { name: 'Ida' } }),
        {
          key: [3],
        },
      ),
    ).toBe(false);
  });

  test('a list, a count, a global, and what is not cached', async () => {
    const create = () =>
      payload.create({ collection: 'posts', data: { title: 'New', slug: `new-${Math.random()}` } });
    const list = ({ req }: FunctionContext) => payload.find({ collection: 'posts', req });
    expect(await runsAgain(list, create)).toBe(true);
    expect(await runsAgain(() => payload.count({ collection: 'posts' }), create, { key: [2] })).toBe(true);
    const global = () => payload.findGlobal({ slug: 'header' });
    const changed = () => payload.updateGlobal({ slug: 'header', data: {} });
    expect(await runsAgain(global, changed, { key: [3] })).toBe(true);
    const below = () => payload.db.find({ collection: 'posts' });
    expect(await runsAgain(below, create, { key: [4] })).toBe(true);
    const bypassing = () =>
      payload.find({ collection: 'posts', depth: 0, context: { payloadCache: 'bypass' } });
    expect(await runsAgain(bypassing, create, { key: [5] })).toBe(true);
  });

  test('what a function that it calls reads, whether that one was cached or not', async () => {
    const id = await idOf('posts');
    const inner = () =>
      cached(({ req }) => payload.findByID({ collection: 'posts', id, req }), { key: ['inner'], payload });
    await inner();
    await settleCache(payload);
    const change = () => payload.update({ collection: 'posts', id, data: { title: `${Math.random()}` } });
    expect(await runsAgain(inner, change)).toBe(true);
    // Stale by now, so that it runs inside.
    await change();
    expect(await runsAgain(inner, change, { key: [2] })).toBe(true);
  });

  test('what a function that it calls read and did not want stored', async () => {
    const id = await idOf('posts');
    const inner = () =>
      cached(
        ({ req, discard }) => {
          discard();
          return payload.findByID({ collection: 'posts', id, depth: 0, req });
        },
        { key: ['discarded'], namespace: 'discarded', payload },
      );
    const change = () => payload.update({ collection: 'posts', id, data: { title: `${Math.random()}` } });
    expect(await runsAgain(inner, change)).toBe(true);
    expect(notStored('discarded')).toEqual({ discarded: 2 });
  });

  test('what it read before it threw, where another function goes on', async () => {
    const id = await idOf('posts');
    const inner = () =>
      cached(
        async ({ req }) => {
          await payload.findByID({ collection: 'posts', id, req });
          throw new Error('inner');
        },
        { key: ['inner'], payload },
      ).catch(() => 'caught');
    expect(await runsAgain(inner, () => payload.update({ collection: 'posts', id, data: title('X') }))).toBe(
      true,
    );
  });

  test('what it says', async () => {
    const weather = ({ tag }: FunctionContext) => {
      tag('weather', { global: 'header' });
      return 'rain';
    };
    expect(await runsAgain(weather, () => invalidateCache(payload, { tags: ['weather'] }))).toBe(true);
    expect(await runsAgain(weather, () => invalidateCache(payload, { tags: ['sea'] }), { key: [2] })).toBe(
      false,
    );
    expect(
      await runsAgain(weather, () => payload.updateGlobal({ slug: 'header', data: {} }), { key: [3] }),
    ).toBe(true);
    expect(await runsAgain(weather, () => invalidateCache(payload, 'everything'), { key: [4] })).toBe(true);
  });

  test('a document that was changed where nobody saw it', async () => {
    const [id, other] = [await idOf('posts', 0), await idOf('posts', 1)];
    const read = ({ req }: FunctionContext) => payload.findByID({ collection: 'posts', id, req, depth: 0 });
    expect(await runsAgain(read, () => invalidateCache(payload, { collection: 'posts', id }))).toBe(true);
    expect(
      await runsAgain(read, () => invalidateCache(payload, { collection: 'posts', id: other }), { key: [2] }),
    ).toBe(false);
  });

  test('of many documents the collection', async () => {
    const ids = await Promise.all(
      Array.from({ length: 70 }, async (_, number) => {
        const data = { title: `T${number}`, slug: `many-${number}` };
        return (await payload.create({ collection: 'posts', data })).id;
      }),
    );
    const read = ({ req }: FunctionContext) =>
      Promise.all(ids.map((id) => payload.findByID({ collection: 'posts', id, req, depth: 0 })));
    const { runs, counted } = counting(read);
    const call = () => cached(counted, { key: ['many'], payload });
    const change = (id: unknown) =>
      payload.update({ collection: 'posts', id: id as number, data: { title: `${Math.random()}` } });
    await call();
    await settleCache(payload);
    await change(await idOf('posts'));
    await call();
    expect(runs.count).toBe(1);
    await change(ids[69]);
    await call();
    expect(runs.count).toBe(2);
    await settleCache(payload);
    await call();
    expect(runs.count).toBe(2);
    // From the second run on a single tag stands for all of them.
    await change(await idOf('posts'));
    await call();
    expect(runs.count).toBe(3);
    await settleCache(payload);
    await change(ids[3]);
    await call();
    expect(runs.count).toBe(4);
  });
});

test('a function that reads more documents than a result has tags is stored from its second run on', async () => {
  await start();
  const { runs, counted } = counting(async ({ req }) => {
    let found = 0;
    for (let first = 1; first < 1_100; first += 10) {
      const ids = Array.from({ length: 10 }, (_, number) => first + number);
      const where = { id: { in: ids } };
      found += (await payload.find({ collection: 'posts', where, pagination: false, depth: 0, req })).docs
        .length;
    }
    return found;
  });
  for (let call = 0; call < 4; call++) {
    await cached(counted, { key: ['all'], payload });
    await settleCache(payload);
  }
  expect(runs.count).toBe(2);
  expect(notStored()).toEqual({ 'too-many-tags': 1 });
});

describe('a result', () => {
  beforeEach(() => start());

  test('is the same again, and a copy each time', async () => {
    const value = {
      nothing: undefined,
      none: null,
      date: new Date(5),
      list: [1, -0, Number.NaN, 10n],
      nested: {},
    };
    const call = () => cached(() => structuredClone(value), { key: ['value'], payload });
    await call();
    await settleCache(payload);
    const hit = await call();
    expect(hit).toEqual(value);
    Object.assign(hit.nested, { scribble: true });
    expect(await call()).toEqual(value);
    expect(getCacheStats(payload)?.functions['']).toMatchObject({ hits: 2, misses: 1, writes: 1 });
  });

  test.each([undefined, null, 0, '', false])('%s is one as well', async (value) => {
    const run = vi.fn(() => value);
    for (let call = 0; call < 2; call++) {
      expect(await cached(run, { key: [], payload })).toBe(value);
      await settleCache(payload);
    }
    expect(run).toHaveBeenCalledTimes(1);
  });

  test('that has no lossless form is made each time, and counted', async () => {
    class Price {}
    const run = vi.fn(() => new Price());
    for (let call = 0; call < 2; call++)
      expect(await cached(run, { key: ['price'], payload })).toBeInstanceOf(Price);
    expect(run).toHaveBeenCalledTimes(2);
    expect(notStored()).toEqual({ uncacheable: 2 });
  });

  test('is that of its key, of its namespace, and of no other', async () => {
    const keys: (readonly unknown[])[] = [
      [],
      ['a', 'b'],
      ['a b'],
      [['a', 'b']],
      [1],
      ['1'],
      [undefined],
      [null],
      [{ a: 1, b: 2 }],
      [new Date(0)],
    ];
    const made = keys.flatMap((key) =>
      ['', 'one', 'two'].map((space) => {
        const own = space === '' ? {} : { namespace: space };
        return () =>
          cached(() => Symbol.keyFor(Symbol.for(JSON.stringify([key, space]))), { key, payload, ...own });
      }),
    );
    const first = await Promise.all(made.map((call) => call()));
    await settleCache(payload);
    expect(await Promise.all(made.map((call) => call()))).toEqual(first);
    const { functions } = getCacheStats(payload)!;
    expect(Object.values(functions).map(({ hits, misses }) => [hits, misses])).toEqual([
      [10, 10],
      [10, 10],
      [10, 10],
    ]);
  });

  test('of a key that cannot be told is made each time; of what is no key, refused', async () => {
    const run = vi.fn(() => 1);
    for (let call = 0; call < 2; call++) await cached(run, { key: [() => 1], payload });
    expect(run).toHaveBeenCalledTimes(2);
    expect(getCacheStats(payload)?.functions['']?.bypasses).toEqual({ 'unknown-argument': 2 });
    await expect(cached(run, { key: 'name' as never, payload })).rejects.toMatchObject({
      code: 'INVALID_FUNCTION_KEY',
    });
    await expect(cached(run, { key: [], ttl: 'soon' as never, payload })).rejects.toMatchObject({
      code: 'INVALID_DURATION',
    });
  });

  test('that was thrown is not stored', async () => {
    let run = 0;
    const call = () =>
      cached(
        () => {
          run += 1;
          if (run === 1) throw new Error('first');
          return run;
        },
        { key: ['throws'], payload },
      );
    await expect(call()).rejects.toThrow('first');
    expect(await call()).toBe(2);
    await settleCache(payload);
    expect(await call()).toBe(2);
  });

  test('of a run that a write came into is not stored', async () => {
    const id = await idOf('posts');
    const { runs, counted } = counting(async ({ req }) => {
      const before = await payload.findByID({ collection: 'posts', id, req, depth: 0 });
      await payload.db.updateOne({ collection: 'posts', id, data: { title: `during ${Math.random()}` } });
      const after = await payload.findByID({ collection: 'posts', id, req, depth: 0 });
      return [before.title, after.title];
    });
    for (let call = 0; call < 2; call++) {
      await cached(counted, { key: ['torn'], payload });
      await settleCache(payload);
    }
    expect(runs.count).toBe(2);
    expect(notStored()).toEqual({ changed: 2 });
  });

  test('lives no longer than its ttl, or what the function says, counted from the oldest of what it read', async () => {
    await site.stop();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      await start();
      const { runs, counted } = counting(({ ttl, req }) => {
        ttl('40s');
        return payload.find({ collection: 'posts', req, depth: 0 });
      });
      const pass = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
      const call = () => cached(counted, { key: ['short'], ttl: '1h', payload });
      await payload.find({ collection: 'posts', depth: 0 });
      await settleCache(payload);
      pass(20);
      await call();
      await settleCache(payload);
      pass(15);
      await call();
      expect(runs.count).toBe(1);
      // 41 seconds old by now, though it was made 21 ago.
      pass(6);
      await call();
      expect(runs.count).toBe(2);
    } finally {
      vi.useRealTimers();
    }
  });

  test('that is too large is made each time', async () => {
    await site.stop();
    await start({ namespaces: { small: { maxEntryBytes: 100 } } });
    const run = vi.fn(() => 'x'.repeat(200));
    for (let call = 0; call < 2; call++) await cached(run, { key: [], namespace: 'small', payload });
    expect(run).toHaveBeenCalledTimes(2);
    expect(notStored('small')).toEqual({ uncacheable: 2 });
  });
});

describe('people', () => {
  beforeEach(() =>
    start({ collections: { posts: {}, authors: {}, users: { allowAuth: 'without-secrets' } } }),
  );

  const register = async (name: string) => {
    const data = { email: `${name}.of.tests@example.com`, password: 'secret-of-a-test' };
    return { ...(await payload.create({ collection: 'users', data })), collection: 'users' as const };
  };
  const requestOf = (user: unknown): Partial<PayloadRequest> => ({ payload, user: user as never });
  type Read = (context: FunctionContext) => unknown;

  async function refusalOf(read: Read, options: Partial<CachedOptions> = {}) {
    const { runs, counted } = counting(read);
    for (let call = 0; call < 2; call++) {
      await cached(counted, { key: ['people', Math.random().toString(36).slice(0, 0)], payload, ...options });
      await settleCache(payload);
    }
    const [reason] = Object.keys(notStored());
    expect(runs.count).toBe(reason ? 2 : 1);
    return reason;
  }

  test('under access control nothing is stored for everybody', async () => {
    expect(await refusalOf(() => payload.find({ collection: 'posts', overrideAccess: false }))).toBe('user');
  });

  test('of a user nothing is stored for everybody', async () => {
    const user = await register('ada');
    expect(await refusalOf(() => payload.find({ collection: 'posts', user }))).toBe('user');
  });

  test("unless the function is said to be everybody's", async () => {
    const user = await register('ada');
    const read = () => payload.find({ collection: 'posts', user, overrideAccess: false });
    expect(await refusalOf(read, { shared: true })).toBeUndefined();
  });

  test('each user has a result of their own, and nobody has one as well', async () => {
    const users = [await register('ada'), await register('ben'), undefined];
    const seen = await Promise.all(
      [0, 1].flatMap(() =>
        users.map((user) =>
          cached(({ req }) => `of ${req.user?.email ?? 'nobody'}`, { key: ['who'], req: requestOf(user) }),
        ),
      ),
    );
    await settleCache(payload);
    const again = await Promise.all(
      users.map((user) =>
        cached(
          () => {
            throw new Error('run again');
          },
          { key: ['who'], req: requestOf(user) },
        ),
      ),
    );
    const expected = ['of ada.of.tests@example.com', 'of ben.of.tests@example.com', 'of nobody'];
    expect(seen).toEqual([...expected, ...expected]);
    expect(again).toEqual(expected);
  });

  test('who has other rights by now has another result', async () => {
    const user = await register('ada');
    const run = vi.fn(() => 1);
    for (const roles of [['editor'], ['admin'], ['admin']]) {
      await cached(run, { key: ['rights'], req: requestOf({ ...user, roles }) });
      await settleCache(payload);
    }
    expect(run).toHaveBeenCalledTimes(2);
    // Another sign-in of theirs changes nothing.
    await cached(run, {
      key: ['rights'],
      req: requestOf({ ...user, roles: ['admin'], _sid: 'x', sessions: [{}] }),
    });
    expect(run).toHaveBeenCalledTimes(2);
  });

  test('each locale has a result of its own', async () => {
    const run = vi.fn(({ req }: FunctionContext) => req.locale);
    for (const locale of ['en', 'de', 'en'] as const)
      expect(await cached(run, { key: ['locale'], req: { payload, locale } })).toBe(locale);
  });

  test('of another user than the one of the key nothing is stored', async () => {
    const [ada, ben] = [await register('ada'), await register('ben')];
    const read = () => payload.find({ collection: 'posts', user: ben, overrideAccess: false });
    expect(await refusalOf(read, { req: requestOf(ada) })).toBe('user');
  });

  test("what belongs to one user is not stored in what is everybody's", async () => {
    const ada = await register('ada');
    const inner = () => cached(({ req }) => req.user?.email, { key: ['mine'], req: requestOf(ada) });
    await inner();
    await settleCache(payload);
    expect(await refusalOf(inner)).toBe('user');
  });

  test.each([
    ['a query of the adapter', () => payload.db.find({ collection: 'users' })],
    ['hidden fields', () => payload.find({ collection: 'users', showHiddenFields: true })],
    [
      'signing in',
      () =>
        payload.login({
          collection: 'users',
          data: { email: 'ada.of.tests@example.com', password: 'secret-of-a-test' },
        }),
    ],
  ])('secrets are not stored: %s', async (_name, read) => {
    await register('ada');
    expect(['auth-collection', 'write-operation']).toContain(await refusalOf(read, { shared: true }));
  });

  test('users are stored without what is secret, on a miss as on a hit', async () => {
    const { id } = await register('ada');
    await payload.login({
      collection: 'users',
      data: { email: 'ada.of.tests@example.com', password: 'secret-of-a-test' },
    });
    const read = vi.fn(({ req }: FunctionContext) => payload.findByID({ collection: 'users', id, req }));
    for (let call = 0; call < 2; call++) {
      const user = await cached(read, { key: ['user'], payload });
      expect(user).toMatchObject({ email: 'ada.of.tests@example.com', sessions: [] });
      expect(user).not.toHaveProperty('hash');
      await settleCache(payload);
    }
    expect(read).toHaveBeenCalledTimes(1);
  });

  test('users that are not cached are not stored in what functions return', async () => {
    await site.stop();
    await start({ collections: { posts: {} } });
    await register('ada');
    expect(await refusalOf(() => payload.find({ collection: 'users' }))).toBe('auth-collection');
  });
});

describe('requests', () => {
  beforeEach(() => start());

  test('one that others use as well hides what is read, so that nothing is stored', async () => {
    const id = await idOf('posts');
    await payload.update({ collection: 'posts', id, data: { author: await idOf('authors') } });
    const outer = { payload } as PayloadRequest;
    await payload.findByID({ collection: 'posts', id, depth: 1, req: outer });
    const call = () =>
      cached(() => payload.findByID({ collection: 'posts', id, depth: 1, req: outer }), {
        key: ['closure'],
        payload,
      });
    await call();
    expect(notStored()).toEqual({ 'shared-request': 1 });
  });

  test('of two functions on one request, each depends on what both populate', async () => {
    const id = await idOf('posts');
    const author = await idOf('authors');
    await payload.update({ collection: 'posts', id, data: { author } });
    const req = { payload } as PayloadRequest;
    // It has a data loader by now, with the author in it.
    await payload.findByID({ collection: 'posts', id, depth: 1, req });
    const runs = [0, 0];
    const call = (number: number) =>
      cached(
        async (context) => {
          runs[number]! += 1;
          const post = await payload.findByID({ collection: 'posts', id, depth: 1, req: context.req });
          return (post.author as { name: string }).name;
        },
        { key: [number], req },
      );
    await Promise.all([call(0), call(1)]);
    await settleCache(payload);
    await payload.update({ collection: 'authors', id: author, data: { name: 'Renamed' } });
    expect(await Promise.all([call(0), call(1)])).toEqual(['Renamed', 'Renamed']);
    expect(runs).toEqual([2, 2]);
  });

  test('a real one of the platform can be derived, and keeps what is set on the other', async () => {
    const req = Object.assign(new Request('http://site.test/page', { headers: { cookie: 'a=b' } }), {
      payload,
      user: null,
      context: { mine: true },
    }) as unknown as PayloadRequest;
    const seen = await cached(
      async (context) => {
        await payload.find({ collection: 'posts', depth: 1, req: context.req, context: { added: 1 } });
        const { url, headers, context: inside } = context.req;
        return { url, cookie: headers.get('cookie'), inside, isRequest: context.req instanceof Request };
      },
      { key: ['platform'], req },
    );
    expect(seen).toEqual({
      url: 'http://site.test/page',
      cookie: 'a=b',
      inside: { mine: true, added: 1 },
      isRequest: true,
    });
    expect(req.context).toEqual({ mine: true });
    expect(req).not.toHaveProperty('payloadDataLoader');
  });

  test('inside of a write nothing is answered from the cache, nor stored', async () => {
    await site.stop();
    const run = vi.fn(
      async ({ req }: FunctionContext) => (await payload.count({ collection: 'posts', req })).totalDocs,
    );
    site = await startBlog({
      plugins: [payloadKV({ store: memory() })],
      configure: (config) => ({
        ...config,
        collections: config.collections!.map((collection) =>
          collection.slug === 'authors'
            ? {
                ...collection,
                hooks: { afterChange: [({ req }) => void inHook.push(cached(run, { key: ['in'], req }))] },
              }
            : collection,
        ),
      }),
    });
    ({ payload } = site);
    const inHook: Promise<unknown>[] = [];
    await cached(run, { key: ['in'], req: { payload } });
    await settleCache(payload);
    await payload.create({ collection: 'authors', data: { name: 'Ada' } });
    await Promise.all(inHook);
    expect(run).toHaveBeenCalledTimes(2);
    expect(getCacheStats(payload)?.functions['']?.bypasses).toEqual({ 'write-operation': 1 });
  });

  test('a function that writes runs each time', async () => {
    let number = 0;
    const run = vi.fn(({ req }: FunctionContext) => {
      number += 1;
      return payload.create({ collection: 'authors', data: { name: `Author ${number}` }, req });
    });
    for (let call = 0; call < 2; call++) await cached(run, { key: ['writes'], payload });
    expect(run).toHaveBeenCalledTimes(2);
    expect(notStored()).toEqual({ 'write-operation': 2 });
  });
});

describe('runs at the same time', () => {
  beforeEach(() => start());

  test('are one, and each caller has a copy', async () => {
    const { runs, counted } = counting(() => new Promise((resolve) => setTimeout(resolve, 20, { value: 1 })));
    const all = await Promise.all(
      Array.from({ length: 20 }, () => cached(counted, { key: ['one'], payload })),
    );
    expect(runs.count).toBe(1);
    expect(new Set(all).size).toBe(20);
    expect(getCacheStats(payload)?.functions['']).toMatchObject({ misses: 20, shared: 19 });
  });

  test('are not one with a run that began before a write', async () => {
    const id = await idOf('posts');
    let isRead: () => void = () => {};
    const read = new Promise<void>((resolve) => {
      isRead = resolve;
    });
    let goOn: () => void = () => {};
    const going = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const call = () =>
      cached(
        async ({ req }) => {
          const { title } = await payload.findByID({ collection: 'posts', id, req, depth: 0 });
          isRead();
          await going;
          return title;
        },
        { key: ['flight'], payload },
      );
    const first = call();
    await read;
    await payload.update({ collection: 'posts', id, data: { title: 'After' } });
    const second = call();
    // Long enough to find the first one under way.
    await new Promise((resolve) => setTimeout(resolve, 50));
    goOn();
    expect(await second).toBe('After');
    expect(await first).not.toBe('After');
    await settleCache(payload);
    expect(await call()).toBe('After');
  });

  test('share nothing that is not stored', async () => {
    let number = 0;
    class Own {
      number = ++number;
    }
    const call = () => cached(async () => new Own(), { key: ['own'], payload });
    const all = await Promise.all([call(), call(), call()]);
    expect(all.map((own) => own.number).sort()).toEqual([1, 2, 3]);
  });

  test('that call each other, or themselves, end', async () => {
    const step = () => new Promise((resolve) => setTimeout(resolve, 5));
    const a = async (depth: number): Promise<string> =>
      cached(() => step().then(async () => (depth > 0 ? `a${await b(depth - 1)}` : 'a')), {
        key: ['a'],
        payload,
      });
    const b = async (depth: number): Promise<string> =>
      cached(() => step().then(async () => (depth > 0 ? `b${await a(depth - 1)}` : 'b')), {
        key: ['b'],
        payload,
      });
    const before = Date.now();
    const all = await Promise.all([a(2), b(2), a(0), b(0)]);
    for (const text of all) expect(text).toMatch(/^[ab]+$/);
    expect(Date.now() - before).toBeLessThan(9_000);
  });
});

describe('memoize and namespaces', () => {
  beforeEach(() => start());

  test('a memoized function is found by its arguments', async () => {
    const run = vi.fn((from: string, to: string) => `${from}-${to}`);
    const rate = memoize(run, { namespace: 'rates', payload });
    expect(await Promise.all([rate('a', 'b'), rate('ab', ''), rate('a', 'b')])).toEqual([
      'a-b',
      'ab-',
      'a-b',
    ]);
    expect(run).toHaveBeenCalledTimes(2);
    const other = memoize(async (...all: readonly string[]) => all.length, {
      namespace: 'rates',
      key: (...all) => [all[0]],
      payload,
    });
    expect(await other('x', 'y')).toBe(2);
    await settleCache(payload);
    expect(await other('x')).toBe(2);
    expect(() => memoize(run, { namespace: '' })).toThrow(
      expect.objectContaining({ code: 'INVALID_FUNCTION_KEY' }),
    );
  });

  test('values: absent is told from nothing, and what is deleted or cleared is gone', async () => {
    const prices = namespace('prices', { payload });
    expect(await prices.get(['tea'])).toBeUndefined();
    for (const value of [null, undefined, 0, { amount: 3n }]) {
      await prices.set(['tea'], value);
      await settleCache(payload);
      expect(await prices.get(['tea'])).toEqual({ value });
    }
    await prices.set(['rum'], 2, { tags: ['harbour'] });
    await settleCache(payload);
    await prices.delete(['tea']);
    expect([await prices.get(['tea']), await prices.get(['rum'])]).toEqual([undefined, { value: 2 }]);
    await invalidateCache(payload, { tags: ['harbour'] });
    expect(await prices.get(['rum'])).toBeUndefined();
    await prices.set(['rum'], 3);
    await prices.set(['tea'], 4);
    await settleCache(payload);
    await prices.clear();
    expect([await prices.get(['tea']), await prices.get(['rum'])]).toEqual([undefined, undefined]);
    await expect(prices.set(['x'], () => 1)).rejects.toMatchObject({ code: 'VALUE_NOT_STORABLE' });
    expect(prices.stats()).toMatchObject({ hits: 5, writes: 7 });
  });

  test('what a function returned can be deleted by its key, also while it runs', async () => {
    const prices = namespace('prices', { payload });
    let goOn: () => void = () => {};
    const run = vi.fn(
      () =>
        new Promise<number>((resolve) => {
          goOn = () => resolve(run.mock.calls.length);
        }),
    );
    const first = prices.cached(run, { key: ['tea'] });
    await vi.waitFor(() => expect(run).toHaveBeenCalled());
    await prices.delete(['tea']);
    goOn();
    expect(await first).toBe(1);
    await settleCache(payload);
    expect(await prices.get(['tea'])).toBeUndefined();
    await invalidateCache(payload, { namespace: 'prices' });
  });

  test('what depends on many documents can be deleted by its key as well', async () => {
    const lists = namespace('lists', { payload });
    const run = vi.fn(async ({ req }: FunctionContext) => {
      for (let first = 1; first < 80; first += 10) {
        const where = { id: { in: Array.from({ length: 10 }, (_, number) => first + number) } };
        await payload.find({ collection: 'posts', where, pagination: false, depth: 0, req });
      }
      return run.mock.calls.length;
    });
    const call = () => lists.cached(run, { key: ['all'] });
    await call();
    await settleCache(payload);
    await payload.update({ collection: 'posts', id: await idOf('posts'), data: { title: 'Wide' } });
    expect(await call()).toBe(2);
    await settleCache(payload);
    const find = () => payload.find({ collection: 'posts', depth: 0 });
    await find();
    await settleCache(payload);
    const before = getCacheStats(payload)?.collections.posts?.hits ?? 0;
    await lists.delete(['all']);
    // Nothing else depends on the key.
    await find();
    expect(getCacheStats(payload)?.collections.posts?.hits).toBe(before + 1);
    expect(await call()).toBe(3);
  });

  test('a build has results of its own', async () => {
    const run = vi.fn(() => 1);
    const store = memory();
    for (const build of ['one', 'two', 'two']) {
      await site.stop();
      await start({ store, build, database: 'main' });
      await cached(run, { key: ['build'], payload });
      await settleCache(payload);
    }
    expect(run.mock.calls.length).toBeGreaterThanOrEqual(2);
  });
});

describe('instances', () => {
  test('the only one of a process needs no name; of several it does', async () => {
    await start();
    const run = vi.fn(() => 1);
    await cached(run, { key: ['only'] });
    await settleCache(payload);
    await cached(run, { key: ['only'] });
    expect(run).toHaveBeenCalledTimes(1);
    const first = site;
    await start();
    try {
      await expect(cached(run, { key: ['only'] })).rejects.toMatchObject({ code: 'SEVERAL_INSTANCES' });
      // Inside of a function it is certain.
      expect(await cached(() => cached(() => 2, { key: ['in'] }), { key: ['out'], payload })).toBe(2);
    } finally {
      await first.stop();
    }
  });

  test('without a cache a function is run each time', async () => {
    site = await startBlog();
    const run = vi.fn(({ req }: FunctionContext) => Boolean(req));
    for (let call = 0; call < 2; call++)
      expect(await cached(run, { key: [], req: { payload: site.payload } })).toBe(true);
    expect(run).toHaveBeenCalledTimes(2);
    await expect(cached(({ req }) => req, { key: [] })).rejects.toMatchObject({ code: 'NO_INSTANCE' });
  });
});
