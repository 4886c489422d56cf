import { newVersion, VERSION_LIFETIME } from '../interfaces/registry.js';
import { answerLock, type LockAnswer, type LockRequest, type LockRow } from './lock-table.js';

/** The part of a Durable Object's state that is used. */
export interface CacheTagState {
  storage: {
    sql: { exec(query: string, ...bindings: unknown[]): Iterable<Record<string, unknown>> };
    getAlarm(): Promise<number | null>;
    setAlarm(time: number): Promise<void>;
  };
}

/** What the registry asks of an object, in JSON. */
export interface CacheTagRequest {
  operation: 'get' | 'replace' | 'lock';
  /** None with `lock`: an object of a release without locks then answers with an empty list. */
  tags: readonly string[];
  lock?: LockRequest;
  /** Seconds for which new versions must be kept. */
  lifetime?: number;
  /** The version to be given, instead of a new one for each. */
  version?: string;
}

/** Shortest time between two looks for versions that can go, in milliseconds. */
const PRUNING_INTERVAL = 3_600_000;

/**
 * The Durable Object that keeps tag versions, in its SQLite storage. Export it from the Worker's main module, bind it,
 * and name it in `new_sqlite_classes` of a migration; `payload-kv init --registry durable-object` does all three.
 *
 * A class without a base, so that this module can be imported outside of workerd as well.
 */
export class CacheTagRegistry {
  /** By this, types alone know a class of Durable Objects: `wrangler types` names it in the env's. */
  declare readonly __DURABLE_OBJECT_BRAND: never;
  readonly #storage: CacheTagState['storage'];
  /** The version of every tag without one of its own. Made with the object: what another one said is never fresh here. */
  readonly #epoch: string;
  #hasAlarm = false;

  constructor(state: CacheTagState, _env?: unknown) {
    this.#storage = state.storage;
    const { sql } = this.#storage;
    sql.exec(
      'CREATE TABLE IF NOT EXISTS versions (tag TEXT PRIMARY KEY, version TEXT NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID',
    );
    sql.exec(
      'CREATE TABLE IF NOT EXISTS epoch (id INTEGER PRIMARY KEY CHECK (id = 1), version TEXT NOT NULL)',
    );
    sql.exec(
      'CREATE TABLE IF NOT EXISTS locks (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires INTEGER NOT NULL, token INTEGER NOT NULL) WITHOUT ROWID',
    );
    sql.exec('INSERT OR IGNORE INTO epoch (id, version) VALUES (1, ?)', newVersion());
    const [row] = sql.exec('SELECT version FROM epoch');
    this.#epoch = row?.version as string;
  }

  /** Answers one request of the registry. Nothing outside the Worker can send one. */
  async fetch(request: Request): Promise<Response> {
    const { operation, tags, lifetime, version, lock } = (await request.json()) as CacheTagRequest;
    if (operation === 'lock') return Response.json(lock ? await this.#lock(lock) : {});
    return Response.json(
      operation === 'replace' ? await this.#replace(tags, lifetime, version) : this.#get(tags),
    );
  }

  /** Deletes versions that no living entry can have outlived, and locks that are free. */
  async alarm(): Promise<void> {
    const { sql } = this.#storage;
    const now = Date.now();
    for (const table of ['versions', 'locks']) sql.exec(`DELETE FROM ${table} WHERE expires <= ?`, now);
    const [row] = sql.exec(
      'SELECT MIN(expires) AS next FROM (SELECT expires FROM versions UNION ALL SELECT expires FROM locks)',
    );
    const next = row?.next as number | null;
    this.#hasAlarm = next !== null;
    if (next !== null) await this.#storage.setAlarm(Math.max(next, now + PRUNING_INTERVAL));
  }

  #get(tags: readonly string[]): string[] {
    return tags.map((tag) => {
      const [row] = this.#storage.sql.exec('SELECT version FROM versions WHERE tag = ?', tag);
      return (row?.version as string | undefined) ?? this.#epoch;
    });
  }

  async #replace(tags: readonly string[], lifetime = VERSION_LIFETIME, given?: string): Promise<string[]> {
    const expires = Date.now() + Math.ceil(lifetime) * 1_000;
    const versions = tags.map((tag) => {
      const version = given ?? newVersion();
      this.#storage.sql.exec(
        'INSERT INTO versions (tag, version, expires) VALUES (?, ?, ?) ON CONFLICT (tag) DO UPDATE SET version = excluded.version, expires = excluded.expires',
        tag,
        version,
        expires,
      );
      return version;
    });
    if (tags.length > 0) await this.#alarmBy(expires);
    return versions;
  }

  async #lock(request: LockRequest): Promise<LockAnswer> {
    const { sql } = this.#storage;
    const now = Date.now();
    const [row] = sql.exec('SELECT holder, expires, token FROM locks WHERE name = ?', request.name);
    const { holder, expires: until, token } = (row ?? {}) as unknown as LockRow & { expires: number };
    const { answer, changed } = answerLock(row && { holder, until, token }, request, now);
    if (changed) {
      sql.exec(
        'INSERT OR REPLACE INTO locks (name, holder, expires, token) VALUES (?, ?, ?, ?)',
        request.name,
        changed.holder,
        changed.until,
        changed.token,
      );
      await this.#alarmBy(now + PRUNING_INTERVAL);
    }
    return answer;
  }

  async #alarmBy(time: number): Promise<void> {
    if (this.#hasAlarm) return;
    this.#hasAlarm = true;
    if ((await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(time);
  }
}
