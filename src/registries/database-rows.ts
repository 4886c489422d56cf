/** The rows of the versions in a database: read and written in SQL, or through the methods that every adapter has. */
import type { DatabaseAdapter, Where } from 'payload';

/** The collection that holds the versions. */
export const COLLECTION = 'payload-kv-tags';
/** Name of its table, where the adapter does not tell another. */
const TABLE = 'payload_kv_tags';
/**
 * Longest wait for another transaction that is committing the same tags, in milliseconds. PostgreSQL only: elsewhere
 * who writes has the database for itself. Shorter than any wait for the registry, so that no connection is left waiting.
 */
const LOCK_TIMEOUT = 1_500;
/** Rows of one statement: far below what any database takes. */
const MOST_ROWS = 200;
/** Expires at no time that a row could have. */
const NEVER = Number.MAX_SAFE_INTEGER;
/** The clocks of machines that share a database without a time of its own may differ by so much, in milliseconds. */
const CLOCK_DIFFERENCE = 30 * 86_400_000;
/** Most rows that one look deletes. */
const MOST_PRUNED = 1_000;
export interface Row {
  name: string;
  version: string;
  /** After how many milliseconds the row may go; `undefined` for never. */
  lifetime: number | undefined;
}

/** How rows are read and written: in SQL, or through the methods that every adapter has. */
export interface Rows {
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

/** How the rows of an adapter are read and written. */
export function rowsOf(adapter: DatabaseAdapter): Rows {
  return isDrizzle(adapter) ? rowsInSql(adapter) : rowsOfAnyAdapter(adapter);
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
