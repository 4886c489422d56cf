import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { Miniflare } from 'miniflare';
import type { CollectionConfig, Config, DatabaseAdapterObj, GlobalConfig, Payload, Plugin } from 'payload';
import * as payload3 from 'payload';
import type { KVBinding } from '../../src/runtime/cloudflare.js';
import { startInstance, stopInstance } from '../support/payload-instance.js';
import type { PostgresServer } from '../support/postgres.js';
import { pushedOnce } from '../support/pushed-once.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';

export type Adapter = Payload['db'];

/** One Payload in this process. */
export interface Site {
  payload: Payload;
  /** The adapter below the cache. */
  base: Adapter;
  /** By how many milliseconds the clock of its machine is ahead. */
  ahead?: number;
}

/** A database that several Payload instances share. */
export interface Database {
  name: string;
  /** Whether write operations run in transactions. */
  transactions: boolean;
  /** Starts one more Payload on it. The first one creates the tables. */
  start(plugins: Plugin[]): Promise<Site>;
  /** Empties all tables and begins the ids anew. */
  empty(): Promise<void>;
  stop(): Promise<void>;
}

/** What the database is to hold. Called for each start, since Payload sanitises a config in place. */
export interface Content {
  collections(): CollectionConfig[];
  globals(): GlobalConfig[];
  locales: readonly string[];
}

type PayloadModule = Pick<typeof payload3, 'buildConfig' | 'getPayload'>;

// Payload remembers the last schema it pushed, per process: a second database would stay empty.
process.env.PAYLOAD_FORCE_DRIZZLE_PUSH = 'true';
process.env.PAYLOAD_DISABLE_DEPENDENCY_CHECKER = 'true';
process.env.DISABLE_PAYLOAD_HMR = 'true';

let started = 0;

/** Starts a Payload with a content of its own on a given database adapter. */
async function startPayload(
  module: PayloadModule,
  content: Content,
  db: DatabaseAdapterObj,
  plugins: Plugin[],
  prepare: (base: Adapter) => void = () => {},
): Promise<Site> {
  let base: Adapter | undefined;
  const collections = content.collections();
  const config = await module.buildConfig({
    secret: 'only-for-tests',
    admin: {
      importMap: { autoGenerate: false },
      ...(collections.some(({ slug }) => slug === 'users') ? { user: 'users' } : {}),
    },
    graphQL: { disable: true },
    telemetry: false,
    typescript: { autoGenerate: false },
    logger: { options: { level: process.env.PAYLOAD_LOG_LEVEL ?? 'silent' } },
    collections,
    globals: content.globals(),
    ...(content.locales.length > 0
      ? {
          localization: {
            locales: [...content.locales],
            defaultLocale: content.locales[0] as string,
            fallback: true,
          },
        }
      : {}),
    db: {
      ...db,
      init: (args) => {
        base = pushedOnce(db.init(args) as Adapter);
        prepare(base);
        return base;
      },
    },
    plugins,
  } as Config);
  const payload = await startInstance(module, config, `differential-${++started}`);
  keepJoinsAsTheyAre(payload);
  return { payload, base: base as Adapter };
}

/**
 * Payload adds what access control says about related documents to the `where` of the join's own config, with each
 * read once more: the same read then gives something else each time, and fails in the end.
 */
function keepJoinsAsTheyAre(payload: Payload): void {
  for (const { joins, polymorphicJoins = [] } of payload.config.collections) {
    for (const { field } of [...Object.values(joins).flat(), ...polymorphicJoins]) {
      const { where } = field;
      if (where)
        Object.defineProperty(field, 'where', { enumerable: true, get: () => structuredClone(where) });
    }
  }
}

interface SQLiteClient {
  execute(statement: string): Promise<{ rows: Record<string, unknown>[] }>;
  executeMultiple(statements: string): Promise<void>;
}

const clientOf = (site: Site): SQLiteClient => (site.base as unknown as { client: SQLiteClient }).client;

/** Deletes all rows of all tables; SQLite then begins the ids anew. */
async function emptySQLite(client: SQLiteClient): Promise<void> {
  const { rows } = await client.execute(
    "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%' and name <> 'payload_migrations'",
  );
  const deletions = rows.map(({ name }) => `delete from "${name}";`);
  await client.executeMultiple(`pragma foreign_keys = off; ${deletions.join(' ')} pragma foreign_keys = on;`);
}

/**
 * SQLite as most projects have it, without transactions. In memory: the instances share the first one's connection,
 * as instances of separate connections share a file.
 */
export function sqliteDatabase(content: Content): Database {
  const sites: Site[] = [];
  return {
    name: 'sqlite',
    transactions: false,
    async start(plugins) {
      const [first] = sites;
      const db = sqliteAdapter({ client: { url: ':memory:' }, ...(first ? { push: false } : {}) });
      const site = await startPayload(payload3, content, db, plugins, (base) => {
        if (first) Object.assign(base, { client: clientOf(first) });
      });
      Object.assign(site.base, { push: false });
      sites.push(site);
      return site;
    },
    empty: () => emptySQLite(clientOf(sites[0] as Site)),
    async stop() {
      for (const { payload } of sites.reverse()) await stopInstance(payload);
    },
  };
}

/** SQLite with a transaction around each write operation, in a file that the instances share. */
export async function sqliteTransactionsDatabase(content: Content): Promise<Database> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-differential-'));
  const sites: Site[] = [];
  return {
    name: 'sqlite-transactions',
    transactions: true,
    async start(plugins) {
      const db = sqliteAdapter({
        client: { url: `file:${path.join(directory, 'site.db')}` },
        // libsql waits for a lock inside the call: the holder, in the same thread, could never release it.
        busyTimeout: 0,
        transactionOptions: {},
        ...(sites.length > 0 ? { push: false } : {}),
      });
      const site = await startPayload(payload3, content, db, plugins);
      // A reader in the same thread must not stand in the way of a commit, which would then stay undone for ever.
      if (sites.length === 0) await clientOf(site).execute('pragma journal_mode = wal');
      // What a power failure would leave behind is not what is tested here.
      await clientOf(site).execute('pragma synchronous = off');
      Object.assign(site.base, { push: false });
      sites.push(site);
      return site;
    },
    empty: () => emptySQLite(clientOf(sites[0] as Site)),
    async stop() {
      for (const { payload } of sites) await stopInstance(payload);
      await removeDirectory(directory);
    },
  };
}

const D1_SCRIPT = `export default {
  async fetch(request, env) {
    const { how, statements } = await request.json();
    const prepared = statements.map(({ sql, values }) => env.D1.prepare(sql).bind(...values));
    try {
      const result = how === 'batch' ? await env.D1.batch(prepared) : await prepared[0][how]();
      return Response.json({ result });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
}`;

interface D1Statement {
  sql: string;
  values: unknown[];
  bind(...values: unknown[]): D1Statement;
  all(): Promise<{ results: Record<string, unknown>[] }>;
  run(): Promise<unknown>;
  raw(): Promise<unknown>;
}

interface D1Binding {
  prepare(sql: string): D1Statement;
  batch(statements: D1Statement[]): Promise<unknown>;
}

/**
 * The binding of a Worker's D1, asked over HTTP: Miniflare's own proxy waits in this thread for each statement it
 * prepares, and among thousands of them takes the answer to one for another's.
 */
function d1BindingOf(miniflare: Miniflare): D1Binding {
  async function ask(how: string, statements: D1Statement[]): Promise<never> {
    if (statements.some(({ values }) => values.includes(undefined)))
      throw new Error("D1_TYPE_ERROR: Type 'undefined' not supported");
    const response = await miniflare.dispatchFetch('http://d1.local/', {
      method: 'POST',
      body: JSON.stringify({ how, statements }),
    });
    const { result, error } = (await response.json()) as { result: never; error?: string };
    if (error !== undefined) throw new Error(error);
    return result;
  }
  function statement(sql: string, values: unknown[]): D1Statement {
    const self: D1Statement = {
      sql,
      values,
      bind: (...others) => statement(sql, others),
      all: () => ask('all', [self]),
      run: () => ask('run', [self]),
      raw: () => ask('raw', [self]),
    };
    return self;
  }
  return {
    prepare: (sql) => statement(sql, []),
    batch: (statements) => ask('batch', statements),
  };
}

/** D1 on Miniflare, with the Payload that its adapter's newest release wants. */
export async function d1Database(content: Content): Promise<Database & { kv: KVBinding }> {
  const miniflare = new Miniflare({
    modules: true,
    script: D1_SCRIPT,
    compatibilityDate: '2026-03-01',
    d1Databases: ['D1'],
    kvNamespaces: ['PAYLOAD_CACHE'],
  });
  const kv = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
  const binding = d1BindingOf(miniflare);
  const modules = path.join(repository, 'fixtures/cloudflare/node_modules');
  const load = (file: string): Promise<Record<string, unknown>> =>
    import(/* @vite-ignore */ pathToFileURL(path.join(modules, file)).href);
  const module = (await load('payload/dist/index.js')) as unknown as PayloadModule;
  const { sqliteD1Adapter } = (await load('@payloadcms/db-d1-sqlite/dist/index.js')) as {
    sqliteD1Adapter: (args: { binding: unknown; push?: boolean }) => DatabaseAdapterObj;
  };
  const sites: Site[] = [];
  return {
    name: 'd1',
    kv,
    transactions: false,
    async start(plugins) {
      const db = sqliteD1Adapter({ binding, ...(sites.length > 0 ? { push: false } : {}) });
      const site = await startPayload(module, content, db, plugins);
      Object.assign(site.base, { push: false });
      sites.push(site);
      return site;
    },
    async empty() {
      const { results } = await binding
        .prepare(
          "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_cf_%' and name <> 'payload_migrations'",
        )
        .all();
      // One transaction, at whose end the keys are checked.
      await binding.batch([
        binding.prepare('pragma defer_foreign_keys = on'),
        ...results.map(({ name }) => binding.prepare(`delete from "${name}"`)),
      ]);
    },
    async stop() {
      for (const { payload } of sites) await stopInstance(payload);
      await miniflare.dispose();
    },
  };
}

interface Emitter {
  on(event: string, listener: (client: Emitter) => void): void;
}

interface Pool extends Emitter {
  query(text: string): Promise<{ rows: { name: string }[] }>;
  end(): Promise<void>;
}

/** A database of its own on a running PostgreSQL server. */
export async function postgresDatabase(content: Content, server: PostgresServer): Promise<Database> {
  const url = await server.createDatabase();
  // Loaded where it is used: it brings a Payload, which shares global state with one from another directory.
  const { postgresAdapter } = await import('@payloadcms/db-postgres');
  const sites: Site[] = [];
  return {
    name: 'postgres',
    transactions: true,
    async start(plugins) {
      const db = postgresAdapter({
        // A write that waits for another's row lock fails soon, for in one thread the other cannot go on.
        pool: { connectionString: url, max: 6, options: '-c lock_timeout=60ms' },
        ...(sites.length > 0 ? { push: false } : {}),
      });
      const site = await startPayload(payload3, content, db, plugins);
      Object.assign(site.base, { push: false });
      // Connections that are left when the server stops end with an error.
      const { pool } = site.base as unknown as { pool: Pool };
      pool.on('error', () => {});
      pool.on('connect', (client) => client.on('error', () => {}));
      sites.push(site);
      return site;
    },
    async empty() {
      const { pool } = (sites[0] as Site).base as unknown as {
        pool: Pool;
      };
      const { rows } = await pool.query(
        "select quote_ident(tablename) as name from pg_tables where schemaname = 'public' and tablename <> 'payload_migrations'",
      );
      await pool.query(`truncate ${rows.map(({ name }) => name).join(', ')} restart identity cascade`);
    },
    async stop() {
      for (const { payload, base } of sites) {
        await stopInstance(payload);
        // Not awaited: a connection of a transaction that never ended would keep it waiting.
        void (base as unknown as { pool: Pool }).pool.end();
      }
    },
  };
}
