import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sqliteAdapter } from '@payloadcms/db-sqlite';
import {
  buildConfig,
  type CollectionConfig,
  getPayload,
  type Payload,
  reload,
  type SanitizedConfig,
} from 'payload';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
// Sets what Payload needs to run in a test.
import '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { type Lookups, lookupsOf } from './lookups.js';

/** Fields are added only: Drizzle asks a person before it drops a column. */
const subtitle: CollectionConfig['fields'][number] = { name: 'subtitle', type: 'text' };
const summary: CollectionConfig['fields'][number] = { name: 'summary', type: 'text' };

/** As in development: the config changes, and Payload reloads behind the same `payload.db`. */
let directory: string;
let payload: Payload;
const store = memory();
const registry = memoryRegistry();

const Articles = (...more: CollectionConfig['fields']): CollectionConfig => ({
  slug: 'articles',
  fields: [{ name: 'title', type: 'text' }, ...more],
});

const Pages = (...more: CollectionConfig['fields']): CollectionConfig => ({
  slug: 'pages',
  fields: [
    { name: 'title', type: 'text' },
    { name: 'article', type: 'relationship', relationTo: 'articles' as 'users' },
    ...more,
  ],
});

function configOf(
  collections: CollectionConfig[],
  options: Partial<PayloadKVOptions> = {},
): Promise<SanitizedConfig> {
  return buildConfig({
    secret: 'only-for-tests',
    telemetry: false,
    typescript: { autoGenerate: false },
    admin: { importMap: { autoGenerate: false } },
    logger: { options: { level: 'error' } },
    collections,
    db: sqliteAdapter({ client: { url: `file:${path.join(directory, 'articles.db')}` } }),
    plugins: [payloadKV({ store, registry, ...options })],
  });
}

async function keys(): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.list('payload-cache:articles:')) found.push(...page);
  return found;
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-reload-'));
  payload = await getPayload({ config: configOf([Articles(), Pages()]), key: 'hot-reload' });
  await payload.create({ collection: 'articles' as 'users', data: { title: 'one' } as never });
});
afterAll(async () => {
  await payload.destroy();
  await removeDirectory(directory);
});

const find = async () =>
  (await payload.find({ collection: 'articles' as 'users', sort: 'id' })).docs as unknown[];

test('a changed schema has keys of its own, and its queries work behind the same adapter', async () => {
  const { db } = payload;
  expect(await find()).toMatchObject([{ title: 'one' }]);
  expect(await lookupsOf(payload, 'articles', find)).toEqual({ hit: 1 });
  const before = await keys();
  expect(before).toHaveLength(1);

  await reload(await configOf([Articles(subtitle), Pages()]), payload, true);
  expect(payload.db).toBe(db);
  expect(await lookupsOf(payload, 'articles', find)).toEqual({ miss: 1 });
  await payload.create({
    collection: 'articles' as 'users',
    data: { title: 'two', subtitle: 'second' } as never,
  });
  expect(await find()).toMatchObject([{ title: 'one' }, { title: 'two', subtitle: 'second' }]);
  expect(await lookupsOf(payload, 'articles', find)).toEqual({ hit: 1 });
  const after = (await keys()).filter((key) => !before.includes(key));
  expect(after).toHaveLength(1);
});

test('a path that is new leads to a dependency', async () => {
  const title: CollectionConfig['fields'][number] = {
    name: 'articleTitle',
    type: 'text',
    virtual: 'article.title',
  };
  await reload(await configOf([Articles(subtitle), Pages(title)]), payload, true);
  const pages = () =>
    payload.find({ collection: 'pages' as 'users', where: { articleTitle: { equals: 'one' } }, depth: 0 });
  await payload.create({ collection: 'pages' as 'users', data: { title: 'a', article: 1 } as never });
  expect((await pages()).totalDocs).toBe(1);
  expect(await lookupsOf(payload, 'pages', pages)).toEqual({ hit: 1 });
  await payload.update({ collection: 'articles' as 'users', id: 1, data: { title: 'other' } as never });
  expect((await pages()).totalDocs).toBe(0);
});

test('operations of the new config are marked: no write operation reads from the cache', async () => {
  await reload(await configOf([Articles(subtitle), Pages()]), payload, true);
  await find();
  await settleCache(payload);
  const lookups = await lookupsOf(payload, 'articles', () =>
    payload.update({ collection: 'articles' as 'users', id: 1, data: { title: 'one' } as never }),
  );
  expect(lookups).toEqual({ 'write-operation': expect.any(Number) });
  for (const { hooks } of payload.config.collections.filter(({ slug }) => slug === 'articles')) {
    expect(hooks.beforeOperation).toHaveLength(2);
  }
});

test('the options of the new config hold, and a config without the plugin has no cache', async () => {
  const collections = { articles: { enabled: false } } as PayloadKVOptions['collections'];
  const start = async (options: Partial<PayloadKVOptions>): Promise<void> =>
    reload(await configOf([Articles(subtitle), Pages()], options), payload, true);
  const write = (title: string) =>
    payload.update({ collection: 'articles' as 'users', id: 1, data: { title } as never });
  await find();
  expect(await lookupsOf(payload, 'articles', find)).toEqual({ hit: 1 });
  const variants: [Partial<PayloadKVOptions>, Lookups][] = [
    [{ collections }, { policy: 1 }],
    [{ enabled: false }, {}],
  ];
  for (const [without, lookups] of variants) {
    await start(without);
    expect(await lookupsOf(payload, 'articles', find)).toEqual(lookups);
    // What is written meanwhile makes nothing stale, so that what was cached before cannot be trusted any more.
    await write(`written without ${JSON.stringify(without)}`);
    await start({});
    expect(await find()).toMatchObject([{ title: `written without ${JSON.stringify(without)}` }, {}]);
    await settleCache(payload);
    expect(await lookupsOf(payload, 'articles', find)).toEqual({ hit: 1 });
  }
});

/**
 * Turbopack has been seen to leave `config.custom` as it was, payloadcms/payload issue 12957: with it the plugin's
 * options are the old ones. The schema is the new one all the same, for it comes from the config itself.
 */
test('a config that still holds the options of one before works with those, over its own schema', async () => {
  await reload(await configOf([Articles(subtitle), Pages()]), payload, true);
  const { custom } = payload.config;
  const next = await configOf([Articles(subtitle, summary), Pages()], {
    store: memory(),
    ttl: '1h',
    collections: {},
  });
  for (let time = 0; time < 2; time++) {
    // The second time with the very config that was loaded before, hooks and all.
    await reload({ ...next, custom }, payload, true);
    const created = await payload.create({
      collection: 'articles' as 'users',
      data: { title: `stale options ${time}`, summary: 'new' } as never,
    });
    expect((await find()).at(-1)).toMatchObject({ id: created.id, summary: 'new' });
    await settleCache(payload);
    expect(await lookupsOf(payload, 'articles', find)).toEqual({ hit: 1 });
    const lookups = await lookupsOf(payload, 'articles', () =>
      payload.update({ collection: 'articles' as 'users', id: created.id, data: { title: 'x' } as never }),
    );
    expect(lookups).toEqual({ 'write-operation': expect.any(Number) });
    for (const { hooks } of payload.config.collections.filter(({ slug }) => slug === 'articles')) {
      expect(hooks.beforeOperation).toHaveLength(2);
    }
  }
  // And the new ones once they are there.
  await reload(next, payload, true);
  expect(await lookupsOf(payload, 'articles', find)).toEqual({ policy: 1 });
});

test('a config whose options are gone has no cache, and one that has them again none of the entries of before', async () => {
  const complete = await configOf([Articles(subtitle, summary), Pages()]);
  await reload(complete, payload, true);
  await find();
  expect(await lookupsOf(payload, 'articles', find)).toEqual({ hit: 1 });
  await reload({ ...complete, custom: {} }, payload, true);
  expect(await lookupsOf(payload, 'articles', find)).toEqual({});
  await payload.update({ collection: 'articles' as 'users', id: 1, data: { title: 'unseen' } as never });
  await reload(complete, payload, true);
  expect((await find())[0]).toMatchObject({ title: 'unseen' });
});
