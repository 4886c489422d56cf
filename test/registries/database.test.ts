import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { postgresAdapter } from '@payloadcms/db-postgres';
import type { CollectionSlug, DatabaseAdapter, Payload } from 'payload';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ConnectContext, Registry } from '../../src/interfaces/registry.js';
import { databaseRegistry, getCacheStats, memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Started, startBlog, startCloudflare } from '../support/payload.js';
import { type PostgresServer, startPostgres } from '../support/postgres.js';
import { removeDirectory } from '../support/remove-directory.js';
import { describeRegistry } from './conformance.js';

const TAGS = 'payload-kv-tags' as CollectionSlug;

let directory: string;
let postgres: PostgresServer;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-database-registry-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres?.stop();
  await removeDirectory(directory);
});

interface Client {
  query(text: string): Promise<{ rows: unknown[] }>;
  release(): void;
}
interface Pool {
  connect(): Promise<Client>;
}
type Made = { site: Started; registry: Registry };
type Start = (url: string, registry: Registry) => Promise<Started>;

const onSqlite =
  (db: 'sqlite' | 'sqlite-transactions'): Start =>
  (url, registry) =>
    startBlog({ db, url, plugins: [payloadKV({ store: memory(), registry })] });

const onPostgres: Start = (url, registry) =>
  startBlog({
    plugins: [payloadKV({ store: memory(), registry })],
    configure: (config) => ({ ...config, db: postgresAdapter({ pool: { connectionString: url } }) }),
    wrapAdapter: endingWithServer,
  });

async function two(start: Start, url: string, make = databaseRegistry): Promise<[Made, Made]> {
  const registry = make();
  const site = await start(url, registry);
  const another = make();
  return [
    { site, registry },
    { site: await start(url, another), registry: another },
  ];
}

const file = (name: string): string => `file:${path.join(directory, `${name}.db`)}`;

function underTest(make: () => Promise<[Made, Made]>) {
  return async () => {
    const [one, other] = await make();
    return {
      registry: one.registry,
      another: other.registry,
      stop: async () => {
        await one.site.stop();
        await other.site.stop();
      },
    };
  };
}

describeRegistry(
  'database on SQLite',
  underTest(() => two(onSqlite('sqlite'), file('conformance'))),
  { hasEpoch: true },
);
describeRegistry(
  'database on PostgreSQL',
  underTest(async () => two(onPostgres, await postgres.createDatabase())),
  { hasEpoch: true },
);
describeRegistry(
  'database through the methods of any adapter',
  underTest(() =>
    two(onSqlite('sqlite'), file('conformance-portable'), () => withoutSql(databaseRegistry())),
  ),
  { hasEpoch: true },
);
describeRegistry('database on D1', () => onD1({}), { hasEpoch: true, shared: false });
describeRegistry('database on D1 with read replicas', () => onD1({ readReplicas: 'first-primary' }), {
  hasEpoch: true,
  shared: false,
});

async function onD1(settings: object) {
  const registry = databaseRegistry();
  const site = await startCloudflare({
    plugins: [payloadKV({ store: memory(), registry })],
    wrapAdapter: (adapter) => Object.assign(adapter, settings),
  });
  return { registry, stop: () => site.stop() };
}

test('versions never come from a replica of PostgreSQL', async () => {
  const [primary, replica] = [await postgres.createDatabase(), await postgres.createDatabase()];
  const registry = databaseRegistry();
  const site = await startBlog({
    plugins: [payloadKV({ store: memory(), registry })],
    configure: (config) => ({
      ...config,
      // It has not even the table.
      db: postgresAdapter({ pool: { connectionString: primary }, readReplicas: [replica] }),
    }),
    wrapAdapter: endingWithServer,
  });
  try {
    const versions = await registry.replace(['posts', 'tags']);
    expect(await registry.get(['posts', 'tags'])).toEqual(versions);
  } finally {
    await site.stop();
  }
});

test('versions never come from a replica of D1', async () => {
  const registry = databaseRegistry();
  let sessions = 0;
  const site = await startCloudflare({
    plugins: [payloadKV({ store: memory(), registry })],
    wrapAdapter(adapter) {
      const { binding } = adapter as unknown as { binding: { prepare(text: string): unknown } };
      // Every query of a session may be a replica's, but for the first.
      const session = {
        prepare(text: string) {
          if (text.includes('FROM "payload_kv_tags"') || text.startsWith('INSERT INTO "payload_kv_tags"'))
            sessions++;
          return binding.prepare(text);
        },
        batch: (...args: unknown[]) =>
          (binding as unknown as { batch(...args: unknown[]): unknown }).batch(...args),
      };
      return Object.assign(adapter, {
        readReplicas: 'first-primary',
        binding: { prepare: (text: string) => binding.prepare(text), withSession: () => session },
      });
    },
  });
  try {
    const versions = await registry.replace(['pages']);
    expect(await registry.get(['pages'])).toEqual(versions);
    expect(sessions).toBe(0);
  } finally {
    await site.stop();
  }
});

/** The server ends before the pool has closed all of its connections; that is no fault. */
function endingWithServer(adapter: DatabaseAdapter): DatabaseAdapter {
  const { connect } = adapter;
  return Object.assign(adapter, {
    async connect(this: DatabaseAdapter & { pool: import('node:events').EventEmitter }, ...args: unknown[]) {
      await Reflect.apply(connect as (...args: unknown[]) => unknown, this, args);
      this.pool.on('error', () => {});
    },
  });
}

/** The registry over an adapter that has no SQL to offer, such as MongoDB's. */
function withoutSql(registry: Registry): Registry {
  const { attach, connect } = registry;
  const bare = (context: ConnectContext): ConnectContext => ({
    ...context,
    adapter: new Proxy(context.adapter, {
      has: (adapter, name) => name !== 'drizzle' && name in adapter,
      get(adapter, name) {
        const value = Reflect.get(adapter, name, adapter);
        if (name === 'execute' || name === 'drizzle') return undefined;
        return typeof value === 'function' ? value.bind(adapter) : value;
      },
    }),
  });
  return Object.assign(registry, {
    attach: (context: ConnectContext) => attach?.(bare(context)),
    connect: (context: ConnectContext) => connect?.(bare(context)),
  });
}

describe.each(['sqlite', 'sqlite-transactions', 'postgres'] as const)('a site on %s', (database) => {
  const start = database === 'postgres' ? onPostgres : onSqlite(database);
  let one: Made;
  let other: Made;
  beforeAll(async () => {
    const url = database === 'postgres' ? await postgres.createDatabase() : file(`site-${database}`);
    [one, other] = await two(start, url);
    for (const name of ['a', 'b']) await write(one.site.payload, name);
  });
  afterAll(async () => {
    await one?.site.stop();
    await other?.site.stop();
  });
  afterEach(() => vi.useRealTimers());

  const write = (payload: Payload, name: string, more = {}) =>
    payload.create({ collection: 'tags', data: { name, slug: name }, ...more });
  const names = async ({ site }: Made): Promise<string[]> => {
    const { docs } = await site.payload.find({ collection: 'tags', sort: 'id', depth: 0, limit: 0 });
    await settleCache(site.payload);
    return docs.map((tag) => tag.name as string);
  };
  const hits = ({ site }: Made): number => getCacheStats(site.payload)?.collections.tags?.hits ?? 0;

  test('a write of one process is seen by the next read of another, and what it left alone is still a hit', async () => {
    const before = await names(other);
    expect(await names(other)).toEqual(before);
    expect(hits(other)).toBeGreaterThan(0);
    await write(one.site.payload, 'seen');
    expect(await names(other)).toEqual([...before, 'seen']);
    const hitsBefore = hits(other);
    await one.site.payload.create({ collection: 'authors', data: { name: 'Somebody' } as never });
    expect(await names(other)).toEqual([...before, 'seen']);
    expect(hits(other)).toBe(hitsBefore + 1);
  });

  test('a lookup asks for all its versions in one query', async () => {
    const get = vi.spyOn(other.registry, 'get');
    const find = () =>
      other.site.payload.find({ collection: 'posts', where: { 'author.name': { equals: 'x' } } });
    await find();
    await settleCache(other.site.payload);
    get.mockClear();
    const reads = getCacheStats(other.site.payload)?.operations.registryReads ?? 0;
    await find();
    expect(getCacheStats(other.site.payload)?.operations.registryReads).toBe(reads + 1);
    expect(get).toHaveBeenCalledOnce();
    expect((get.mock.calls[0]?.[0] ?? []).length).toBeGreaterThan(1);
    get.mockRestore();
  });

  test('nobody can reach the versions, and neither their reads nor their writes go through the cache', async () => {
    const { payload } = one.site;
    await payload.find({ collection: TAGS });
    await payload.find({ collection: TAGS });
    const counts = getCacheStats(payload)?.collections[TAGS];
    expect(counts?.hits ?? 0).toBe(0);
    expect(counts?.bypasses.policy).toBeGreaterThan(0);
    const response = await one.site.handle(new Request(`http://site.test/api/${TAGS}`));
    expect(response.status).toBeGreaterThanOrEqual(400);
    const replaced = vi.spyOn(one.registry, 'replace');
    await payload.db.updateOne({
      collection: TAGS,
      where: { id: { equals: 'none' } },
      data: { version: 'x' },
    });
    expect(replaced).not.toHaveBeenCalled();
    replaced.mockRestore();
    expect(payload.collections[TAGS]?.config).toMatchObject({
      admin: { hidden: true },
      lockDocuments: false,
      timestamps: false,
    });
  });

  test('rows that have outlived every entry are deleted in the background, and no others', async () => {
    const { payload } = one.site;
    const old = Date.now() - 10_000;
    for (const id of ['old-1', 'old-2'])
      await one.site.payload.db.create({ collection: TAGS, data: { id, version: 'x', expires: old } });
    const background: Promise<unknown>[] = [];
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 4_000_000 });
    const context = { lifetime: 86_400, background: (work: Promise<unknown>) => void background.push(work) };
    const [version] = await one.registry.replace(['kept'], context);
    await Promise.all(background);
    expect(background).toHaveLength(1);
    vi.useRealTimers();
    const { docs } = await payload.find({ collection: TAGS, pagination: false });
    const ids = docs.map(({ id }) => id);
    expect(ids).not.toContain('old-1');
    expect(ids).not.toContain('old-2');
    expect(ids).toEqual(expect.arrayContaining(['#epoch', 'kept', 'tags']));
    expect(await one.registry.get(['kept'])).toEqual([version]);
  });

  test('a machine whose clock is days ahead deletes no version that entries can have been made before', async () => {
    const [version] = await one.registry.replace(['kept-by-its-clock'], { lifetime: 86_400 });
    const background: Promise<unknown>[] = [];
    const context = { lifetime: 86_400, background: (work: Promise<unknown>) => void background.push(work) };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3 * 86_400_000 });
    await one.registry.replace(['another'], context);
    await Promise.all(background);
    expect(background).toHaveLength(1);
    vi.useRealTimers();
    expect(await one.registry.get(['kept-by-its-clock'])).toEqual([version]);
  });

  // A test that does not apply is not declared.
  if (database === 'sqlite') return;

  describe('with transactions', () => {
    test('the versions are replaced inside the transaction: with it they appear, and with it they go', async () => {
      const { payload } = one.site;
      const [before] = await other.registry.get(['tags']);
      const rolledBack = (await payload.db.beginTransaction()) as string;
      await write(payload, 'rolled-back', { req: { transactionID: rolledBack } });
      await payload.db.rollbackTransaction(rolledBack);
      expect(await other.registry.get(['tags'])).toEqual([before]);

      const inside: unknown[] = [];
      const replace = one.registry.replace.bind(one.registry);
      const spy = vi.spyOn(one.registry, 'replace').mockImplementation(async (tags, context) => {
        const versions = await replace(tags, context);
        // Not committed yet: others still see the versions of before.
        inside.push(context?.transactionID, ...(await other.registry.get(['tags'])));
        return versions;
      });
      const id = (await payload.db.beginTransaction()) as string;
      await write(payload, 'committed', { req: { transactionID: id } });
      expect(spy).not.toHaveBeenCalled();
      await payload.db.commitTransaction(id);
      spy.mockRestore();
      expect(inside).toEqual([id, before]);
      const [after] = await other.registry.get(['tags']);
      expect(after).not.toBe(before);
      expect(await names(other)).toEqual(await names(one));
      expect(await names(one)).toContain('committed');
    });

    test('a replacement that fails leaves the transaction as it is, and is made up for after the commit', async () => {
      const { payload } = one.site;
      const held = await names(other);
      const [before] = await other.registry.get(['tags']);
      const replace = one.registry.replace.bind(one.registry);
      let calls = 0;
      const spy = vi.spyOn(one.registry, 'replace').mockImplementation((tags, context) => {
        calls += 1;
        // A value that the column refuses, so that the fault is the database's own.
        return replace(tags, calls === 1 ? { ...context, lifetime: Number.NaN } : context);
      });
      await write(payload, 'kept-all-the-same');
      spy.mockRestore();
      expect(calls).toBe(2);
      expect(await other.registry.get(['tags'])).not.toEqual([before]);
      expect(await names(other)).toEqual([...held, 'kept-all-the-same']);
    });

    // SQLite has one writer, and waits for it in this very thread.
    if (database !== 'postgres') return;

    test('a version that another transaction holds costs no write and no connection', async () => {
      const { pool } = one.site.payload.db as unknown as { pool: Pool };
      const held = await names(one);
      await names(other);
      const holder = await pool.connect();
      try {
        await holder.query("begin; update payload_kv_tags set expires = expires where id = 'tags'");
        await write(one.site.payload, 'while-held');
        // The process that wrote serves nothing that depends on it.
        expect(await names(one)).toEqual([...held, 'while-held']);
        // Each attempt gives up by itself.
        const waiting =
          "select * from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        expect((await holder.query(waiting)).rows.length).toBeLessThanOrEqual(1);
        await expect.poll(async () => (await holder.query(waiting)).rows.length, { timeout: 30_000 }).toBe(0);
      } finally {
        await holder.query('rollback');
        holder.release();
      }
      await settleCache(one.site.payload, 60_000);
      expect(await names(other)).toEqual([...held, 'while-held']);
    });

    test('writers of the same documents in many transactions wait for each other and all succeed', async () => {
      const writes = Array.from({ length: 6 }, (_, index) => [
        write(one.site.payload, `one-${index}`),
        write(other.site.payload, `other-${index}`),
      ]).flat();
      await Promise.all(writes);
      const all = await names(one);
      for (let index = 0; index < 6; index++)
        expect(all).toEqual(expect.arrayContaining([`one-${index}`, `other-${index}`]));
      expect(await names(other)).toEqual(all);
    });
  });
});

describe('without its table', () => {
  const warnings: string[] = [];
  const registered = async (url: string, push: boolean, registry: Registry): Promise<Started> => {
    const { sqliteAdapter } = await import('@payloadcms/db-sqlite');
    return startBlog({
      plugins: [payloadKV({ store: memory(), registry })],
      configure: (config) => ({
        ...config,
        db: sqliteAdapter({ client: { url }, push }),
        logger: {
          options: { level: 'warn' },
          destination: {
            write: (line: string) => {
              if (line.includes('payload-kv:')) warnings.push(line);
            },
          },
        } as never,
      }),
    });
  };

  test('the site works uncached, one warning tells the next step, and the table is found once it is there', async () => {
    const url = file('without-table');
    const plain = await startBlog({ url });
    await plain.payload.create({ collection: 'tags', data: { name: 'a', slug: 'a' } });
    await plain.stop();
    const registry = databaseRegistry();
    const site = await registered(url, false, registry);
    const names = async () =>
      (await site.payload.find({ collection: 'tags', sort: 'id' })).docs.map(({ name }) => name);
    try {
      for (let count = 0; count < 8; count++) expect(await names()).toEqual(['a']);
      await site.payload.create({ collection: 'tags', data: { name: 'b', slug: 'b' } });
      expect(await names()).toEqual(['a', 'b']);
      await settleCache(site.payload);
      const stats = getCacheStats(site.payload);
      expect(stats).toMatchObject({ suspended: false, total: { hits: 0, writes: 0, errors: 0 } });
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain('payload migrate:create');

      await (
        await startBlog({ url, plugins: [payloadKV({ store: memory(), registry: databaseRegistry() })] })
      ).stop();
      await site.payload.create({ collection: 'tags', data: { name: 'c', slug: 'c' } });
      expect(await names()).toEqual(['a', 'b', 'c']);
      await settleCache(site.payload);
      expect(await names()).toEqual(['a', 'b', 'c']);
      expect(getCacheStats(site.payload)?.total.hits).toBeGreaterThan(0);
      expect(warnings).toHaveLength(1);
    } finally {
      await site.stop();
    }
  });

  test('a table made anew makes no entry fresh that was recorded over the one before', async () => {
    const registry = databaseRegistry();
    const site = await onSqlite('sqlite')(file('made-anew'), registry);
    try {
      const [first] = await registry.get(['tags']);
      await (site.payload.db as unknown as { execute(args: object): Promise<unknown> }).execute({
        drizzle: (site.payload.db as unknown as { drizzle: unknown }).drizzle,
        raw: 'DELETE FROM payload_kv_tags',
      });
      const [second] = await registry.get(['tags']);
      expect(second).toBeDefined();
      expect(second).not.toBe(first);
      expect(await registry.get(['tags'])).toEqual([second]);
    } finally {
      await site.stop();
    }
  });
});
