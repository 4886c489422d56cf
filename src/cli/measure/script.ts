/**
 * What `measure` runs in the user's project, by `payload run`: it starts Payload as the config has it, reads a few
 * documents of each collection with and without the cache, and writes counts and times to file descriptor 3. Nothing
 * is written to the database, no `onInit` runs, and no document leaves the process.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { CollectionSlug, Payload, SanitizedConfig } from 'payload';
import { type BypassReason, type CacheStats, getCacheStats } from '../../runtime/index.js';
import { WRITE_OPERATIONS } from '../../runtime/query/operations.js';
import { failureOf, reply, sanitisedConfig } from '../payload-script.js';
import { type MeasuredCollection, type MeasuredQuery, median } from './measurement.js';

/** Reads with the cache and as many without. */
const SAMPLES = 9;
/** No collection is read for longer, whatever its reads cost; each way at least {@link LEAST_SAMPLES} times. */
const LONGEST_MS = 4000;
const LEAST_SAMPLES = 3;
/** How long an entry may take until it is stored. */
const LONGEST_STORE_MS = 2000;

/** What the script answers. */
export type MeasureReply =
  | { ok: true; collections: MeasuredCollection[] }
  | { ok: false; reason: 'no-cache' }
  | { ok: false; reason: 'no-database'; file: string }
  | { ok: false; reason: 'error'; message: string; stack: string };

class WriteRefused extends Error {}

/** Set while reads are to be answered by the database, those of the relations included. */
let withoutCache = false;

async function measure(): Promise<MeasureReply> {
  const { PAYLOAD_KV_PAYLOAD: home } = process.env;
  // It would empty the database at the start.
  delete process.env.PAYLOAD_DROP_DATABASE;
  const config = await sanitisedConfig();
  const missing = prepare(config);
  const { getPayload } = (await import(pathToFileURL(entryOf(home!)).href)) as typeof import('payload');
  let payload: Payload;
  try {
    payload = await getPayload({ config, disableOnInit: true });
  } catch (error) {
    const database = missing();
    if (database !== undefined) return { ok: false, reason: 'no-database', file: database };
    throw error;
  }
  if (!getCacheStats(payload)) return { ok: false, reason: 'no-cache' };
  for (const name of WRITE_OPERATIONS) {
    (payload.db as unknown as Record<string, unknown>)[name] = () => {
      throw new WriteRefused('Nothing is written while it is measured.');
    };
  }
  const collections: MeasuredCollection[] = [];
  for (const { slug } of config.collections) {
    if (slug.startsWith('payload-')) continue;
    collections.push(await measureCollection(payload, slug));
  }
  return { ok: true, collections };
}

/**
 * Lets the start change nothing, and reads bypass the cache when they are told to.
 * @returns the file of an SQLite database that is not there, once Payload has made its adapter
 */
function prepare(config: SanitizedConfig): () => string | undefined {
  const { db } = config;
  let missing: string | undefined;
  config.telemetry = false;
  config.typescript = { ...config.typescript, autoGenerate: false };
  config.db = {
    ...db,
    init(args) {
      const adapter = db.init(args) as unknown as Record<string, unknown>;
      // A schema pushed, migrations run, a database or its indexes created: what else a start may do.
      if ('push' in adapter) adapter.push = false;
      if ('prodMigrations' in adapter) adapter.prodMigrations = undefined;
      if ('disableCreateDatabase' in adapter) adapter.disableCreateDatabase = true;
      if ('ensureIndexes' in adapter) adapter.ensureIndexes = false;
      if ('mongoMemoryServer' in adapter || adapter.name === 'mongoose')
        adapter.connectOptions = {
          ...(adapter.connectOptions as object),
          autoCreate: false,
          autoIndex: false,
        };
      missing = missingFile((adapter.clientConfig as { url?: unknown } | undefined)?.url);
      if (missing !== undefined) throw new Error('There is no database.');
      return adapter as never;
    },
  };
  for (const { hooks } of [...config.collections, ...config.globals]) {
    hooks.beforeOperation = [
      ...(hooks.beforeOperation ?? []),
      ({ req }: { req: { context: Record<string, unknown> } }) => {
        if (withoutCache) req.context.payloadCache = 'bypass';
      },
    ] as never;
  }
  return () => missing;
}

/** SQLite would make an empty database of a path at which there is none. */
function missingFile(url: unknown): string | undefined {
  if (typeof url !== 'string' || !url.startsWith('file:') || url.includes(':memory:')) return undefined;
  const file = url.startsWith('file:///')
    ? fileURLToPath(url.replace(/\?.*$/, ''))
    : url.slice(5).replace(/\?.*$/, '');
  return existsSync(file) ? undefined : path.relative(process.cwd(), path.resolve(file)) || file;
}

async function measureCollection(payload: Payload, slug: string): Promise<MeasuredCollection> {
  const collection = slug as CollectionSlug;
  const find = () => payload.find({ collection, limit: 10 });
  try {
    const { docs } = await find();
    const [first] = docs as { id: number | string }[];
    if (!first) return { slug, status: 'empty' };
    const before = countsOf(payload, slug);
    await find();
    const reason = neverAsked(before, countsOf(payload, slug));
    if (reason) return { slug, status: 'not-cached', reason };
    const findByID = () => payload.findByID({ collection, id: first.id });
    return {
      slug,
      status: 'measured',
      queries: [
        await measureQuery(payload, 'find', docs.length, find),
        await measureQuery(payload, 'findByID', 1, findByID),
      ],
    };
  } catch (error) {
    // A message may quote what a document holds.
    const failure = error instanceof WriteRefused ? 'writes' : error instanceof Error ? error.name : 'Error';
    return { slug, status: 'failed', failure };
  }
}

async function measureQuery(
  payload: Payload,
  query: MeasuredQuery['query'],
  documents: number,
  read: () => Promise<unknown>,
): Promise<MeasuredQuery> {
  const once = async (bypass: boolean) => {
    withoutCache = bypass;
    const before = callsOf(getCacheStats(payload)!);
    const start = performance.now();
    try {
      await read();
    } finally {
      withoutCache = false;
    }
    const ms = performance.now() - start;
    return { ms, calls: callsOf(getCacheStats(payload)!) - before };
  };
  // Both ways once before: what is compiled and stored at the first time is not part of a time.
  await once(true);
  await once(false);
  await stored(payload);
  const samples: Record<'without' | 'with', Awaited<ReturnType<typeof once>>[]> = { without: [], with: [] };
  const start = performance.now();
  for (let count = 0; count < SAMPLES; count++) {
    if (count >= LEAST_SAMPLES && performance.now() - start > LONGEST_MS / 2) break;
    samples.without.push(await once(true));
    samples.with.push(await once(false));
  }
  const both = (value: (all: Awaited<ReturnType<typeof once>>[]) => number) => ({
    without: value(samples.without),
    with: value(samples.with),
  });
  return {
    query,
    documents,
    samples: samples.with.length,
    calls: both((all) => median(all.map(({ calls }) => calls))),
    ms: both((all) => median(all.map(({ ms }) => ms))),
  };
}

/** Reads that the database answered. */
function callsOf({ total }: CacheStats): number {
  const bypasses = Object.values(total.bypasses).reduce((sum, count) => sum + count, 0);
  return total.misses + total.stale + bypasses - total.shared - total.servedStale;
}

/** Entries are stored beside the answer. */
async function stored(payload: Payload): Promise<void> {
  const start = performance.now();
  while (getCacheStats(payload)!.pending > 0 && performance.now() - start < LONGEST_STORE_MS) await sleep(5);
}

type Counts = CacheStats['collections'][string] | undefined;

function countsOf(payload: Payload, slug: string): Counts {
  return getCacheStats(payload)!.collections[slug];
}

/** Why the cache was not asked at all between two counts. */
function neverAsked(before: Counts, after: Counts): BypassReason | undefined {
  const asked = (counts: Counts) => (counts ? counts.hits + counts.misses + counts.stale : 0);
  if (asked(after) > asked(before)) return undefined;
  const reasons = Object.entries(after?.bypasses ?? {}) as [BypassReason, number][];
  return reasons.find(([reason, count]) => count > (before?.bypasses[reason] ?? 0))?.[0] ?? 'policy';
}

/** The module of the project's own Payload: this package may lie elsewhere. */
function entryOf(home: string): string {
  const { exports } = JSON.parse(readFileSync(path.join(home, 'package.json'), 'utf8')) as {
    exports?: { '.'?: { import?: string; default?: string } };
  };
  const entry = exports?.['.'];
  return path.join(home, entry?.import ?? entry?.default ?? 'dist/index.js');
}

reply(
  await measure().catch(
    (error: unknown): MeasureReply => ({ ok: false, reason: 'error', ...failureOf(error) }),
  ),
);
