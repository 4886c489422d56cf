import type { CollectionConfig, Field, Payload, TypedUser, Where } from 'payload';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memory, payloadKV, type Store, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';

/** What a hook adds for the one who asks is made anew each time. */
const hooks: CollectionConfig['hooks'] = {
  afterRead: [
    ({ doc, req }) => ({ ...doc, askedBy: (req.user as { email?: string } | null)?.email ?? 'a visitor' }),
  ],
};
const remark: Field = { name: 'remark', type: 'text', access: { read: ({ req }) => Boolean(req.user) } };

/** Notes that belong to one user each. */
const Notes: CollectionConfig = {
  slug: 'notes',
  access: {
    read: ({ req }): Where => {
      const open: Where = { isPublic: { equals: true } };
      return req.user ? { or: [{ owner: { equals: req.user.id } }, open] } : open;
    },
  },
  hooks,
  fields: [
    { name: 'text', type: 'text', required: true },
    { name: 'owner', type: 'relationship', relationTo: 'users' },
    { name: 'isPublic', type: 'checkbox' },
    { name: 'related', type: 'relationship', relationTo: 'notes', hasMany: true },
    remark,
  ],
};

/** Everybody reads cards, but not all of their fields. */
const Cards: CollectionConfig = { slug: 'cards', access: { read: () => true }, hooks, fields: [remark] };

const store = memory();
let site: Started;
let payload: Payload;
let ada: TypedUser;
let ben: TypedUser;

async function contents(from: Store): Promise<Map<string, string>> {
  const all = new Map<string, string>();
  for await (const keys of from.list('')) {
    const values = await from.getMany(keys);
    keys.forEach((key, index) => {
      all.set(key, values[index] ?? '');
    });
  }
  return all;
}

beforeAll(async () => {
  site = await startBlog({
    plugins: [payloadKV({ store })],
    configure: (config) => ({ ...config, collections: [...(config.collections ?? []), Notes, Cards] }),
  });
  payload = site.payload;
  const register = async (name: string): Promise<TypedUser> => {
    const data = { name, email: `${name}@example.com`, password: `${name}-password` };
    const user = await payload.create({ collection: 'users', data });
    return { ...user, collection: 'users' } as TypedUser;
  };
  [ada, ben] = [await register('ada'), await register('ben')];
  const open = await payload.create({
    collection: 'notes',
    data: { text: 'for all', isPublic: true, remark: 'for those who are logged in' },
  });
  for (const owner of [ada, ben]) {
    await payload.create({
      collection: 'notes',
      data: { text: `of ${owner.email}`, owner: owner.id, remark: 'mine', related: [open.id] },
    });
  }
});
afterAll(() => site.stop());

const find = (user: TypedUser | null) =>
  payload.find({ collection: 'notes', user, overrideAccess: false, sort: 'id', depth: 1 });
const textsOf = async (user: TypedUser | null) => {
  const { docs } = await find(user);
  await settleCache(payload);
  return docs.map(({ text }) => text);
};

test('each sees what they may see, whoever asked before', async () => {
  for (let time = 0; time < 2; time++) {
    expect(await textsOf(ada)).toEqual(['for all', 'of ada@example.com']);
    expect(await textsOf(null)).toEqual(['for all']);
    expect(await textsOf(ben)).toEqual(['for all', 'of ben@example.com']);
  }
  const lookups = await lookupsOf(payload, 'notes', async () => {
    for (const user of [ada, null, ben]) await textsOf(user);
  });
  expect(lookups).toEqual({ hit: expect.any(Number) });
});

test('each sees what they may see when all ask at once', async () => {
  await payload.create({ collection: 'notes', data: { text: 'new', isPublic: false } });
  const texts = await Promise.all([ada, ben, null, ada, null, ben].map(textsOf));
  const [ofAda, ofBen, ofAll] = [
    ['for all', 'of ada@example.com'],
    ['for all', 'of ben@example.com'],
    ['for all'],
  ];
  expect(texts).toEqual([ofAda, ofBen, ofAll, ofAda, ofAll, ofBen]);
});

test('one document by id is there for those who may see it only', async () => {
  const { docs } = await payload.find({ collection: 'notes', where: { owner: { equals: ada.id } } });
  const id = docs[0]?.id as number;
  const byID = (user: TypedUser | null) =>
    payload.findByID({ collection: 'notes', id, user, overrideAccess: false, disableErrors: true, depth: 0 });
  for (let time = 0; time < 2; time++) {
    expect(await byID(ada)).toMatchObject({ text: 'of ada@example.com' });
    expect(await byID(ben)).toBeNull();
    expect(await byID(null)).toBeNull();
    await settleCache(payload);
  }
});

test('counts and distinct values are those of the one who asks', async () => {
  const count = async (user: TypedUser | null) =>
    (await payload.count({ collection: 'notes', user, overrideAccess: false })).totalDocs;
  const distinct = async (user: TypedUser | null) =>
    (await payload.findDistinct({ collection: 'notes', field: 'text', user, overrideAccess: false })).values
      .length;
  for (let time = 0; time < 2; time++) {
    expect([await count(ada), await count(null), await distinct(ben), await distinct(null)]).toEqual([
      2, 1, 2, 1,
    ]);
    await settleCache(payload);
  }
});

test.each([
  ['a visitor before a user', [null, 'ada', null]],
  ['a user before a visitor', ['ada', null, 'ada']],
])('a field that not all may read is left out after the cache: %s', async (_order, askers) => {
  const { id } = await payload.create({ collection: 'cards', data: { remark: 'not for visitors' } });
  const lookups = await lookupsOf(payload, 'cards', async () => {
    for (const asker of askers) {
      const user = asker === null ? null : ada;
      const card = await payload.findByID({ collection: 'cards', id, user, overrideAccess: false });
      await settleCache(payload);
      expect(card.remark).toBe(user ? 'not for visitors' : undefined);
      expect(card.askedBy).toBe(user ? 'ada@example.com' : 'a visitor');
    }
  });
  // The question to the database is the same whoever asks: one entry answers all.
  expect(lookups).toEqual({ miss: 1, hit: 2 });
});

test('a populated document has its own access checked, whoever filled the cache', async () => {
  const hidden = await payload.create({ collection: 'notes', data: { text: 'hidden', owner: ben.id } });
  const open = await payload.create({
    collection: 'notes',
    data: { text: 'open', isPublic: true, related: [hidden.id] },
  });
  const related = async (user: TypedUser | null) => {
    const note = await payload.findByID({
      collection: 'notes',
      id: open.id,
      user,
      overrideAccess: false,
      depth: 1,
    });
    await settleCache(payload);
    return (note.related as (number | { text: string })[]).map((each) =>
      typeof each === 'object' ? each.text : each,
    );
  };
  for (let time = 0; time < 2; time++) {
    expect(await related(ben)).toEqual(['hidden']);
    expect(await related(ada)).not.toContain('hidden');
    expect(await related(null)).not.toContain('hidden');
  }
});

test('over REST, a session sees its own and a visitor what is public', async () => {
  const ask = async (headers: Record<string, string>) => {
    const response = await site.handle(
      new Request('http://localhost/api/notes?limit=0&sort=id&depth=0', { headers }),
    );
    await settleCache(payload);
    return ((await response.json()) as { docs: { text: string }[] }).docs.map(({ text }) => text);
  };
  const tokens: Record<string, string> = {};
  for (const name of ['ada', 'ben']) {
    const { token } = await payload.login({
      collection: 'users',
      data: { email: `${name}@example.com`, password: `${name}-password` },
    });
    tokens[name] = `JWT ${token}`;
  }
  for (let time = 0; time < 2; time++) {
    expect(await ask({ Authorization: tokens.ada as string })).toContain('of ada@example.com');
    const ofBen = await ask({ Authorization: tokens.ben as string });
    expect(ofBen).toContain('of ben@example.com');
    expect(ofBen).not.toContain('of ada@example.com');
    expect(await ask({})).not.toContainEqual(expect.stringMatching(/^of /));
    expect(await ask({ Authorization: 'JWT of.no.one' })).not.toContainEqual(expect.stringMatching(/^of /));
  }
  // No login, session or password comes near the store.
  const all = JSON.stringify([...(await contents(store))]);
  for (const secret of [
    ...Object.values(tokens).map((token) => token.slice(4)),
    'password',
    'salt',
    'sessions',
    'a visitor',
  ]) {
    expect(all).not.toContain(secret);
  }
});

test('what is asked for does not stand in a key', async () => {
  const secret = 'invitation-4711';
  await payload.find({
    collection: 'notes',
    where: { text: { equals: secret } },
    user: ada,
    overrideAccess: false,
  });
  await settleCache(payload);
  const keys = [...(await contents(store)).keys()];
  expect(keys.length).toBeGreaterThan(0);
  for (const key of keys) {
    expect(key).toMatch(/^payload-cache:@?[\w-]+:\w+:[\w-]{43}~\d+$/);
    expect(key).not.toContain(secret);
    expect(key).not.toContain('ada');
  }
});

test('what one caller does to a result, no other sees', async () => {
  const read = () =>
    payload.db.find({ collection: 'notes', where: { isPublic: { equals: true } }, sort: 'id' });
  const [first] = await Promise.all([read(), read()]);
  const expected = structuredClone(first);
  const spoil = (result: typeof first): void => {
    for (const doc of result.docs) Object.assign(doc, { text: 'spoilt', related: ['spoilt'] });
    result.docs.push({ id: 'spoilt' });
  };
  spoil(first);
  await settleCache(payload);
  const again = await Promise.all([read(), read(), read()]);
  for (const result of again) {
    expect(result).toEqual(expected);
    spoil(result);
  }
  expect(await read()).toEqual(expected);
});
