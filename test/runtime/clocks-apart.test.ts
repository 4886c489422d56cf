import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';

const MINUTE = 60;
const HOUR = 3_600;

/** Seconds that have passed, and by how many the clock of the machine whose turn it is goes wrong. */
let passed = 0;
let ahead = 0;
const realDate = Date.now;
const realPerformance = performance.now;
let directory: string;
let far: Store;
let registry: Registry;
let sites: Started[];

beforeEach(async () => {
  Date.now = () => realDate() + (passed + ahead) * 1_000;
  // By this the memory store counts, and so does the far store, which is another machine's.
  performance.now = () => realPerformance.call(performance) + passed * 1_000;
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-clocks-'));
  far = sharedMemory();
  registry = memoryRegistry();
  sites = [];
});
afterEach(async () => {
  for (const site of sites) await site.stop();
  Date.now = realDate;
  performance.now = realPerformance;
  passed = 0;
  ahead = 0;
  await removeDirectory(directory);
});

/** A machine whose clock is ahead by so many seconds. */
async function machine(aheadBy: number, options: Partial<PayloadKVOptions> = {}) {
  const site = await startBlog({
    url: `file:${path.join(directory, 'blog.db')}`,
    plugins: [payloadKV({ store: tiered(memory(), far), registry, ttl: '1h', ttlJitter: 0, ...options })],
  });
  sites.push(site);
  async function at<Answer>(act: () => Promise<Answer>): Promise<Answer> {
    ahead = aheadBy;
    try {
      const answer = await act();
      await settleCache(site.payload);
      return answer;
    } finally {
      ahead = 0;
    }
  }
  return {
    read: (cache?: unknown) =>
      at(
        async () =>
          (
            await site.payload.find({
              collection: 'authors',
              sort: 'id',
              depth: 0,
              ...(cache ? { context: { cache } } : {}),
            })
          ).docs[0]?.name,
      ),
    write: (name: string) =>
      at(() => site.payload.update({ collection: 'authors', where: {}, data: { name } })),
    create: (name: string) => at(() => site.payload.create({ collection: 'authors', data: { name } })),
    /** Past the cache: what no write of Payload made stale. */
    behindTheBack: (name: string) =>
      (site.payload.db as unknown as { drizzle: { run(sql: string): Promise<unknown> } }).drizzle.run(
        `update authors set name = '${name}'`,
      ),
  };
}

test('an entry that is dated in the future is of an unknown age, and is replaced', async () => {
  const wrong = await machine(2 * HOUR, { swr: '1h', staleIfError: '1h' });
  const right = await machine(0, { swr: '1h', staleIfError: '1h' });
  await wrong.create('first');
  await wrong.read();
  await right.behindTheBack('second');
  expect(await right.read({ ttl: '10m' })).toBe('second');
  await wrong.read();
  expect(await right.read()).toBe('second');
});

test('an entry of a machine whose clock is a little ahead is taken for new', async () => {
  const wrong = await machine(2);
  const right = await machine(0);
  await wrong.create('first');
  await wrong.read();
  await right.behindTheBack('second');
  expect(await right.read()).toBe('first');
});

test.each([1, 10 * MINUTE, 30 * MINUTE, 50 * MINUTE, 54 * MINUTE, 10 * HOUR])(
  'no copy of an entry outlives its TTL where the clock of who made it is %i seconds ahead',
  async (aheadBy) => {
    const wrong = await machine(aheadBy);
    const right = await machine(0);
    await wrong.create('first');
    await wrong.read();
    await right.behindTheBack('second');
    for (let minute = 0; minute < 60; minute += 3) {
      await right.read();
      passed += 3 * MINUTE;
    }
    passed += 1;
    expect(await right.read()).toBe('second');
  },
);

test('an entry that this machine made itself serves from memory for all of its TTL', async () => {
  const right = await machine(0);
  await right.create('first');
  await right.read();
  await right.behindTheBack('second');
  for await (const keys of far.list('')) await far.deleteMany(keys);
  passed += HOUR - 1;
  expect(await right.read()).toBe('first');
  passed += 1;
  expect(await right.read()).toBe('second');
});

test('what a write made stale is served within the bound by who dated it, and by nobody else', async () => {
  const bounded: Partial<PayloadKVOptions> = { consistency: { bounded: '10m' }, swr: '1h' };
  const wrong = await machine(30 * MINUTE, bounded);
  const right = await machine(0, bounded);
  await wrong.create('first');
  await wrong.read();
  passed += 31 * MINUTE;
  // The entry says that it is a minute old.
  await wrong.write('second');
  expect(await right.read()).toBe('second');

  passed += MINUTE;
  const other = await machine(0, bounded);
  await right.write('third');
  await other.read();
  await right.write('fourth');
  expect(await other.read()).toBe('third');
});

test('the machine that wrote is not served what it made stale, whatever the clock of who had read it', async () => {
  const eventual: Partial<PayloadKVOptions> = { consistency: 'eventual', swr: '2h' };
  const wrong = await machine(HOUR, eventual);
  const right = await machine(0, eventual);
  await wrong.create('first');
  await wrong.read();
  passed += MINUTE;
  await right.write('second');
  passed += HOUR - MINUTE;
  expect(await right.read()).toBe('second');
});
