import type { CollectionConfig, DatabaseAdapter, Payload, Where } from 'payload';
import { PayloadKVError } from '../errors.js';
import {
  type ConnectContext,
  newVersion,
  type Registry,
  type ReplaceContext,
  VERSION_LIFETIME,
} from '../interfaces/registry.js';
import { hash } from '../platform/hash.js';

/** The collection that holds the versions. */
const COLLECTION = 'payload-kv-tags';
/** Name of its table, where the adapter does not tell another. */
const TABLE = 'payload_kv_tags';
/**
 * Row whose version is that of every tag without a row. It is made with the table, so that entries which recorded it
 * do not become fresh again over another database. No tag begins with this sign.
 */
const EPOCH = '#epoch';
/** Tags that are named as they are; all others are named by their hash. None of these needs escaping in SQL. */
const PLAIN_NAME = /^[\w@#?=*~.:/+ -]{1,200}$/;
/**
 * Longest wait for another transaction that is committing the same tags, in milliseconds. PostgreSQL only: elsewhere
 * who writes has the database for itself. Shorter than any wait for the registry, so that no connection is left waiting.
 */
const LOCK_TIMEOUT = 1_500;
/** Rows of one statement: far below what any database takes. */
const MOST_ROWS = 200;
/** How often one process looks for rows that can go, in milliseconds. */
const PRUNING_INTERVAL = 3_600_000;
/** Expires at no time that a row could have. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** The clocks of machines that share a database without a time of its own may differ by so much, in milliseconds. */
const CLOCK_DIFFERENCE = 30 * 86_400_000;
/** Most rows that one look deletes. */
const MOST_PRUNED = 1_000;
/** How often a missing table is looked for, in milliseconds. */
const RECHECK_INTERVAL = 30_000;

interface Row {
  name: string;
  version: string;
  /** After how many milliseconds the row may go; `undefined` for never. */
  lifetime: number | undefined;
}

/** How rows are read and written: in SQL, or through the methods that every adapter has. */
interface Rows {
  /** Whether it can write inside the transaction of others without harm to it. */
  transactional: boolean;
  read(names: readonly string[]): Promise<Map<string, string>>;
  /** Writes rows, which come in sorted order and each name once. */
  put(rows: readonly Row[], transactionID: string | number | undefined): Promise<void>;
  /** Writes a row unless there is one. */
  add(row: Row): Promise<void>;
  /**
   * Deletes rows that may go. A tag without a row has the version that it had before any write: were a row deleted too
   * early, entries from then would be fresh again. So whose clock goes wrong must delete none.
   */
  prune(transactionID: string | number | undefined): Promise<void>;
  /**
   * Whether that belongs inside the write's transaction: on SQLite a statement beside an open one finds the database
   * locked, and leaves it so for other processes.
   */
  prunesInside?: boolean;
}

/**
 * Tag versions in the site's own database, in a hidden collection `payload-kv-tags` that the plugin adds. On SQLite
 * and PostgreSQL they are replaced inside the write's transaction, immediately before it commits, so that no crash
 * comes between the two. Where there are no transactions, and on MongoDB, they are replaced after the write.
 *
 * Each lookup asks the database for versions, all of them in one query, unless the consistency lets the process
 * remember them. Rows of tags that nobody has written to for longer than any entry lives are deleted in the background.
 *
 * One function: its methods share the connection, and what was found out about its table.
 */
export function databaseRegistry(): Registry {
  let payload: Payload | undefined;
  let rows: Rows | undefined;
  let isMissing = false;
  let checkedAt = 0;
  let prunedAt: number | undefined;
  /** Those of the instances that came later. */
  const others = new WeakMap<Payload, Registry>();

  /** The first instance has this registry. Any other has a database of its own, and with it versions of its own. */
  function attach(context: ConnectContext): Registry | undefined {
    if (payload && payload !== context.payload) {
      const other = others.get(context.payload) ?? databaseRegistry();
      others.set(context.payload, other);
      other.attach?.(context);
      return other;
    }
    payload = context.payload;
    rows = isDrizzle(context.adapter) ? rowsInSql(context.adapter) : rowsOfAnyAdapter(context.adapter);
    return undefined;
  }

  function connected(): Rows {
    if (!rows) {
      throw new PayloadKVError({
        code: 'REGISTRY_NOT_CONNECTED',
        message: 'databaseRegistry() is used before Payload has a database adapter.',
        nextStep: 'Give it to payloadKV() as its registry, in the plugins of the Payload config.',
      });
    }
    return rows;
  }

  /** Whether the table is there, which one warning says if it is not. */
  async function check(): Promise<void> {
    checkedAt = Date.now();
    try {
      await connected().read([EPOCH]);
      isMissing = false;
    } catch (error) {
      if (!isMissingTable(error)) throw error;
      if (!isMissing && process.env.PAYLOAD_MIGRATING !== 'true') {
        payload?.logger.warn(
          `payload-kv: the table of the collection "${COLLECTION}" is not there, so nothing is cached. Create its migration with "payload migrate:create" and run "payload migrate".`,
        );
      }
      isMissing = true;
    }
  }

  async function epoch(): Promise<string | undefined> {
    await connected().add({ name: EPOCH, version: newVersion(), lifetime: undefined });
    return (await connected().read([EPOCH])).get(EPOCH);
  }

  return {
    name: 'database',
    defaultConsistency: 'strong',
    canBeStrong: true,
    get transactional() {
      return rows?.transactional ?? false;
    },
    configure: (config) => ({
      ...config,
      collections: [
        ...(config.collections ?? []).filter(({ slug }) => slug !== COLLECTION),
        versionsCollection(),
      ],
    }),
    attach,
    async connect(context) {
      attach(context);
      await check();
    },
    async get(tags) {
      if (tags.length === 0) return [];
      if (isMissing && Date.now() - checkedAt > RECHECK_INTERVAL) await check();
      // No versions are known to anyone, so no entry is fresh and none is stored.
      if (isMissing) return tags.map(() => undefined);
      const names = tags.map(nameOf);
      let held: Map<string, string>;
      try {
        held = await connected().read([EPOCH, ...new Set(names)]);
      } catch (error) {
        if (!isMissingTable(error)) throw error;
        await check();
        return tags.map(() => undefined);
      }
      const first = held.get(EPOCH) ?? (await epoch());
      return names.map((name) => held.get(name) ?? first);
    },
    async replace(tags, context) {
      const lifetime = Math.ceil(context?.lifetime ?? VERSION_LIFETIME) * 1_000;
      const versions = new Map(
        [...new Set(tags.map(nameOf))].sort().map((name) => [name, context?.version ?? newVersion()]),
      );
      const written = [...versions].map(([name, version]) => ({ name, version, lifetime }));
      try {
        if (written.length > 0) await connected().put(written, context?.transactionID);
        isMissing = false;
      } catch (error) {
        if (!isMissingTable(error)) throw error;
        // Nobody can read versions, so there is no entry that could be fresh.
        await check();
      }
      await pruneNowAndThen(context);
      return tags.map((tag) => versions.get(nameOf(tag)) as string);
    },
  };

  async function pruneNowAndThen(context: ReplaceContext | undefined): Promise<void> {
    // Somewhere in the interval: processes that live shorter than it must prune as well.
    prunedAt ??= Date.now() - Math.random() * PRUNING_INTERVAL;
    if (!context?.background || isMissing || Date.now() - prunedAt < PRUNING_INTERVAL) return;
    prunedAt = Date.now();
    // A database that is busy keeps its old rows until the next time.
    const pruning = connected()
      .prune(context.transactionID)
      .catch(() => {});
    if (connected().prunesInside && context.transactionID !== undefined) await pruning;
    else context.background(pruning);
  }
}

function versionsCollection(): CollectionConfig {
  const nobody = (): boolean => false;
  return {
    slug: COLLECTION,
    access: { create: nobody, delete: nobody, read: nobody, update: nobody },
    admin: { hidden: true },
    endpoints: false,
    // The name of the tag is the id: one index, and no sequence that an upsert would use up.
    fields: [
      { name: 'id', type: 'text', required: true },
      { name: 'version', type: 'text', required: true },
      { name: 'expires', type: 'number', required: true },
    ],
    graphQL: false,
    lockDocuments: false,
    timestamps: false,
  };
}

function nameOf(tag: string): string {
  return PLAIN_NAME.test(tag) ? tag : hash(tag);
}

/** What Payload's SQL adapters have beyond the interface of all adapters. */
type DrizzleAdapter = DatabaseAdapter & {
  execute(args: { db?: unknown; drizzle?: unknown; raw: string }): Promise<{ rows: unknown[] }>;
  drizzle: unknown;
  /** D1. */
  binding?: { prepare(text: string): { all(): Promise<{ results: unknown[] }> } };
  readReplicas?: unknown;
  schemaName?: string;
  tableNameMap?: Map<string, string>;
};

function isDrizzle(adapter: DatabaseAdapter): adapter is DrizzleAdapter {
  return typeof (adapter as Partial<DrizzleAdapter>).execute === 'function' && 'drizzle' in adapter;
}

/**
 * SQLite, D1 and PostgreSQL. Every value is a number, a version or a name without quotes and backslashes, so the
 * statements hold them as they are: D1 takes no more than 100 parameters.
 *
 * One function: its statements share how this database writes table and time.
 */
function rowsInSql(adapter: DrizzleAdapter): Rows {
  const isPostgres = adapter.name === 'postgres';
  const table = (): string => {
    const name = `"${adapter.tableNameMap?.get(TABLE) ?? TABLE}"`;
    return isPostgres && adapter.schemaName ? `"${adapter.schemaName}".${name}` : name;
  };

  /** Never a replica: its versions would be old ones. */
  async function run(text: string, db?: unknown): Promise<unknown[]> {
    if (!db && adapter.readReplicas && typeof adapter.binding?.prepare === 'function') {
      return (await adapter.binding.prepare(text).all()).results;
    }
    // On PostgreSQL Drizzle executes plain SQL on the primary.
    return (await adapter.execute(db ? { db, raw: text } : { drizzle: adapter.drizzle, raw: text })).rows;
  }

  /** The database's own time, in milliseconds: the only clock that all who share it have in common. */
  const now = isPostgres
    ? 'floor(extract(epoch from clock_timestamp()) * 1000)'
    : "CAST(strftime('%s', 'now') AS INTEGER) * 1000";
  const end = (lifetime: number | undefined): string =>
    lifetime === undefined ? `${NEVER}` : `${now} + ${lifetime}`;

  const insert = (rows: readonly Row[]): string =>
    `INSERT INTO ${table()} ("id", "version", "expires") VALUES ${rows
      .map(({ name, version, lifetime }) => `('${name}', '${version}', ${end(lifetime)})`)
      .join(', ')} ON CONFLICT ("id") DO`;

  const upserts = (rows: readonly Row[]): string[] =>
    batches(rows).map(
      (batch) => `${insert(batch)} UPDATE SET "version" = excluded."version", "expires" = excluded."expires"`,
    );

  return {
    transactional: true,
    async read(names) {
      const found = await Promise.all(
        batches(names).map((batch) =>
          run(
            `SELECT "id", "version" FROM ${table()} WHERE "id" IN (${batch.map((name) => `'${name}'`).join(', ')})`,
          ),
        ),
      );
      return new Map((found.flat() as { id: string; version: string }[]).map((row) => [row.id, row.version]));
    },
    async put(rows, transactionID) {
      const db = transactionID === undefined ? undefined : adapter.sessions?.[transactionID]?.db;
      const statements = upserts(rows);
      if (!isPostgres) {
        for (const text of statements) await run(text, db);
        return;
      }
      // Several statements in one text are a transaction of their own, where they are in no other.
      const bounded = [`SET LOCAL lock_timeout = ${LOCK_TIMEOUT}`, ...statements];
      if (!db) {
        await run(bounded.join('; '));
        return;
      }
      // One fault would abort the whole transaction on PostgreSQL, and the cache must not cost anyone their write.
      const text = [
        'SAVEPOINT payload_kv',
        ...bounded,
        'SET LOCAL lock_timeout TO DEFAULT',
        'RELEASE SAVEPOINT payload_kv',
      ];
      try {
        await run(text.join('; '), db);
      } catch (error) {
        await run('ROLLBACK TO SAVEPOINT payload_kv; RELEASE SAVEPOINT payload_kv', db);
        throw error;
      }
    },
    async add(row) {
      await run(`${insert([row])} NOTHING`);
    },
    prunesInside: !isPostgres,
    async prune(transactionID) {
      const db =
        isPostgres || transactionID === undefined ? undefined : adapter.sessions?.[transactionID]?.db;
      // In one statement, which looks at the row that it deletes. Rows that are being replaced are left alone.
      await run(
        `DELETE FROM ${table()} WHERE "id" IN (SELECT "id" FROM ${table()} WHERE "expires" < ${now} LIMIT ${MOST_PRUNED}${isPostgres ? ' FOR UPDATE SKIP LOCKED' : ''})`,
        db,
      );
    },
  };
}

/**
 * Any other adapter, which is MongoDB's, through Payload's own methods. Not inside transactions: there two writers of
 * one collection would conflict on its tag, and the later would lose its write.
 */
function rowsOfAnyAdapter(adapter: DatabaseAdapter): Rows {
  const collection = COLLECTION as never;

  const end = (lifetime: number | undefined): number =>
    lifetime === undefined ? NEVER : Date.now() + lifetime;

  async function update({ name, version, lifetime }: Row): Promise<boolean> {
    const where: Where = { id: { equals: name } };
    const expires = end(lifetime);
    return Boolean(await adapter.updateOne({ collection, where, data: { version, expires } }));
  }

  async function create({ name, version, lifetime }: Row): Promise<void> {
    await adapter.create({ collection, data: { id: name, version, expires: end(lifetime) } });
  }

  return {
    transactional: false,
    async read(names) {
      const { docs } = await adapter.find<{ id: string; version: string }>({
        collection,
        joins: false,
        limit: 0,
        pagination: false,
        where: { id: { in: [...names] } },
      });
      return new Map(docs.map(({ id, version }) => [id, version]));
    },
    async put(rows) {
      for (const row of rows) {
        if (await update(row)) continue;
        try {
          await create(row);
        } catch (error) {
          // Another writer was first.
          if (!(await update(row))) throw error;
        }
      }
    },
    async add(row) {
      try {
        await create(row);
      } catch (error) {
        const { docs } = await adapter.find({ collection, where: { id: { equals: row.name } } });
        if (docs.length === 0) throw error;
      }
    },
    async prune() {
      const before = Date.now() - CLOCK_DIFFERENCE;
      await adapter.deleteMany({ collection, where: { expires: { less_than: before } } });
    },
  };
}

function batches<Item>(items: readonly Item[]): Item[][] {
  const all: Item[][] = [];
  for (let start = 0; start < items.length; start += MOST_ROWS)
    all.push(items.slice(start, start + MOST_ROWS));
  return all;
}

/** As SQLite and PostgreSQL say it; Drizzle puts an error of its own around theirs. */
function isMissingTable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === '42P01' || /no such table/i.test(cause.message)) return true;
  }
  return false;
}
