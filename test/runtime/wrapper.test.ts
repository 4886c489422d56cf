import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { postgresAdapter } from '@payloadcms/db-postgres';
import type { DatabaseAdapter, DatabaseAdapterObj, Payload } from 'payload';
import { Project } from 'ts-morph';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { wrapAdapter } from '../../src/runtime/adapter/wrap-adapter.js';
import { memory, memoryRegistry, payloadKV, type Registry, settleCache } from '../../src/runtime/index.js';
import { CACHED_OPERATIONS, WRITE_OPERATIONS } from '../../src/runtime/query/operations.js';
import { type Adapter, type Started, startBlog } from '../support/payload.js';
import { repository } from '../support/repository.js';
import { collectLog } from './logged.js';
import { lookupsOf } from './lookups.js';

const TRANSACTIONS = ['beginTransaction', 'commitTransaction', 'rollbackTransaction'];
const SCHEMA = ['migrate', 'migrateDown', 'migrateFresh', 'migrateRefresh', 'migrateReset', 'dropDatabase'];
const LIFE = ['init', 'connect', 'destroy'];
/** Neither read nor change documents. */
const OTHERS = ['createMigration', 'migrateStatus', 'generateSchema'];
/** What Drizzle's adapters have beside Payload's interface: their own parts, at hand for raw SQL. */
const OF_DRIZZLE = [
  'convertPathToJSONTraversal',
  'countDistinct',
  'createDatabase',
  'createExtensions',
  'createJSONQuery',
  'deleteWhere',
  'execute',
  'insert',
  'rejectInitializing',
  'requireDrizzleKit',
  'resolveInitializing',
];
const PROPERTIES = [
  'allowIDOnCreate',
  'bulkOperationsSingleTransaction',
  'defaultIDType',
  'migrationDir',
  'name',
  'packageName',
  'payload',
  'sessions',
];
const CLASSIFIED = [
  ...CACHED_OPERATIONS,
  ...WRITE_OPERATIONS,
  ...TRANSACTIONS,
  ...SCHEMA,
  ...LIFE,
  ...OTHERS,
];

function methodsOf(adapter: object): string[] {
  const names = new Set<string>();
  for (
    let level = adapter;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object
  ) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (typeof (adapter as Record<string, unknown>)[name] === 'function') names.add(name);
    }
  }
  return [...names].sort();
}

let base: Adapter;
let site: Started;
let payload: Payload;
const registry = watchedRegistry();
const log = collectLog();
/** The `this` of each call of the base adapter's own methods. */
const selves = new Set<unknown>();
/** What a schema operation does to the database, in the place of a migration of some project. */
let migration: (() => Promise<void>) | undefined;

function watchedRegistry(): Registry & { replaced: string[][] } {
  const own = memoryRegistry();
  const replaced: string[][] = [];
  return {
    ...own,
    replaced,
    replace(tags, context) {
      replaced.push([...tags]);
      return own.replace(tags, context);
    },
  };
}

beforeAll(async () => {
  site = await startBlog({
    seed: 2,
    configure: log.configure,
    plugins: [payloadKV({ store: memory(), registry })],
    wrapAdapter: (adapter) => {
      base = adapter;
      for (const name of [
        'find',
        'findOne',
        'count',
        'updateOne',
        'countDistinct',
        'migrateStatus',
        'execute',
      ]) {
        const own = (adapter as unknown as Record<string, (...args: unknown[]) => unknown>)[name];
        Object.assign(adapter, {
          [name](this: unknown, ...args: unknown[]) {
            selves.add(this);
            return name === 'migrateStatus' ? undefined : own?.apply(this, args);
          },
        });
      }
      for (const name of SCHEMA) Object.assign(adapter, { [name]: () => migration?.() });
      Object.assign(adapter, {
        replaceEverything: () => 'replaced',
        bulkLoad: () => 'loaded',
        searchAll: () => 'found',
        own: { nested: 1 },
      });
      return adapter;
    },
  });
  payload = site.payload;
});
afterAll(() => site.stop());
beforeEach(async () => {
  await settleCache(payload);
  registry.replaced.length = 0;
  selves.clear();
});

describe('every method is classified', () => {
  test('of Payload’s interface', () => {
    const project = new Project({ skipAddingFilesFromTsConfig: true });
    const types = project.addSourceFileAtPath(
      path.join(repository, 'node_modules/payload/dist/database/types.d.ts'),
    );
    const members = types
      .getInterfaceOrThrow('BaseDatabaseAdapter')
      .getProperties()
      .map((property) => property.getName());
    expect(members.length).toBeGreaterThan(40);
    expect(members.filter((name) => ![...CLASSIFIED, ...PROPERTIES].includes(name))).toEqual([]);
    for (const name of [...CACHED_OPERATIONS, ...WRITE_OPERATIONS, ...TRANSACTIONS])
      expect(members).toContain(name);
  });

  async function d1(): Promise<DatabaseAdapter> {
    const file = path.join(
      repository,
      'fixtures/cloudflare/node_modules/@payloadcms/db-d1-sqlite/dist/index.js',
    );
    const { sqliteD1Adapter } = (await import(pathToFileURL(file).href)) as {
      sqliteD1Adapter(args: object): DatabaseAdapterObj<Adapter>;
    };
    return sqliteD1Adapter({ binding: {} }).init({ payload });
  }
  const adapters: [string, () => DatabaseAdapter | Promise<DatabaseAdapter>][] = [
    ['SQLite', () => base],
    ['D1', d1],
    [
      'PostgreSQL',
      () =>
        postgresAdapter({ pool: { connectionString: 'postgres://127.0.0.1:1/none' } }).init({
          payload,
        }) as unknown as DatabaseAdapter,
    ],
  ];
  test.each(adapters)(
    'of the adapter for %s, and none of them reported as an unknown write',
    async (_name, make) => {
      const adapter = await make();
      const ours = ['replaceEverything', 'bulkLoad', 'searchAll'];
      const methods = methodsOf(adapter).filter((name) => !ours.includes(name));
      expect(methods.length).toBeGreaterThan(40);
      expect(methods.filter((name) => ![...CLASSIFIED, ...OF_DRIZZLE].includes(name))).toEqual([]);

      const unknown: string[] = [];
      const wrapped = wrapAdapter(adapter, {
        current: () => undefined,
        onInit: () => undefined,
        onConnect: async () => undefined,
        onDestroy: async () => undefined,
        keepAlive: () => undefined,
        onUnknownWrite: (name) => unknown.push(name),
      }) as unknown as Record<string, unknown>;
      for (const name of methods) expect(typeof wrapped[name]).toBe('function');
      expect(unknown).toEqual([]);
      Object.assign(adapter, { replaceAll: () => undefined });
      for (let time = 0; time < 3; time++) void wrapped.replaceAll;
      expect(unknown).toEqual(['replaceAll']);
      Object.assign(adapter, { replaceAll: undefined });
    },
  );

  test('and one that looks like a write and is in no list is reported once, and works', () => {
    const db = payload.db as unknown as Record<string, () => string>;
    log.clear();
    for (let time = 0; time < 3; time++) {
      expect(db.replaceEverything?.()).toBe('replaced');
      expect(db.bulkLoad?.()).toBe('loaded');
      expect(db.searchAll?.()).toBe('found');
    }
    expect(log.lines()).toEqual([
      expect.stringMatching(/"replaceEverything".*invalidateCache/),
      expect.stringContaining('"bulkLoad"'),
    ]);
  });
});

describe('payload.db is the adapter', () => {
  test('in every property that it reads', () => {
    const db = payload.db as unknown as Record<string, unknown>;
    expect(Object.keys(db)).toEqual(Object.keys(base));
    for (const [name, value] of Object.entries(base)) {
      if (typeof value === 'function') expect(typeof db[name]).toBe('function');
      else expect(db[name]).toBe(value);
    }
    expect(payload.db.payload).toBe(payload);
    expect(payload.db.name).toBe('sqlite');
    for (const handle of ['drizzle', 'tables', 'client', 'sessions', 'schema']) {
      expect(handle in payload.db).toBe(true);
      expect(db[handle]).toBe((base as unknown as Record<string, unknown>)[handle]);
    }
    expect(Object.getPrototypeOf(payload.db)).toBe(Object.getPrototypeOf(base));
    expect(JSON.stringify(Object.getOwnPropertyDescriptor(payload.db, 'name'))).toBe(
      JSON.stringify(Object.getOwnPropertyDescriptor(base, 'name')),
    );
  });

  test('in every property that is set, defined or deleted', () => {
    const db = payload.db as unknown as Record<string, unknown>;
    const own = base as unknown as Record<string, unknown>;
    const { migrationDir } = payload.db;
    payload.db.migrationDir = '/elsewhere';
    expect(base.migrationDir).toBe('/elsewhere');
    payload.db.migrationDir = migrationDir;
    payload.db.bulkOperationsSingleTransaction = true;
    expect(base.bulkOperationsSingleTransaction).toBe(true);
    payload.db.bulkOperationsSingleTransaction = false;
    db.newOne = 1;
    expect(own.newOne).toBe(1);
    Object.defineProperty(db, 'newOne', { value: 2, configurable: true, enumerable: true, writable: true });
    expect(own.newOne).toBe(2);
    delete db.newOne;
    expect('newOne' in own).toBe(false);
    (db.own as { nested: number }).nested = 5;
    expect(own.own).toEqual({ nested: 5 });
  });

  test('with the bare adapter as `this` of each method, also where it calls its own', async () => {
    await payload.db.find({ collection: 'posts', where: { slug: { equals: 'none' } } });
    await payload.db.findOne({ collection: 'posts', where: { slug: { equals: 'none' } } });
    await payload.db.count({ collection: 'posts', where: { slug: { equals: 'none' } } });
    await payload.db.migrateStatus();
    const { execute, drizzle } = payload.db as unknown as {
      execute(args: object): Promise<{ rows: unknown[] }>;
      drizzle: unknown;
    };
    const { db } = { db: payload.db as unknown as { execute: typeof execute } };
    expect((await db.execute({ db: drizzle, raw: 'SELECT 1 AS one' })).rows).toHaveLength(1);
    expect([...selves]).toEqual([base]);
  });

  test('whose methods can be taken from it and called without it', async () => {
    const { find, count, beginTransaction, create } = payload.db;
    expect((await find({ collection: 'tags', limit: 1 })).docs).toHaveLength(1);
    expect((await count({ collection: 'tags' })).totalDocs).toBeGreaterThan(0);
    expect(await beginTransaction()).toBeNull();
    expect(find.name).toBe('find');
    expect(payload.db.find).toBe(find);
    const made = await create({ collection: 'authors', data: { name: 'unbound' } } as Parameters<
      typeof create
    >[0]);
    expect(made).toMatchObject({ name: 'unbound' });
  });

  test('whose internal calls never go through the cache', async () => {
    const find = () => payload.db.find({ collection: 'posts', limit: 1, page: 1, sort: 'id' });
    expect(await lookupsOf(payload, 'posts', find)).toEqual({ miss: 1 });
    // `upsert` calls the adapter's own `updateOne`.
    await payload.db.upsert({
      collection: 'categories',
      data: { name: 'upserted', slug: 'upserted' },
      where: { slug: { equals: 'upserted' } },
    } as Parameters<Adapter['upsert']>[0]);
    expect(registry.replaced).toHaveLength(1);
  });

  test('for a spy, which is called as it expects, and leaves all as it was', async () => {
    const { find } = payload.db;
    const spy = vi.spyOn(payload.db, 'find');
    try {
      const { docs } = await payload.find({ collection: 'tags', limit: 1, depth: 0 });
      expect(docs).toHaveLength(1);
      expect(spy).toHaveBeenCalledOnce();
    } finally {
      spy.mockRestore();
    }
    expect(payload.db.find).toBe(find);
    const again = () => payload.find({ collection: 'tags', limit: 1, depth: 0 });
    await again();
    expect(await lookupsOf(payload, 'tags', again)).toEqual({ hit: 1 });
  });

  test('for a plugin that puts a function of its own in the place of one', async () => {
    const { count } = payload.db;
    let asked = 0;
    payload.db.count = async (args) => {
      asked += 1;
      return count(args);
    };
    await payload.count({ collection: 'tags' });
    expect(await lookupsOf(payload, 'tags', () => payload.count({ collection: 'tags' }))).toEqual({ hit: 1 });
    expect(asked).toBe(2);
    payload.db.count = count;
    expect(payload.db.count).toBe(count);
  });

  test('for errors, which are the database’s own', async () => {
    const failing = { collection: 'posts', where: { slug: { equals: 'x' } }, sort: { no: 1 } as never };
    const [ours, theirs] = await Promise.allSettled([payload.db.find(failing), base.find(failing)]);
    expect(ours.status).toBe(theirs.status);
    await expect(payload.db.create({ collection: 'no-such' as 'tags', data: {} })).rejects.toThrow();
  });
});

describe('each write makes stale what it touches:', () => {
  const db = () => payload.db;
  let id: number;
  let versionID: number;
  let globalVersionID: number;
  beforeAll(async () => {
    const post = await payload.create({
      collection: 'posts',
      data: { title: 'a', slug: 'wrapper', _status: 'published' },
    });
    id = post.id as number;
    const { docs } = await payload.findVersions({ collection: 'posts', where: { parent: { equals: id } } });
    versionID = docs[0]?.id as unknown as number;
    const { docs: versions } = await payload.findGlobalVersions({ slug: 'site-settings' });
    globalVersionID = versions[0]?.id as unknown as number;
  });
  const now = () => new Date().toISOString();
  const version = (more: object) => ({
    versionData: { title: { en: 'v' }, slug: 'wrapper', _status: 'draft', ...more },
    createdAt: now(),
    updatedAt: now(),
  });
  type Call = (method: (args: never) => Promise<unknown>, args: object) => Promise<unknown>;
  const call: Call = (method, args) => (method as (args: object) => Promise<unknown>).call(undefined, args);

  const documents = () => db().find({ collection: 'authors', limit: 0 });
  const versionsOf = () => db().findVersions({ collection: 'posts', limit: 0 });
  const global = () => db().findGlobal({ slug: 'header' });
  const globalVersions = () => db().findGlobalVersions({ global: 'site-settings', limit: 0 });

  const writes: Record<
    Exclude<(typeof WRITE_OPERATIONS)[number], 'updateJobs'>,
    [string, () => Promise<unknown>, () => Promise<unknown>]
  > = {
    create: ['authors', documents, () => call(db().create, { collection: 'authors', data: { name: 'new' } })],
    updateOne: [
      'authors',
      documents,
      () => call(db().updateOne, { collection: 'authors', id: 1, data: { name: 'one' } }),
    ],
    updateMany: [
      'authors',
      documents,
      () => call(db().updateMany, { collection: 'authors', where: {}, data: { name: 'many' } }),
    ],
    upsert: [
      'authors',
      documents,
      () =>
        call(db().upsert, { collection: 'authors', where: { id: { equals: 1 } }, data: { name: 'upsert' } }),
    ],
    deleteOne: [
      'authors',
      documents,
      () => call(db().deleteOne, { collection: 'authors', where: { id: { equals: 2 } } }),
    ],
    deleteMany: [
      'authors',
      documents,
      () => call(db().deleteMany, { collection: 'authors', where: { id: { equals: 3 } } }),
    ],
    createVersion: [
      'posts',
      versionsOf,
      () =>
        call(db().createVersion, { collectionSlug: 'posts', parent: id, autosave: false, ...version({}) }),
    ],
    updateVersion: [
      'posts',
      versionsOf,
      () =>
        call(db().updateVersion, {
          collection: 'posts',
          id: versionID,
          versionData: { parent: id, version: { title: { en: 'changed' } }, updatedAt: now() },
        }),
    ],
    deleteVersions: [
      'posts',
      versionsOf,
      () => call(db().deleteVersions, { collection: 'posts', where: { id: { equals: versionID } } }),
    ],
    createGlobal: [
      '@header',
      global,
      () => call(db().createGlobal, { slug: 'header', data: { globalType: 'header' } }),
    ],
    updateGlobal: ['@header', global, () => call(db().updateGlobal, { slug: 'header', data: { links: [] } })],
    createGlobalVersion: [
      '@site-settings',
      globalVersions,
      () =>
        call(db().createGlobalVersion, {
          globalSlug: 'site-settings',
          autosave: false,
          versionData: { siteName: { en: 'v' }, _status: 'draft' },
          createdAt: now(),
          updatedAt: now(),
        }),
    ],
    updateGlobalVersion: [
      '@site-settings',
      globalVersions,
      () =>
        call(db().updateGlobalVersion, {
          global: 'site-settings',
          id: globalVersionID,
          versionData: { version: { siteName: { en: 'changed' } }, updatedAt: now() },
        }),
    ],
  };

  test.each(Object.entries(writes))('%s', async (_operation, [slug, read, write]) => {
    await read();
    expect(await lookupsOf(payload, slug, read)).toEqual({ hit: 1 });
    await write();
    expect(await lookupsOf(payload, slug, read)).toEqual({ stale: 1 });
  });

  test('all but those of the job queue are tried here', () => {
    expect([...Object.keys(writes), 'updateJobs'].sort()).toEqual([...WRITE_OPERATIONS].sort());
  });
});

describe('after a change of the schema', () => {
  test.each(SCHEMA)('%s makes everything invalid, also when it fails half-way', async (operation) => {
    const sql = async (statement: string): Promise<void> => {
      const { execute, drizzle } = base as unknown as {
        execute(args: object): Promise<unknown>;
        drizzle: unknown;
      };
      await execute({ db: drizzle, raw: statement });
    };
    const name = async () =>
      (await payload.db.find({ collection: 'categories', limit: 1, sort: 'id' })).docs[0];
    const header = () => payload.db.findGlobal({ slug: 'header' });
    const versions = () => payload.db.findVersions({ collection: 'posts', limit: 1 });
    for (const fails of [false, true]) {
      const changed = `${operation} ${fails}`;
      await Promise.all([name(), header(), versions()]);
      await settleCache(payload);
      migration = async () => {
        await sql(`UPDATE categories SET name = '${changed}'`);
        if (fails) throw new Error('half-way');
      };
      const run = (payload.db as unknown as Record<string, () => Promise<void>>)[operation]?.();
      if (fails) await expect(run).rejects.toThrow('half-way');
      else await run;
      expect(await name()).toMatchObject({ name: changed });
      expect(await lookupsOf(payload, '@header', header)).toEqual({ stale: 1 });
      expect(await lookupsOf(payload, 'posts', versions)).toEqual({ stale: 1 });
    }
  });
});
