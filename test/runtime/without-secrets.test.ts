import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CollectionConfig, Payload, TypedUser, Where } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  aesGCM,
  memory,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { type RestServer, startRest } from '../support/rest.js';
import { collectLog, type Logged } from './logged.js';
import { lookupsOf } from './lookups.js';

const PLANTED = 'planted-in-a-hidden-field';

/** Users with all that Payload keeps secret of one, and something of the site's own. */
const Members = (): CollectionConfig => ({
  slug: 'members',
  auth: { verify: { generateEmailHTML: () => '' }, maxLoginAttempts: 2, lockTime: 600_000 },
  access: { read: () => true, create: () => true, update: () => true },
  fields: [
    { name: 'name', type: 'text' },
    { name: 'remark', type: 'text', hidden: true, defaultValue: 'none' },
    { name: 'profile', type: 'group', fields: [{ name: 'city', type: 'text' }] },
    { name: 'friend', type: 'relationship', relationTo: 'members' as 'users' },
  ],
});

const Articles = (): CollectionConfig => ({
  slug: 'articles',
  access: { read: () => true },
  fields: [
    { name: 'title', type: 'text' },
    { name: 'writer', type: 'relationship', relationTo: 'members' as 'users' },
  ],
});

/** Keeps each text that reaches it, whatever becomes of it. */
function recording(store: Store): { store: Store; texts: string[] } {
  const texts: string[] = [];
  return {
    texts,
    store: {
      ...store,
      set(key, value, ttl) {
        texts.push(key, value);
        return store.set(key, value, ttl);
      },
      setMany(writes) {
        for (const { key, value } of writes) texts.push(key, value);
        return store.setMany(writes);
      },
      decoded: store.decoded && {
        get: store.decoded.get,
        offer: (key, value, make) =>
          store.decoded?.offer(key, value, () => {
            const made = make();
            const form = made?.form as { result?(): unknown } | undefined;
            texts.push(JSON.stringify([form, form?.result?.()]));
            return made;
          }) ?? false,
      },
    },
  };
}

type Any = Parameters<Payload['find']>[0];
const members = 'members' as 'users';
const articles = 'articles' as 'posts';

async function startMembers(
  options: Partial<PayloadKVOptions> = {},
  change: (collection: CollectionConfig) => CollectionConfig = (collection) => collection,
  url?: string,
): Promise<Started & { texts: string[]; log: Logged }> {
  const log = collectLog();
  const { store, texts } = recording(memory());
  const started = await startBlog({
    ...(url !== undefined && { url }),
    plugins: [
      payloadKV({
        store,
        collections: { members: { allowAuth: 'without-secrets' }, articles: {} } as never,
        ...options,
      }),
    ],
    configure: (config) =>
      log.configure({
        ...config,
        collections: [...(config.collections ?? []), change(Members()), Articles()],
      }),
  });
  return { ...started, texts, log };
}

/** All documents as the database has them. */
async function whole(payload: Payload): Promise<Record<string, unknown>[]> {
  const { docs } = await payload.db.find({
    collection: members,
    limit: 0,
    req: { context: { cache: 'bypass' } },
  });
  return docs as unknown as Record<string, unknown>[];
}

const tokenHeaders = (token: string | undefined) => new Headers({ Authorization: `JWT ${token}` });

describe.each([['strong'], [{ bounded: '1m' }], ['eventual']] as const)(
  'users without secrets, %j',
  (consistency) => {
    let site: Started & { texts: string[] };
    let payload: Payload;
    let rest: RestServer;
    /** Older Payloads keep none. */
    let hasSessions: boolean;
    const ids: Record<string, number | string> = {};
    const secrets = new Set<string>();

    /** Whatever is secret at this moment. */
    async function noteSecrets(): Promise<void> {
      for (const document of await whole(payload)) {
        for (const name of [
          'hash',
          'salt',
          'resetPasswordToken',
          '_verificationToken',
          'lockUntil',
          'remark',
        ])
          if (typeof document[name] === 'string' && document[name] !== 'none') secrets.add(document[name]);
        for (const { id } of (document.sessions ?? []) as { id: string }[]) secrets.add(id);
      }
    }

    beforeAll(async () => {
      site = await startMembers({ consistency } as Partial<PayloadKVOptions>);
      payload = site.payload;
      const fields = payload.collections[members]?.config.flattenedFields as unknown as { name: string }[];
      hasSessions = fields.some(({ name }) => name === 'sessions');
      rest = await startRest(site);
      for (const name of ['ada', 'ben', 'cyd']) {
        const { id } = await payload.create({
          collection: members,
          disableVerificationEmail: true,
          data: {
            name,
            email: `${name}@example.com`,
            password: `password of ${name}`,
            remark: `${PLANTED}-${name}`,
            ...(ids.ada !== undefined && { friend: ids.ada }),
          } as never,
        });
        ids[name] = id;
        await noteSecrets();
        await payload.update({ collection: members, id, data: { _verified: true } as never });
      }
      await payload.create({ collection: articles, data: { title: 'An article', writer: ids.ada } as never });
      await noteSecrets();
    });
    afterAll(async () => {
      await rest.stop();
      await site.stop();
    });

    const login = (name: string, password = `password of ${name}`) =>
      payload.login({ collection: members, data: { email: `${name}@example.com`, password } });
    const authenticated = async (token: string | undefined) =>
      (await payload.auth({ headers: tokenHeaders(token) })).user;

    test('visitors and other users are answered from the cache, as the database answers them', async () => {
      const { user } = await login('ben');
      const asBen = { ...user, collection: 'members' } as unknown as TypedUser;
      const reads: Any[] = [
        { collection: members, overrideAccess: false, sort: 'name' } as Any,
        { collection: members, overrideAccess: false, where: { name: { equals: 'ada' } }, depth: 2 } as Any,
        {
          collection: members,
          overrideAccess: false,
          where: { name: { equals: 'cyd' } },
          user: asBen,
        } as Any,
        { collection: members, overrideAccess: false, select: { name: true }, sort: 'name' } as Any,
        { collection: articles, overrideAccess: false, depth: 2 } as Any,
        { collection: articles, overrideAccess: false, depth: 2, user: asBen } as Any,
      ];
      for (const read of reads) {
        const truth = await payload.find({ ...read, context: { cache: 'bypass' } });
        const answers: unknown[] = [];
        const lookups = await lookupsOf(payload, 'members', async () => {
          for (let time = 0; time < 4; time++) {
            answers.push(await payload.find({ ...read }));
            await settleCache(payload);
          }
        });
        for (const answer of answers) expect(answer).toEqual(truth);
        expect(
          Object.keys(lookups)
            .sort()
            .filter((name) => name !== 'miss'),
        ).toEqual(consistency === 'eventual' && read.user ? ['request'] : ['hit']);
      }
      const byID = { collection: members, id: ids.cyd as number, overrideAccess: false, depth: 0 } as const;
      const truth = await payload.findByID({ ...byID, context: { cache: 'bypass' } });
      for (let time = 0; time < 3; time++) {
        expect(await payload.findByID(byID)).toEqual(truth);
        expect(await (await fetch(`${rest.url}/members/${ids.cyd}?depth=0`)).json()).toEqual(
          JSON.parse(JSON.stringify(truth)),
        );
        await settleCache(payload);
      }
      expect(await lookupsOf(payload, 'members', () => payload.findByID(byID))).toEqual({ hit: 1 });
      expect(await lookupsOf(payload, 'members', () => payload.count({ collection: members }))).toEqual({
        miss: 1,
      });
      // Who may see all is shown no sessions of others.
      const [first, second] = [
        await payload.find({ collection: members }),
        await payload.find({ collection: members }),
      ];
      expect(second.docs.map((document) => ({ ...document, sessions: [] }))).toEqual(
        first.docs.map((document) => ({ ...document, sessions: [] })),
      );
    });

    test('what may need a secret is asked of the database', async () => {
      const { user } = await login('ada');
      const asAda = { ...user, collection: 'members' } as unknown as TypedUser;
      const whereSecret: Where = { loginAttempts: { less_than: 5 } };
      const reads: [string, () => Promise<unknown>][] = [
        [
          'showHiddenFields',
          () => payload.find({ collection: members, showHiddenFields: true, sort: 'id', depth: 0 }),
        ],
        [
          'showHiddenFields by id',
          () =>
            payload.findByID({
              collection: members,
              id: ids.ada as number,
              showHiddenFields: true,
              depth: 0,
            }),
        ],
        [
          'a condition',
          () => payload.find({ collection: members, where: whereSecret, sort: 'id', depth: 0 }),
        ],
        ['an order', () => payload.find({ collection: members, sort: 'lockUntil', depth: 0 })],
        [
          'a selection',
          () => payload.find({ collection: members, sort: 'id', select: { sessions: true } as never }),
        ],
        ['the adapter', () => payload.db.find({ collection: members, sort: 'id' })],
        [
          'the adapter by id',
          () => payload.db.findOne({ collection: members, where: { id: { equals: ids.ada } } }),
        ],
      ];
      for (const [what, read] of reads) {
        const lookups = await lookupsOf(payload, 'members', async () => {
          const [one, two] = [await read(), await read()];
          expect(two, what).toEqual(one);
        });
        expect(lookups, what).toEqual({ 'auth-collection': 2 });
      }
      expect(JSON.stringify(await reads[0]?.[1]())).toContain(PLANTED);
      // Users are shown their own sessions, also in a list and by a relation.
      const own = [
        () => payload.find({ collection: members, overrideAccess: false, user: asAda, sort: 'name' }),
        () =>
          payload.findByID({
            collection: members,
            id: ids.ada as number,
            overrideAccess: false,
            user: asAda,
          }),
        () => payload.find({ collection: articles, overrideAccess: false, user: asAda, depth: 1 }),
      ];
      for (const read of own) {
        for (let time = 0; time < 3; time++) {
          expect(JSON.stringify(await read())).toMatch(hasSessions ? /"sessions":\[\{/ : /"ada"/);
          await settleCache(payload);
        }
      }
    });

    test('signing in and out, locks, verification and new passwords are as without a cache', async () => {
      const readAll = async () => {
        for (let time = 0; time < 3; time++) {
          for (const id of Object.values(ids)) {
            await payload.findByID({ collection: members, id: id as number });
            await payload.findByID({ collection: members, id: id as number, overrideAccess: false });
          }
          await payload.find({ collection: members });
          await settleCache(payload);
        }
      };
      await readAll();
      const { token } = await login('ben');
      await readAll();
      for (let time = 0; time < 3; time++) {
        expect(await authenticated(token)).toMatchObject({ id: ids.ben });
        const headers = { Authorization: `JWT ${token}` };
        const me = (await (await fetch(`${rest.url}/members/me`, { headers })).json()) as {
          user: unknown;
        };
        expect(me.user).toMatchObject({
          id: ids.ben,
          ...(hasSessions && {
            sessions: expect.arrayContaining([expect.objectContaining({ id: expect.any(String) })]),
          }),
        });
      }
      await noteSecrets();
      const out = await fetch(`${rest.url}/members/logout`, {
        method: 'POST',
        headers: { Authorization: `JWT ${token}` },
      });
      expect(out.status).toBe(200);
      if (hasSessions) expect(await authenticated(token)).toBeNull();
      await readAll();
      // Two wrong passwords lock; the right one does not open.
      for (let time = 0; time < 2; time++) {
        await expect(login('ben', 'wrong')).rejects.toThrow();
        await readAll();
        await noteSecrets();
      }
      await expect(login('ben')).rejects.toThrow(/locked/);
      await payload.unlock({
        collection: members,
        data: { email: 'ben@example.com' } as never,
        overrideAccess: true,
      });
      await readAll();
      expect((await login('ben')).token).toBeTypeOf('string');
      const reset = await payload.forgotPassword({
        collection: members,
        data: { email: 'cyd@example.com' },
        disableEmail: true,
      });
      await noteSecrets();
      await readAll();
      await payload.resetPassword({
        collection: members,
        data: { token: reset as string, password: 'another password' },
        overrideAccess: true,
      });
      await readAll();
      await expect(login('cyd')).rejects.toThrow();
      expect((await login('cyd', 'another password')).token).toBeTypeOf('string');
      const { id } = await payload.create({
        collection: members,
        disableVerificationEmail: true,
        data: { name: 'dan', email: 'dan@example.com', password: 'password of dan' } as never,
      });
      ids.dan = id;
      await noteSecrets();
      await readAll();
      await expect(login('dan')).rejects.toThrow();
      const dan = (await whole(payload)).find((document) => document.id === id);
      await payload.verifyEmail({ collection: members, token: dan?._verificationToken as string });
      await readAll();
      expect((await login('dan')).token).toBeTypeOf('string');
      await noteSecrets();
    });

    test('no secret has reached the store', async () => {
      await settleCache(payload);
      await noteSecrets();
      // Three hashes and salts, sessions, tokens, and what was planted.
      expect(secrets.size).toBeGreaterThan(hasSessions ? 15 : 10);
      const stored = site.texts.join('\n');
      expect(stored).toContain('ada@example.com');
      expect([...secrets].filter((secret) => stored.includes(secret))).toEqual([]);
      expect(stored).not.toContain(PLANTED);
    });
  },
);

describe('a strategy of authentication', () => {
  test('is known when it runs, also one that was added later; where none can be, nothing is answered without secrets', async () => {
    const site = await startMembers();
    try {
      const { payload } = site;
      const find = () => payload.find({ collection: members });
      await find();
      expect(await lookupsOf(payload, 'members', find)).toEqual({ hit: 1 });
      let lookups: unknown;
      const authenticate = async () => {
        lookups = await lookupsOf(payload, 'members', find);
        return { user: null };
      };
      payload.authStrategies.push({ name: 'own', authenticate });
      await payload.auth({ headers: new Headers() });
      expect(lookups).toEqual({ 'auth-collection': 1 });
      expect(await lookupsOf(payload, 'members', find)).toEqual({ hit: 1 });
      for (const strategies of [Object.freeze([{ name: 'own', authenticate }]), [{ name: 'none' }], [null]]) {
        payload.authStrategies = strategies as never;
        expect(await lookupsOf(payload, 'members', find)).toEqual({ 'auth-collection': 1 });
      }
    } finally {
      await site.stop();
    }
  });

  test('is what it was, in all but that it is known when it runs', async () => {
    class Own {
      name = 'own';
      #secret = 'secret';
      async authenticate({ payload }: { payload: Payload }) {
        const { docs } = await payload.find({ collection: members });
        return { user: { ...docs[0], collection: members, secret: this.#secret } as never };
      }
    }
    const site = await startMembers({}, (collection) => ({
      ...collection,
      auth: { ...(collection.auth as object), strategies: [new Own()] },
    }));
    try {
      const { payload } = site;
      await payload.create({
        collection: members,
        disableVerificationEmail: true,
        data: { name: 'ada', email: 'ada@example.com', password: 'password' } as never,
      });
      await payload.find({ collection: members });
      const lookups = await lookupsOf(payload, 'members', async () => {
        expect((await payload.auth({ headers: new Headers() })).user).toMatchObject({
          name: 'ada',
          secret: 'secret',
        });
      });
      expect(lookups).toEqual({ 'auth-collection': 1 });
    } finally {
      await site.stop();
    }
  });
});

describe('users are not cached without their secrets', () => {
  test.each<[string, (collection: CollectionConfig) => CollectionConfig, RegExp]>([
    [
      'where they have API keys',
      (collection) => ({ ...collection, auth: { ...(collection.auth as object), useAPIKey: true } }),
      /"members" is not cached.*API keys/,
    ],
    [
      'where a hook is given them as they are',
      (collection) => ({ ...collection, hooks: { beforeRead: [({ doc }) => doc] } }),
      /"members" is not cached.*beforeRead/,
    ],
    [
      'where a field may read a hidden one',
      (collection) => ({
        ...collection,
        fields: [
          ...collection.fields,
          { name: 'shown', type: 'text', hooks: { afterRead: [({ siblingData }) => siblingData.remark] } },
        ],
      }),
      /"members" is not cached.*"shown" may read the hidden field "remark"/,
    ],
    [
      'where a hidden field is in another',
      (collection) => ({
        ...collection,
        fields: [
          ...collection.fields,
          { name: 'list', type: 'array', fields: [{ name: 'inner', type: 'text', hidden: true }] },
        ],
      }),
      /"members" is not cached.*"list" holds a hidden field/,
    ],
  ])('%s, and that is said', async (_where, change, message) => {
    const site = await startMembers({}, change);
    try {
      const { payload } = site;
      const find = () => payload.find({ collection: members });
      await find();
      expect(await lookupsOf(payload, 'members', find)).toEqual({ 'auth-collection': 1 });
      expect(site.log.lines().join('\n')).toMatch(message);
    } finally {
      await site.stop();
    }
  });
});

test('a site that keeps whole documents shares no entry with one that keeps none of their secrets', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-secrets-'));
  const url = `file:${path.join(directory, 'blog.db')}`;
  // As one that other processes reach.
  const store: Store = { ...memory(), local: undefined };
  const encryption = aesGCM({ keys: [Buffer.alloc(32, 1).toString('base64')] });
  const whole = await startMembers(
    { store, collections: { members: { allowAuth: true } } as never, encryption },
    undefined,
    url,
  );
  const without = await startMembers({ store, encryption }, undefined, url);
  try {
    const keys = async () => {
      const all: string[] = [];
      for await (const page of store.list('payload-cache:members')) all.push(...page);
      return new Set(all);
    };
    await whole.payload.find({ collection: members });
    await settleCache(whole.payload);
    expect((await keys()).size).toBe(1);
    await without.payload.find({ collection: members });
    await settleCache(without.payload);
    expect((await keys()).size).toBe(2);
  } finally {
    await whole.stop();
    await without.stop();
    await removeDirectory(directory);
  }
});
