import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import {
  type CollectionPolicy,
  getCacheStats,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { type Command, commandArbitrary, firstDocuments } from './commands.js';
import { Difference, type RunOptions, run, type Tally, type World } from './run.js';
import { generateModel, type Model, toCollections, toGlobals } from './schema.js';
import type { Content, Database, Site } from './sites.js';

/** How the test runs on one kind of database. */
export interface DifferentialOptions {
  /** Steps by default; `DIFFERENTIAL_STEPS` is a factor on it. */
  steps: number;
  /** Generated sites among which the steps are shared out. */
  schemas: number;
  /** Most commands of one run. */
  commands: number;
  /** Of a hundred commands, how many write. */
  writes: number;
  /** Payload instances with a cache. */
  sites: number;
  writesBesideTransaction: boolean;
  remembered: RunOptions['remembered'];
  /** Least share of hits among the lookups. */
  hitRate: number;
  database(content: Content): Database | Promise<Database>;
  /** Store and registry, shared by all instances. Default: both in memory. */
  cache?(): { store: Store; registry?: Registry };
}

/** Milliseconds for a run of commands that fails to be made smaller. */
const SHRINKING = 100_000;

const factor = Number(process.env.DIFFERENTIAL_STEPS ?? '1');
const givenSeed = process.env.DIFFERENTIAL_SEED;
const givenPath = process.env.DIFFERENTIAL_PATH;

/** The plugin's options for a generated site. */
export function policyOf(model: Model): Pick<PayloadKVOptions, 'collections'> {
  return {
    collections: Object.fromEntries(
      model.collections.map(({ slug, slices, cached, auth }): [string, CollectionPolicy] => [
        slug,
        { slices, ...(auth ? { allowAuth: cached } : cached ? {} : { enabled: false }) },
      ]),
    ),
  };
}

/** A generated site on a database, as several Payload instances with a cache and one without. */
export async function startWorld(
  model: Model,
  database: Database,
  sites: number,
  cache: { store: Store; registry?: Registry },
): Promise<World & { reset(): Promise<void> }> {
  const registry = cache.registry ?? memoryRegistry();
  const plugin = () => payloadKV({ store: cache.store, registry, ...policyOf(model) });
  const cached: Site[] = [];
  for (let index = 0; index < sites; index++) cached.push(await database.start([plugin()]));
  const uncached = await database.start([]);
  return {
    sites: cached,
    uncached,
    hits: () => cached.reduce((sum, { payload }) => sum + (getCacheStats(payload)?.total.hits ?? 0), 0),
    async settled() {
      for (const { payload } of cached) await settleCache(payload);
    },
    async reset() {
      for (const { payload } of cached) await settleCache(payload);
      await database.empty();
      for await (const keys of cache.store.list('')) await cache.store.delete(keys);
      // As Payload does at a hot reload: the cache of each instance begins anew.
      for (const { payload } of cached) {
        await payload.db.init?.();
        await payload.db.connect?.({ hotReload: true });
      }
    },
  };
}

/** Declares the tests: one per generated site. */
export function differential(name: string, options: DifferentialOptions): void {
  const seed = givenSeed === undefined ? Date.now() % 1_000_000_000 : Number(givenSeed.split(':')[0]);
  const [onlySchema] = givenSeed?.split(':').slice(1).map(Number) ?? [];
  const stepsOfSchema = Math.ceil((options.steps * factor) / options.schemas);
  const total: Tally = { steps: 0, written: 0, refused: 0, replays: 0, errors: 0 };

  for (let schema = 0; schema < options.schemas; schema++) {
    if (onlySchema !== undefined && onlySchema !== schema) continue;
    test(`${name}: every answer through the cache is the database's, on generated site ${seed}:${schema}`, async () => {
      const model = generateModel(seed * 100 + schema);
      const database = await options.database({
        collections: () => toCollections(model),
        globals: () => toGlobals(model),
        locales: model.locales,
      });
      try {
        const world = await startWorld(
          model,
          database,
          options.sites,
          options.cache?.() ?? { store: memory() },
        );
        const tally = await checkWorld(model, database, world, schema);
        for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
      } finally {
        await database.stop();
      }
    }, 600_000);
  }

  async function checkWorld(
    model: Model,
    database: Database,
    world: World & { reset(): Promise<void> },
    schema: number,
  ): Promise<Tally> {
    const tally: Tally = { steps: 0, written: 0, refused: 0, replays: 0, errors: 0 };
    const command = commandArbitrary(model, {
      sites: options.sites,
      transactions: database.transactions,
      writesBesideTransaction: options.writesBesideTransaction,
      writes: options.writes,
    });
    const commands = fc.noBias(fc.array(command, { maxLength: options.commands, size: 'max' }));
    const property = fc.asyncProperty(commands, async (list) => {
      await world.reset();
      await run([...firstDocuments(model, seed), ...list] as Command[], world, options, tally);
    });
    for (let round = 0; tally.steps < stepsOfSchema; round++) {
      const result = await fc.check(property, {
        seed: seed * 1_000 + schema * 100 + round,
        numRuns: 4,
        interruptAfterTimeLimit: SHRINKING,
        ...(givenPath ? { path: givenPath, endOnFailure: true } : {}),
      });
      if (result.failed) {
        const cause = result.errorInstance;
        const replay = `DIFFERENTIAL_SEED=${seed}:${schema} DIFFERENTIAL_STEPS=${factor}`;
        throw new Error(
          [
            `${cause instanceof Difference ? cause.message : ((cause as Error)?.stack ?? cause)}`,
            `Found in ${tally.steps} steps, made smaller ${result.numShrinks} times.`,
            `Again: ${replay} npx vitest run test/differential/${name}.test.ts`,
            ...(round === 0 && result.counterexamplePath
              ? [`This run alone: DIFFERENTIAL_PATH=${result.counterexamplePath} ${replay} …`]
              : []),
          ].join('\n'),
        );
      }
    }
    const stats = world.sites.map(({ payload }) => getCacheStats(payload)?.total);
    const sum = (count: 'hits' | 'misses' | 'stale' | 'errors'): number =>
      stats.reduce((all, of) => all + (of?.[count] ?? 0), 0);
    const lookups = sum('hits') + sum('misses') + sum('stale');
    if (process.env.DIFFERENTIAL_REPORT)
      console.log(
        `${name} ${seed}:${schema}`,
        tally,
        `hit rate ${(sum('hits') / lookups).toFixed(2)} of ${lookups}`,
      );
    expect(sum('errors')).toBe(0);
    expect(sum('hits') / lookups, 'a cache that never answers passes every comparison').toBeGreaterThan(
      options.hitRate,
    );
    return tally;
  }

  afterAll(() => {
    if (total.steps > 0)
      console.log(
        `${name}: ${total.steps} steps (${total.written} writes, ${total.refused} refused by the database), ${total.replays} replays, seed ${seed}`,
      );
  });
}
