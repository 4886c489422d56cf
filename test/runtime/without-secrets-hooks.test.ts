import { type CollectionConfig, createLocalReq, type Field, type FieldHook, type Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { mentionsSecret } from '../../src/runtime/read/secrets.js';
import { startBlog } from '../support/payload.js';
import { collectLog } from './logged.js';
import { lookupsOf } from './lookups.js';

const afterRead = (hook: FieldHook): Field => ({
  name: 'extra',
  type: 'text',
  virtual: true,
  hooks: { afterRead: [hook] },
});
const withAccess = (read: NonNullable<Extract<Field, { type: 'text' }>['access']>['read']): Field => ({
  name: 'extra',
  type: 'text',
  defaultValue: 'extra',
  access: { read },
});
const sessionsFor = (read: (event: never) => boolean): Field => ({
  name: 'sessions',
  type: 'array',
  access: { read: read as never },
  fields: [],
});

/** Auth collections by what their site has added, and what is said of those that are not cached. */
const REFUSED: Record<string, [Field[], RegExp]> = {
  'hook-data': [[afterRead(({ data }) => String(Boolean(data?.hash)))], /"extra" may read/],
  'hook-sibling': [
    [afterRead(({ siblingData }) => String(siblingData.sessions?.length))],
    /"extra" may read/,
  ],
  'hook-original': [
    [afterRead(({ value, originalDoc: { salt } }) => value ?? typeof salt)],
    /"extra" may read/,
  ],
  'hook-rest': [[afterRead(({ value, ...rest }) => value ?? typeof rest.data?.hash)], /"extra" may read/],
  'hook-event': [[afterRead((event) => typeof event.data?.hash)], /"extra" may read/],
  'hook-bound': [[afterRead(((event: { data: object }) => typeof event).bind(null) as never)], /"extra" may/],
  'hook-nested': [
    [{ name: 'group', type: 'group', fields: [afterRead(({ data }) => typeof data?.hash)] }],
    /"group" may read/,
  ],
  'access-document': [[withAccess(({ doc }) => Boolean(doc?.hash))], /"extra" may read/],
  virtual: [[{ name: 'extra', type: 'text', virtual: 'hash' }], /"extra" may read/],
  'shown-attempts': [
    [{ name: 'loginAttempts', type: 'number', hidden: false }],
    /"loginAttempts" is not hidden/,
  ],
  'shown-sessions': [[sessionsFor(() => true)], /"sessions" is not for its user alone/],
  'admin-sessions': [
    [sessionsFor(({ doc, req }: any) => req.user?.id === doc?.id || req.user?.name === 'ada')],
    /"sessions" is not for its user alone/,
  ],
};
const CACHED: Record<string, Field[]> = {
  'hook-value': [afterRead(({ value, req: { locale }, context: _context }) => value ?? locale)],
  'hook-none': [afterRead(() => 'always')],
  'access-user': [withAccess(({ req: { user } }) => user?.collection !== 'other')],
  'access-method': [
    { name: 'extra', type: 'text', defaultValue: 'x', access: { read: ({ req }) => !req.user } },
  ],
};

const authCollection = (slug: string, fields: Field[]): CollectionConfig => ({
  slug,
  auth: true,
  access: { read: () => true },
  fields: [{ name: 'name', type: 'text' }, ...fields],
});

/** With users that have signed in. */
async function startUsers(collections: CollectionConfig[], slices?: string[]) {
  const log = collectLog();
  const policy = { allowAuth: 'without-secrets', ...(slices && { slices }) };
  const site = await startBlog({
    plugins: [
      payloadKV({
        store: memory(),
        collections: Object.fromEntries(collections.map(({ slug }) => [slug, policy])) as never,
      }),
    ],
    configure: (config) =>
      log.configure({ ...config, collections: [...(config.collections ?? []), ...collections] }),
  });
  for (const { slug } of collections) {
    const data = { name: 'ada', email: 'ada@example.com', password: 'password of ada' };
    await site.payload.create({ collection: slug as 'users', data });
    await site.payload.login({ collection: slug as 'users', data });
  }
  return { ...site, log };
}

describe('fields of a site', () => {
  let site: Awaited<ReturnType<typeof startUsers>>;
  let payload: Payload;

  beforeAll(async () => {
    site = await startUsers([
      ...Object.entries(REFUSED).map(([slug, [fields]]) => authCollection(slug, fields)),
      ...Object.entries(CACHED).map(([slug, fields]) => authCollection(slug, fields)),
    ]);
    payload = site.payload;
  });
  afterAll(() => site.stop());

  async function expectSame(slug: string, user?: unknown) {
    const read = {
      collection: slug as 'users',
      overrideAccess: false,
      ...(user ? { user: user as never } : {}),
    };
    const truth = await payload.find({ ...read, context: { payloadCache: 'bypass' } });
    return lookupsOf(payload, slug, async () => {
      for (let time = 0; time < 3; time++) {
        expect(await payload.find(read)).toEqual(truth);
        await settleCache(payload);
      }
    });
  }

  test.each(Object.entries(REFUSED))(
    'that may show what is not kept keep it from being cached: %s',
    async (slug, [, message]) => {
      expect(await expectSame(slug)).toEqual({ 'auth-collection': 3 });
      await expectSame(slug, { id: 99, name: 'ada', collection: slug });
      const said = site.log.lines().filter((line) => line.includes(`"${slug}" is not cached`));
      expect(said.join('\n')).toMatch(message);
    },
  );

  test.each(Object.keys(CACHED))('that see no document do not: %s', async (slug) => {
    expect(await expectSame(slug)).toEqual({ miss: 1, hit: 2 });
  });
});

test('secrets are no slices, whose values tags would name', async () => {
  const remark: Field = { name: 'remark', type: 'text', hidden: true };
  const site = await startUsers([authCollection('members', [remark])], ['email', 'remark', 'hash']);
  try {
    const said = site.log.lines().join('\n');
    for (const name of ['remark', 'hash']) expect(said).toContain(`"${name}", which is kept secret`);
    expect(said).not.toContain('"email"');
  } finally {
    await site.stop();
  }
});

describe('hooks and access control of a site', () => {
  const members = 'members' as 'users';
  let site: Awaited<ReturnType<typeof startUsers>>;
  let payload: Payload;
  const found: unknown[] = [];

  beforeAll(async () => {
    const collection = authCollection('members', [{ name: 'my-remark', type: 'text', hidden: true }]);
    site = await startUsers([
      {
        ...collection,
        access: {
          read: async ({ req }) => {
            if (req.headers.has('Authorization') && !req.user)
              await req.payload.auth({ headers: req.headers, req });
            return true;
          },
        },
        hooks: {
          afterRead: [
            async ({ req, doc }) => {
              if (!req.context.asks) return;
              const args = { collection: 'members', req, locale: 'en', where: { id: { equals: doc.id } } };
              found.push(await req.payload.db.findOne(args));
              found.push((await req.payload.db.find({ ...args, limit: 1 })).docs[0]);
            },
          ],
        },
      },
    ]);
    payload = site.payload;
  });
  afterAll(() => site.stop());

  test('that ask the adapter are given whole documents', async () => {
    for (let time = 0; time < 3; time++) {
      await payload.find({ collection: members, overrideAccess: false, context: { asks: true } });
      await settleCache(payload);
    }
    expect(found).toHaveLength(6);
    for (const document of found) expect(document).toMatchObject({ hash: expect.any(String) });
  });

  test('that find out who asks let them see themselves', async () => {
    const { token, user } = await payload.login({
      collection: members,
      data: { email: 'ada@example.com', password: 'password of ada' },
    });
    const id = user?.id as number;
    const reads = {
      find: async (req?: object) =>
        (await payload.find({ collection: members, overrideAccess: false, req })).docs[0],
      findByID: (req?: object) => payload.findByID({ collection: members, id, overrideAccess: false, req }),
    };
    const headers = new Headers({ Authorization: `JWT ${token}` });
    for (const read of Object.values(reads)) {
      for (let time = 0; time < 2; time++) {
        expect(await read()).toMatchObject({ sessions: [] });
        await settleCache(payload);
        const req = await createLocalReq({ req: { headers } }, payload);
        expect(await read(req)).toMatchObject({ sessions: expect.arrayContaining([expect.anything()]) });
      }
    }
  });

  test("'only' asks no database, also for users who would be shown more", async () => {
    const read = { collection: members, overrideAccess: false } as const;
    const { docs } = await payload.find(read);
    await settleCache(payload);
    const context = { payloadCache: 'only' };
    expect((await payload.find({ ...read, context })).docs).toEqual(docs);
    const user = { ...docs[0], collection: 'members' } as never;
    await expect(payload.find({ ...read, user, context })).rejects.toMatchObject({ code: 'CACHE_MISS' });
  });

  test('names of secrets are known in any spelling of a path', async () => {
    for (const where of [{ 'my-remark': { exists: false } }, { or: [{ 'my-remark': { equals: 'x' } }] }]) {
      const read = () => payload.find({ collection: members, where } as never);
      await read();
      expect(await lookupsOf(payload, 'members', read)).toEqual({ 'auth-collection': 1 });
    }
    const sorted = () => payload.find({ collection: members, sort: '-my-remark' });
    await sorted();
    expect(await lookupsOf(payload, 'members', sorted)).toEqual({ 'auth-collection': 1 });
  });

  test.each([
    'hash',
    '-hash',
    'friend.hash',
    'friend__hash',
    'friend___token',
    'a,-hash',
    '["hash"]',
    'sessions.id',
  ])('as %s', (token) => {
    const secrets = { hidden: new Set(['hash', '_token']), lists: new Set(['sessions']) };
    expect(mentionsSecret(['name', 1, token], secrets)).toBe(true);
    expect(mentionsSecret(['name', 1, token.replace(/hash|_token|sessions/, 'city')], secrets)).toBe(false);
  });
});
