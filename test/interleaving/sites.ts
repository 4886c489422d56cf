import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { type Consistency, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Clock, takeClock } from '../support/clock.js';
import {
  type Adapter,
  type BlogOptions,
  countDatabaseCalls,
  type DatabaseCalls,
  type Started,
  startBlog,
} from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import type { Backend, Shared } from './backends.js';
import { createGates, type Gates } from './gates.js';

/** One of two sites that share a database, a store and a registry. */
export interface Site extends Started {
  gates: Gates;
  calls: DatabaseCalls;
}

/** Two sites of one blog, as two processes of one deployment. */
export interface Pair {
  sites: [Site, Site];
  /** The one author there is. */
  id: number;
  clock: Clock;
  stop(): Promise<void>;
}

/** Two queries for the same: one that is held does not hold those who ask the other. */
export type Query = 77 | 78;

/** For gates of `find`: tells a reader's query from those that writes make. */
export const isReader =
  (query: Query = 77) =>
  ({ limit }: { limit?: unknown }): boolean =>
    limit === query;

/** The author's name, through the cache. */
export async function read({ payload }: Site, limit: Query = 77): Promise<string | undefined> {
  const { docs } = await payload.find({ collection: 'authors', limit, sort: 'id', depth: 0 });
  return docs[0]?.name as string | undefined;
}

/** The author's name in the database. */
async function truth({ payload }: Site): Promise<string | undefined> {
  const { docs } = await payload.find({
    collection: 'authors',
    limit: 77,
    sort: 'id',
    depth: 0,
    context: { cache: 'bypass' },
  });
  return docs[0]?.name as string | undefined;
}

/** SQLite in a file, without transactions and with them, or the URL of a PostgreSQL database. */
export type Database = 'sqlite' | 'sqlite-transactions' | `postgres://${string}`;

/** Starts two sites, with one author in their database. */
export async function startPair(
  backend: Backend,
  database: Database = 'sqlite',
  consistency?: Consistency,
): Promise<Pair> {
  const clock = takeClock();
  const shared: Shared = await backend.start();
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-interleaving-'));
  let where: BlogOptions;
  if (database === 'sqlite' || database === 'sqlite-transactions')
    where = { db: database, url: `file:${path.join(directory, 'blog.db')}` };
  else {
    // Loaded where it is used: it brings a Payload, which shares global state with one from another directory.
    const { postgresAdapter } = await import('@payloadcms/db-postgres');
    where = {
      configure: (config) => ({ ...config, db: postgresAdapter({ pool: { connectionString: database } }) }),
    };
  }

  async function startSite(): Promise<Site> {
    const gates = createGates();
    const calls = countDatabaseCalls();
    const { store, registry } = shared.join();
    const started = await startBlog({
      ...where,
      wrapAdapter: (adapter) => gates.wrapAdapter(calls.wrapAdapter(endingWithServer(adapter))),
      plugins: [
        payloadKV({
          store: gates.wrapStore(store, registry),
          registry: gates.wrapRegistry(registry),
          timeout: 30_000,
          writeTimeout: 30_000,
          ...(consistency ? { consistency } : {}),
        }),
      ],
    });
    return { ...started, gates, calls };
  }

  const one = await startSite();
  const other = await startSite();
  const author = await one.payload.create({ collection: 'authors', data: { name: 'first' } });
  clock.advance(backend.bound);
  return {
    sites: [one, other],
    id: author.id as number,
    clock,
    async stop() {
      for (const { gates } of [one, other]) gates.openAll();
      await one.stop();
      await other.stop();
      await shared.stop();
      await removeDirectory(directory);
      clock.stop();
    },
  };
}

/** A server that is stopped ends connections that lie idle in the pool of PostgreSQL's adapter. */
function endingWithServer(adapter: Adapter): Adapter {
  const { connect } = adapter;
  return Object.assign(adapter, {
    async connect(this: { pool?: { on(event: 'error', listener: () => void): void } }, ...args: unknown[]) {
      await Reflect.apply(connect as (...args: unknown[]) => unknown, this, args);
      this.pool?.on('error', () => undefined);
    },
  });
}

/** Renames the author. */
export async function rename({ payload }: Site, id: number, name: string): Promise<void> {
  await payload.update({ collection: 'authors', id, data: { name } });
}

/** Lets both sites end what they do in the background, and the registry's bound pass. */
async function settle({ sites, clock }: Pair, backend: Pick<Backend, 'bound'>): Promise<void> {
  for (const { payload } of sites) await settleCache(payload, 20_000);
  clock.advance(backend.bound);
}

/** Expects both sites to answer with the name, and to store that answer: twice, as the second may find an entry. */
export async function expectEverywhere(
  pair: Pair,
  backend: Pick<Backend, 'bound'>,
  name: string,
): Promise<void> {
  await settle(pair, backend);
  for (const time of ['first', 'second']) {
    for (const [index, site] of pair.sites.entries()) {
      expect(await read(site), `${time} read of site ${index}`).toBe(name);
      expect(await read(site, 78), `${time} other read of site ${index}`).toBe(name);
      await settleCache(site.payload, 20_000);
    }
  }
  for (const site of pair.sites) expect(await truth(site)).toBe(name);
}
