import {
  createLocalReq,
  findByIDOperation,
  findOperation,
  type Payload,
  type PayloadRequest,
  type RequestContext,
  updateByIDOperation,
} from 'payload';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Adapter, type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';
import { recordReads } from './recorded-reads.js';

/**
 * Operations that are many, that last, that are never known to have ended, and that begin one another: none of them is
 * answered from the cache where it must not be. Each tag here is cached with one name and has another below the cache.
 */
const recorded = recordReads();
let site: Started;
let payload: Payload;
let inBeforeOperation: ((args: { req: PayloadRequest; args: { id?: unknown } }) => unknown) | undefined;
let inAccess: (() => unknown) | undefined;
let inBeforeChange: ((req: PayloadRequest) => unknown) | undefined;
/** Keeps an answer of the database. */
let held: (() => Promise<void>) | undefined;

function holdAnswers(adapter: Adapter): Adapter {
  const recording = recorded.wrapAdapter(adapter);
  const find = recording.find as (args: object) => Promise<unknown>;
  return Object.assign(recording, {
    async find(this: unknown, args: object) {
      const answer = await find.call(this, args);
      await held?.();
      return answer;
    },
  });
}

beforeAll(async () => {
  site = await startBlog({
    wrapAdapter: holdAnswers,
    plugins: [payloadKV({ store: memory(), ttl: '1h', ttlJitter: 0 })],
    configure: (config) => {
      const tags = config.collections?.find(({ slug }) => slug === 'tags');
      if (!tags) throw new Error('the blog has no tags');
      tags.access = {
        read: async () => {
          await inAccess?.();
          return true;
        },
      };
      tags.hooks = {
        beforeOperation: [async (event) => (await inBeforeOperation?.(event as never)) as never],
        beforeChange: [async ({ req, data }) => (await inBeforeChange?.(req)) ?? data],
      };
      return config;
    },
  });
  payload = site.payload;
});
afterAll(() => site.stop());
afterEach(() => {
  inBeforeOperation = undefined;
  inAccess = undefined;
  inBeforeChange = undefined;
  held = undefined;
});

let names = 0;
const nextName = (): string => `name-${++names}`;
const local = (context: RequestContext = {}): Promise<PayloadRequest> => createLocalReq({ context }, payload);

async function knownTag(
  ...readers: ((id: number) => Promise<unknown>)[]
): Promise<{ id: number; cached: string; stored: string }> {
  const [cached, stored] = [nextName(), nextName()];
  const { id } = await payload.create({ collection: 'tags', data: { name: cached } });
  for (const read of readers) await read(id as number);
  await settleCache(payload);
  await recorded.sql(`UPDATE tags_locales SET name = '${stored}' WHERE _parent_id = ${id}`);
  return { id: id as number, cached, stored };
}

const find = async (id: number, req?: PayloadRequest, context?: RequestContext): Promise<unknown> =>
  (await payload.find({ collection: 'tags', where: { id: { equals: id } }, depth: 0, req, context })).docs[0]
    ?.name;
const create = (req?: PayloadRequest) =>
  payload.create({ collection: 'tags', data: { name: nextName() }, req });
const tags = () => payload.collections.tags as never;
/** As GraphQL's resolvers call it. */
const resolve = async (id: number, req: PayloadRequest): Promise<unknown> => {
  const where = { id: { equals: id } };
  const { docs } = await findOperation({ collection: tags(), where, depth: 0, overrideAccess: false, req });
  return (docs[0] as { name?: unknown } | undefined)?.name;
};
const resolveByID = async (id: unknown, req: PayloadRequest): Promise<unknown> => {
  const found = await findByIDOperation({
    collection: tags(),
    id: id as number,
    depth: 0,
    overrideAccess: false,
    req,
  });
  return (found as { name?: unknown }).name;
};
const resolveAlone = async (id: unknown): Promise<unknown> => resolveByID(id, await local());

describe('where operations are many', () => {
  test('the slowest of hundreds of writes on one request still reads from the database', async () => {
    const { id, stored } = await knownTag((tag) => find(tag));
    const req = await local();
    let release = (): void => {};
    const others = new Promise<void>((done) => (release = done));
    let seen: unknown;
    inBeforeChange = async (hookReq) => {
      inBeforeChange = undefined;
      await others;
      seen = await find(id, hookReq);
    };
    const slow = create(req);
    await Promise.all(Array.from({ length: 201 }, () => create(req)));
    release();
    await slow;
    expect(seen).toBe(stored);
  });

  test('a bypass is not forgotten for hundreds that were denied on its request', async () => {
    const { id, stored } = await knownTag((tag) => local().then((req) => resolve(tag, req)));
    const req = await local({ payloadCache: 'bypass' });
    inAccess = async () => {
      inAccess = () => {
        throw new Error('denied');
      };
      for (let count = 0; count < 201; count++) {
        req.context = { payloadCache: { ttl: '1h' } };
        await expect(resolve(id, req)).rejects.toThrow('denied');
      }
    };
    expect(await resolve(id, req)).toBe(stored);
  });

  test.each([
    ['a thousand of other documents', 1_001, (index: number) => 1_000_000 + index],
    ['hundreds of its own document', 201, (_index: number, id: number) => id],
  ])('a bypass of findByID is not forgotten for %s that were denied', async (_name, number, denied) => {
    const { id, stored } = await knownTag(resolveAlone);
    inAccess = async () => {
      inAccess = () => {
        throw new Error('denied');
      };
      const other = await local();
      for (let index = 0; index < number; index++)
        await expect(resolveByID(denied(index, id), other)).rejects.toThrow('denied');
    };
    expect(await resolveByID(id, await local({ payloadCache: 'bypass' }))).toBe(stored);
  });

  test('a bypass of findByID is not forgotten when others have read its document meanwhile', async () => {
    const { id, stored, cached } = await knownTag(resolveAlone);
    inAccess = async () => {
      inAccess = undefined;
      await resolveAlone(id);
      await resolveAlone(id);
    };
    expect(await resolveByID(id, await local({ payloadCache: 'bypass' }))).toBe(stored);
    expect(await resolveAlone(id)).toBe(cached);
  });
});

describe('where operations begin one another', () => {
  test('calls that each leave a timer behind for the next do not keep one another', async () => {
    const calls = (globalThis as never as Record<symbol, { getStore(): { parent: never } | undefined }>)[
      Symbol.for('payload-kv.calls')
    ];
    let left = 20;
    let kept = 0;
    await new Promise<void>((done) => {
      inBeforeChange = () => {
        left -= 1;
        if (left > 0) {
          setTimeout(() => void create(), 1);
          return;
        }
        for (let call = calls?.getStore(); call; call = call.parent) kept += 1;
        inBeforeChange = undefined;
        done();
      };
      void create();
    });
    expect(kept).toBeGreaterThan(0);
    expect(kept).toBeLessThan(5);
  });

  test.each([
    [
      'writes',
      (req: PayloadRequest) =>
        payload.create({ collection: 'categories', data: { name: nextName(), slug: nextName() }, req }),
    ],
    ['counts', (req: PayloadRequest) => payload.count({ collection: 'categories', req })],
  ])('a hook that sets a bypass and then %s with its request has it', async (_name, act) => {
    const { id, stored } = await knownTag((tag) => find(tag));
    inBeforeOperation = async ({ req }) => {
      inBeforeOperation = undefined;
      req.context.payloadCache = 'bypass';
      await act(req);
    };
    expect(await find(id, await local())).toBe(stored);
  });

  test('a hook that puts another document in the place of the one asked for leaves a bypass its bypass', async () => {
    const { id, stored } = await knownTag(resolveAlone);
    inBeforeOperation = ({ args }) => ({ ...args, id: args.id === 'alias' ? id : args.id });
    expect(await resolveByID('alias', await local({ payloadCache: 'bypass' }))).toBe(stored);
    const byAlias = (context?: RequestContext) =>
      payload.findByID({ collection: 'tags', id: 'alias', depth: 0, context });
    await byAlias({ payloadCache: 'refresh' });
    expect(await lookupsOf(payload, 'tags', () => byAlias({ payloadCache: 'bypass' }))).toEqual({
      request: 1,
    });
    expect(await lookupsOf(payload, 'tags', () => byAlias())).toEqual({ hit: 1 });
  });

  test("a mutation's hook that hands on nothing of its request reads from the database", async () => {
    const { id, stored } = await knownTag((tag) =>
      payload.db.findOne({ collection: 'tags', where: { id: { equals: tag } } }),
    );
    const written = await knownTag();
    let seen: unknown;
    inBeforeChange = async ({ transactionID }) => {
      inBeforeChange = undefined;
      const req = { transactionID: await transactionID } as PayloadRequest;
      seen = await payload.db.findOne({ collection: 'tags', where: { id: { equals: id } }, req });
    };
    await updateByIDOperation({
      collection: tags(),
      id: written.id,
      data: { name: nextName() } as never,
      overrideAccess: true,
      req: await local(),
    });
    expect(seen).toMatchObject({ name: { en: stored } });
  });
});

test('a refresh takes no answer of a query that began before it, nor leaves its own to that', async () => {
  const { id } = await knownTag();
  let release = (): void => {};
  let entered = (): void => {};
  const isInside = new Promise<void>((done) => (entered = done));
  const released = new Promise<void>((done) => (release = done));
  held = () => {
    held = undefined;
    entered();
    return released;
  };
  const slow = find(id);
  await isInside;
  await recorded.sql(`UPDATE tags_locales SET name = 'newest' WHERE _parent_id = ${id}`);
  await new Promise((done) => setTimeout(done, 5));
  expect(await find(id, undefined, { payloadCache: 'refresh' })).toBe('newest');
  await settleCache(payload);
  release();
  await slow;
  await settleCache(payload);
  expect(await find(id)).toBe('newest');
});

test('an object that inherits from the instance calls its methods with itself', async () => {
  const { id } = await knownTag();
  let isAsked = false;
  const derived = Object.create(payload, {
    collections: {
      get: () => {
        isAsked = true;
        return payload.collections;
      },
    },
  }) as Payload;
  await derived.update({ collection: 'tags', id, data: { name: nextName() } });
  expect(isAsked).toBe(true);
});
