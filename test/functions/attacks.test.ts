import type { GlobalConfig, Payload, PayloadRequest } from 'payload';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type CachedOptions,
  cached,
  type FunctionContext,
  getCacheStats,
  memory,
  memoryRegistry,
  namespace,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, type StartOptions, startBlog } from '../support/payload.js';
import { sharedMemory } from '../support/shared-memory.js';

let site: Started;
let payload: Payload;
afterEach(() => site?.stop());

async function start(
  options: Partial<PayloadKVOptions> = {},
  how: Pick<StartOptions, 'configure'> = {},
): Promise<void> {
  site = await startBlog({ plugins: [payloadKV({ store: memory(), ...options })], seed: 3, ...how });
  ({ payload } = site);
}

const notStored = (space = '') => getCacheStats(payload)?.functions[space]?.notStored ?? {};
const settle = () => settleCache(payload);

async function idOf(collection: 'posts' | 'authors', number = 0): Promise<number> {
  const { docs } = await payload.db.find<{ id: number }>({ collection, sort: 'id', limit: 10 });
  return docs[number]!.id;
}
const rename = async (title: string) =>
  payload.update({ collection: 'posts', id: await idOf('posts'), data: { title } });
const register = async (name: string) => {
  const data = { email: `${name}.of.tests@example.com`, password: 'secret-of-a-test' };
  return { ...(await payload.create({ collection: 'users', data })), collection: 'users' as const };
};
const requestOf = (user: unknown, more: object = {}) =>
  ({ payload, user, ...more }) as unknown as Partial<PayloadRequest>;

/** A store that tells what it was given. */
function listening(texts: string[]): Store {
  const store = memory();
  return {
    ...store,
    set(key, text, ttl) {
      texts.push(text);
      return store.set(key, text, ttl);
    },
  };
}

/** Runs a function twice: how often it ran. */
async function runsOf(fn: (context: FunctionContext) => unknown, options: Partial<CachedOptions> = {}) {
  const run = vi.fn(fn);
  for (let call = 0; call < 2; call++) {
    await cached(run, { key: ['runs'], payload, ...options });
    await settle();
  }
  return run.mock.calls.length;
}

describe('what a function reads where nobody looks', () => {
  test('a value that is not there is depended on', async () => {
    await start();
    const prices = namespace('prices', { payload });
    const call = () =>
      cached(async () => (await prices.get(['tea']))?.value ?? 'none', { key: ['tea'], payload });
    expect(await call()).toBe('none');
    await settle();
    expect(await call()).toBe('none');
    await prices.set(['tea'], 5);
    await settle();
    expect(await call()).toBe(5);
  });

  test('of many values of a namespace each', async () => {
    await start();
    const prices = namespace('prices', { payload });
    for (let number = 0; number < 70; number++) await prices.set([number], number);
    await settle();
    const run = vi.fn(async () => {
      let sum = 0;
      for (let number = 0; number < 70; number++) sum += (await prices.get<number>([number]))?.value ?? 0;
      return sum;
    });
    const call = () => cached(run, { key: ['sum'], payload });
    let sum = (70 * 69) / 2;
    for (let change = 0; change < 3; change++) {
      expect(await call()).toBe(sum);
      await settle();
      expect(await call()).toBe(sum);
      expect(run).toHaveBeenCalledTimes(change + 1);
      await prices.set([change], change + 100);
      sum += 100;
      await settle();
    }
    expect(await call()).toBe(sum);
  });

  test('what a thenable does when it is awaited', async () => {
    await start();
    const call = () =>
      cached(
        () => {
          const query = {
            // biome-ignore lint/suspicious/noThenProperty: query builders are thenables
            then: (done: (value: unknown) => void, failed: (error: unknown) => void) =>
              payload
                .find({ collection: 'posts', sort: 'id', depth: 0 })
                .then(({ docs }) => docs[0]!.title)
                .then(done, failed),
          };
          return query as unknown as Promise<string>;
        },
        { key: ['thenable'], payload },
      );
    await call();
    await settle();
    await rename('Thenable');
    expect(await call()).toBe('Thenable');
  });

  test('what is read with its request where the asynchronous context is lost', async () => {
    await start();
    const outside: (() => void)[] = [];
    let isOver = false;
    const pump = (async () => {
      while (!isOver) {
        for (const job of outside.splice(0)) job();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const call = (which: number) =>
      cached(
        ({ req }) =>
          new Promise<unknown>((resolve) => {
            outside.push(() => {
              const id = 1;
              if (which === 0)
                void payload
                  .find({ collection: 'posts', sort: 'id', req })
                  .then(({ docs }) => resolve(docs[0]!.title));
              else if (which === 1)
                void payload.findByID({ collection: 'posts', id, req }).then(({ title }) => resolve(title));
              else if (which === 2)
                void payload.db
                  .find<{ id: number; title: { en: string } }>({ collection: 'posts', sort: 'id', req })
                  .then(({ docs }) => resolve(docs[0]!.title.en));
              else
                void cached(
                  async (inner) =>
                    (await payload.find({ collection: 'posts', sort: 'id', req: inner.req })).docs[0]!.title,
                  {
                    key: ['inner'],
                    req,
                  },
                ).then(resolve);
            });
          }),
        { key: [which], payload },
      );
    try {
      for (const which of [0, 1, 2, 3]) {
        await call(which);
        await settle();
        await rename(`Lost ${which}`);
        expect(await call(which)).toBe(`Lost ${which}`);
      }
    } finally {
      isOver = true;
      await pump;
    }
  });

  test('what somebody else reads with its request, whose data loader remembers', async () => {
    await start();
    const id = await idOf('posts');
    const author = await idOf('authors');
    await payload.update({ collection: 'posts', id, data: { author } });
    let leaked: PayloadRequest | undefined;
    let goOn: () => void = () => {};
    const given = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const call = () =>
      cached(
        async ({ req }) => {
          leaked = req;
          await given;
          const post = await payload.findByID({ collection: 'posts', id, depth: 1, req });
          return (post.author as { name: string }).name;
        },
        { key: ['leak'], payload },
      );
    const first = call();
    await vi.waitFor(() => expect(leaked).toBeDefined());
    await payload.findByID({ collection: 'posts', id, depth: 1, req: leaked! });
    goOn();
    await first;
    await settle();
    await payload.update({ collection: 'authors', id: author, data: { name: 'Leaked' } });
    expect(await call()).toBe('Leaked');
  });

  test('who is signed in', async () => {
    await start();
    const call = (headers: Headers) =>
      cached(async () => (await payload.auth({ headers })).user?.email ?? 'nobody', {
        key: ['auth'],
        payload,
      });
    expect(await call(new Headers())).toBe('nobody');
    await settle();
    await register('ada');
    const { token } = await payload.login({
      collection: 'users',
      data: { email: 'ada.of.tests@example.com', password: 'secret-of-a-test' },
    });
    expect(await call(new Headers({ Authorization: `JWT ${token}` }))).toBe('ada.of.tests@example.com');
  });

  test('access control of globals', async () => {
    await start(
      {},
      {
        configure: (config) => ({
          ...config,
          globals: config.globals!.map(
            (global): GlobalConfig => ({ ...global, access: { read: () => true } }),
          ),
        }),
      },
    );
    expect(await runsOf(() => payload.findGlobal({ slug: 'header', overrideAccess: false }))).toBe(2);
    expect(notStored()).toEqual({ user: 2 });
  });

  test('it lives no longer than a function that it calls', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      await start({ ttlJitter: 0 });
      let weather = 'rain';
      const inner = () =>
        cached(
          ({ ttl }) => {
            ttl('10s');
            return weather;
          },
          { key: ['weather'], payload },
        );
      const outer = (key: string) =>
        cached(async () => `It will ${await inner()}`, { key: [key], ttl: '1h', payload });
      expect(await outer('run')).toBe('It will rain');
      await settle();
      vi.setSystemTime(Date.now() + 5_000);
      expect(await outer('hit')).toBe('It will rain');
      await settle();
      weather = 'snow';
      vi.setSystemTime(Date.now() + 6_000);
      expect(await outer('run')).toBe('It will snow');
      expect(await outer('hit')).toBe('It will snow');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('people', () => {
  test('a function that reads for its user is stored for them', async () => {
    await start({ collections: { posts: {}, authors: {}, users: { allowAuth: 'without-secrets' } } });
    const ada = await register('ada');
    const id = await idOf('posts');
    for (const [number, read] of [
      ({ req }: FunctionContext) => payload.find({ collection: 'posts', req, overrideAccess: false }),
      ({ req }: FunctionContext) => payload.findByID({ collection: 'posts', id, req, overrideAccess: false }),
      () => payload.find({ collection: 'posts' }),
    ].entries()) {
      expect(await runsOf(read, { key: [number], req: requestOf(ada) })).toBe(1);
    }
    expect(notStored()).toEqual({});
  });

  test('whose user is an instance of a class nothing is shared', async () => {
    await start();
    class Person {
      readonly #email: string;
      constructor(email: string) {
        this.#email = email;
      }
      get email() {
        return this.#email;
      }
    }
    const hidden = (email: string) => Object.defineProperty({}, 'email', { value: email });
    const symbolic = (email: string) => ({ [Symbol.for('email')]: email, email: undefined });
    for (const make of [(email: string) => new Person(email), hidden, symbolic]) {
      const call = (email: string) =>
        cached(
          ({ req }) => {
            const user = req.user as unknown as Record<PropertyKey, string>;
            return user.email ?? user[Symbol.for('email')];
          },
          { key: [String(make)], req: requestOf(make(email)) },
        );
      expect(await call('ada')).toBe('ada');
      await settle();
      expect(await call('ben')).toBe('ben');
    }
  });

  test('a user who cannot be looked at breaks nothing', async () => {
    await start();
    const thrower = {
      id: 1,
      get roles() {
        throw new Error('roles');
      },
    };
    const circular: Record<string, unknown> = { id: 1 };
    circular.self = circular;
    for (const user of [thrower, circular, { id: 1n, at: new Date(Number.NaN) }, 'text', 5])
      expect(await cached(() => 'fine', { key: [], req: requestOf(user) })).toBe('fine');
  });

  test('somebody who signs in on the same request while a function runs', async () => {
    await start({}, {});
    const ada = await register('ada');
    const req = requestOf(null);
    let goOn: () => void = () => {};
    const given = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const run = vi.fn(async (context: FunctionContext) => {
      await given;
      const { totalDocs } = await payload.find({
        collection: 'posts',
        req: context.req,
        overrideAccess: false,
      });
      return `${context.req.user?.email ?? 'nobody'} ${totalDocs}`;
    });
    await payload.create({ collection: 'posts', data: { title: 'Draft', slug: 'draft', _status: 'draft' } });
    const first = cached(run, { key: ['sign in'], req });
    await vi.waitFor(() => expect(run).toHaveBeenCalled());
    (req as { user: unknown }).user = ada;
    goOn();
    await first;
    await settle();
    const nobody = await payload.find({ collection: 'posts', overrideAccess: false });
    expect(await cached(run, { key: ['sign in'], req: requestOf(null) })).toBe(`nobody ${nobody.totalDocs}`);
  });

  test('what signs somebody in, and what the key does not hold, is not in what is stored', async () => {
    const texts: string[] = [];
    await start({
      store: listening(texts),
    });
    const user = {
      id: 1,
      collection: 'users',
      email: 'a@b.c',
      sessions: [{ id: 'session-secret' }],
      _sid: 'sid-secret',
      apiKey: 'api-secret',
      apiKeyIndex: 'index-secret',
      hash: 'hash-secret',
      salt: 'salt-secret',
      resetPasswordToken: 'token-secret',
    };
    await cached(({ req }) => ({ ...req.user }), { key: ['me'], req: requestOf(user) });
    await cached(({ req }) => req.user, { key: ['me too'], req: requestOf(user), shared: true });
    await settle();
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.join('\n')).not.toContain('secret');
  });

  test.each([true, 'without-secrets'] as const)(
    'hidden fields of users, allowAuth: %s',
    async (allowAuth) => {
      const texts: string[] = [];
      await start({
        store: listening(texts),
        collections: { users: { allowAuth }, posts: {} },
      });
      const { id } = await register('ada');
      await payload.update({
        collection: 'posts',
        id: await idOf('posts'),
        data: { meta: { editor: id } } as never,
      });
      const { hash } = (await payload.db.findOne<{ id: number; hash: string }>({
        collection: 'users',
        where: { id: { equals: id } },
      }))!;
      await settle();
      texts.length = 0;
      for (const [number, read] of [
        ({ req }: FunctionContext) => payload.find({ collection: 'users', showHiddenFields: true, req }),
        ({ req }: FunctionContext) =>
          payload.findByID({ collection: 'users', id, showHiddenFields: true, req }),
        ({ req }: FunctionContext) =>
          payload.find({ collection: 'posts', depth: 1, limit: 1, sort: 'id', showHiddenFields: true, req }),
        () => payload.db.find({ collection: 'users' }),
      ].entries()) {
        for (let call = 0; call < 2; call++) {
          await cached<unknown>(read, { key: [number], payload });
          await settle();
        }
      }
      const functions = texts.filter((text) => text.includes('fn:'));
      expect(functions.join('\n')).not.toContain(hash);
    },
  );

  test('locale, also of what is shared, and that a query of the request names', async () => {
    await start();
    const read = async ({ req }: FunctionContext) => {
      await payload.count({ collection: 'posts', req });
      return req.locale ?? null;
    };
    for (const shared of [false, true]) {
      const seen: unknown[] = [];
      for (const more of [
        { locale: 'en' },
        { locale: 'de' },
        { query: { locale: 'de' } },
        { query: { locale: 'en' } },
      ]) {
        seen.push(await cached(read, { key: [shared], shared, req: requestOf(null, more) }));
        await settle();
      }
      const [one, two] = [seen[0], seen[1]];
      expect([one, two]).toEqual(['en', 'de']);
      expect(seen.slice(2)).toEqual(['de', 'en']);
    }
  });

  test('joins, which GraphQL reads by itself', async () => {
    await start();
    const seen: unknown[] = [];
    for (const payloadAPI of ['GraphQL', 'REST']) {
      seen.push(
        await cached(({ req }) => req.payloadAPI, { key: ['api'], req: requestOf(null, { payloadAPI }) }),
      );
      await settle();
    }
    expect(seen).toEqual(['GraphQL', 'REST']);
  });

  test('what is made in the background is made for the same request', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      await start({ ttlJitter: 0 });
      const headers = new Headers({ 'x-tenant': 'blue' });
      const call = () =>
        cached(({ req }) => `of ${req.headers.get('x-tenant')}`, {
          key: ['tenant', 'blue'],
          ttl: '10s',
          swr: '1m',
          req: requestOf(null, { headers, url: 'http://site.test/', payloadAPI: 'REST' }),
        });
      expect(await call()).toBe('of blue');
      await settle();
      vi.setSystemTime(Date.now() + 11_000);
      expect(await call()).toBe('of blue');
      await settle();
      expect(await call()).toBe('of blue');
      expect(getCacheStats(payload)?.functions['']).toMatchObject({ writes: 2, servedStale: 1 });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('faults', () => {
  test('a result whose parts are used many times over costs what it costs to write it', async () => {
    await start();
    let part: unknown = { text: 'x' };
    for (let depth = 0; depth < 30; depth++) part = [part, part];
    const before = Date.now();
    expect(await cached(() => part, { key: ['dag'], payload })).toBe(part);
    expect(Date.now() - before).toBeLessThan(5_000);
    expect(notStored()).toEqual({ uncacheable: 1 });
  });

  test('namespaces without end are not remembered without end', async () => {
    await start();
    for (let number = 0; number < 3_000; number++)
      await namespace(`space ${number}`, { payload }).get([number]);
    expect(Object.keys(getCacheStats(payload)!.functions).length).toBeLessThan(2_000);
  });

  test('a write that is not done is known also of a result seen for the first time', async () => {
    const versions = memoryRegistry();
    let isBroken = false;
    await start({
      store: sharedMemory(),
      registry: {
        ...versions,
        local: false,
        replace(tags, context) {
          if (isBroken) throw new Error('broken');
          return versions.replace(tags, context);
        },
      },
    });
    const call = (number: number) =>
      cached(
        async ({ req }) =>
          (await payload.find({ collection: 'posts', sort: 'id', depth: 0, req })).docs[0]!.title,
        {
          key: [number],
          payload,
        },
      );
    await call(0);
    await settle();
    // So many others that this one is forgotten.
    for (let number = 1; number <= 5_001; number++)
      await cached(() => 1, { key: ['other', number], payload });
    await settle();
    isBroken = true;
    await rename('Not told');
    const seen = await call(0);
    isBroken = false;
    expect(seen).toBe('Not told');
  });

  test.each([
    ['numbers for tags', (entry: Record<string, unknown>) => ({ ...entry, t: [1, 2], v: ['a', 'b'] })],
    ['no tags', (entry: Record<string, unknown>) => ({ ...entry, t: [], v: [] })],
    ['null', (entry: Record<string, unknown>) => ({ ...entry, t: [null], v: [null] })],
  ])('an entry with %s is a miss', async (_name, spoil) => {
    const store = sharedMemory();
    let isSpoilt = false;
    await start({
      store: {
        ...store,
        async getMany(keys) {
          const texts = await store.getMany(keys);
          if (!isSpoilt) return texts;
          return texts.map((text) => {
            if (!text?.includes('fn:')) return text;
            const begin = text.indexOf('{');
            return text.slice(0, begin) + JSON.stringify(spoil(JSON.parse(text.slice(begin))));
          });
        },
      },
    });
    const run = vi.fn(() => 'made');
    await cached(run, { key: [0], payload });
    await settle();
    for (let number = 1; number <= 5_001; number++)
      await cached(() => 1, { key: ['other', number], payload });
    await settle();
    isSpoilt = true;
    expect(await cached(run, { key: [0], payload })).toBe('made');
    expect(run).toHaveBeenCalledTimes(2);
  });
});

describe('the request of a function', () => {
  test('begins transactions that stay with it, and writes of it make stale what the outer reads', async () => {
    site = await startBlog({ plugins: [payloadKV({ store: memory() })], seed: 3, db: 'sqlite-transactions' });
    ({ payload } = site);
    const id = await idOf('posts');
    const outer = { payload, user: null } as unknown as PayloadRequest;
    const read = () => payload.findByID({ collection: 'posts', id, depth: 0, req: outer });
    await read();
    let during: unknown;
    await cached(
      async ({ req }) => {
        const writing = payload.update({ collection: 'posts', id, data: { title: 'Inside' }, req });
        during = outer.transactionID;
        await writing;
        return req.transactionID ?? null;
      },
      { key: ['writes'], req: outer },
    );
    expect([during ?? null, outer.transactionID ?? null]).toEqual([null, null]);
    expect((await read()).title).toBe('Inside');
    expect(notStored()).toEqual({ 'write-operation': 1 });
    const call = (req: Partial<PayloadRequest>) =>
      cached(
        async (context) =>
          (await payload.findByID({ collection: 'posts', id, depth: 0, req: context.req })).title,
        {
          key: ['reads'],
          req,
        },
      );
    expect(await call(outer)).toBe('Inside');
    await settle();
    const transactionID = (await payload.db.beginTransaction())!;
    const inside = { payload, user: null, transactionID } as unknown as PayloadRequest;
    await payload.update({ collection: 'posts', id, data: { title: 'Rolled back' }, req: inside });
    expect(await call(inside)).toBe('Rolled back');
    await payload.db.rollbackTransaction(transactionID);
    expect(await call(outer)).toBe('Inside');
  });

  test('takes properties of every kind', async () => {
    await start();
    const outer = Object.freeze({ payload, user: null, mine: 1 }) as unknown as Partial<PayloadRequest>;
    const seen = await cached(
      ({ req }) => {
        const it = req as unknown as Record<string, unknown>;
        Object.defineProperty(it, 'fixed', { value: 1 });
        Object.defineProperty(it, 'computed', { get: () => 2, configurable: true });
        it.mine = 3;
        delete it.user;
        return [it.fixed, it.computed, it.mine, it.user, Object.keys(it).includes('mine'), { ...it }.mine];
      },
      { key: ['define'], req: outer },
    );
    expect(seen).toEqual([1, 2, 3, undefined, true, 3]);
  });

  test('has the methods of the platform', async () => {
    await start();
    const req = Object.assign(new Request('http://site.test/', { method: 'POST', body: '{"a":1}' }), {
      payload,
      user: null,
    }) as unknown as PayloadRequest;
    expect(await cached(async (context) => context.req.json?.(), { key: ['body'], req })).toEqual({ a: 1 });
  });
});
