import { createRequire } from 'node:module';
import { configToSchema } from '@payloadcms/graphql';
import {
  createLocalReq,
  findByIDOperation,
  findOperation,
  type Payload,
  type PayloadRequest,
  type RequestContext,
  updateByIDOperation,
} from 'payload';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type CacheDirective,
  getCacheStats,
  memory,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';
import { recordReads } from './recorded-reads.js';

// As Payload's schema has it: Vite would bring another copy.
const { execute, parse } = createRequire(import.meta.url)('graphql') as typeof import('graphql');

/**
 * A directive and a write mark belong to one operation, whoever else uses its request. Each document here is cached
 * with one name and has another below the cache, so that each answer tells where it came from.
 */
const recorded = recordReads();
let site: Started;
let payload: Payload;
/** What hooks of the user's do in operations on media and authors. */
let beforeMedia: ((req: PayloadRequest) => unknown) | undefined;
let beforeRead: ((req: PayloadRequest) => unknown) | undefined;

beforeAll(async () => {
  site = await startBlog({
    seed: 6,
    wrapAdapter: recorded.wrapAdapter,
    plugins: [payloadKV({ store: memory(), ttl: '1h', ttlJitter: 0 })],
    configure: (config) => {
      for (const collection of config.collections ?? []) {
        if (collection.slug === 'media') {
          collection.hooks = { beforeOperation: [async ({ req }) => void (await beforeMedia?.(req))] };
        }
        if (collection.slug === 'tags') {
          collection.hooks = {
            afterRead: [async ({ req }) => void (await beforeRead?.(req))],
            afterChange: [async ({ req }) => void (await beforeRead?.(req))],
          };
        }
      }
      return config;
    },
  });
  payload = site.payload;
});
afterAll(() => site.stop());

let names = 0;
const nextName = (): string => `name-${++names}`;

interface Known {
  id: number;
  /** What the cache says. */
  cached: string;
  /** What the database says. */
  stored: string;
}

/** A tag whose cached name is not that of the database, for every read of `readers`. */
async function knownTag(...readers: ((id: number) => Promise<unknown>)[]): Promise<Known> {
  const cached = nextName();
  const stored = nextName();
  const { id } = await payload.create({ collection: 'tags', data: { name: cached } });
  for (const read of readers) await read(id as number);
  await settleCache(payload);
  await recorded.sql(`UPDATE tags_locales SET name = '${stored}' WHERE _parent_id = ${id}`);
  return { id: id as number, cached, stored };
}

const local = (): Promise<PayloadRequest> => createLocalReq({}, payload);
const directed = (directive?: CacheDirective): RequestContext | undefined =>
  directive === undefined ? undefined : { payloadCache: directive };

const find = async (
  id: number,
  req?: Partial<PayloadRequest>,
  directive?: CacheDirective,
): Promise<unknown> => {
  const context = directed(directive);
  const { docs } = await payload.find({
    collection: 'tags',
    where: { id: { equals: id } },
    depth: 0,
    req,
    context,
  });
  return docs[0]?.name;
};
const findByID = async (
  id: number,
  req?: Partial<PayloadRequest>,
  directive?: CacheDirective,
): Promise<unknown> =>
  (
    await payload.findByID({
      collection: 'tags',
      id,
      depth: 0,
      joins: false,
      req,
      context: directed(directive),
    })
  ).name;
/** As GraphQL's resolvers call it. */
const resolveByID = async (id: number, req: PayloadRequest): Promise<unknown> =>
  (
    (await findByIDOperation({ collection: payload.collections.tags as never, id, depth: 0, req })) as {
      name?: unknown;
    }
  ).name;
const resolve = async (id: number, req: PayloadRequest): Promise<unknown> => {
  const where = { id: { equals: id } };
  const { docs } = await findOperation({
    collection: payload.collections.tags as never,
    where,
    depth: 0,
    req,
  });
  return (docs[0] as { name?: unknown } | undefined)?.name;
};
const graphql = async (context: RequestContext = {}): Promise<PayloadRequest> => {
  const req = await createLocalReq({ context }, payload);
  req.payloadAPI = 'GraphQL';
  return req;
};

describe('of calls of the Local API that share a request at the same time', () => {
  test("'only' refuses its own call and no other", async () => {
    const { id, stored } = await knownTag();
    const req = await local();
    const [plain, only] = await Promise.allSettled([
      payload.find({ collection: 'authors', req }),
      find(id, req, 'only'),
    ]);
    expect(plain).toMatchObject({ status: 'fulfilled' });
    expect(only).toMatchObject({ status: 'rejected', reason: { code: 'CACHE_MISS' } });
    // Nor does it in the other order, on one collection.
    const other = await knownTag();
    const answers = await Promise.allSettled([find(id, req, 'only'), find(other.id, req), find(id, req)]);
    expect(answers).toMatchObject([
      { status: 'rejected', reason: { code: 'CACHE_MISS' } },
      { status: 'fulfilled', value: other.stored },
      { status: 'fulfilled', value: stored },
    ]);
  });

  test.each([
    ['find', find],
    ['findByID without joins', findByID],
  ])('each bypass of %s asks the database, and each plain call the cache', async (_name, read) => {
    const req = await local();
    const one = await knownTag((id) => read(id));
    const other = await knownTag((id) => read(id));
    for (let time = 0; time < 3; time++) {
      const answers = await Promise.all([
        read(one.id, req, 'bypass'),
        read(one.id, req),
        read(other.id, req, 'bypass'),
        read(other.id, req, 'only'),
        read(other.id, req, { ttl: '1h' }),
        read(one.id, req, 'bypass'),
      ]);
      expect(answers).toEqual([one.stored, one.cached, other.stored, other.cached, other.cached, one.stored]);
    }
  });

  test('a directive that stands in the context of the request itself holds for each call made with it', async () => {
    const { id, stored, cached } = await knownTag((tag) => find(tag));
    const req = await createLocalReq({ context: { payloadCache: 'bypass' } }, payload);
    expect(await Promise.all([find(id, req), find(id, req)])).toEqual([stored, stored]);
    expect(await find(id, req)).toBe(cached);
  });

  test('what a hook sets while several operations are under way is taken by none that it could harm', async () => {
    const media = () => payload.count({ collection: 'media' });
    await media();
    const req = await local();
    const count = (context?: RequestContext) => payload.count({ collection: 'media', req, context });
    let turn = 0;
    beforeMedia = async ({ context }) => {
      turn += 1;
      if (turn === 1) context.cache = 'only';
      await new Promise((done) => setTimeout(done, 5));
    };
    try {
      await payload.create({ collection: 'tags', data: { name: nextName() } });
      await Promise.all([count({ payloadCache: 'refresh' }), count(), count()]);
      turn = 1;
      beforeMedia = async ({ context }) => {
        turn += 1;
        if (turn === 2) context.cache = 'bypass';
        await new Promise((done) => setTimeout(done, 5));
      };
      // Whose it is cannot be told: none of them is answered from the cache.
      expect(await lookupsOf(payload, 'media', () => Promise.all([count(), count()]))).toEqual({
        request: 2,
      });
      expect(await lookupsOf(payload, 'media', () => count())).toEqual({ hit: 1 });
    } finally {
      beforeMedia = undefined;
    }
  });
});

describe('of nested calls that share a request', () => {
  test("a hook's own call asks for what it asks for, and leaves its operation what that was given", async () => {
    const outer = await knownTag((id) => find(id));
    const inner = await knownTag((id) => findByID(id));
    const req = await local();
    const seen: unknown[] = [];
    const nested = (directive?: CacheDirective) => async (hookReq: PayloadRequest) => {
      beforeRead = undefined;
      seen.push(await findByID(inner.id, hookReq, directive));
    };
    beforeRead = nested();
    expect(await find(outer.id, req, 'bypass')).toBe(outer.stored);
    beforeRead = nested('bypass');
    expect(await find(outer.id, req)).toBe(outer.cached);
    beforeRead = nested('only');
    expect(await find(outer.id, req, 'bypass')).toBe(outer.stored);
    expect(seen).toEqual([inner.cached, inner.stored, inner.cached]);
  });

  test("a write's hook reads from the database, and what comes after the write from the cache", async () => {
    const known = await knownTag(
      (id) => findByID(id),
      (id) => find(id),
    );
    const written = await knownTag();
    const req = await local();
    const seen: unknown[] = [];
    beforeRead = async (hookReq) => {
      beforeRead = undefined;
      seen.push(await findByID(known.id, hookReq), await find(known.id, hookReq, { ttl: '1h' }));
    };
    await payload.update({ collection: 'tags', id: written.id, data: { name: nextName() }, req });
    expect(seen).toEqual([known.stored, known.stored]);
  });
});

describe('of operations on one request that no call is known of', () => {
  test('the directive that the request came with holds for each of them', async () => {
    const one = await knownTag((id) => graphql().then((req) => resolve(id, req)));
    const other = await knownTag((id) => graphql().then((req) => resolveByID(id, req)));
    const read = async (context?: RequestContext) => {
      const req = await graphql(context);
      return Promise.all([resolve(one.id, req), resolveByID(other.id, req)]);
    };
    expect(await read()).toEqual([one.cached, other.cached]);
    expect(await read({ payloadCache: 'bypass' })).toEqual([one.stored, other.stored]);
    expect(await read({ cache: 'bypass' })).toEqual([one.stored, other.stored]);
    expect(await read()).toEqual([one.cached, other.cached]);
  });

  test('of findByID of one document by several requests, a bypass is never answered from the cache', async () => {
    const { id, cached, stored } = await knownTag((tag) => graphql().then((req) => resolveByID(tag, req)));
    const read = async (context?: RequestContext) => resolveByID(id, await graphql(context));
    for (let time = 0; time < 3; time++) {
      const [bypass, plain, again] = await Promise.all([
        read({ payloadCache: 'bypass' }),
        read(),
        read({ payloadCache: 'bypass' }),
      ]);
      expect([bypass, again]).toEqual([stored, stored]);
      expect([cached, stored]).toContain(plain);
    }
    // None of them is left to speak for another.
    expect(await read()).toBe(cached);
  });

  test('a findByID that access control ended says nothing louder than one that asks for the database', async () => {
    const { id, stored } = await knownTag((tag) => graphql().then((req) => resolveByID(tag, req)));
    const denied = findByIDOperation({
      collection: {
        ...payload.collections.tags,
        config: { ...payload.collections.tags?.config, access: { read: () => false } },
      } as never,
      id,
      req: await graphql(),
    });
    await expect(denied).rejects.toThrow();
    expect(await resolveByID(id, await graphql({ payloadCache: 'bypass' }))).toBe(stored);
  });

  test('queries beside a mutation on its request are answered by the database', async () => {
    const known = await knownTag((id) => graphql().then((req) => resolve(id, req)));
    const written = await knownTag();
    const req = await graphql();
    const update = updateByIDOperation({
      collection: payload.collections.tags as never,
      id: written.id,
      data: { name: nextName() } as never,
      overrideAccess: true,
      req,
    });
    const during = new Promise((done) => {
      beforeRead = async () => {
        beforeRead = undefined;
        done(await resolve(known.id, req));
      };
    });
    await update;
    expect(await during).toBe(known.stored);
  });
});

describe('of GraphQL', () => {
  let run: (query: string, req: PayloadRequest) => Promise<Record<string, unknown>>;

  beforeAll(() => {
    const { schema } = configToSchema({
      ...site.config,
      graphQL: { ...site.config.graphQL, disable: false },
    });
    run = async (query, req) => {
      const { data, errors } = await execute({ schema, document: parse(query), contextValue: { req } });
      expect(errors).toBeUndefined();
      return data as Record<string, unknown>;
    };
  });

  const request = async (context: RequestContext = {}): Promise<PayloadRequest> => {
    const req = await graphql(context);
    const { docs } = await payload.find({ collection: 'users', limit: 1 });
    req.user = docs[0] ? ({ ...docs[0], collection: 'users' } as never) : null;
    return req;
  };
  const queries = (one: number, other: number): string =>
    `one: Tag(id: ${one}) { name } list: Tags(where: { id: { equals: ${other} } }) { docs { name } }`;
  const namesIn = (data: Record<string, unknown>): unknown[] => {
    const { one, list } = data as { one: { name: unknown }; list: { docs: { name: unknown }[] } };
    return [one.name, list.docs[0]?.name];
  };

  test('several queries of one request are each answered from the cache, or each as their request asks', async () => {
    const read = async (one: number, other: number, context?: RequestContext) =>
      namesIn(await run(`{ ${queries(one, other)} }`, await request(context)));
    const one = await knownTag((id) => read(id, id));
    const other = await knownTag((id) => read(id, id));
    expect(await read(one.id, other.id)).toEqual([one.cached, other.cached]);
    expect(await read(one.id, other.id, { payloadCache: 'bypass' })).toEqual([one.stored, other.stored]);
    const answers = await Promise.all([
      read(one.id, other.id, { payloadCache: 'bypass' }),
      read(one.id, other.id),
      read(other.id, one.id, { payloadCache: 'bypass' }),
    ]);
    expect(answers[0]).toEqual([one.stored, other.stored]);
    expect(answers[2]).toEqual([other.stored, one.stored]);
    expect(await read(one.id, other.id)).toEqual([one.cached, other.cached]);
  });

  test('mutations of one request read the database, and what is read after them is new', async () => {
    const read = async (id: number) => namesIn(await run(`{ ${queries(id, id)} }`, await request()));
    const one = await knownTag((id) => read(id));
    const other = await knownTag((id) => read(id));
    const seen: unknown[] = [];
    beforeRead = async (req) => {
      beforeRead = undefined;
      seen.push(await find(other.id, req));
    };
    const [first, second] = [nextName(), nextName()];
    const data = await run(
      `mutation {
        first: updateTag(id: ${one.id}, data: { name: "${first}" }) { name }
        second: updateTag(id: ${one.id}, data: { name: "${second}" }) { name }
      }`,
      await request(),
    );
    expect(seen).toEqual([other.stored]);
    expect(data).toMatchObject({ first: { name: first }, second: { name: second } });
    expect(await read(one.id)).toEqual([second, second]);
  });
});

describe('of REST', () => {
  const get = async (path: string): Promise<{ name?: unknown }> =>
    (await site.handle(new Request(`http://localhost/api/tags/${path}`))).json() as Promise<{
      name?: unknown;
    }>;

  test('requests at the same time ask for themselves', async () => {
    const one = await knownTag((id) => get(`${id}?depth=0`));
    const answers = await Promise.all([
      get(`${one.id}?depth=0`),
      findByID(one.id, undefined, 'bypass'),
      get(`${one.id}?depth=0`),
    ]);
    expect(answers).toMatchObject([{ name: one.cached }, one.stored, { name: one.cached }]);
  });
});

describe('a request that lives for long', () => {
  test('is answered from the cache again when what it wrote is written', async () => {
    const req = await local();
    for (const write of [
      () => payload.create({ collection: 'tags', data: { name: nextName() }, req }),
      () =>
        payload.update({ collection: 'tags', where: { id: { equals: 1 } }, data: { name: nextName() }, req }),
      () => payload.updateGlobal({ slug: 'site-settings', data: { siteName: nextName() }, req }),
      () => payload.delete({ collection: 'tags', where: { id: { equals: 2 } }, req }),
      () => payload.update({ collection: 'tags', id: 999_999, data: {}, req }).catch(() => undefined),
    ]) {
      await write();
      const { id, cached } = await knownTag(
        (tag) => find(tag, req),
        (tag) => findByID(tag, req),
      );
      expect(await find(id, req)).toBe(cached);
      expect(await findByID(id, req)).toBe(cached);
    }
    // Population goes by the data loader of the request, which made of Payload's promise what it is not.
    const posts = () => payload.find({ collection: 'posts', depth: 2, limit: 3, sort: 'slug', req });
    await posts();
    await settleCache(payload);
    const before = getCacheStats(payload)?.total.bypasses ?? {};
    req.payloadDataLoader.clearAll();
    await posts();
    expect(getCacheStats(payload)?.total.bypasses).toEqual(before);
  });

  test('is left to the database while another write with it is under way', async () => {
    const req = await local();
    const { id, stored, cached } = await knownTag((tag) => find(tag, req));
    let release = (): void => {};
    let entered = (): void => {};
    const isInside = new Promise<void>((done) => (entered = done));
    beforeRead = async () => {
      beforeRead = undefined;
      entered();
      await new Promise<void>((done) => (release = done));
    };
    const slow = payload.create({ collection: 'tags', data: { name: nextName() }, req });
    await isInside;
    await payload.create({ collection: 'tags', data: { name: nextName() }, req });
    expect(await find(id, req)).toBe(stored);
    release();
    await slow;
    expect(await find(id, req)).toBe(cached);
  });

  test('is left to the database in a transaction that the site itself began', async () => {
    const { id, stored } = await knownTag((tag) => find(tag));
    const req = await local();
    req.transactionID = Promise.resolve(null) as never;
    expect(await find(id, req)).toBe(stored);
  });
});

describe("a site's own context.cache", () => {
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const throwing = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('not to be looked at');
      },
    },
  );

  test.each([
    ['a map', new Map()],
    ['true', true],
    ['an object', { a: 1 }],
    ['an object with a ttl among others', { ttl: 60, max: 5 }],
    ['a circular object', circular],
    ['a text', 'Bypass'],
    ['an empty text', ''],
    ['a ttl that is none', { ttl: 'soon' }],
    ['an object that throws', throwing],
    ['a function', () => 1],
  ])('that is %s stays where it is, and changes nothing', async (_name, cache) => {
    const warned = vi.spyOn(payload.logger, 'warn').mockImplementation(() => {});
    const seen: unknown[] = [];
    beforeMedia = ({ context }) => void seen.push(context.cache);
    beforeRead = ({ context }) => void seen.push(context.cache);
    try {
      const context = { cache } as RequestContext;
      const { id } = await payload.create({ collection: 'tags', data: { name: nextName() }, context });
      const read = () => payload.findByID({ collection: 'tags', id, depth: 0, context });
      await read();
      expect(await lookupsOf(payload, 'tags', read)).toEqual({ hit: 1 });
      await payload.count({ collection: 'media', context });
      expect(seen.length).toBeGreaterThanOrEqual(4);
      expect(seen.every((value) => value === cache)).toBe(true);
      expect(warned.mock.calls.length).toBeLessThanOrEqual(1);
    } finally {
      warned.mockRestore();
      beforeMedia = undefined;
      beforeRead = undefined;
    }
  });

  test('beside a directive under its own name stays as well', async () => {
    const { id, stored } = await knownTag((tag) => find(tag));
    const mine = new Map();
    const seen: unknown[] = [];
    beforeRead = ({ context }) => void seen.push(context.cache, context.payloadCache);
    try {
      const context = { cache: mine, payloadCache: 'bypass' as const };
      const { docs } = await payload.find({ collection: 'tags', where: { id: { equals: id } }, context });
      expect(docs[0]?.name).toBe(stored);
    } finally {
      beforeRead = undefined;
    }
    expect(seen[0]).toBe(mine);
    expect(seen[1]).toBeUndefined();
  });

  test('is told of once, in development', async () => {
    const own = await startBlog({ plugins: [payloadKV({ store: memory() })] });
    const warned = vi.spyOn(own.payload.logger, 'warn').mockImplementation(() => {});
    const count = () => own.payload.count({ collection: 'tags', context: { cache: 'mine' } });
    await count();
    await count();
    expect(warned.mock.calls).toEqual([[expect.stringContaining('context.payloadCache')]]);
    await own.stop();
  });
});
