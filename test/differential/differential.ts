import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aesGCM,
  type CollectionPolicy,
  getCacheStats,
  gzip,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { messagePack } from '../../src/runtime/msgpack.js';
import { sharedMemory } from '../support/shared-memory.js';
import { type Command, commandArbitrary, firstDocuments } from './commands.js';
import { Difference, emptyTally, type RunOptions, run, type Tally, type World } from './run.js';
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
  failureAborts?: RunOptions['failureAborts'];
  remembered: RunOptions['remembered'];
  /** Least share of hits among the lookups. */
  hitRate: number;
  database(content: Content): Database | Promise<Database>;
  /** Store and registry, shared by all instances. Default: both in memory. */
  cache?(): { store: Store; registry?: Registry };
  /** A registry for each instance, where it is no object that instances can share. */
  registryOfEach?(): Registry;
}

/** Milliseconds for a run of commands that fails to be made smaller. */
const SHRINKING = Number(process.env.DIFFERENTIAL_SHRINKING ?? '60000');
/** Most of the comparisons that may be of the same error on both sides: those prove little. */
const MOST_ERRORS = 0.3;

const factor = Number(process.env.DIFFERENTIAL_STEPS ?? '1');
/** The seed of a run that names none: what is tested at a commit is then the same wherever it is tested. */
const DEFAULT_SEED = 1;
const named = process.env.DIFFERENTIAL_SEED || `${DEFAULT_SEED}`;
/** `seed`, `seed:site` or `seed:site:round`, as a failure prints it, or `random`. */
const [namedSeed, givenSite, givenRound] =
  named === 'random' ? [Date.now() % 1_000_000_000] : named.split(':').map(Number);
/** From which sites and commands are generated. */
export const seed = namedSeed ?? DEFAULT_SEED;
/** Path of the smaller run, as a failure prints it. */
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

type EntryForm = Pick<PayloadKVOptions, 'serializer' | 'compression' | 'encryption'>;

const ENCRYPTED = (): EntryForm => ({
  encryption: aesGCM({ keys: [Buffer.alloc(32, 7).toString('base64')] }),
});

/** What entries are written as: another form on each generated site. */
const FORMS: readonly (() => EntryForm)[] = [
  () => ({}),
  () => ({ serializer: messagePack() }),
  () => ({ compression: gzip({ threshold: 1 }) }),
  ENCRYPTED,
];

interface StartedWorld extends World {
  /** Empties the database, the store, and what each instance remembers. */
  reset(): Promise<void>;
}

/** A generated site on a database, as several Payload instances with a cache and one without. */
export async function startWorld(
  model: Model,
  database: Database,
  sites: number,
  cache: { store: Store; registry?: Registry },
  registryOfEach?: () => Registry,
  wanted: EntryForm = {},
): Promise<StartedWorld> {
  // Collections with logins leave the process encrypted, or not at all.
  const isOpen = !cache.store.local && !wanted.encryption;
  const form =
    isOpen && model.collections.some(({ auth, cached }) => auth && cached)
      ? { ...wanted, ...ENCRYPTED() }
      : wanted;
  // One instance has the registry of its store; several share one whose writes they see at once.
  const shared = cache.registry ?? (sites > 1 ? memoryRegistry() : undefined);
  const plugin = () => {
    const registry = registryOfEach?.() ?? shared;
    return payloadKV({
      store: cache.store,
      ...(registry ? { registry } : {}),
      // What a write made stale must not be served by them either.
      swr: '1h',
      staleIfError: '1h',
      ...form,
      ...policyOf(model),
    });
  };
  const cached: Site[] = [];
  for (let index = 0; index < sites; index++) cached.push(await database.start([plugin()]));
  const uncached = await database.start([]);
  return {
    sites: cached,
    uncached,
    hits: () => cached.reduce((sum, { payload }) => sum + (getCacheStats(payload)?.total.hits ?? 0), 0),
    ...(Object.keys(form).length > 0 && {
      async settled() {
        for (const { payload } of cached) await settleCache(payload);
      },
    }),
    async reset() {
      for (const { payload } of cached) await settleCache(payload);
      await database.empty();
      for await (const keys of cache.store.list('')) await cache.store.deleteMany(keys);
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
  const stepsOfSite = Math.ceil((options.steps * factor) / options.schemas);
  const total = emptyTally();
  ignoreRefusedJoins();

  for (let site = 0; site < options.schemas; site++) {
    if (givenSite !== undefined && givenSite !== site) continue;
    test(`${name}: every answer through the cache is the database's, on generated site ${seed}:${site}`, async () => {
      const model = generateModel(seed * 100 + site);
      const database = await options.database({
        collections: () => toCollections(model),
        globals: () => toGlobals(model),
        locales: model.locales,
      });
      try {
        const cache = options.cache?.() ?? { store: options.sites > 1 ? sharedMemory() : memory() };
        const form = FORMS[site % FORMS.length]?.() ?? {};
        const world = await startWorld(model, database, options.sites, cache, options.registryOfEach, form);
        await checkSite(model, database, world, site);
      } finally {
        await database.stop();
      }
    }, 900_000);
  }

  async function checkSite(
    model: Model,
    database: Database,
    world: StartedWorld,
    site: number,
  ): Promise<void> {
    const tally = emptyTally();
    const command = commandArbitrary(model, {
      sites: options.sites,
      findDistinct: typeof world.uncached.base.findDistinct === 'function',
      transactions: database.transactions,
      writesBesideTransaction: options.writesBesideTransaction,
      writes: options.writes,
    });
    const commands = fc.noBias(fc.array(command, { maxLength: options.commands, size: 'max' }));
    for (let round = givenRound ?? 0; tally.steps < stepsOfSite; round++) {
      await checkRound(
        commands,
        world,
        tally,
        firstDocuments(model, seed + round),
        `${seed}:${site}:${round}`,
      );
      if (givenRound !== undefined) break;
    }
    const stats = world.sites.map(({ payload }) => getCacheStats(payload)?.total);
    const sum = (count: 'hits' | 'misses' | 'stale' | 'errors'): number =>
      stats.reduce((all, of) => all + (of?.[count] ?? 0), 0);
    const hitRate = sum('hits') / (sum('hits') + sum('misses') + sum('stale'));
    if (process.env.DIFFERENTIAL_REPORT) {
      const { reasons, ...counts } = tally;
      const common = [...reasons].sort(([, one], [, other]) => other - one).slice(0, 40);
      console.log(name, `${seed}:${site}`, counts, `hit rate ${hitRate.toFixed(2)}`);
      console.log(common.map(([reason, count]) => `${count} ${reason}`).join('\n'));
    }
    for (const count of COUNTS) total[count] += tally[count];
    expect(sum('errors')).toBe(0);
    if (givenRound !== undefined) return;
    expect(hitRate, 'a cache that never answers passes every comparison').toBeGreaterThan(options.hitRate);
    expect(tally.errors / (tally.steps + tally.replays), 'equal errors prove little').toBeLessThan(
      MOST_ERRORS,
    );
  }

  /** One sequence of commands; on failure, smaller ones as long as there is time. */
  async function checkRound(
    commands: fc.Arbitrary<Command[]>,
    world: StartedWorld,
    tally: Tally,
    first: Command[],
    place: string,
  ): Promise<void> {
    let failedAt: number | undefined;
    let isDifference = false;
    const property = fc.asyncProperty(commands, async (list) => {
      if (failedAt !== undefined && Date.now() - failedAt > SHRINKING) return;
      try {
        await world.reset();
        await run([...first, ...list], world, options, failedAt === undefined ? tally : emptyTally());
      } catch (error) {
        if (failedAt === undefined) {
          failedAt = Date.now();
          isDifference = error instanceof Difference;
        }
        // What a smaller run stumbles over is not what this one found.
        if (!isDifference || error instanceof Difference) throw error;
      }
    });
    const result = await fc.check(property, {
      seed: fc.hash(place),
      numRuns: 1,
      ...(givenPath ? { path: givenPath, endOnFailure: true } : {}),
    });
    if (!result.failed) return;
    const cause = result.errorInstance;
    const file = `npx vitest run test/differential/${name}.test.ts`;
    throw new Error(
      [
        `${cause instanceof Difference ? cause.message : ((cause as Error)?.stack ?? cause)}`,
        `Found in ${tally.steps} steps, made smaller ${result.numShrinks} times.`,
        `Again: DIFFERENTIAL_SEED=${place} ${file}`,
        `The smallest run alone: DIFFERENTIAL_SEED=${place} DIFFERENTIAL_PATH=${result.counterexamplePath} ${file}`,
      ].join('\n'),
    );
  }

  afterAll(() => {
    if (total.steps > 0)
      console.log(
        `${name}: ${total.steps} steps (${total.written} writes, ${total.refused} refused by the database), ${total.replays} replays, seed ${seed}`,
      );
  });
}

/** Where Payload refuses the conditions of a join, it rejects a promise that nobody waits for. */
export function ignoreRefusedJoins(): void {
  const listeners = process.listeners('unhandledRejection');
  beforeAll(() => {
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', (reason, promise) => {
      if ((reason as Error | undefined)?.name === 'QueryError') return;
      for (const listener of listeners) listener(reason, promise);
    });
  });
}

const COUNTS = ['steps', 'written', 'refused', 'replays', 'errors'] as const;
