import type { Payload } from 'payload';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cloudflareKV, type KVBinding } from '../../src/runtime/cloudflare.js';
import { memory, payloadKV, settleCache } from '../../src/runtime/index.js';
import { createMiniflare, type Started, startBlog } from '../support/payload.js';
import { lookupsOf } from './lookups.js';

/** OpenNext puts the context of the current request here. */
const CONTEXT = Symbol.for('__cloudflare-context__');
const global = globalThis as unknown as Record<symbol, unknown>;
afterEach(() => {
  delete global[CONTEXT];
});

// Each request of a Worker brings bindings and a `ctx` of its own, and those of another may not be used.
const miniflares = [createMiniflare(), createMiniflare()];
let bindings: [KVBinding, KVBinding];
beforeAll(async () => {
  const [one, other] = await Promise.all(
    miniflares.map((miniflare) => miniflare.getKVNamespace('PAYLOAD_CACHE')),
  );
  bindings = [one as unknown as KVBinding, other as unknown as KVBinding];
});
afterAll(() => Promise.all(miniflares.map((miniflare) => miniflare.dispose())));

beforeEach(async () => {
  for (const binding of bindings) {
    for (const { name } of (await binding.list({ prefix: '' })).keys) await binding.delete(name);
  }
});

/** A busy machine is no fault of the store. */
const timeout = 60_000;

/** Entries of nothing are as good as any here, from the first time on. */
const freely = (options: Parameters<typeof cloudflareKV>[0]) => ({
  ...cloudflareKV(options),
  paidWrites: false,
});

const find = (payload: Payload) => payload.db.find({ collection: 'tags' });
const entriesIn = async (binding: KVBinding): Promise<string[]> => {
  const { keys } = await binding.list({ prefix: 'payload-cache:tags:' });
  return keys.map(({ name }) => name);
};

describe.each<[string, (current: () => KVBinding | undefined) => { site: Promise<Started>; enter(): void }]>([
  [
    'a function',
    (current) => ({
      site: startBlog({
        plugins: [payloadKV({ timeout, store: freely({ binding: current }), singleFlight: false })],
      }),
      enter: () => undefined,
    }),
  ],
  [
    'a name, on OpenNext',
    (current) => ({
      site: startBlog({
        plugins: [payloadKV({ timeout, store: freely({ binding: 'PAYLOAD_CACHE' }), singleFlight: false })],
      }),
      enter() {
        global[CONTEXT] = { env: { PAYLOAD_CACHE: current() }, ctx: {} };
      },
    }),
  ],
])('a binding given as %s', (_how, start) => {
  let current: KVBinding | undefined;
  let site: Started;
  let enter: () => void;
  beforeAll(async () => {
    const started = start(() => current);
    enter = started.enter;
    site = await started.site;
  });
  afterAll(() => site.stop());
  test('is looked up anew for each request', async () => {
    for (const binding of bindings) {
      current = binding;
      enter();
      expect(await lookupsOf(site.payload, 'tags', () => find(site.payload))).toEqual({ miss: 1 });
      expect(await entriesIn(binding)).toHaveLength(1);
    }
    // Emptied, the first has nothing to answer from, while the second still has.
    for (const key of await entriesIn(bindings[0])) await bindings[0].delete(key);
    current = bindings[0];
    enter();
    expect(await lookupsOf(site.payload, 'tags', () => find(site.payload))).toEqual({ miss: 1 });
    current = bindings[1];
    enter();
    expect(await lookupsOf(site.payload, 'tags', () => find(site.payload))).toEqual({ hit: 1 });
  });

  test('that is there in a later request only serves from then on', async () => {
    current = undefined;
    enter();
    expect(await find(site.payload)).toMatchObject({ docs: [] });
    current = bindings[0];
    enter();
    await lookupsOf(site.payload, 'tags', () => find(site.payload));
    expect(await lookupsOf(site.payload, 'tags', () => find(site.payload))).toEqual({ hit: 1 });
  });
});

describe('waitUntil', () => {
  test('of the current request gets what is written after the response', async () => {
    const kept: [request: number, work: Promise<unknown>][] = [];
    let request = 0;
    const site = await startBlog({
      plugins: [
        payloadKV({
          timeout,
          store: freely({ binding: () => bindings[0] }),
          waitUntil: () => {
            const current = request;
            return (work) => void kept.push([current, work]);
          },
        }),
      ],
    });
    kept.length = 0;
    for (request = 1; request <= 2; request++) {
      await site.payload.db.find({ collection: 'tags', limit: request });
    }
    expect(kept.map(([of]) => of)).toEqual([1, 2]);
    await Promise.all(kept.map(([, work]) => work));
    expect(await entriesIn(bindings[0])).toHaveLength(2);
    await site.stop();
  });

  test('is found in OpenNext’s context, and is no part of its object', async () => {
    const kept: Promise<unknown>[] = [];
    const site = await startBlog({
      plugins: [payloadKV({ timeout, store: freely({ binding: () => bindings[0] }) })],
    });
    const ctx = {
      waitUntil(this: unknown, work: Promise<unknown>) {
        if (this !== ctx) throw new TypeError('Illegal invocation');
        kept.push(work);
      },
    };
    global[CONTEXT] = { env: {}, ctx };
    await site.payload.db.find({ collection: 'tags', limit: 7 });
    expect(kept).toHaveLength(1);
    delete global[CONTEXT];
    await site.payload.db.find({ collection: 'tags', limit: 8 });
    expect(kept).toHaveLength(1);
    await site.stop();
  });

  test('of a request that has ended is no fault of the read', async () => {
    const site = await startBlog({
      plugins: [
        payloadKV({
          timeout,
          store: freely({ binding: () => bindings[0] }),
          waitUntil: () => () => {
            throw new Error('this request has ended');
          },
        }),
      ],
    });
    const { payload } = site;
    expect(await payload.db.find({ collection: 'tags', limit: 9 })).toMatchObject({ docs: [] });
    await settleCache(payload);
    const again = () => payload.db.find({ collection: 'tags', limit: 9 });
    expect(await lookupsOf(payload, 'tags', again)).toEqual({ hit: 1 });
    await site.stop();
  });

  test('is not asked by a store in memory, which writes at once', async () => {
    let asked = 0;
    const site = await startBlog({
      plugins: [
        payloadKV({
          store: memory(),
          singleFlight: 'process',
          waitUntil: () => {
            asked += 1;
            return undefined;
          },
        }),
      ],
    });
    asked = 0;
    await find(site.payload);
    expect(await lookupsOf(site.payload, 'tags', () => find(site.payload))).toEqual({ hit: 1 });
    expect(asked).toBe(0);
    await site.stop();
  });
});
