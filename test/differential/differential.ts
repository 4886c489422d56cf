import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  aesGCM,
  type CollectionPolicy,
  getCacheStats,
  gzip,
  invalidateCache,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { messagePack } from '../../src/runtime/msgpack.js';
import { onClock, pass, takeClocks } from './clocks.js';
import type { Command } from './command.js';
import { commandArbitrary, firstDocuments, type Kind } from './commands.js';
import { Difference, emptyTally, type RunOptions, run, type Tally, type World } from './run.js';
import { generateModel, type Model, toCollections, toGlobals } from './schema.js';
import { sharedStore } from './shared-store.js';
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
  /** How many of a hundred commands call functions. Default none. */
  functions?: number;
  writesBesideTransaction: boolean;
  failureAborts?: RunOptions['failureAborts'];
  remembered: RunOptions['remembered'];
  /** Least share of hits among the lookups. */
  hitRate: number;
  database(content: Content): Database | Promise<Database>;
  /** A registry for each instance, where it is no object that instances can share. */
  registryOfEach?(): Registry;
}

/** Milliseconds for a run of commands that fails to be made smaller. */
const SHRINKING = Number(process.env.DIFFERENTIAL_SHRINKING ?? '60000');
/** Most of the comparisons that may be of the same error on both sides: those prove little. */
const MOST_ERRORS = 0.3;

const factor = Number(process.env.DIFFERENTIAL_STEPS ?? '1');
/** Milliseconds for one site. */
const LONGEST = 900_000 * Math.max(1, factor);
/** The seed of a run that names none: what is tested at a commit is then the same wherever it is tested. */
const DEFAULT_SEED = 1;
const named = process.env.DIFFERENTIAL_SEED || `${DEFAULT_SEED}`;
/** `seed`, `seed:site` or `seed:site:round`, as a failure prints it, or `random`. */
const [namedSeed, givenSite, givenRound] =
  named === 'random' ? [Date.now() % 1_000_000_000] : named.split(':').map(Number);
/** From which sites and commands are generated. */
export const seed = namedSeed ?? DEFAULT_SEED;
/** What is not drawn, for who looks for one kind of fault behind another: `order,lengths`. */
const without = new Set((process.env.DIFFERENTIAL_WITHOUT ?? '').split(',')) as ReadonlySet<Kind | ''>;
/** Path of the smaller run, as a failure prints it. */
const givenPath = process.env.DIFFERENTIAL_PATH;

/** The plugin's options for a generated site: every second process has others, where there are any. */
function policyOf(model: Model, place: number): Pick<PayloadKVOptions, 'collections'> {
  return {
    collections: Object.fromEntries(
      model.collections.map((collection): [string, CollectionPolicy] => {
        const { slices, cached } = (place % 2 === 1 && collection.inOther) || collection;
        const { slug, auth } = collection;
        // Of two processes one keeps users whole, the other without their secrets.
        const allowAuth = cached && (place % 2 === 0 ? 'without-secrets' : true);
        return [slug, { slices, ...(auth ? { allowAuth } : cached ? {} : { enabled: false }) }];
      }),
    ),
  };
}

/** The policy of a script that only writes. */
const NOTHING_CACHED = { collections: {}, globals: {} };

const MINUTE = 60_000;
/** How long an entry may be served, in minutes: while it is fresh, and afterwards. */
const FRESH = 10;
const GRACE = 20;
/** By how many milliseconds the clocks of the sites are ahead: another row on each generated site. */
const CLOCKS: readonly (readonly number[])[] = [
  [0, 0],
  [0, 60 * MINUTE],
  [0, -60 * MINUTE],
  [30_000, 0],
];

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

/** How a generated site is run. */
export interface WorldOptions {
  /** Payload instances with a cache. */
  sites: number;
  /** Others that cache nothing and write. */
  writers?: number;
  /** The store of each instance with a cache; of the same entries, if what they answer is to be tested. */
  storeOf(): Store;
  /** A registry for each instance, where it is no object that instances can share. */
  registryOfEach?: (() => Registry) | undefined;
  form?: EntryForm;
  /** By how many milliseconds the clock of each instance is ahead. */
  clocks?: readonly number[];
  /** A second database, with documents of its own. */
  elsewhere?: { database: Database; documents: Command[] };
}

/** A generated site on a database, as several Payload instances with a cache and one without. */
export async function startWorld(
  model: Model,
  database: Database,
  options: WorldOptions,
): Promise<StartedWorld> {
  const { form: wanted = {}, clocks = [], writers: scripts = 0, elsewhere } = options;
  // Collections with logins leave the process encrypted, or not at all.
  const isOpen = !options.storeOf().local && !wanted.encryption;
  const hasLogins = model.collections.some(({ auth, cached }) => auth && cached);
  const form = isOpen && hasLogins ? { ...wanted, ...ENCRYPTED() } : wanted;
  // One instance has the registry of its store; several share one whose writes they see at once.
  const shared = options.sites + scripts > 1 ? memoryRegistry() : undefined;
  const stores: Store[] = [];
  function plugin(policy: Pick<PayloadKVOptions, 'collections'>) {
    const registry = options.registryOfEach?.() ?? shared;
    const store = options.storeOf();
    stores.push(store);
    return payloadKV({
      store,
      ...(registry ? { registry } : {}),
      ttl: `${FRESH}m`,
      // What a write made stale must not be served by them either.
      swr: `${GRACE}m`,
      staleIfError: `${GRACE}m`,
      ...form,
      ...policy,
    });
  }
  const cached: Site[] = [];
  for (let index = 0; index < options.sites; index++) {
    const ahead = clocks[index] ?? 0;
    const site = await onClock(ahead, () => database.start([plugin(policyOf(model, index))]));
    cached.push({ ...site, ahead });
  }
  const writers: Site[] = [];
  for (let index = 0; index < scripts; index++) writers.push(await database.start([plugin(NOTHING_CACHED)]));
  const uncached = await database.start([]);
  const other = elsewhere && (await elsewhere.database.start([plugin(policyOf(model, 0))]));
  if (other) await fill(other, elsewhere.documents);
  const all = [...cached, ...writers, ...(other ? [other] : [])];
  return {
    sites: cached,
    writers,
    uncached,
    ...(other && { elsewhere: other }),
    hits: () => cached.reduce((sum, { payload }) => sum + (getCacheStats(payload)?.total.hits ?? 0), 0),
    ...(Object.keys(form).length > 0 && {
      async settled() {
        for (const { payload } of all) await settleCache(payload);
      },
    }),
    async invalidate() {
      for (const { payload } of all) await settleCache(payload);
      for (const { payload } of cached) await invalidateCache(payload, 'everything');
    },
    expire: () => pass((FRESH + GRACE) * MINUTE + 1_000),
    async reset() {
      for (const { payload } of all) await settleCache(payload);
      await database.empty();
      for (const store of stores) for await (const keys of store.list('')) await store.deleteMany(keys);
      // As Payload does at a hot reload: the cache of each instance begins anew.
      for (const { payload, ahead = 0 } of all) {
        await onClock(ahead, async () => {
          await payload.db.init?.();
          await payload.db.connect?.({ hotReload: true });
        });
      }
    },
  };
}

/** Others that write and cache nothing, beside those that read. */
const scripts = without.has('policies') ? 0 : 1;

function withoutPolicies(model: Model): Model {
  if (without.has('policies')) for (const collection of model.collections) delete collection.inOther;
  return model;
}

/** Gives a site its documents. */
async function fill(site: Site, documents: readonly Command[]): Promise<void> {
  const world = {
    sites: [],
    uncached: site,
    writers: [site],
    hits: () => 0,
    expire() {},
    async invalidate() {},
  };
  const options = { remembered: { adapter: 0, local: 0 }, writesBesideTransaction: false };
  await run(documents, world, options, emptyTally());
}

/** Stores that have their entries in common: each of another kind than the one before. */
function storesOf(site: number): () => Store {
  const common = site % 3 === 0 ? memory() : sharedStore(site % 2 === 0 ? 'at once' : 'later');
  // The near tier keeps time as the far one does.
  return () => (site % 3 === 2 ? tiered(sharedStore('at once'), common) : common);
}

/** Declares the tests: one per generated site. */
export function differential(name: string, options: DifferentialOptions): void {
  const stepsOfSite = Math.ceil((options.steps * factor) / options.schemas);
  const total = emptyTally();
  ignoreRefusedJoins();
  takeClocks();

  for (let site = 0; site < options.schemas; site++) {
    if (givenSite !== undefined && givenSite !== site) continue;
    test(
      `${name}: every answer through the cache is the database's, on generated site ${seed}:${site}`,
      async () => {
        const model = withoutPolicies(generateModel(seed * 100 + site));
        const content = {
          collections: () => toCollections(model),
          globals: () => toGlobals(model),
          locales: model.locales,
        };
        const database = await options.database(content);
        const elsewhere = await options.database(content);
        try {
          const world = await startWorld(model, database, {
            sites: options.sites,
            writers: scripts,
            storeOf: storesOf(site),
            registryOfEach: options.registryOfEach,
            form: FORMS[site % FORMS.length]?.() ?? {},
            clocks: (!without.has('clocks') && CLOCKS[Math.floor(site / 2) % CLOCKS.length]) || [],
            ...(!without.has('databases') && {
              elsewhere: { database: elsewhere, documents: firstDocuments(model, seed + site + 1_000) },
            }),
          });
          await checkSite(model, database, world, site);
        } finally {
          await elsewhere.stop();
          await database.stop();
        }
      },
      LONGEST,
    );
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
      writers: scripts,
      without: without as ReadonlySet<Kind>,
      findDistinct: typeof world.uncached.base.findDistinct === 'function',
      transactions: database.transactions,
      writesBesideTransaction: options.writesBesideTransaction,
      writes: options.writes,
      functions: options.functions ?? 0,
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
      if (failedAt !== undefined && performance.now() - failedAt > SHRINKING) return;
      try {
        await world.reset();
        await run([...first, ...list], world, options, failedAt === undefined ? tally : emptyTally());
      } catch (error) {
        if (failedAt === undefined) {
          failedAt = performance.now();
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
