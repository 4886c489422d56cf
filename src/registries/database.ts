import type { CollectionConfig, Payload } from 'payload';
import { PayloadKVError } from '../errors.js';
import {
  type ConnectContext,
  newVersion,
  type Registry,
  type ReplaceContext,
  VERSION_LIFETIME,
} from '../interfaces/registry.js';
import { hash } from '../platform/hash.js';
import { COLLECTION, type Rows, rowsOf } from './database-rows.js';

/**
 * Row whose version is that of every tag without a row. It is made with the table, so that entries which recorded it
 * do not become fresh again over another database. No tag begins with this sign.
 */
const EPOCH = '#epoch';
/** Tags that are named as they are; all others are named by their hash. None of these needs escaping in SQL. */
const PLAIN_NAME = /^[\w@#?=*~.:/+ -]{1,200}$/;
/** How often one process looks for rows that can go, in milliseconds. */
const PRUNING_INTERVAL = 3_600_000;
/** How often a missing table is looked for, in milliseconds. */
const RECHECK_INTERVAL = 30_000;

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
    rows = rowsOf(context.adapter);
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

/** As SQLite and PostgreSQL say it; Drizzle puts an error of its own around theirs. */
function isMissingTable(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === '42P01' || /no such table/i.test(cause.message)) return true;
  }
  return false;
}
