import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Registry } from '../../src/interfaces/registry.js';
import {
  getCacheStats,
  memory,
  memoryRegistry,
  payloadKV,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { describeStore } from './conformance.js';

describeStore('tiered', () => ({ store: tiered(memory(), memory()) }));

test('a near tier that does not answer at once is refused: lookups would take its promise for an entry', () => {
  const elsewhere: Store = {
    ...memory(),
    name: 'elsewhere',
    getMany: async (keys) => keys.map(() => undefined),
  };
  expect(() => tiered(elsewhere, memory())).toThrow(
    expect.objectContaining({ code: 'INVALID_STORE', message: expect.stringContaining('elsewhere') }),
  );
  const failing: Store = { ...elsewhere, getMany: async () => Promise.reject(new Error('no connection')) };
  expect(() => tiered(failing, memory())).toThrow(expect.objectContaining({ code: 'INVALID_STORE' }));
});

describe('a tiered store behind Payload', () => {
  const calls = countDatabaseCalls();
  const far = memory();
  const near = memory();
  // Asked like a remote one, so that lookups take the way of a registry elsewhere.
  const local = memoryRegistry();
  const registry: Registry = { ...local, local: false, get: async (tags) => local.get(tags) };
  let blog: Started;
  beforeAll(async () => {
    blog = await startBlog({
      wrapAdapter: calls.wrapAdapter,
      plugins: [payloadKV({ store: tiered(near, far), registry, consistency: { bounded: '1h' } })],
    });
    await blog.payload.create({ collection: 'tags', data: { name: 'first' } as never });
    await settleCache(blog.payload);
  });
  afterAll(() => blog.stop());

  const find = () => blog.payload.find({ collection: 'tags', pagination: false });
  const reads = () => {
    const { storeReads, registryReads } = getCacheStats(blog.payload)!.operations;
    return { storeReads, registryReads };
  };

  test('answers a hot lookup under a bound without any round trip', async () => {
    await find();
    const before = reads();
    calls.reset();
    expect((await find()).docs).toHaveLength(1);
    expect(reads()).toEqual(before);
    expect(calls.total()).toBe(0);
  });

  test('asks the far tier where the near one has nothing, and remembers its answer', async () => {
    await find();
    for await (const keys of near.list('')) near.deleteMany(keys);
    const before = reads();
    calls.reset();
    await find();
    expect(calls.total()).toBe(0);
    expect(reads().storeReads).toBe(before.storeReads + 1);
    await find();
    expect(reads().storeReads).toBe(before.storeReads + 1);
  });

  test('never serves a near entry that a write made stale', async () => {
    await find();
    await blog.payload.create({ collection: 'tags', data: { name: 'second' } as never });
    expect((await find()).docs).toHaveLength(2);
  });
});
