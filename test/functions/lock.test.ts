import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { HeldLock, Locks } from '../../src/interfaces/locks.js';
import {
  type CachedOptions,
  cached,
  type FunctionContext,
  getCacheStats,
  memoize,
  memory,
  memoryRegistry,
  namespace,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';

/** Locks that a test can spoil. */
const engine: {
  before?: (action: 'acquire' | 'extend' | 'release', name: string) => unknown;
  taken: number;
} = { taken: 0 };

function spoilt(locks: Locks): Locks {
  const ask = async (action: 'acquire' | 'extend' | 'release', name: string) => engine.before?.(action, name);
  return {
    name: locks.name,
    async acquire(name, lifetime) {
      await ask('acquire', name);
      const held = await locks.acquire(name, lifetime);
      if (!held) return undefined;
      engine.taken += 1;
      return {
        token: held.token,
        extend: async (longer) => ((await ask('extend', name)) as boolean) ?? held.extend(longer),
        release: async (openFor) => void ((await ask('release', name)) ?? (await held.release(openFor))),
      };
    },
  };
}

let directory: string;
let sites: Started[];
const shared: Registry = { ...memoryRegistry(), local: false };
const locks = shared.locks as Locks;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-locks-'));
  const store = sharedMemory();
  const options: PayloadKVOptions = {
    store,
    registry: { ...shared, locks: spoilt(locks) },
    timeout: 60_000,
    // As if each call were in a process of its own.
    singleFlight: false,
    namespaces: { policy: { lock: true } },
  };
  const start = () =>
    startBlog({ url: `file:${path.join(directory, 'blog.db')}`, plugins: [payloadKV(options)] });
  sites = [await start(), await start()];
  await sites[0]!.payload.create({ collection: 'posts', data: { title: 'First', slug: 'first' } });
});
afterAll(async () => {
  for (const site of sites ?? []) await site.stop();
  await removeDirectory(directory);
});
beforeEach(() => {
  delete engine.before;
  engine.taken = 0;
});

const payloads = (): Payload[] => sites.map(({ payload }) => payload);
let keys = 0;

/** Many calls of one function in both sites, all at once. */
function crowd<Result>(
  fn: (context: FunctionContext) => Result | Promise<Result>,
  options: Partial<CachedOptions> = {},
  calls = 8,
): { results: Promise<PromiseSettledResult<Result>[]>; again(payload?: Payload): Promise<Result> } {
  const key = [`crowd ${++keys}`];
  const again = (payload = payloads()[0]) =>
    cached(fn, { key, lock: true, ...options, ...(payload && { payload }) });
  const asked = Array.from({ length: calls }, (_, index) => again(payloads()[index % 2]));
  return { results: Promise.allSettled(asked), again };
}

const valuesOf = <Result>(results: PromiseSettledResult<Result>[]): (Result | undefined)[] =>
  results.map((result) => (result.status === 'fulfilled' ? result.value : undefined));

/** What a test lets go on. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  let reach = (): void => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return {
    open,
    reached,
    pass() {
      reach();
      return opened;
    },
  };
}

test('one of all runs it, and the others are answered with what it stored', async () => {
  let runs = 0;
  const { results, again } = crowd(async ({ req }) => {
    runs += 1;
    const { docs } = await req.payload.find({ collection: 'posts', req });
    return { run: runs, title: docs[0]?.title };
  });
  expect(valuesOf(await results)).toEqual(Array(8).fill({ run: 1, title: 'First' }));
  expect(runs).toBe(1);
  await again();
  expect(runs).toBe(1);
  // What it has read makes it stale as always.
  await payloads()[0]!.update({ collection: 'posts', where: {}, data: { title: 'Second' } });
  expect((await again()).title).toBe('Second');
  await payloads()[0]!.update({ collection: 'posts', where: {}, data: { title: 'First' } });
});

test('without a lock each runs it: the test above shows something', async () => {
  let runs = 0;
  await crowd(async () => ++runs, { lock: false }).results;
  expect(runs).toBe(8);
});

test('the options of a namespace say it, for cached, memoize and namespaces', async () => {
  let runs = 0;
  const fn = async () => ++runs;
  const one = memoize(fn, { namespace: 'policy', payload: payloads()[0]! });
  const other = namespace('policy', { payload: payloads()[1]! }).memoize(fn);
  expect(await Promise.all([one(), other(), one()])).toEqual([1, 1, 1]);
  const own = namespace('own', { lock: { wait: '1m' }, payload: payloads()[0]! });
  expect(await Promise.all([own.cached(fn, { key: [1] }), own.cached(fn, { key: [1] })])).toEqual([2, 2]);
  await expect(own.cached(fn, { key: [2], lock: { wait: 'soon' as never } })).rejects.toMatchObject({
    code: 'INVALID_DURATION',
  });
  expect(() => payloadKV({ store: memory(), namespaces: { a: { lock: { wiat: 1 } as never } } })).toThrow(
    'wiat',
  );
});

test('the function is given a token that grows', async () => {
  const tokens: unknown[] = [];
  const { again } = crowd(({ fencingToken }) => tokens.push(fencingToken), { refresh: true }, 0);
  for (let index = 0; index < 3; index++) await again();
  await settleCache(payloads()[0]!);
  expect(tokens).toEqual([...new Set(tokens)].sort());
  expect(tokens.every(Number.isSafeInteger)).toBe(true);
  await crowd(({ fencingToken }) => tokens.push(fencingToken), { lock: false }, 1).results;
  expect(tokens.at(-1)).toBeUndefined();
});

test('what cannot be stored is run by each as soon as the first has run', async () => {
  const first = gate();
  let runs = 0;
  let atOnce = 0;
  let most = 0;
  const { results } = crowd(async () => {
    runs += 1;
    if (runs === 1) await first.pass();
    most = Math.max(most, ++atOnce);
    // Each waits for all: in a row none would go on.
    if (runs > 1) await vi.waitFor(() => expect(most).toBe(7), { timeout: 10_000 });
    else atOnce -= 1;
    return () => runs;
  });
  await first.reached;
  first.open();
  expect((await results).every(({ status }) => status === 'fulfilled')).toBe(true);
  expect(runs).toBe(8);
});

test('what throws is tried by one after the other', async () => {
  let runs = 0;
  const { results } = crowd(async () => {
    runs += 1;
    if (runs < 3) throw new Error(`fault ${runs}`);
    return runs;
  });
  const settled = await results;
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(2);
  expect(valuesOf(settled).filter((value) => value === 3)).toHaveLength(6);
  expect(runs).toBe(3);
});

describe('nobody waits for ever', () => {
  test('for a holder that does not end: its wait is bounded', async () => {
    const held = gate();
    let runs = 0;
    const { results, again } = crowd(
      async () => {
        runs += 1;
        if (runs === 1) await held.pass();
        return runs;
      },
      { lock: { wait: '1s' } },
      1,
    );
    await held.reached;
    expect(await again()).toBe(2);
    held.open();
    await results;
  });

  test('for two that wait for one another', async () => {
    const runs: string[] = [];
    const both = gate();
    const call = (name: string, other: string, payload: Payload): Promise<string> =>
      cached(
        async () => {
          runs.push(name);
          if (runs.length === 2) both.open();
          await both.pass();
          return runs.length > 8 ? 'too many' : `${name}(${await call(other, name, payload)})`;
        },
        { key: ['circle', name], lock: { wait: '1s' }, payload },
      );
    const [one, other] = payloads();
    // Each has the lock that the other needs, and the inner calls end where their own function is wanted again.
    const ended = await Promise.allSettled([call('a', 'b', one!), call('b', 'a', other!)]);
    expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });
});

describe('a lock that was lost', () => {
  test('stores nothing over what a later holder has stored', async () => {
    const slow = gate();
    let runs = 0;
    const key = ['lost'];
    const call = (payload: Payload, lock: CachedOptions['lock']) =>
      cached(
        async () => {
          const run = ++runs;
          if (run === 1) await slow.pass();
          return run;
        },
        { key, lock, payload, namespace: 'lost' },
      );
    const [one, other] = payloads();
    // It is not extended, as by a process that is paused.
    engine.before = (action) => (action === 'extend' && runs < 2 ? new Promise(() => undefined) : undefined);
    const first = call(one!, { lifetime: '1s' });
    await slow.reached;
    expect(await call(other!, { lifetime: '1s', wait: '1m' })).toBe(2);
    await settleCache(other!);
    slow.open();
    expect(await first).toBe(1);
    await settleCache(one!);
    expect(await call(other!, true)).toBe(2);
    expect(await call(one!, true)).toBe(2);
    expect(getCacheStats(one!)?.functions.lost?.notStored).toEqual({ 'lock-lost': 1 });
  });

  test('is kept by a holder that was late, where nobody else has had it', async () => {
    let runs = 0;
    const { results, again } = crowd(
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        return ++runs;
      },
      { lock: { lifetime: '1s' } },
      1,
    );
    await results;
    await settleCache(payloads()[0]!);
    expect(await again()).toBe(1);
  });
});

describe('an engine that fails', () => {
  test.each(['acquire', 'extend', 'release'] as const)('in %s fails no function', async (failing) => {
    engine.before = (action) => {
      if (action === failing) throw new Error('no engine');
    };
    const { results } = crowd(async () => 'answer', { lock: { lifetime: '1s', wait: '2s' } }, 4);
    expect(valuesOf(await results)).toEqual(Array(4).fill('answer'));
  });

  test('and one that answers too late gives back what it took', async () => {
    const late = gate();
    let released = 0;
    const held: HeldLock = { token: 1, extend: async () => true, release: async () => void released++ };
    const slow: Registry = {
      ...shared,
      locks: { name: 'slow', acquire: () => late.pass().then(() => held) },
    };
    const site = await startBlog({
      plugins: [payloadKV({ store: memory(), registry: slow, writeTimeout: 50 })],
    });
    try {
      expect(await cached(() => 1, { key: ['late'], lock: true, payload: site.payload })).toBe(1);
      late.open();
      await expect.poll(() => released).toBe(1);
    } finally {
      await site.stop();
    }
  });
});

test('no lock is taken inside of a write, nor of a transaction', async () => {
  const [payload] = payloads();
  const req = { payload, transactionID: 'one', user: null } as never;
  await cached(() => 1, { key: ['transaction'], lock: true, req });
  expect(engine.taken).toBe(0);
  await cached(() => 1, { key: ['none'], lock: true, payload: payload! });
  expect(engine.taken).toBe(1);
});

test('a registry without locks runs it as without, and says so once', async () => {
  const { locks: _none, ...registry } = shared;
  const site = await startBlog({ plugins: [payloadKV({ store: memory(), registry })] });
  try {
    const warn = vi.spyOn(site.payload.logger, 'warn');
    let runs = 0;
    const call = (key: number) => cached(() => ++runs, { key: [key], lock: true, payload: site.payload });
    expect([await call(1), await call(2), await call(1)]).toEqual([1, 2, 1]);
    const said = warn.mock.calls.flat().filter((each) => String(each).includes('has no locks'));
    expect(said).toHaveLength(1);
  } finally {
    await site.stop();
  }
});

test('swr: one of all replaces it in the background, and who comes too late leaves it', async () => {
  const slow = gate();
  let runs = 0;
  const call = (payload: Payload) =>
    cached(
      async () => {
        const run = ++runs;
        if (run === 2) await slow.pass();
        return run;
      },
      { key: ['swr'], ttl: 1, swr: '1h', lock: true, payload },
    );
  const [one, other] = payloads();
  expect(await call(one!)).toBe(1);
  await settleCache(one!);
  await vi.waitFor(async () => {
    expect(await call(one!)).toBe(1);
    expect(runs).toBe(2);
  }, 20_000);
  const takenBefore = engine.taken;
  for (let index = 0; index < 5; index++) expect(await call(other!)).toBe(1);
  expect(engine.taken).toBe(takenBefore);
  expect(runs).toBe(2);
  // Nothing waits there for the other.
  await expect.poll(() => getCacheStats(other!)?.pending, { timeout: 10_000 }).toBe(0);
  slow.open();
});
