import { mkdtemp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SQLiteAdapter } from '@payloadcms/db-sqlite';
import { sqliteAdapter } from '@payloadcms/db-sqlite';
import type { Miniflare } from 'miniflare';
import type {
  CollectionConfig,
  Config,
  DatabaseAdapterObj,
  GlobalConfig,
  Payload,
  Plugin,
  SanitizedConfig,
} from 'payload';
import * as payload3 from 'payload';
import { Authors } from '../../fixtures/blog/src/collections/Authors.js';
import { Categories } from '../../fixtures/blog/src/collections/Categories.js';
import { Media } from '../../fixtures/blog/src/collections/Media.js';
import { Posts } from '../../fixtures/blog/src/collections/Posts.js';
import { Tags } from '../../fixtures/blog/src/collections/Tags.js';
import { Users } from '../../fixtures/blog/src/collections/Users.js';
import { Header } from '../../fixtures/blog/src/globals/Header.js';
import { SiteSettings } from '../../fixtures/blog/src/globals/SiteSettings.js';
import { READS, WRITES } from './adapter-methods.js';
import { answer, startInstance, stopInstance } from './payload-instance.js';
import { pushedOnce } from './pushed-once.js';
import { removeDirectory } from './remove-directory.js';
import { repository } from './repository.js';

/** A database adapter as Payload's `config.db.init` returns it. */
export type Adapter = Payload['db'];

/** What all starts have in common. */
export interface StartOptions {
  /** Plugins of the config, e.g. `[payloadKV({ store: memory() })]`. */
  plugins?: Plugin[];
  /** Number of posts or pages to seed. Default 0: an empty database. */
  seed?: number;
  /** Gets the base adapter before any plugin wraps what is around it: to count calls, or to replace it. */
  wrapAdapter?: (adapter: Adapter) => Adapter;
  /** Changes the config before Payload sanitises it, e.g. to add a field. Plugins run after it. */
  configure?: (config: Config) => Config;
}

export interface BlogOptions extends StartOptions {
  /**
   * Default `sqlite`: as most projects have it, without transactions, in memory. `sqlite-transactions` begins one for
   * each write operation and lives in a temporary file.
   */
  db?: 'sqlite' | 'sqlite-transactions';
  /** A database file to share with other instances, e.g. `file:/tmp/x/blog.db`. The caller removes it. */
  url?: string;
}

export interface CloudflareOptions extends StartOptions {
  /** A Miniflare to share with other instances; it must have the D1 binding `D1`. Not disposed by `stop`. */
  miniflare?: Miniflare;
}

/** A real Payload in this process. */
export interface Started {
  payload: Payload;
  /** The sanitised config it was started with. */
  config: SanitizedConfig;
  /** What Payload knows it by in this process. */
  instanceKey: string;
  /** Answers a request to the REST API, as the project's server would. */
  handle(request: Request): Promise<Response>;
  /** Closes the database and removes temporary files. */
  stop(): Promise<void>;
}

export interface StartedCloudflare extends Started {
  miniflare: Miniflare;
  /** The bindings: `D1`, `PAYLOAD_CACHE`. */
  env: CloudflareBindings;
}

/** Bindings of the test Worker. */
export interface CloudflareBindings {
  D1: Awaited<ReturnType<Miniflare['getD1Database']>>;
  PAYLOAD_CACHE: Awaited<ReturnType<Miniflare['getKVNamespace']>>;
}

type PayloadModule = Pick<typeof payload3, 'buildConfig' | 'getPayload' | 'handleEndpoints'>;
type Seed = (payload: Payload, options: { posts: number; pages: number }) => Promise<void>;

// Payload remembers the last schema it pushed, per process: a second database would stay empty.
process.env.PAYLOAD_FORCE_DRIZZLE_PUSH = 'true';
process.env.PAYLOAD_DISABLE_DEPENDENCY_CHECKER = 'true';
// No WebSocket to a Next.js server that is not there.
process.env.DISABLE_PAYLOAD_HMR = 'true';

let started = 0;

/** Starts Payload with the blog's collections and a database of its own. */
export async function startBlog(options: BlogOptions = {}): Promise<Started> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-blog-db-'));
  const transactions = options.db === 'sqlite-transactions';
  // libsql gives each transaction a connection of its own, so that with one the database must be a file.
  const url = options.url ?? (transactions ? `file:${path.join(directory, 'blog.db')}` : ':memory:');
  const db = sqliteAdapter({
    client: { url },
    busyTimeout: 5000,
    ...(transactions ? { transactionOptions: {} } : {}),
  });
  const config: Config = {
    ...common,
    collections: [Posts, Categories, Tags, Authors, Media, Users].map((collection) =>
      ownCopy(collection, directory),
    ),
    globals: [Header, SiteSettings].map((global) => ownCopy(global, directory)),
    localization: { locales: ['en', 'de'], defaultLocale: 'en', fallback: true },
    db,
  };
  const running = await start(payload3, config, options);
  if (options.seed) await seedWith('blog', running.payload, options.seed);
  return {
    ...running,
    async stop() {
      await stopInstance(running.payload);
      await removeDirectory(directory);
    },
  };
}

/** Starts Payload with the collections of `fixtures/cloudflare` on Miniflare's D1; its KV is at hand. */
export async function startCloudflare(options: CloudflareOptions = {}): Promise<StartedCloudflare> {
  const miniflare = options.miniflare ?? createMiniflare();
  const env: CloudflareBindings = {
    D1: await miniflare.getD1Database('D1'),
    PAYLOAD_CACHE: await miniflare.getKVNamespace('PAYLOAD_CACHE'),
  };
  // The D1 adapter's newest release wants an older Payload than the root has: take the fixture's own.
  const modules = path.join(repository, 'fixtures/cloudflare/node_modules');
  const payloadModule = (await importFile(path.join(modules, 'payload/dist/index.js'))) as PayloadModule;
  const { sqliteD1Adapter } = (await importFile(
    path.join(modules, '@payloadcms/db-d1-sqlite/dist/index.js'),
  )) as { sqliteD1Adapter: (args: { binding: unknown }) => DatabaseAdapterObj<SQLiteAdapter> };
  const source = path.join(repository, 'fixtures/cloudflare/src');
  const collections: CollectionConfig[] = [];
  for (const name of ['Pages', 'Authors', 'Media', 'Users']) {
    const module = await importFile(path.join(source, `collections/${name}.ts`));
    collections.push(ownCopy(module[name] as CollectionConfig));
  }
  const { Navigation } = (await importFile(path.join(source, 'globals/Navigation.ts'))) as {
    Navigation: GlobalConfig;
  };
  const config: Config = {
    ...common,
    collections,
    globals: [ownCopy(Navigation)],
    db: sqliteD1Adapter({ binding: env.D1 }),
  };
  const running = await start(payloadModule, config, options);
  if (options.seed) await seedWith('cloudflare', running.payload, options.seed);
  return {
    ...running,
    miniflare,
    env,
    async stop() {
      await stopInstance(running.payload);
      if (!options.miniflare) await miniflare.dispose();
    },
  };
}

/** A Miniflare with a D1 database `D1` and a KV namespace `PAYLOAD_CACHE`, both in memory. */
export function createMiniflare(): Miniflare {
  // Loaded where it is used: most tests need none, and it takes a second.
  const miniflare = createRequire(import.meta.url)('miniflare') as typeof import('miniflare');
  return new miniflare.Miniflare({
    modules: true,
    script: 'export default { fetch() { return new Response(null, { status: 404 }) } }',
    compatibilityDate: '2026-03-01',
    d1Databases: ['D1'],
    kvNamespaces: ['PAYLOAD_CACHE'],
  });
}

/** Counts the calls of a database adapter's methods. */
export interface DatabaseCalls {
  /** For `StartOptions.wrapAdapter`. */
  wrapAdapter(adapter: Adapter): Adapter;
  /** Calls per method since the last reset. */
  counts(): Record<string, number>;
  /** All calls since the last reset. */
  total(): number;
  reset(): void;
}

const COUNTED = [...READS, ...WRITES];

/** Counts what reaches the base adapter: give its `wrapAdapter` to a start. */
export function countDatabaseCalls(): DatabaseCalls {
  let counts: Record<string, number> = {};
  return {
    wrapAdapter(adapter) {
      for (const name of COUNTED) {
        const method = adapter[name] as ((...args: unknown[]) => unknown) | undefined;
        if (!method) continue;
        Object.assign(adapter, {
          [name](this: unknown, ...args: unknown[]) {
            counts[name] = (counts[name] ?? 0) + 1;
            return method.apply(this, args);
          },
        });
      }
      return adapter;
    },
    counts: () => ({ ...counts }),
    total: () => Object.values(counts).reduce((sum, count) => sum + count, 0),
    reset() {
      counts = {};
    },
  };
}

const common = {
  secret: 'only-for-tests',
  admin: { user: 'users', importMap: { autoGenerate: false } },
  graphQL: { disable: true },
  telemetry: false,
  typescript: { autoGenerate: false },
  logger: { options: { level: process.env.PAYLOAD_LOG_LEVEL ?? 'error' } },
} satisfies Partial<Config>;

async function start(
  module: PayloadModule,
  base: Config,
  options: StartOptions,
): Promise<Omit<Started, 'stop'>> {
  const { wrapAdapter } = options;
  const configured = options.configure ? options.configure(base) : base;
  const db = (await configured.db) as DatabaseAdapterObj;
  const config = await module.buildConfig({
    ...configured,
    plugins: [...(configured.plugins ?? []), ...(options.plugins ?? [])],
    db: {
      ...db,
      init(args) {
        const adapter = pushedOnce(db.init(args) as Adapter);
        return wrapAdapter ? wrapAdapter(adapter) : adapter;
      },
    },
  });
  const key = `test-${++started}`;
  const payload = await startInstance(module, config, key);
  return {
    payload,
    config,
    instanceKey: key,
    handle: (request) => answer(module, payload, key, request),
  };
}

/** Payload sanitises collections in place, so each start needs its own. Functions and class instances are shared. */
export function ownCopy<Value>(value: Value, directory?: string): Value {
  if (Array.isArray(value)) return value.map((item) => ownCopy(item, directory)) as Value;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      // Uploads of a test belong in its own directory.
      name === 'staticDir' && directory ? path.join(directory, 'media') : ownCopy(item, directory),
    ]),
  ) as Value;
}

async function seedWith(fixture: 'blog' | 'cloudflare', payload: Payload, count: number): Promise<void> {
  // Imported by path: the fixtures' types extend Payload's for their own project, not for this one.
  const module = await importFile(path.join(repository, 'fixtures', fixture, 'src/seed.ts'));
  await (module.seed as Seed)(payload, { posts: count, pages: count });
}

async function importFile(file: string): Promise<Record<string, unknown>> {
  return import(/* @vite-ignore */ pathToFileURL(file).href);
}
