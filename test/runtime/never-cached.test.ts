import type { Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  getCacheStats,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';
import { recordReads } from './recorded-reads.js';

const store = memory();
let site: Started;
let payload: Payload;

beforeAll(async () => {
  site = await startBlog({
    plugins: [payloadKV({ store })],
    configure: (config) => ({
      ...config,
      collections: [
        ...(config.collections ?? []),
        // The name says nothing: Payload's own collections are an exact list.
        { slug: 'payload-media', fields: [{ name: 'name', type: 'text' }] },
      ],
      jobs: {
        tasks: [
          {
            slug: 'nothing',
            handler: async () => ({ output: {} }),
            schedule: [{ cron: '0 0 1 1 *', queue: 'default' }],
          },
        ],
      },
    }),
  });
  payload = site.payload;
  await payload.create({
    collection: 'users',
    data: { name: 'Ada', email: 'ada@example.com', password: 'secret' },
  });
});
afterAll(() => site.stop());

async function storedKeys(): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list('')) keys.push(...page);
  return keys;
}

describe('never cached are', () => {
  test('collections that people log in with, however they are read', async () => {
    const { docs } = await payload.find({ collection: 'users' });
    const id = docs[0]?.id as number;
    const lookups = await lookupsOf(payload, 'users', async () => {
      await payload.find({ collection: 'users' });
      await payload.findByID({ collection: 'users', id });
      await payload.count({ collection: 'users' });
      await payload.db.findOne({ collection: 'users', where: { email: { equals: 'ada@example.com' } } });
      await payload.db.findDistinct({ collection: 'users', field: 'name' });
    });
    expect(lookups).toEqual({ 'auth-collection': 5 });
  });

  test.each([
    'payload-preferences',
    'payload-locked-documents',
    'payload-migrations',
    'payload-jobs',
    'payload-kv',
  ])('Payload’s own records: %s', async (collection) => {
    expect(payload.collections).toHaveProperty([collection]);
    const find = () => payload.db.find({ collection: collection as 'users' });
    await find();
    expect(await lookupsOf(payload, collection, find)).toEqual({ policy: 1 });
  });

  test('what the job queue last scheduled', async () => {
    expect(payload.config.globals.map(({ slug }) => slug)).toContain('payload-jobs-stats');
    const find = () => payload.db.findGlobal({ slug: 'payload-jobs-stats' as 'header' });
    expect(await lookupsOf(payload, '@payload-jobs-stats', find)).toEqual({ policy: 1 });
  });

  test('what the site does not know', async () => {
    const find = () => payload.db.find({ collection: 'no-such' as 'users' });
    expect(await lookupsOf(payload, 'no-such', () => find().catch(() => undefined))).toEqual({ policy: 1 });
  });

  test.each<[string, unknown]>([
    ['an id', 'some-id'],
    ['a number', 5],
    ['a promise of an id', Promise.resolve('some-id')],
    ['a promise of none', Promise.resolve(null)],
    ['what a data loader makes of a promise', {}],
  ])('reads with a transaction: %s', async (_what, transactionID) => {
    const count = (req?: object) => payload.db.count({ collection: 'tags', req });
    await count();
    const lookups = await lookupsOf(payload, 'tags', () => count({ transactionID }));
    expect(lookups).toEqual({ transaction: 1 });
  });

  test('arguments that cannot be understood', async () => {
    const odd = () =>
      payload.db
        .find({ collection: 'tags', where: { name: { in: new Set(['a']) as unknown as string[] } } })
        .catch(() => undefined);
    expect(await lookupsOf(payload, 'tags', odd)).toEqual({ 'unknown-argument': 1 });
    const path = () =>
      payload.db
        .find({ collection: 'tags', where: { 'no.such.path': { equals: 1 } } })
        .catch(() => undefined);
    expect(await lookupsOf(payload, 'tags', path)).toEqual({ 'unknown-argument': 1 });
  });

  test('and nothing of all this is in the store, nor counted as anything but bypassed', async () => {
    await settleCache(payload);
    expect((await storedKeys()).filter((key) => /:(users|payload-(?!media))/.test(key))).toEqual([]);
    for (const [slug, counts] of Object.entries(getCacheStats(payload)?.collections ?? {})) {
      if (slug === 'tags' || slug === 'payload-media') continue;
      expect(counts).toMatchObject({ hits: 0, misses: 0, stale: 0, writes: 0 });
    }
  });
});

describe('cached are', () => {
  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
  ])('reads with no transaction: %s', async (_what, transactionID) => {
    const count = () =>
      payload.db.count({ collection: 'tags', req: { transactionID } as { transactionID: string } });
    await count();
    expect(await lookupsOf(payload, 'tags', count)).toEqual({ hit: 1 });
  });

  test('reads without any request', async () => {
    const count = () => payload.db.count({ collection: 'tags' });
    await count();
    expect(await lookupsOf(payload, 'tags', count)).toEqual({ hit: 1 });
  });

  test('a collection of the user’s that is named like one of Payload’s own', async () => {
    const find = () => payload.find({ collection: 'payload-media' as 'tags' });
    await find();
    expect(await lookupsOf(payload, 'payload-media', find)).toEqual({ hit: 1 });
  });
});

test('naming Payload’s own collections in the options, but for preferences, does not cache them', async () => {
  const named = Object.fromEntries(
    ['payload-locked-documents', 'payload-migrations', 'payload-kv', 'users'].map((slug) => [slug, {}]),
  ) as PayloadKVOptions['collections'];
  const other = await startBlog({ plugins: [payloadKV({ store: memory(), collections: named })] });
  for (const slug of Object.keys(named ?? {})) {
    const find = () => other.payload.db.find({ collection: slug as 'users' });
    await find();
    expect(await lookupsOf(other.payload, slug, find)).toEqual({
      [slug === 'users' ? 'auth-collection' : 'policy']: 1,
    });
  }
  await other.stop();
});

describe('a collection with logins that is cached by name', () => {
  const recorded = recordReads();
  const login = { email: 'ada@example.com', password: 'secret' };
  let own: Started;
  beforeAll(async () => {
    own = await startBlog({
      wrapAdapter: recorded.wrapAdapter,
      plugins: [payloadKV({ store: memory(), collections: { users: { allowAuth: true } } })],
    });
    await own.payload.create({ collection: 'users', data: { name: 'Ada', ...login } });
  });
  afterAll(() => own.stop());

  const stored = async () =>
    (await recorded.base().findOne({ collection: 'users', where: { email: { equals: login.email } } })) as {
      id: number;
      name: string;
      loginAttempts: number;
      sessions: unknown[];
    };

  test('answers lists from the cache', async () => {
    const find = () => own.payload.find({ collection: 'users', depth: 0 });
    await find();
    expect(await lookupsOf(own.payload, 'users', find)).toEqual({ hit: 1 });
  });

  test('answers no direct call of the adapter: sign-in code writes back what it reads', async () => {
    const find = () =>
      own.payload.db.findOne({ collection: 'users', where: { email: { equals: login.email } }, req: {} });
    await find();
    expect(await lookupsOf(own.payload, 'users', find)).toEqual({ 'auth-collection': 1 });
  });

  test('never lets a login read from it, so that it writes nothing old back', async () => {
    await own.payload.find({ collection: 'users', depth: 0 });
    // Makes hot whatever a login reads, and leaves a session.
    recorded.clear();
    await own.payload.login({ collection: 'users', data: login });
    for (const { method, args } of recorded.reads()) {
      await (own.payload.db[method] as (args: object) => Promise<unknown>)(structuredClone(args));
    }
    await settleCache(own.payload);
    await recorded.sql(`UPDATE users SET name = 'changed behind'`);
    const { sessions } = await stored();

    const lookups = await lookupsOf(own.payload, 'users', () =>
      own.payload.login({ collection: 'users', data: login }),
    );
    for (const outcome of ['hit', 'miss', 'stale']) expect(lookups).not.toHaveProperty([outcome]);
    const after = await stored();
    expect(after.name).toBe('changed behind');
    expect(after.sessions).toHaveLength(sessions.length + 1);
  });

  test('counts failed logins one by one', async () => {
    for (let attempt = 1; attempt <= 3; attempt++) {
      await own.payload.find({ collection: 'users', depth: 0 });
      const failed = own.payload.login({ collection: 'users', data: { ...login, password: 'wrong' } });
      await expect(failed).rejects.toThrow();
      expect((await stored()).loginAttempts).toBe(attempt);
    }
  });

  test('knows a session by its token at once, and its end', async () => {
    await recorded.sql('UPDATE users SET login_attempts = 0, lock_until = NULL');
    const { token } = await own.payload.login({ collection: 'users', data: login });
    const headers = { Authorization: `JWT ${token}` };
    const me = async () => {
      const response = await own.handle(new Request('http://localhost/api/users/me', { headers }));
      return ((await response.json()) as { user: { email: string } | null }).user?.email;
    };
    expect(await me()).toBe(login.email);
    expect(await me()).toBe(login.email);
    await own.handle(new Request('http://localhost/api/users/logout', { method: 'POST', headers }));
    expect(await me()).toBeUndefined();
  });
});
