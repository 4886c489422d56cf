import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { memory, memoryRegistry, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';

const isEditor = ({ req }: { req: { user?: unknown } }): boolean => Boolean(req.user);

let directory: string;
let sites: Started[];

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-orderable-'));
  const versions = memoryRegistry();
  const start = (): Promise<Started> =>
    startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      configure: (config) => ({
        ...config,
        collections: (config.collections ?? []).map((collection) =>
          collection.slug === 'tags'
            ? { ...collection, orderable: true, access: { ...collection.access, update: isEditor } }
            : collection.slug === 'categories'
              ? {
                  ...collection,
                  fields: collection.fields.map((field) =>
                    field.type === 'join' ? { ...field, orderable: true } : field,
                  ),
                }
              : collection.slug === 'posts'
                ? { ...collection, access: { ...collection.access, update: isEditor } }
                : collection,
        ),
      }),
      plugins: [
        payloadKV({
          store: memory(),
          // Not in this process, so that versions are remembered for the bound.
          registry: { ...versions, local: false },
          consistency: { bounded: '1h' },
          timeout: 30_000,
        }),
      ],
    });
  sites = [await start(), await start()];
});
afterEach(async () => {
  for (const site of sites) await site.stop();
  await removeDirectory(directory);
});

type Ordered = { id: number } & Record<string, string>;

async function reorder(
  site: Started,
  collectionSlug: string,
  orderableFieldName: string,
  move: number,
  after: Ordered,
  headers: Record<string, string>,
): Promise<number> {
  const response = await site.handle(
    new Request('http://localhost/api/reorder', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        collectionSlug,
        docsToMove: [move],
        newKeyWillBe: 'greater',
        orderableFieldName,
        target: { id: after.id, key: after[orderableFieldName] },
      }),
    }),
  );
  await settleCache(site.payload);
  return response.status;
}

async function login({ payload }: Started): Promise<Record<string, string>> {
  const data = { email: 'ada@example.com', password: 'secret' };
  await payload.create({ collection: 'users', data: { ...data, name: 'Ada' } });
  const { token } = await payload.login({ collection: 'users', data });
  return { authorization: `JWT ${token}` };
}

async function orders({ payload }: Started, collection: string, field: string): Promise<Ordered[]> {
  const { docs } = await payload.find({
    collection: collection as 'tags',
    sort: field,
    depth: 0,
    pagination: false,
    context: { cache: 'bypass' },
  });
  return docs as unknown as Ordered[];
}

test.each([
  ['tags', '_order'],
  ['posts', '_posts_posts_order'],
])(
  'the order that %s are given follows from the database, not from what a bound leaves in the cache',
  async (collection, field) => {
    const [one, other] = sites as [Started, Started];
    await one.payload.create({ collection: 'categories', data: { name: 'a', slug: 'a' } });
    for (const name of ['a', 'b', 'c', 'd'])
      await one.payload.create({
        collection: collection as 'tags',
        data: (collection === 'tags'
          ? { name }
          : { title: name, slug: name, category: 1, _status: 'published' }) as never,
      });
    const [a, , c, d] = (await orders(one, collection, field)) as [Ordered, Ordered, Ordered, Ordered];
    expect(a[field]).toEqual(expect.any(String));
    const editor = await login(one);
    // Refused, but it has asked who stands behind a.
    expect(await reorder(one, collection, field, c.id, a, {})).toBe(403);
    expect(await reorder(other, collection, field, d.id, a, editor)).toBe(200);
    expect(await reorder(one, collection, field, c.id, a, editor)).toBe(200);
    const ids = (await orders(one, collection, field)).map((document) => document[field]);
    expect(new Set(ids).size).toBe(4);
    expect((await orders(one, collection, field)).map(({ id }) => id).slice(0, 3)).toEqual([
      a.id,
      c.id,
      d.id,
    ]);
  },
);
