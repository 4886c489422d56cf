import type { CollectionConfig } from 'payload';
import { expect, test } from 'vitest';
import { cached, memory, payloadKV, type Store, settleCache } from '../../src/runtime/index.js';
import { cachedLoader } from '../../src/runtime/nestjs.js';
import { startBlog } from '../support/payload.js';

const remark = { name: 'remark', type: 'text', hidden: true } as const;
const drafts = { versions: { drafts: true } };

/** What a site may have of users beside the usual. */
const SITES: Record<string, { users?: object; fields?: object[]; articles?: object }> = {
  'a hidden field': { fields: [remark] },
  'one inside of tabs and rows': {
    fields: [{ type: 'tabs', tabs: [{ label: 'x', fields: [{ type: 'row', fields: [remark] }] }] }],
  },
  drafts: { users: drafts, fields: [remark], articles: drafts },
  'a join': { fields: [remark, { name: 'articles', type: 'join', collection: 'articles', on: 'writer' }] },
  'names to sign in with': {
    users: { auth: { loginWithUsername: { allowEmailLogin: true } } },
    fields: [remark],
  },
};

/** Questions that ask for what is hidden, or by it. */
const QUESTIONS: object[] = [
  {},
  { showHiddenFields: true },
  { showHiddenFields: true, depth: 3 },
  { select: { remark: true, hash: true } },
  { select: { writer: true, remarkOf: true, hashOf: true }, showHiddenFields: true },
  { populate: { members: { remark: true, hash: true } } },
  { overrideAccess: false },
  { where: { remark: { equals: 'planted ada' } } },
  { sort: '-remark' },
  { draft: true },
  { joins: { articles: { limit: 3 } } },
];

test.each(Object.keys(SITES))('no secret reaches the store by any way of asking, with %s', async (name) => {
  const { users = {}, fields = [], articles = {} } = SITES[name]!;
  const texts: string[] = [];
  const base = memory();
  const store: Store = {
    ...base,
    set(key, value, ttl) {
      texts.push(key, value);
      return base.set(key, value, ttl);
    },
  };
  const slices = ['email', 'remark', 'hash', 'sessions.id'];
  const collections = { members: { allowAuth: 'without-secrets', slices }, articles: {} };
  const open = { read: () => true, create: () => true };
  const site = await startBlog({
    plugins: [payloadKV({ store, collections: collections as never })],
    configure: (config) => ({
      ...config,
      collections: [
        ...(config.collections ?? []),
        {
          slug: 'members',
          auth: true,
          access: open,
          ...users,
          fields: [{ name: 'name', type: 'text' }, ...fields],
        } as CollectionConfig,
        {
          slug: 'articles',
          access: open,
          ...articles,
          fields: [
            { name: 'writer', type: 'relationship', relationTo: 'members' },
            { name: 'remarkOf', type: 'text', virtual: 'writer.remark' },
            { name: 'hashOf', type: 'text', virtual: 'writer.hash' },
          ],
        } as unknown as CollectionConfig,
      ],
    }),
  });
  const payload = site.payload as any;
  try {
    const members: { id: number }[] = [];
    for (const each of ['ada', 'ben']) {
      const data = { name: each, username: each, email: `${each}@example.com`, password: 'a password' };
      members.push(
        await payload.create({ collection: 'members', data: { ...data, remark: `planted ${each}` } }),
      );
    }
    await payload.create({ collection: 'articles', data: { writer: members[0]!.id } });
    const data = { email: 'ada@example.com', password: 'a password' };
    const { token } = await payload.login({ collection: 'members', data });
    await payload.forgotPassword({ collection: 'members', data, disableEmail: true });
    const headers = new Headers({ Authorization: `JWT ${token}` });
    const ways: (() => Promise<unknown>)[] = [
      () => payload.auth({ headers }),
      () => cached(() => payload.auth({ headers }), { key: [], namespace: 'auth', payload }),
    ];
    for (const [index, question] of QUESTIONS.entries()) {
      for (const collection of ['members', 'articles']) {
        const asked = { collection, ...question };
        const key = [collection, index];
        ways.push(
          () => payload.find(asked),
          () => payload.db.find(asked),
          () => cached(({ req }) => payload.find({ ...asked, req }), { key, namespace: 'req', payload }),
          () => cached(() => payload.find(asked), { key, namespace: 'none', payload }),
          () => cached(() => payload.db.find(asked), { key, namespace: 'db', payload }),
          () =>
            cachedLoader(
              (keys: readonly number[], { req }) =>
                Promise.all(keys.map(() => payload.find({ ...asked, req }))),
              { namespace: `loader ${key}`, payload },
            )([1, 2]),
        );
      }
    }
    for (let round = 0; round < 3; round++) {
      // Some of what is asked cannot be.
      for (const way of ways) await way().catch(() => undefined);
      await settleCache(payload);
    }
    const all = { collection: 'members', limit: 0, req: { context: { payloadCache: 'bypass' } } };
    const secrets: string[] = (await payload.db.find(all)).docs.flatMap((member: any) => [
      ...['hash', 'salt', 'remark', 'resetPasswordToken'].flatMap((field) => member[field] ?? []),
      ...(member.sessions ?? []).map(({ id }: { id: string }) => id),
    ]);
    expect(secrets.length).toBeGreaterThan(6);
    expect(texts.some((text) => text.includes(':members:'))).toBe(true);
    expect(secrets.filter((secret) => texts.some((text) => text.includes(secret)))).toEqual([]);
  } finally {
    await site.stop();
  }
});
