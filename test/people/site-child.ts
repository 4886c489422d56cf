/**
 * A process of the site that people use: with the cache on a Redis, or without one. Its one argument is a
 * {@link SiteSetup} as JSON. It says where it listens, and how its cache did when it is asked.
 */
import { postgresAdapter } from '@payloadcms/db-postgres';
import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { buildConfig, getPayload, handleEndpoints } from 'payload';
import { getCacheStats, memory, payloadKV, tiered } from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import { startRest } from '../support/rest.js';
import '../support/quick-passwords.mjs';
import '../support/unsynced-sqlite.mjs';
import { collections, globals } from './collections.js';
import { graphqlOf } from './graphql.js';

/** What a process is told. */
export interface SiteSetup {
  /** Of SQLite (`file:`) or PostgreSQL. */
  database: string;
  /** Of PostgreSQL; SQLite has none. */
  isolationLevel?: string;
  /** Whether SQLite begins a transaction for each write operation. */
  transactions?: boolean;
  /** Without one there is no cache. */
  redisPort?: number;
  /** Whether it has memory before Redis, and other slices than its neighbour. */
  isSecond?: boolean;
  /** Whether it makes the tables. */
  isFirst?: boolean;
}

process.env.PAYLOAD_DISABLE_DEPENDENCY_CHECKER = 'true';
process.env.DISABLE_PAYLOAD_HMR = 'true';

const setup = JSON.parse(process.argv[2] as string) as SiteSetup;
const { database, isolationLevel, isFirst: push = false } = setup;

const adapter = database.startsWith('file:')
  ? sqliteAdapter({
      client: { url: database },
      busyTimeout: 10_000,
      push,
      ...(setup.transactions ? { transactionOptions: {} } : {}),
    })
  : postgresAdapter({
      pool: { connectionString: database, max: 10 },
      push,
      transactionOptions: { isolationLevel: isolationLevel as 'serializable' },
    });

const cache = () => {
  const far = redis({ url: `redis://127.0.0.1:${setup.redisPort}` });
  return payloadKV({
    store: setup.isSecond ? tiered(memory(), far) : far,
    consistency: 'strong',
    collections: {
      articles: { slices: setup.isSecond ? ['slug', 'tenant'] : ['slug'] },
      tenants: {},
    },
    globals: { settings: {} },
    // Machines with more to do than cores would give up Redis, and prove nothing.
    timeout: 10_000,
    writeTimeout: 10_000,
  });
};

const config = await buildConfig({
  secret: 'only-for-tests',
  admin: { user: 'users', importMap: { autoGenerate: false } },
  telemetry: false,
  typescript: { autoGenerate: false },
  logger: { options: { level: process.env.PAYLOAD_LOG_LEVEL ?? 'silent' } },
  localization: { locales: ['en', 'de'], defaultLocale: 'en', fallback: true },
  collections: collections(),
  globals: globals(),
  db: adapter,
  plugins: setup.redisPort === undefined ? [] : [cache()],
});
const payload = await getPayload({ config, key: 'people' });
if (push && database.startsWith('file:'))
  await (payload.db as unknown as { client: { execute(text: string): Promise<unknown> } }).client.execute(
    'pragma journal_mode = wal',
  );

const graphql = graphqlOf(config, 'people');
const server = await startRest({
  handle: (request) =>
    new URL(request.url).pathname === '/api/graphql'
      ? graphql(request)
      : handleEndpoints({ config, request, payloadInstanceCacheKey: 'people' }),
});

process.on('message', async (message) => {
  if (message === 'stats') process.send?.({ stats: getCacheStats(payload) });
  if (message === 'stop') {
    await server.stop();
    process.exit(0);
  }
});
process.once('disconnect', () => process.exit(0));
process.send?.({ api: server.url });
