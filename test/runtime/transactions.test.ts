import { createLocalReq, type Payload, type PayloadRequest } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Registry } from '../../src/interfaces/registry.js';
import { CacheEvict, CachePut } from '../../src/runtime/decorators.js';
import {
  cached,
  type InvalidationEvent,
  invalidateCache,
  memory,
  memoryRegistry,
  namespace,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';
import { type RecordedReads, recordReads } from './recorded-reads.js';

/** A registry in memory that tells when it replaces what. */
function watchedRegistry(): Registry & { replaced: string[][] } {
  const registry = memoryRegistry();
  const replaced: string[][] = [];
  return {
    ...registry,
    replaced,
    replace(tags, context) {
      replaced.push([...tags]);
      return registry.replace(tags, context);
    },
  };
}

let names = 0;
const newName = (): string => `name-${++names}`;

describe('with transactions', () => {
  const registry = watchedRegistry();
  const events: InvalidationEvent[] = [];
  let recorded: RecordedReads;
  let site: Started;
  let payload: Payload;
  /** Called in the middle of a write of categories, inside its transaction. */
  let inHook: ((req: PayloadRequest) => unknown) | undefined;

  beforeAll(async () => {
    recorded = recordReads();
    site = await startBlog({
      db: 'sqlite-transactions',
      wrapAdapter: recorded.wrapAdapter,
      plugins: [
        payloadKV({
          store: memory(),
          registry,
          hooks: { collections: { categories: (event) => void events.push(event) } },
        }),
      ],
      configure: (config) => {
        const categories = config.collections?.find(({ slug }) => slug === 'categories');
        if (!categories) throw new Error('the blog has no categories');
        categories.hooks = { afterChange: [async ({ req }) => void (await inHook?.(req))] };
        return config;
      },
    });
    payload = site.payload;
  });
  afterAll(() => site.stop());
  beforeEach(() => {
    inHook = undefined;
    registry.replaced.length = 0;
    events.length = 0;
  });

  const find = (req?: Partial<PayloadRequest>) =>
    payload.db.find({ collection: 'categories', limit: 0, sort: 'id', req });
  const namesOf = async (req?: Partial<PayloadRequest>) =>
    (await find(req)).docs.map((category) => (category as { name?: string }).name);
  const create = (name: string, req: Partial<PayloadRequest>) =>
    payload.db.create({ collection: 'categories', data: { name, slug: name }, req } as Parameters<
      Payload['db']['create']
    >[0]);

  async function begin(): Promise<{ transactionID: string | number }> {
    const transactionID = await payload.db.beginTransaction();
    if (transactionID === null) throw new Error('no transaction');
    return { transactionID };
  }

  test('reads in a transaction go to the database and are not stored', async () => {
    const before = await namesOf();
    const req = await begin();
    expect(await lookupsOf(payload, 'categories', () => find(req))).toEqual({ transaction: 1 });
    const name = newName();
    await create(name, req);
    expect(await namesOf(req)).toEqual([...before, name]);
    expect(await lookupsOf(payload, 'categories', () => namesOf(req))).toEqual({ transaction: 1 });
    await payload.db.rollbackTransaction(req.transactionID);
    expect(await namesOf()).toEqual(before);
  });

  test('others are answered from the cache until the commit, and see the new at once after it', async () => {
    const before = await namesOf();
    const req = await begin();
    const name = newName();
    await create(name, req);
    expect(
      await lookupsOf(payload, 'categories', async () => expect(await namesOf()).toEqual(before)),
    ).toEqual({
      hit: 1,
    });
    expect(registry.replaced).toEqual([]);
    expect(events).toEqual([]);

    await payload.db.commitTransaction(req.transactionID);
    expect(registry.replaced).toEqual([['categories', expect.stringMatching(/^categories#/), 'categories?']]);
    expect(
      await lookupsOf(payload, 'categories', async () => expect(await namesOf()).toEqual([...before, name])),
    ).toEqual({
      stale: 1,
    });
    expect(events).toMatchObject([
      { slug: 'categories', type: 'collection', operations: ['create'], ids: [expect.any(Number)] },
    ]);
  });

  test('nothing is replaced at rollback, and no hook called', async () => {
    await namesOf();
    const req = await begin();
    await create(newName(), req);
    await payload.db.updateMany({
      collection: 'categories',
      where: {},
      data: { name: newName() },
      req,
    } as Parameters<Payload['db']['updateMany']>[0]);
    await payload.db.rollbackTransaction(req.transactionID);
    expect(await lookupsOf(payload, 'categories', () => namesOf())).toEqual({ hit: 1 });
    expect(registry.replaced).toEqual([]);
    expect(events).toEqual([]);
  });

  test('all that a transaction wrote is replaced once, in sorted order', async () => {
    const req = await begin();
    await create(newName(), req);
    await create(newName(), req);
    await payload.db.create({
      collection: 'authors',
      data: { name: newName() },
      req,
    } as Parameters<Payload['db']['create']>[0]);
    await payload.db.deleteMany({ collection: 'media', where: {}, req } as Parameters<
      Payload['db']['deleteMany']
    >[0]);
    await payload.db.commitTransaction(req.transactionID);
    expect(registry.replaced).toHaveLength(1);
    const [tags = []] = registry.replaced;
    expect(tags).toEqual([...tags].sort());
    expect(tags).toEqual(
      expect.arrayContaining(['authors', 'categories', 'media', 'media*', 'posts*', '@header']),
    );
    expect(new Set(tags).size).toBe(tags.length);
    expect(events).toMatchObject([{ operations: ['create'], ids: [expect.any(Number), expect.any(Number)] }]);
  });

  test('a write operation of the Local API replaces when its own transaction commits', async () => {
    await namesOf();
    const inside: unknown[] = [];
    inHook = async (req) => {
      inside.push(registry.replaced.length, await lookupsOf(payload, 'categories', () => find()));
      inside.push(await lookupsOf(payload, 'categories', () => find(req)));
    };
    const name = newName();
    await payload.create({ collection: 'categories', data: { name, slug: name } });
    expect(inside).toEqual([0, { hit: 1 }, { 'write-operation': 1 }]);
    expect(registry.replaced).toHaveLength(1);
    expect(await namesOf()).toContain(name);
  });

  /** What others read that is made stale in the middle of a write: before, meanwhile, and when it has ended. */
  async function readAround(evict: () => Promise<unknown>, fails = false): Promise<unknown[]> {
    const key = [newName()];
    let state: unknown = 'old';
    const read = () =>
      cached(
        ({ tag }) => {
          tag('state');
          return state;
        },
        { key, namespace: 'states', payload },
      );
    const seen = [await read()];
    let goOn = (): void => {};
    const going = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      inHook = async () => {
        await evict();
        resolve();
        await going;
        if (fails) throw new Error('rolled back');
      };
    });
    const name = newName();
    const writing = payload
      .create({ collection: 'categories', data: { name, slug: name } })
      .then(() => {
        state = 'new';
      })
      .catch(() => undefined);
    await reached;
    seen.push(await read());
    await settleCache(payload);
    goOn();
    await writing;
    return [...seen, await read()];
  }

  test('what is made stale by hand in a transaction is so again with its commit', async () => {
    const around = ['old', 'old', 'new'];
    expect(await readAround(() => invalidateCache(payload, { tags: ['state'] }))).toEqual(around);
    expect(await readAround(() => namespace('states', { payload }).clear())).toEqual(around);
    const evicting = CacheEvict({ tags: ['state'], payload })(async () => {}, {
      kind: 'method',
      name: 'evicting',
    } as ClassMethodDecoratorContext) as () => Promise<void>;
    expect(await readAround(evicting)).toEqual(around);
    expect(await readAround(evicting, true)).toEqual(['old', 'old', 'old']);
  });

  test('what is put in a transaction is not seen before its commit, nor after a rollback', async () => {
    const putting = CachePut({ namespace: 'put', key: 'a', payload })(async () => 'uncommitted', {
      kind: 'method',
      name: 'putting',
    } as ClassMethodDecoratorContext) as () => Promise<string>;
    const found = () => namespace('put', { payload }).get(['a']);
    await putting();
    await settleCache(payload);
    expect(await found()).toEqual({ value: 'uncommitted' });
    await readAround(putting, true);
    expect(await found()).toBe(undefined);
  });

  test('a write operation that throws rolls back, and leaves the entries', async () => {
    const before = await namesOf();
    inHook = () => {
      throw new Error('not this one');
    };
    await expect(
      payload.create({ collection: 'categories', data: { name: newName(), slug: newName() } }),
    ).rejects.toThrow('not this one');
    expect(registry.replaced).toEqual([]);
    expect(
      await lookupsOf(payload, 'categories', async () => expect(await namesOf()).toEqual(before)),
    ).toEqual({
      hit: 1,
    });
  });

  test('nested operations of a hook share the transaction, its reads and its end', async () => {
    const author = newName();
    const count = () => payload.db.count({ collection: 'authors' });
    const { totalDocs } = await count();
    let seenInside = 0;
    inHook = async (req) => {
      await payload.create({ collection: 'authors', data: { name: author }, req });
      ({ totalDocs: seenInside } = await payload.count({ collection: 'authors', req }));
    };
    await payload.create({ collection: 'categories', data: { name: newName(), slug: newName() } });
    expect(seenInside).toBe(totalDocs + 1);
    expect(registry.replaced).toHaveLength(1);
    expect(registry.replaced[0]).toEqual(expect.arrayContaining(['authors', 'categories']));
    expect((await count()).totalDocs).toBe(totalDocs + 1);

    inHook = async (req) => {
      await payload.create({ collection: 'authors', data: { name: newName() }, req });
      throw new Error('all of it');
    };
    registry.replaced.length = 0;
    await expect(
      payload.create({ collection: 'categories', data: { name: newName(), slug: newName() } }),
    ).rejects.toThrow('all of it');
    expect(registry.replaced).toEqual([]);
    expect(await lookupsOf(payload, 'authors', count)).toEqual({ hit: 1 });
  });

  test('a caller may begin, share and end a transaction over several operations', async () => {
    const before = await namesOf();
    const req = await createLocalReq({}, payload);
    Object.assign(req, await begin());
    const name = newName();
    const { id } = await payload.create({
      collection: 'categories',
      data: { name: newName(), slug: newName() },
      req,
    });
    await payload.update({ collection: 'categories', id, data: { name }, req });
    expect(
      (await payload.find({ collection: 'categories', where: { id: { equals: id } }, req })).docs,
    ).toMatchObject([{ name }]);
    expect(registry.replaced).toEqual([]);
    expect(await namesOf()).toEqual(before);
    await payload.db.commitTransaction(req.transactionID as string);
    expect(await namesOf()).toEqual([...before, name]);
  });

  test('a transaction id that nobody began is none: its write replaces at once', async () => {
    const before = await namesOf();
    const name = newName();
    await create(name, { transactionID: 'nobody-began-this' });
    expect(await namesOf()).toEqual([...before, name]);
  });

  test('a commit of an id that comes as a promise is the same', async () => {
    await namesOf();
    const req = await begin();
    const name = newName();
    await create(name, { transactionID: Promise.resolve(req.transactionID) } as Partial<PayloadRequest>);
    expect(registry.replaced).toEqual([]);
    await payload.db.commitTransaction(Promise.resolve(req.transactionID) as unknown as string);
    expect(registry.replaced).toHaveLength(1);
    expect(await namesOf()).toContain(name);
  });
});

describe('without transactions', () => {
  const registry = watchedRegistry();
  let site: Started;
  let payload: Payload;
  let failing: 'before' | 'after' | undefined;

  beforeAll(async () => {
    site = await startBlog({
      wrapAdapter: (adapter) => {
        const { updateOne, deleteMany } = adapter;
        const halfway = <Args extends { collection: string }, Result>(
          write: (args: Args) => Promise<Result>,
        ) =>
          async function (this: unknown, args: Args): Promise<Result> {
            // Payload deletes its locks first.
            if (args.collection !== 'categories') return write.call(adapter, args);
            if (failing === 'before') throw new Error('not begun');
            const result = await write.call(adapter, args);
            if (failing === 'after') throw new Error('half-way');
            return result;
          };
        adapter.updateOne = halfway(updateOne);
        adapter.deleteMany = halfway(deleteMany);
        return adapter;
      },
      plugins: [payloadKV({ store: memory(), registry })],
    });
    payload = site.payload;
  });
  afterAll(() => site.stop());
  beforeEach(() => {
    failing = undefined;
    registry.replaced.length = 0;
  });

  const namesOf = async () =>
    (await payload.find({ collection: 'categories', limit: 0, sort: 'id', depth: 0 })).docs.map(
      ({ name }) => name,
    );

  test('tags are replaced after the write, before its caller is told', async () => {
    const name = newName();
    const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
    expect(await namesOf()).toContain(name);
    await settleCache(payload);
    const other = newName();
    await payload.update({ collection: 'categories', id, data: { name: other } });
    expect(await namesOf()).toContain(other);
    await payload.delete({ collection: 'categories', id });
    expect(await namesOf()).not.toContain(other);
  });

  test('tags are replaced when the write throws half-way, and its error is the caller’s', async () => {
    const name = newName();
    const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
    expect(await namesOf()).toContain(name);
    await settleCache(payload);

    failing = 'after';
    const written = newName();
    await expect(payload.update({ collection: 'categories', id, data: { name: written } })).rejects.toThrow(
      'half-way',
    );
    failing = undefined;
    expect(await namesOf()).toContain(written);

    await settleCache(payload);
    failing = 'after';
    const deletion = payload.db.deleteMany({
      collection: 'categories',
      where: { name: { equals: written } },
    });
    await expect(deletion).rejects.toThrow('half-way');
    failing = undefined;
    expect(await namesOf()).not.toContain(written);
  });

  test('a write that throws before it begins costs freshness, never correctness', async () => {
    const name = newName();
    const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
    failing = 'before';
    await expect(payload.update({ collection: 'categories', id, data: { name: 'x' } })).rejects.toThrow(
      'not begun',
    );
    expect(await namesOf()).toContain(name);
  });

  test('a request whose operation found no transaction replaces at each write, in its nested operations too', async () => {
    const req = await createLocalReq({}, payload);
    const name = newName();
    const { id } = await payload.create({ collection: 'categories', data: { name, slug: name }, req });
    expect(await namesOf()).toContain(name);
    await settleCache(payload);
    const other = newName();
    await payload.update({ collection: 'categories', id, data: { name: other }, req });
    expect(registry.replaced.length).toBeGreaterThanOrEqual(2);
    expect(await namesOf()).toContain(other);
  });
});

describe('with versions that are not in the process', () => {
  const registry = memoryRegistry();
  /** What lookups wait for, and what the adapter does before it looks for a transaction. */
  const held: { lookup?: Promise<void>; adapter?: Promise<void> } = {};
  let asked = 0;
  let site: Started;

  beforeAll(async () => {
    site = await startBlog({
      db: 'sqlite-transactions',
      wrapAdapter: (adapter) => {
        const { find } = adapter;
        adapter.find = (async (args) => {
          asked += 1;
          await held.adapter;
          return find.call(adapter, args);
        }) as typeof find;
        return adapter;
      },
      plugins: [
        payloadKV({
          store: memory(),
          registry: {
            ...registry,
            local: false,
            get: async (tags) => {
              asked += 1;
              await held.lookup;
              return registry.get(tags);
            },
          },
        }),
      ],
    });
  });
  afterAll(() => site.stop());

  test.each(['lookup', 'adapter'] as const)(
    'a read whose request begins a transaction while its %s waits is neither stored nor shared',
    async (where) => {
      const { db } = site.payload;
      const find = (req?: object) =>
        db.find({
          collection: 'categories',
          sort: 'id',
          where: { name: { equals: where } },
          req,
        } as Parameters<typeof db.find>[0]);
      let release = (): void => undefined;
      held[where] = new Promise((resolve) => {
        release = resolve;
      });
      const req: { transactionID?: string | number } = {};
      const before = asked;
      const own = find(req);
      const other = find({});
      while (asked < before + (where === 'lookup' ? 2 : 3))
        await new Promise((resolve) => setImmediate(resolve));
      req.transactionID = (await db.beginTransaction()) as string;
      await db.create({
        collection: 'categories',
        data: { name: where, slug: where },
        req,
      } as Parameters<typeof db.create>[0]);
      release();
      // Its adapter asks inside the transaction, which sees what it wrote itself.
      expect((await own).docs).toHaveLength(1);
      expect((await other).docs).toEqual([]);
      await settleCache(site.payload);
      await db.rollbackTransaction(req.transactionID);
      expect((await find()).docs).toEqual([]);
    },
  );
});
