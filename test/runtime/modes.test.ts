import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Payload, TypedUser } from 'payload';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  kvRegistry,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';
import { lookupsOf } from './lookups.js';

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

type Options = Omit<PayloadKVOptions, 'store'> & { registry: Registry };
const pairs = new Map<string, Promise<[Started, Started]>>();

async function startPair(options: Options): Promise<[Started, Started]> {
  const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-modes-'));
  directories.push(directory);
  const store = sharedMemory();
  const start = () =>
    startBlog({
      url: `file:${path.join(directory, 'blog.db')}`,
      plugins: [payloadKV({ ...options, store })],
    });
  return [await start(), await start()];
}

/** Lets `one` and `other` be the servers of a mode, started once, with no version in mind. */
async function inMode(name: string, options: () => Options): Promise<void> {
  let pair = pairs.get(name);
  if (!pair) {
    pair = startPair(options());
    pairs.set(name, pair);
  }
  [one, other] = await pair;
  later(3_600);
  registryReads = 0;
}
const strong = () => inMode('strong', () => ({ registry: sharedRegistry(), consistency: 'strong' }));
const bounded = () =>
  inMode('bounded', () => ({ registry: sharedRegistry(), consistency: { bounded: '10s' } }));
const eventual = () => inMode('eventual', () => ({ registry: sharedRegistry(), consistency: 'eventual' }));

const later = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() }));
afterAll(async () => {
  for (const pair of pairs.values()) for (const site of await pair) await site.stop();
  for (const directory of directories) await removeDirectory(directory);
  vi.useRealTimers();
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
describe('strong', () => {
  test('a write is seen by the next read of every server, which asks the registry each time', async () => {
    await strong();
    for (let time = 0; time < 3; time++) {
      await namesOf(other);
      expect(await isSeen()).toBe(true);
    }
    registryReads = 0;
    for (let time = 0; time < 3; time++) await namesOf(other);
    expect(registryReads).toBe(3);
  });
});

describe('bounded', () => {
  test('a write is seen within that many seconds, and no version is asked for meanwhile', async () => {
    await bounded();
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
    await bounded();
    for (let time = 0; time < 3; time++) {
      await namesOf(one);
      const name = await create(one);
      expect(await namesOf(one)).toContain(name);
    }
    const hits = await lookupsOf(one.payload, 'categories', () => namesOf(one));
    expect(hits).toEqual({ hit: 1 });
  });

  test('an old answer that another server stored after the write is not taken for new', async () => {
    await bounded();
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
  test('a write is seen by others when the registry tells, asked every two seconds', async () => {
    await eventual();
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
    await eventual();
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
    await bounded();
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
    await inMode('kv', () => ({ registry: kvRegistry(far) }));
    for (let time = 0; time < 4; time++) {
      await namesOf(one);
      later(5);
      const name = await create(one);
      // At once, or not before the process has to ask again.
      if (time % 2) expect(await namesOf(one)).toContain(name);
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
  await inMode('each', () => ({
    registry: sharedRegistry(),
    consistency: { bounded: 60 },
    collections: { tags: { consistency: 'strong' }, categories: {} },
  }));
  const seen: Record<string, boolean> = {};
  for (const collection of ['tags', 'categories'] as const) {
    await namesOf(other, collection);
    seen[collection] = await isSeen(collection);
  }
  expect(seen).toEqual({ tags: true, categories: false });
});

test.each([
  ['strong', strong, 1],
  ['bounded', bounded, 0],
  ['eventual', eventual, 0],
] as const)(
  'a hit in mode %s costs one call of the registry at most, and none once its version is known',
  async (_mode, start, reads) => {
    await start();
    await namesOf(one);
    registryReads = 0;
    expect(await lookupsOf(one.payload, 'categories', () => namesOf(one))).toEqual({ hit: 1 });
    expect(registryReads).toBe(reads);
  },
);
