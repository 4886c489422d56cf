import type { CollectionConfig, Field, FieldHook, Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
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
