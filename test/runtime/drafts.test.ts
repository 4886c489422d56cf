import type { Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';

let site: Started;
let payload: Payload;
let names = 0;
const newName = (): string => `name-${++names}`;

beforeAll(async () => {
  site = await startBlog({
    seed: 4,
    plugins: [payloadKV({ store: memory() })],
    // Posts refer to one another; these refer to nothing.
    configure: (config) => ({
      ...config,
      collections: [
        ...(config.collections ?? []),
        { slug: 'notes', versions: true, fields: [{ name: 'text', type: 'text' }] },
      ],
    }),
  });
  payload = site.payload;
});
afterAll(() => site.stop());

async function publishedPost(): Promise<{ id: number; slug: string }> {
  const slug = newName();
  const { id } = await payload.create({
    collection: 'posts',
    data: { title: slug, slug, _status: 'published' },
  });
  return { id: id as number, slug };
}

const visitor = { overrideAccess: false, depth: 0 } as const;

/** What visitors read of a post, in as many ways as there are. */
async function readPublished(post: { id: number; slug: string }): Promise<void> {
  const { id, slug } = post;
  await payload.find({ collection: 'posts', where: { slug: { equals: slug } }, ...visitor });
  await payload.find({ collection: 'posts', limit: 5, sort: '-publishedAt', ...visitor });
  await payload.findByID({ collection: 'posts', id, ...visitor });
  await payload.count({ collection: 'posts', overrideAccess: false });
  // Older Payloads have none.
  await payload.findDistinct?.({ collection: 'posts', field: 'slug', overrideAccess: false });
}

const draftOf = (id: number) => payload.findByID({ collection: 'posts', id, draft: true, depth: 0 });
const draftList = (title: string) =>
  payload.find({ collection: 'posts', draft: true, where: { title: { equals: title } }, depth: 0 });
const versionsOf = (id: number) =>
  payload.findVersions({
    collection: 'posts',
    where: { parent: { equals: id } },
    sort: '-updatedAt',
    depth: 0,
  });
const versionCount = (id: number) =>
  payload.countVersions({ collection: 'posts', where: { parent: { equals: id } } });

describe('a draft', () => {
  test.each([
    ['saved', false],
    ['saved by autosave', true],
  ])('that is %s evicts no published read, and is seen by all who read drafts', async (_how, autosave) => {
    const post = await publishedPost();
    await readPublished(post);
    await draftOf(post.id);
    await draftList('nothing yet');
    await versionsOf(post.id);
    await versionCount(post.id);
    await settleCache(payload);

    for (let time = 0; time < 2; time++) {
      const title = newName();
      const { totalDocs } = await versionCount(post.id);
      await payload.update({ collection: 'posts', id: post.id, draft: true, autosave, data: { title } });
      const lookups = await lookupsOf(payload, 'posts', () => readPublished(post));
      expect(lookups).toEqual({ hit: typeof payload.findDistinct === 'function' ? 5 : 4 });

      expect((await draftOf(post.id)).title).toBe(title);
      expect((await draftList(title)).docs).toMatchObject([{ id: post.id }]);
      expect((await versionsOf(post.id)).docs[0]?.version).toMatchObject({ title, _status: 'draft' });
      // An autosave replaces the one before it.
      expect((await versionCount(post.id)).totalDocs).toBe(autosave && time > 0 ? totalDocs : totalDocs + 1);
    }
  });

  test('that nobody changes is answered from the cache, by id, in a list and with its versions', async () => {
    const { id, slug } = await publishedPost();
    const read = async (): Promise<void> => {
      await draftOf(id);
      await draftList(slug);
      await versionsOf(id);
      await versionCount(id);
    };
    await read();
    expect(await lookupsOf(payload, 'posts', read)).toEqual({ hit: expect.any(Number) });
  });

  test('of one post leaves the drafts of another by id', async () => {
    const [one, other] = [await publishedPost(), await publishedPost()];
    const versions = () => versionsOf(other.id);
    await versions();
    await payload.update({ collection: 'posts', id: one.id, draft: true, data: { title: newName() } });
    expect(await lookupsOf(payload, 'posts', versions)).toEqual({ hit: 1 });
  });

  test('that is published is seen by visitors', async () => {
    const post = await publishedPost();
    const title = newName();
    await payload.update({ collection: 'posts', id: post.id, draft: true, data: { title } });
    await readPublished(post);
    const seen = async () => (await payload.findByID({ collection: 'posts', id: post.id, ...visitor })).title;
    expect(await seen()).toBe(post.slug);
    await payload.update({ collection: 'posts', id: post.id, data: { _status: 'published' } });
    expect(await seen()).toBe(title);
    expect((await draftOf(post.id)).title).toBe(title);
    const { docs } = await payload.find({
      collection: 'posts',
      where: { slug: { equals: post.slug } },
      ...visitor,
    });
    expect(docs).toMatchObject([{ title }]);
  });

  test('that replaces a published post takes it from visitors', async () => {
    const post = await publishedPost();
    const count = async () => (await payload.count({ collection: 'posts', overrideAccess: false })).totalDocs;
    const before = await count();
    await payload.update({ collection: 'posts', id: post.id, data: { _status: 'draft' } });
    expect(await count()).toBe(before - 1);
    const { docs } = await payload.find({
      collection: 'posts',
      where: { slug: { equals: post.slug } },
      ...visitor,
    });
    expect(docs).toEqual([]);
  });

  test('that is new evicts no page of another post by id', async () => {
    const post = await publishedPost();
    const byID = () => payload.findByID({ collection: 'posts', id: post.id, ...visitor });
    await byID();
    await payload.create({ collection: 'posts', draft: true, data: { title: newName(), slug: newName() } });
    expect(await lookupsOf(payload, 'posts', byID)).toEqual({ hit: 1 });
  });
});

describe('versions', () => {
  test('are fresh after each publication, and after one is restored', async () => {
    const post = await publishedPost();
    const byNumber = async () => (await versionsOf(post.id)).docs.length;
    expect(await byNumber()).toBe(1);
    await payload.update({
      collection: 'posts',
      id: post.id,
      data: { title: newName(), _status: 'published' },
    });
    expect(await byNumber()).toBe(2);
    const oldest = (await versionsOf(post.id)).docs.at(-1);
    await payload.findVersionByID({ collection: 'posts', id: oldest?.id as string, depth: 0 });
    await payload.restoreVersion({ collection: 'posts', id: oldest?.id as string });
    expect(await byNumber()).toBe(3);
    expect((await payload.findByID({ collection: 'posts', id: post.id, ...visitor })).title).toBe(post.slug);
  });

  test('are gone with their post', async () => {
    const post = await publishedPost();
    const total = async () => (await payload.countVersions({ collection: 'posts' })).totalDocs;
    const before = await total();
    await versionsOf(post.id);
    await payload.delete({ collection: 'posts', id: post.id });
    expect(await total()).toBe(before - 1);
    expect((await versionsOf(post.id)).docs).toEqual([]);
    await expect(
      payload.findByID({ collection: 'posts', id: post.id, disableErrors: false }),
    ).rejects.toThrow();
  });

  test('are those of nothing when their document is deleted in the database alone', async () => {
    const collection = 'notes' as 'posts';
    const { id } = await payload.create({ collection, data: { text: 'a' } as never });
    const versions = () => payload.findVersions({ collection, where: { parent: { equals: id } }, depth: 0 });
    expect((await versions()).docs).toHaveLength(1);
    await settleCache(payload);
    await payload.db.deleteOne({ collection, where: { id: { equals: id } } });
    expect((await versions()).docs).toEqual([]);
  });

  test('of a global are its own: a draft evicts no published read of it', async () => {
    await payload.updateGlobal({
      slug: 'site-settings',
      data: { siteName: newName(), _status: 'published' },
    });
    const published = () => payload.findGlobal({ slug: 'site-settings', depth: 0 });
    const latest = async () =>
      (await payload.findGlobal({ slug: 'site-settings', draft: true, depth: 0 })).siteName;
    const total = async () => (await payload.countGlobalVersions({ global: 'site-settings' })).totalDocs;
    await published();
    await latest();
    const before = await total();

    const draft = newName();
    await payload.updateGlobal({
      slug: 'site-settings',
      draft: true,
      data: { siteName: draft, _status: 'draft' },
    });
    expect(await lookupsOf(payload, '@site-settings', published)).toEqual({ hit: 1 });
    expect(await latest()).toBe(draft);
    expect(await total()).toBe(before + 1);
    expect(
      (await payload.findGlobalVersions({ slug: 'site-settings', sort: '-updatedAt' })).docs[0]?.version,
    ).toMatchObject({
      siteName: draft,
    });

    await payload.updateGlobal({ slug: 'site-settings', data: { _status: 'published' } });
    expect((await published()).siteName).toBe(draft);
  });
});
