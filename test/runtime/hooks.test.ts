import type { Payload } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type InvalidationEvent, memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';

let payload: Payload;
const events: InvalidationEvent[] = [];
/** Run by the hooks, after they noted their event. */
let also: ((event: InvalidationEvent) => unknown) | undefined;
const note = async (event: InvalidationEvent): Promise<void> => {
  events.push(event);
  await also?.(event);
};

describe.each(['sqlite', 'sqlite-transactions'] as const)('on %s, a hook', (db) => {
  let site: Started;
  const logged: string[] = [];
  beforeAll(async () => {
    site = await startBlog({
      db,
      configure: (config) => ({
        ...config,
        logger: {
          options: { level: 'error' },
          destination: { write: (line: string) => void logged.push(line) },
        },
      }),
      plugins: [
        payloadKV({
          store: memory(),
          hooks: { collections: { categories: note, posts: note }, globals: { 'site-settings': note } },
        }),
      ],
    });
    payload = site.payload;
  });
  afterAll(() => site.stop());
  beforeEach(() => {
    also = undefined;
    events.length = 0;
    logged.length = 0;
  });

  let names = 0;
  async function create(): Promise<number> {
    const name = `name-${db}-${++names}`;
    const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
    await settleCache(payload);
    return id as number;
  }

  test('is told what was written, and what it made stale', async () => {
    const id = await create();
    await payload.update({ collection: 'categories', id, data: { name: 'other' } });
    await payload.delete({ collection: 'categories', id });
    await settleCache(payload);
    const told = events.filter(({ slug }) => slug === 'categories');
    expect(told.map(({ operations, ids }) => [operations, ids])).toEqual([
      [['create'], [id]],
      [['updateOne'], [id]],
      [['deleteOne'], [id]],
    ]);
    for (const { type, tags, payload: ofEvent } of told) {
      expect(type).toBe('collection');
      expect(tags).toEqual(expect.arrayContaining(['categories', `categories#${id}`]));
      expect(ofEvent).toBe(payload);
    }
  });

  test('is told of a bulk write without its documents', async () => {
    await create();
    events.length = 0;
    await payload.db.updateMany({
      collection: 'categories',
      where: { name: { exists: true } },
      data: { name: 'all the same' },
    } as Parameters<Payload['db']['updateMany']>[0]);
    await settleCache(payload);
    expect(events).toMatchObject([
      { slug: 'categories', operations: ['updateMany'], ids: undefined, tags: ['categories', 'categories*'] },
    ]);
  });

  test('is told of drafts and of globals', async () => {
    const slug = `post-${db}`;
    const { id } = await payload.create({
      collection: 'posts',
      data: { title: 'a', slug, _status: 'published' },
    });
    await settleCache(payload);
    events.length = 0;
    await payload.update({ collection: 'posts', id, draft: true, data: { title: 'b' } });
    await payload.updateGlobal({ slug: 'site-settings', data: { siteName: 'a', _status: 'published' } });
    await settleCache(payload);
    const [draft] = events;
    expect(draft).toMatchObject({ type: 'collection', slug: 'posts', ids: [id] });
    expect(draft?.tags.every((tag) => tag.startsWith('posts~versions'))).toBe(true);
    expect(events.slice(1).every(({ type, slug: of }) => type === 'global' && of === 'site-settings')).toBe(
      true,
    );
    expect(events.flatMap(({ tags }) => tags)).toContain('@site-settings');
  });

  test('comes after the commit and the invalidation: what it reads is new', async () => {
    const id = await create();
    const find = async () =>
      (await payload.db.findOne({ collection: 'categories', where: { id: { equals: id } } })) as unknown;
    await find();
    await settleCache(payload);
    let seen: unknown;
    also = async () => {
      seen = await find();
    };
    await payload.update({ collection: 'categories', id, data: { name: `seen-${db}` } });
    await settleCache(payload);
    expect(seen).toMatchObject({ name: `seen-${db}` });
  });

  test('is not called for what is not written, nor for collections it does not name', async () => {
    await payload.find({ collection: 'categories' });
    await payload.create({ collection: 'authors', data: { name: 'nobody hears of it' } });
    await settleCache(payload);
    expect(events).toEqual([]);
  });

  test('that fails is logged, and neither the write nor the next hook knows', async () => {
    also = () => {
      throw new Error('the CDN is down');
    };
    const id = await create();
    await settleCache(payload);
    expect(logged.join()).toContain('the hook of collection \\"categories\\" failed');
    expect(logged.join()).toContain('the CDN is down');
    also = undefined;
    events.length = 0;
    await payload.update({ collection: 'categories', id, data: { name: `again-${db}` } });
    await settleCache(payload);
    expect(events).toHaveLength(1);
  });

  test('that never ends delays no write', async () => {
    let end = (): void => undefined;
    also = () => new Promise<void>((resolve) => (end = resolve));
    const name = `endless-${db}`;
    const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
    expect(await payload.findByID({ collection: 'categories', id, depth: 0 })).toMatchObject({ name });
    end();
  });

  test('may write itself, and that is told in its turn', async () => {
    const { id } = await payload.create({ collection: 'authors', data: { name: 'counted' } });
    const read = () => payload.findByID({ collection: 'authors', id, depth: 0 });
    await read();
    also = async ({ ids }) => {
      await payload.update({ collection: 'authors', id, data: { name: `after ${ids?.join()}` } });
    };
    const written = await create();
    expect((await read()).name).toBe(`after ${written}`);
    expect(await lookupsOf(payload, 'authors', read)).toEqual({ hit: 1 });
  });
});
