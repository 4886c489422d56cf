import { mkdtemp, rm } from 'node:fs/promises';
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
import { type Lookups, lookupsOf } from './lookups.js';

/** Fields are added only: Drizzle asks a person before it drops a column. */
const subtitle: CollectionConfig['fields'][number] = { name: 'subtitle', type: 'text' };

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
  await rm(directory, { recursive: true, force: true });
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
