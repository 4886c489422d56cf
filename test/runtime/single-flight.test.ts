import type { Payload } from 'payload';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  getCacheStats,
  memory,
  payloadKV,
  type SingleFlightScope,
  settleCache,
} from '../../src/runtime/index.js';
import { createSingleFlight } from '../../src/runtime/read/single-flight.js';
import { type Adapter, type Started, startBlog } from '../support/payload.js';

/** Holds the database's answers to `find` back until they are let go. */
function gateOf(adapter: Adapter): { adapter: Adapter; gate: Gate } {
  const { find } = adapter;
  let waiting: (() => void)[] = [];
  let arrived: (() => void)[] = [];
  const gate: Gate = {
    calls: 0,
    isClosed: false,
    failWith: undefined,
    open() {
      gate.isClosed = false;
      for (const go of waiting) go();
      waiting = [];
    },
    async hasCalls(count) {
      while (gate.calls < count) await new Promise<void>((resolve) => arrived.push(resolve));
    },
  };
  adapter.find = (async (args) => {
    if (args.collection !== 'categories') return find.call(adapter, args);
    gate.calls += 1;
    for (const tell of arrived) tell();
    arrived = [];
    // What the database says at this moment, told later.
    const answer = await find.call(adapter, args);
    const { failWith } = gate;
    if (gate.isClosed) await new Promise<void>((resolve) => waiting.push(resolve));
    if (failWith) throw failWith;
    return answer;
  }) as typeof find;
  return { adapter, gate };
}

interface Gate {
  calls: number;
  isClosed: boolean;
  failWith: Error | undefined;
  open(): void;
  /** Resolves once the database was asked so many times. */
  hasCalls(count: number): Promise<void>;
}

/** Lets everything run that needs no database. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

let names = 0;

function startWith(singleFlight: SingleFlightScope | undefined) {
  const held: { site?: Started; gate?: Gate } = {};
  beforeAll(async () => {
    held.site = await startBlog({
      wrapAdapter: (base) => {
        const { adapter, gate } = gateOf(base);
        held.gate = gate;
        return adapter;
      },
      plugins: [payloadKV({ store: memory(), singleFlight })],
    });
  });
  afterAll(() => held.site?.stop());
  beforeEach(async () => {
    const { site, gate } = held;
    if (!site || !gate) throw new Error('not started');
    gate.failWith = undefined;
    gate.open();
    await newCategory(site.payload);
    await settleCache(site.payload);
    gate.calls = 0;
    gate.isClosed = true;
  });
  return held as Required<typeof held>;
}

async function newCategory(payload: Payload): Promise<string> {
  const name = `name-${++names}`;
  await payload.create({ collection: 'categories', data: { name, slug: name } });
  return name;
}

const find = (payload: Payload) => payload.db.find({ collection: 'categories', sort: 'id', limit: 0 });
const shared = (payload: Payload) => getCacheStats(payload)?.collections.categories?.shared ?? 0;

describe('on Node, concurrent identical misses', () => {
  const held = startWith(undefined);

  test('are one database query, and each gets a copy of its own', async () => {
    const { site, gate } = held;
    const before = shared(site.payload);
    const reads = Array.from({ length: 10 }, () => find(site.payload));
    await gate.hasCalls(1);
    await turns();
    expect(gate.calls).toBe(1);
    expect(getCacheStats(site.payload)?.inFlight).toBe(1);
    gate.open();
    const results = await Promise.all(reads);
    expect(gate.calls).toBe(1);
    expect(shared(site.payload)).toBe(before + 9);
    expect(getCacheStats(site.payload)?.inFlight).toBe(0);

    const expected = structuredClone(results[0]);
    expect(new Set(results).size).toBe(10);
    expect(new Set(results.map(({ docs }) => docs[0])).size).toBe(10);
    for (const result of results) {
      expect(result).toEqual(expected);
      // Payload changes documents in place.
      result.docs.length = 0;
    }
    expect(await find(site.payload)).toEqual(expected);
    expect(gate.calls).toBe(1);
  });

  test('of different questions are asked each', async () => {
    const { site, gate } = held;
    const reads = [1, 2, 3].map((limit) =>
      site.payload.db.find({ collection: 'categories', limit, sort: 'id' }),
    );
    await gate.hasCalls(3);
    gate.open();
    await Promise.all(reads);
    expect(gate.calls).toBe(3);
  });

  test('that fail do not share the error: each asks for itself', async () => {
    const { site, gate } = held;
    gate.failWith = new Error('the leader’s own');
    const reads = [find(site.payload), find(site.payload), find(site.payload)];
    const settled = Promise.allSettled(reads);
    await gate.hasCalls(1);
    await turns();
    gate.failWith = undefined;
    gate.open();
    const [leader, ...followers] = await settled;
    expect(leader).toMatchObject({ status: 'rejected', reason: { message: 'the leader’s own' } });
    for (const follower of followers) expect(follower.status).toBe('fulfilled');
    expect(gate.calls).toBe(3);
    expect(getCacheStats(site.payload)?.inFlight).toBe(0);
    // And nothing of it stays behind.
    expect((await find(site.payload)).docs.length).toBeGreaterThan(0);
  });

  test('that all fail fail each with an error of their own', async () => {
    const { site, gate } = held;
    gate.isClosed = false;
    gate.failWith = new Error('down');
    const settled = await Promise.allSettled([find(site.payload), find(site.payload)]);
    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(gate.calls).toBe(2);
  });

  test('with a write between them are not shared: the later asks anew', async () => {
    const { site, gate } = held;
    const before = find(site.payload);
    await gate.hasCalls(1);
    const name = await newCategory(site.payload);
    const after = find(site.payload);
    await turns();
    // At once, and not because the earlier took too long.
    expect(gate.calls).toBe(2);
    gate.open();
    expect((await after).docs).toContainEqual(expect.objectContaining({ name }));
    expect((await before).docs).not.toContainEqual(expect.objectContaining({ name }));
    await settleCache(site.payload);
    // Nor does the earlier answer, stored after the write, become the answer to anyone.
    expect((await find(site.payload)).docs).toContainEqual(expect.objectContaining({ name }));
  });

  test('answered after a write with what was there before it make nothing old look fresh', async () => {
    const { site, gate } = held;
    const before = find(site.payload);
    await gate.hasCalls(1);
    const name = await newCategory(site.payload);
    gate.open();
    expect((await before).docs).not.toContainEqual(expect.objectContaining({ name }));
    await settleCache(site.payload);
    expect((await find(site.payload)).docs).toContainEqual(expect.objectContaining({ name }));
  });

  test('of which one wants the database’s own answer leave it that', async () => {
    const { site, gate } = held;
    const reads = [
      find(site.payload),
      site.payload.db.find({
        collection: 'categories',
        sort: 'id',
        limit: 0,
        req: { context: { cache: 'bypass' } },
      }),
    ];
    await gate.hasCalls(2);
    gate.open();
    await Promise.all(reads);
    expect(gate.calls).toBe(2);
  });
});

describe('without single flight', () => {
  const held = startWith(false);

  test('concurrent identical misses ask the database each', async () => {
    const { site, gate } = held;
    const reads = [find(site.payload), find(site.payload), find(site.payload)];
    await gate.hasCalls(3);
    gate.open();
    const [one, ...others] = await Promise.all(reads);
    for (const other of others) expect(other).toEqual(one);
    expect(shared(site.payload)).toBe(0);
  });
});

describe('within one request of a Worker', () => {
  const CONTEXT = Symbol.for('__cloudflare-context__');
  const global = globalThis as unknown as Record<symbol, unknown>;
  const held = startWith('request');
  afterAll(() => {
    delete global[CONTEXT];
  });

  test('concurrent identical misses are one query, and those of two requests are two', async () => {
    const { site, gate } = held;
    const inRequest = (ctx: object): Promise<unknown>[] => {
      global[CONTEXT] = { env: {}, ctx };
      return [find(site.payload), find(site.payload)];
    };
    const first = inRequest({});
    await turns();
    expect(gate.calls).toBe(1);
    const second = inRequest({});
    // At once: a follower of another request's query would ask for itself as well, but only after a while.
    await turns();
    expect(gate.calls).toBe(2);
    gate.open();
    const results = await Promise.all([...first, ...second]);
    expect(gate.calls).toBe(2);
    for (const result of results) expect(result).toEqual(results[0]);
  });

  test('outside any request nothing is shared', async () => {
    const { site, gate } = held;
    delete global[CONTEXT];
    const reads = [find(site.payload), find(site.payload)];
    await turns();
    expect(gate.calls).toBe(2);
    gate.open();
    await Promise.all(reads);
  });
});

describe('across an isolate', () => {
  const held = startWith('isolate');

  test('those who wait ask for themselves when the first one never answers', async () => {
    const { site, gate } = held;
    const dead = find(site.payload);
    await gate.hasCalls(1);
    const follower = find(site.payload);
    await turns();
    expect(gate.calls).toBe(1);
    // The follower's own timer fires, while the leader's query still hangs.
    await gate.hasCalls(2);
    gate.open();
    expect(await follower).toEqual(await dead);
  });
});

describe('in a process whose database leaves a query without an answer', () => {
  const flight = () => createSingleFlight<string>('process', () => undefined, Date.now, 20);
  const hanging = () => new Promise<string>(() => {});

  test('those who wait ask for themselves after a while', async () => {
    const shared = flight();
    void shared.run('key', hanging);
    expect(await shared.run('key', hanging)).toBeUndefined();
  });

  test('those who come later begin anew', async () => {
    const shared = flight();
    void shared.run('key', hanging);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await shared.run('key', async () => 'answer')).toEqual({ led: true, shared: 'answer' });
    expect(shared.size()).toBe(0);
  });
});

test('a waitUntil that throws, as outside a request, costs neither the answer nor the next flight', async () => {
  const flight = createSingleFlight<number>(
    'isolate',
    () => {
      throw new Error('no request');
    },
    Date.now,
  );
  expect(await flight.run('key', async () => 1)).toEqual({ led: true, shared: 1 });
  expect(flight.size()).toBe(0);
});
