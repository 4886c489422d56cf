import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload, TypedUser } from 'payload';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type Consistency,
  kvRegistry,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { type Lookups, lookupsOf } from './lookups.js';

/**
 * Two Payloads in this process, as two servers of one site: they share the database, the store and the registry, and
 * each remembers versions for itself.
 */
let one: Started;
let other: Started;
let registryReads = 0;
const directories: string[] = [];

/** Versions in one place that each server has to ask, as those of Redis are. */
function sharedRegistry(): Registry {
  const versions = memoryRegistry();
  return {
    ...versions,
    local: false,
    get(tags) {
      registryReads += 1;
      return versions.get(tags);
    },
  };
}

async function startBoth(options: Omit<PayloadKVOptions, 'store'> & { registry: Registry }): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-modes-'));
  directories.push(directory);
  const store = memory();
  const start = () =>
    startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      plugins: [payloadKV({ ...options, store })],
    });
  one = await start();
  other = await start();
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
  registryReads = 0;
});
afterEach(async () => {
  await one.stop();
  await other.stop();
  vi.useRealTimers();
});
afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true });
});

let names = 0;
type Slug = 'tags' | 'categories';

async function create({ payload }: Started, collection: Slug = 'categories'): Promise<string> {
  const name = `name-${++names}`;
  await payload.create({ collection, data: collection === 'tags' ? { name } : { name, slug: name } });
  return name;
}
async function namesOf({ payload }: Started, collection: Slug = 'categories'): Promise<unknown[]> {
  const { docs } = await payload.find({ collection, limit: 0, depth: 0 });
  await settleCache(payload);
  return docs.map(({ name }) => name);
}
/** Whether the other server shows a write of this one right after it. */
async function isSeen(collection: Slug = 'categories'): Promise<boolean> {
  const name = await create(one, collection);
  const isSeenByOther = (await namesOf(other, collection)).includes(name);
  // The process that wrote sees its write at once, whatever the mode.
  expect(await namesOf(one, collection)).toContain(name);
  return isSeenByOther;
}
const later = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);

describe('strong', () => {
  test('a write is seen by the next read of every server, which asks the registry each time', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: 'strong' });
    for (let time = 0; time < 3; time++) {
      await namesOf(other);
      expect(await isSeen()).toBe(true);
    }
    registryReads = 0;
    for (let time = 0; time < 3; time++) await namesOf(other);
    expect(registryReads).toBe(3);
  });

  test('is what a registry in memory gives where nothing is said', async () => {
    await startBoth({ registry: sharedRegistry() });
    await namesOf(other);
    expect(await isSeen()).toBe(true);
  });
});

describe('bounded', () => {
  test('a write is seen within that many seconds, and no version is asked for meanwhile', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: { bounded: '10s' } });
    await namesOf(other);
    later(9);
    expect(await isSeen()).toBe(false);
    registryReads = 0;
    for (let time = 0; time < 5; time++) await namesOf(other);
    expect(registryReads).toBe(0);
    later(1);
    expect(await namesOf(other)).toContain(`name-${names}`);
  });

  test('the server that wrote sees its writes at once', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: { bounded: '1h' } });
    for (let time = 0; time < 3; time++) {
      await namesOf(one);
      const name = await create(one);
      expect(await namesOf(one)).toContain(name);
    }
    const hits = await lookupsOf(one.payload, 'categories', () => namesOf(one));
    expect(hits).toEqual({ hit: 1 });
  });

  test('an old answer that another server stored after the write is not taken for new', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: { bounded: 10 } });
    await namesOf(other);
    const name = await create(one);
    // The other still has the old version in mind, and stores what it reads under that.
    const { payload } = other;
    await payload.find({ collection: 'categories', limit: 0, depth: 0, context: { cache: 'refresh' } });
    await settleCache(payload);
    expect(await namesOf(one)).toContain(name);
  });
});

describe('eventual', () => {
  const eventual: Consistency = 'eventual';

  test('a write is seen by others when the registry tells, asked every two seconds', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: eventual });
    await namesOf(other);
    later(1);
    expect(await isSeen()).toBe(false);
    registryReads = 0;
    await namesOf(other);
    expect(registryReads).toBe(0);
    later(1);
    expect(await namesOf(other)).toContain(`name-${names}`);
  });

  test('those who are logged in are answered by the database', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: eventual });
    const { payload } = one;
    const data = { name: 'Ada', email: 'ada@example.com', password: 'secret' };
    const user = {
      ...(await payload.create({ collection: 'users', data })),
      collection: 'users',
    } as TypedUser;
    await namesOf(other);
    const name = await create(one);
    const asUser = (payload: Payload) => payload.find({ collection: 'categories', limit: 0, depth: 0, user });
    expect((await asUser(other.payload)).docs.map((category) => category.name)).toContain(name);
    expect(await lookupsOf(other.payload, 'categories', () => asUser(other.payload))).toEqual({ request: 1 });
    const byID = () => other.payload.findByID({ collection: 'categories', id: 1, depth: 0, user });
    expect(await lookupsOf(other.payload, 'categories', byID)).toEqual({ request: 1 });
    expect(await lookupsOf(other.payload, 'categories', () => namesOf(other))).toEqual({ hit: 1 });
  });

  test('those who are logged in are answered from the cache in every other mode', async () => {
    await startBoth({ registry: sharedRegistry(), consistency: { bounded: 5 } });
    const user = { id: 1, email: 'ada@example.com', collection: 'users' } as TypedUser;
    const find = () => one.payload.find({ collection: 'tags', depth: 0, user });
    await find();
    expect(await lookupsOf(one.payload, 'tags', find)).toEqual({ hit: 1 });
  });

  test('is what a registry in KV gives where nothing is said; the writer sees its own for as long as KV may not', async () => {
    // KV as a far location sees it: what is written now is read there a minute later.
    const kv = memory();
    const there = new Map<string, { value: string; at: number }[]>();
    const far = {
      ...kv,
      getMany: (keys: readonly string[]) =>
        keys.map((key) => there.get(key)?.findLast(({ at }) => Date.now() - at >= 60_000)?.value),
      set(key: string, value: string) {
        there.set(key, [...(there.get(key) ?? []), { value, at: Date.now() }]);
      },
    };
    await startBoth({ registry: kvRegistry(far) });
    await namesOf(one);
    for (let time = 0; time < 3; time++) {
      later(5);
      const name = await create(one);
      expect(await namesOf(one)).toContain(name);
      later(30);
      // The registry still tells the version before; the process knows better.
      expect(await namesOf(one)).toContain(name);
    }
    await namesOf(other);
    later(62);
    expect(await namesOf(other)).toContain(`name-${names}`);
    expect(await namesOf(one)).toContain(`name-${names}`);
  });
});

test('each collection has the mode it names', async () => {
  await startBoth({
    registry: sharedRegistry(),
    consistency: { bounded: 60 },
    collections: { tags: { consistency: 'strong' }, categories: {} },
  });
  const seen: Record<string, boolean> = {};
  for (const collection of ['tags', 'categories'] as const) {
    await namesOf(other, collection);
    seen[collection] = await isSeen(collection);
  }
  expect(seen).toEqual({ tags: true, categories: false });
});

test.each<Consistency>(['strong', { bounded: 60 }, 'eventual'])(
  'a hit with %j costs one call of the store at most, and none of the registry once its version is known',
  async (consistency) => {
    await startBoth({ registry: sharedRegistry(), consistency });
    await namesOf(one);
    const operations = async (): Promise<Lookups & { registryReads: number }> => {
      registryReads = 0;
      const lookups = await lookupsOf(one.payload, 'categories', () => namesOf(one));
      return { ...lookups, registryReads };
    };
    expect(await operations()).toEqual({ hit: 1, registryReads: consistency === 'strong' ? 1 : 0 });
  },
);
