import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload } from 'payload';
import { afterEach, expect, test, vi } from 'vitest';
import {
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { lookupsOf } from './lookups.js';

let site: Started | undefined;
afterEach(async () => {
  await site?.stop();
  site = undefined;
});

type User = { id: number; collection: 'users' };

async function start(
  options: Partial<PayloadKVOptions> = {},
): Promise<{ payload: Payload; users: [User, User] }> {
  const collections = { posts: {}, 'payload-preferences': { slices: ['key'] } };
  site = await startBlog({
    plugins: [payloadKV({ store: memory(), swr: '1h', staleIfError: '1h', collections, ...options })],
  });
  const { payload } = site;
  const register = async (name: string): Promise<User> => {
    const data = { email: `${name}@example.com`, password: 'secret-of-a-test' };
    return { id: Number((await payload.create({ collection: 'users', data })).id), collection: 'users' };
  };
  return { payload, users: [await register('ada'), await register('ben')] };
}

/** As the admin panel asks in each of its views. */
async function read(payload: Payload, { id, collection }: User, key: string): Promise<unknown> {
  const { docs } = await payload.find({
    collection: 'payload-preferences',
    depth: 0,
    limit: 1,
    pagination: false,
    where: {
      and: [
        { key: { equals: key } },
        { 'user.relationTo': { equals: collection } },
        { 'user.value': { equals: id } },
      ],
    },
  });
  await settleCache(payload);
  return docs[0]?.value;
}

/** As the admin panel writes them. */
async function write(payload: Payload, user: User, key: string, value: unknown): Promise<void> {
  const of = [
    { key: { equals: key } },
    { 'user.value': { equals: user.id } },
    { 'user.relationTo': { equals: user.collection } },
  ];
  const data = { key, value, user: { relationTo: user.collection, value: user.id } };
  await payload.db.upsert({ collection: 'payload-preferences', where: { and: of }, data, req: {} } as never);
}

const asked = (payload: Payload, user: User, key: string) =>
  lookupsOf(payload, 'payload-preferences', () => read(payload, user, key));

test('preferences that are named are cached for each user, until they are written', async () => {
  const { payload, users } = await start();
  const [ada, ben] = users;
  expect(await read(payload, ada, 'nav')).toBeUndefined();
  await write(payload, ada, 'nav', { open: true });
  await write(payload, ben, 'nav', { open: false });
  for (const key of ['nav', 'posts-list']) await Promise.all(users.map((user) => read(payload, user, key)));
  expect(await asked(payload, ada, 'nav')).toEqual({ hit: 1 });
  expect(await asked(payload, ben, 'nav')).toEqual({ hit: 1 });
  expect(await asked(payload, ada, 'posts-list')).toEqual({ hit: 1 });
  expect([await read(payload, ada, 'nav'), await read(payload, ben, 'nav')]).toEqual([
    { open: true },
    { open: false },
  ]);

  await write(payload, ada, 'nav', { open: 'half' });
  expect(await asked(payload, ada, 'posts-list')).toEqual({ hit: 1 });
  expect(await asked(payload, ada, 'nav')).not.toHaveProperty('hit');
  expect([await read(payload, ada, 'nav'), await read(payload, ben, 'nav')]).toEqual([
    { open: 'half' },
    { open: false },
  ]);
});

test('a user who is deleted takes the preferences along', async () => {
  const { payload, users } = await start();
  await write(payload, users[0], 'nav', { open: true });
  expect(await read(payload, users[0], 'nav')).toEqual({ open: true });
  await payload.delete({ collection: 'users', id: users[0].id });
  expect(await read(payload, users[0], 'nav')).toBeUndefined();
});

test('preferences are not served when their time is over, whatever else is', async () => {
  const { payload, users } = await start({ ttl: 1 });
  await write(payload, users[0], 'nav', { open: true });
  await read(payload, users[0], 'nav');
  vi.useFakeTimers({ toFake: ['Date', 'performance'], now: Date.now() + 60_000 });
  try {
    expect(await asked(payload, users[0], 'nav')).not.toHaveProperty('stale');
  } finally {
    vi.useRealTimers();
  }
});

test.each([
  ['are not named', { collections: { posts: {} } }],
  ['are not named, as nothing is', { collections: undefined }],
  ['may be older than the database', { consistency: { bounded: '10s' } }],
  ['may be older, as all of the site may', { consistency: 'eventual' }],
] as [string, Partial<PayloadKVOptions>][])('preferences that %s are not cached', async (_name, options) => {
  const { payload, users } = await start(options);
  await write(payload, users[0], 'nav', { open: true });
  await read(payload, users[0], 'nav');
  expect(await asked(payload, users[0], 'nav')).toEqual({ policy: 1 });
});

test('over REST each of two users has their own, also when some of them are deleted at once', async () => {
  const { payload, users } = await start();
  const { handle } = site as Started;
  const headers = await Promise.all(
    ['ada', 'ben'].map(async (name) => {
      const data = { email: `${name}@example.com`, password: 'secret-of-a-test' };
      return { authorization: `JWT ${(await payload.login({ collection: 'users', data })).token}` };
    }),
  );
  async function ask(user: 0 | 1, method: string, value?: unknown): Promise<unknown> {
    const body = value === undefined ? null : JSON.stringify({ value });
    const request = new Request('http://localhost/api/payload-preferences/nav', {
      method,
      headers: { ...headers[user], 'content-type': 'application/json' },
      body,
    });
    const answer = (await (await handle(request)).json()) as { value?: unknown };
    await settleCache(payload);
    return answer.value;
  }
  for (const user of [0, 1] as const) {
    expect(await ask(user, 'GET')).toBeNull();
    await ask(user, 'POST', { of: user });
  }
  for (let time = 0; time < 2; time++)
    for (const user of [0, 1] as const) expect(await ask(user, 'GET')).toEqual({ of: user });
  await ask(0, 'DELETE');
  expect([await ask(0, 'GET'), await ask(1, 'GET')]).toEqual([null, { of: 1 }]);
  await payload.delete({ collection: 'users', where: { id: { in: users.map(({ id }) => id) } } });
  for (const user of users) expect(await read(payload, user, 'nav')).toBeUndefined();
});

test('a process that does not cache them makes stale what another has, and tells nobody of its own', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-preferences-'));
  const registry = memoryRegistry();
  const url = `file:${path.join(directory, 'blog.db')}`;
  const told = vi.fn();
  const startWith = (collections: PayloadKVOptions['collections']) =>
    startBlog({
      url,
      plugins: [
        payloadKV({
          store: memory(),
          registry: { ...registry, local: false },
          timeout: 30_000,
          collections,
          hooks: { all: told },
        }),
      ],
    });
  const sites = [await startWith({ posts: {}, 'payload-preferences': {} }), await startWith({ posts: {} })];
  const [one, other] = sites.map(({ payload }) => payload) as [Payload, Payload];
  try {
    const data = { email: 'ada@example.com', password: 'secret-of-a-test' };
    const user: User = {
      id: Number((await one.create({ collection: 'users', data })).id),
      collection: 'users',
    };
    await write(one, user, 'nav', { open: true });
    expect(await read(one, user, 'nav')).toEqual({ open: true });
    expect(await asked(one, user, 'nav')).toEqual({ hit: 1 });
    told.mockClear();
    await write(other, user, 'nav', { open: false });
    expect(await read(one, user, 'nav')).toEqual({ open: false });
    expect(told).not.toHaveBeenCalled();
    await other.delete({ collection: 'users', where: { id: { equals: user.id } } });
    expect(await read(one, user, 'nav')).toBeUndefined();
  } finally {
    for (const each of sites) await each.stop();
    await removeDirectory(directory);
  }
});
