import type { EventEmitter } from 'node:events';
import { postgresAdapter } from '@payloadcms/db-postgres';
import type { CollectionConfig, CollectionSlug, Config, Payload } from 'payload';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memory, payloadKV } from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { lookupsOf } from './lookups.js';

/** Ids as people choose them. */
const steps = (): CollectionConfig => ({
  slug: 'steps',
  fields: [
    { name: 'id', type: 'text', required: true },
    { name: 'name', type: 'text' },
  ],
});
const notes = (): CollectionConfig => ({
  slug: 'notes',
  versions: true,
  fields: [
    { name: 'title', type: 'text' },
    { name: 'step', type: 'relationship', relationTo: 'steps' as CollectionSlug },
    { name: 'category', type: 'relationship', relationTo: 'categories' },
  ],
});

const withNotes = (config: Config): Config => ({
  ...config,
  collections: [...(config.collections ?? []), steps(), notes()],
});
const plugin = () =>
  payloadKV({
    store: memory(),
    collections: { steps: {}, categories: {}, notes: { slices: ['step', 'category'] } },
  });

interface Note {
  id: string;
  title: string;
}

async function create(payload: Payload, collection: string, data: object): Promise<Note> {
  return (await payload.create({ collection: collection as CollectionSlug, data: data as never })) as never;
}

async function titlesOf(payload: Payload, where: object): Promise<string[]> {
  const { docs } = await payload.find({ collection: 'notes' as CollectionSlug, where: where as never });
  return (docs as unknown as Note[]).map(({ title }) => title);
}

const retitle = (payload: Payload, id: string | number, title: string): Promise<unknown> =>
  payload.update({ collection: 'notes' as CollectionSlug, id, data: { title } as never });

describe('on SQLite', () => {
  let site: Started;
  beforeAll(async () => {
    site = await startBlog({ plugins: [plugin()], configure: withNotes });
  });
  afterAll(() => site.stop());

  test('a list of text ids depends on those too that SQL adapters read out of them', async () => {
    const { payload } = site;
    await create(payload, 'steps', { id: '5', name: 'five' });
    const note = await create(payload, 'notes', { title: 'old', step: '5' });
    const where = { step: { in: ['5-things'] } };
    expect(await titlesOf(payload, where)).toEqual(['old']);
    await retitle(payload, note.id, 'new');
    expect(await titlesOf(payload, where)).toEqual(['new']);
  });

  test.each([
    ['its id', { id: 'before' }],
    ['a condition', { where: { id: { equals: 'before' } } }],
  ])(
    'a document that is given another id, found by %s, is no longer served under the one before',
    async (_by, found) => {
      const { payload } = site;
      await create(payload, 'steps', { id: 'before', name: 'moved' });
      const find = (id: string) =>
        payload.findByID({ collection: 'steps' as CollectionSlug, id, disableErrors: true });
      const both = () => Promise.all(['before', 'after'].map(find));
      expect(await both()).toMatchObject([{ name: 'moved' }, null]);
      expect(await lookupsOf(payload, 'steps', both)).toEqual({ hit: 2 });
      await payload.db.updateOne({ collection: 'steps', data: { id: 'after' }, ...found } as never);
      expect(await both()).toMatchObject([null, { name: 'moved' }]);
      await payload.delete({ collection: 'steps' as CollectionSlug, id: 'after' });
    },
  );

  test('an atomic update makes every document stale that it may have changed', async () => {
    const { payload } = site;
    const categories = await Promise.all(
      ['a', 'b'].map((slug) => create(payload, 'categories', { name: 'old', slug })),
    );
    const read = () =>
      Promise.all(categories.map(({ id }) => payload.findByID({ collection: 'categories', id })));
    await read();
    await payload.db.updateOne({
      collection: 'categories',
      where: { name: { equals: 'old' } },
      data: { name: 'new' },
      options: { atomic: true },
    } as never);
    expect((await read()).map(({ name }) => name)).toEqual(['new', 'new']);
  });
});

describe('on PostgreSQL with UUIDs', () => {
  let server: PostgresServer;
  let site: Started;
  let category: Note;
  let note: Note;
  beforeAll(async () => {
    server = await startPostgres();
    const connectionString = await server.createDatabase();
    site = await startBlog({
      plugins: [plugin()],
      configure: (config) =>
        withNotes({ ...config, db: postgresAdapter({ idType: 'uuid', pool: { connectionString } }) }),
      wrapAdapter(adapter) {
        const { connect } = adapter;
        return Object.assign(adapter, {
          async connect(this: typeof adapter & { pool: EventEmitter }) {
            await connect?.call(this);
            // The server ends before the pool has forgotten its connections.
            this.pool.on('error', () => {});
          },
        });
      },
    });
    category = await create(site.payload, 'categories', { name: 'one', slug: 'one' });
    note = await create(site.payload, 'notes', { title: 'first', category: category.id });
  });
  afterAll(async () => {
    await site?.stop();
    await server?.stop();
  });

  const spellings: [string, (id: string) => string, 'equals' | 'in'][] = [
    ['in upper case', (id) => id.toUpperCase(), 'equals'],
    ['in upper case in a list', (id) => id.toUpperCase(), 'in'],
    ['without hyphens', (id) => id.replaceAll('-', ''), 'in'],
    ['in braces', (id) => `{${id}}`, 'in'],
  ];
  test.each(spellings)('an id %s is the id that a write makes stale', async (spelling, spell, operator) => {
    const { payload } = site;
    const operand = (id: string): string | string[] => (operator === 'in' ? [spell(id)] : spell(id));
    const versions = async (): Promise<unknown> =>
      (
        await payload.findVersions({
          collection: 'notes' as CollectionSlug,
          where: { parent: { [operator]: operand(note.id) } },
        })
      ).totalDocs;
    const byId = { id: { [operator]: operand(note.id) } };
    const bySlice = { category: { [operator]: operand(category.id) } };
    const before = Number(await versions());
    await titlesOf(payload, byId);
    await titlesOf(payload, bySlice);
    await retitle(payload, note.id, spelling);
    expect(await titlesOf(payload, byId)).toEqual([spelling]);
    expect(await titlesOf(payload, bySlice)).toEqual([spelling]);
    expect(await versions()).toBe(before + 1);
  });

  test('an id as the database writes it depends on its document alone', async () => {
    const { payload } = site;
    const read = () => payload.findByID({ collection: 'categories', id: category.id });
    await read();
    await create(payload, 'categories', { name: 'another', slug: 'another' });
    expect(await lookupsOf(payload, 'categories', read)).toEqual({ hit: 1 });
  });
});
