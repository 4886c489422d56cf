import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import {
  cached,
  keepWarm,
  memoize,
  memory,
  memoryRegistry,
  namespace,
  payloadKV,
  type Registry,
  settleCache,
} from '../../src/runtime/index.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { sharedMemory } from '../support/shared-memory.js';

let directory: string;
let one: Started;
let other: Started;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-warm-'));
  const options = {
    store: sharedMemory(),
    registry: { ...memoryRegistry(), local: false } as Registry,
    timeout: 60_000,
  };
  const start = () =>
    startBlog({ url: `file:${path.join(directory, 'blog.db')}`, plugins: [payloadKV(options)] });
  [one, other] = [await start(), await start()];
});
afterAll(async () => {
  await one?.stop();
  await other?.stop();
  await removeDirectory(directory);
});

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
const warm = (...given: Parameters<typeof keepWarm>): void => void ends.push(keepWarm(...given));
const settled = async () => {
  for (const { payload } of [one, other]) await settleCache(payload, 30_000);
};

test('at the start, one process of all fills the cache', async () => {
  const prices = namespace('warm', { payload: one.payload });
  let calls = 0;
  const price = (name: string) => () => prices.set([name], ++calls);
  for (const { payload } of [one, other])
    warm('prices', async () => ['tea', 'coffee'].map(price), { payload, every: '1h' });
  await settled();
  expect(calls).toBe(2);
  const found = await Promise.all(['tea', 'coffee'].map((name) => prices.get<number>([name])));
  expect(found.map((each) => each?.value).sort()).toEqual([1, 2]);
});

test('at intervals it is run again, and what is stored replaced', async () => {
  let runs = 0;
  const count = memoize(async () => ++runs, { namespace: 'intervals', payload: one.payload });
  warm('intervals', [() => count.refresh()], { payload: one.payload, every: 1, atStart: false });
  await vi.waitFor(() => expect(runs).toBeGreaterThan(2), 30_000);
  const before = runs;
  expect(await count()).toBeGreaterThanOrEqual(before - 1);
});

test('not more at once than it says, and one that fails holds up no other', async () => {
  let atOnce = 0;
  let most = 0;
  const done: number[] = [];
  const warn = vi.spyOn(one.payload.logger, 'warn');
  const calls = Array.from({ length: 9 }, (_, index) => async () => {
    most = Math.max(most, ++atOnce);
    await sleep(5);
    atOnce -= 1;
    if (index % 2) throw new Error('no answer');
    done.push(index);
  });
  warm('many', calls, { payload: one.payload, concurrency: 3 });
  await settled();
  expect(done.sort()).toEqual([0, 2, 4, 6, 8]);
  expect(most).toBe(3);
  expect(
    warn.mock.calls.filter((call) => JSON.stringify(call).includes('keeping \\"many\\" warm')),
  ).toHaveLength(1);
  warn.mockRestore();
});

test('the same name again takes the place of the first', async () => {
  const ran: string[] = [];
  warm('again', [() => ran.push('first')], { payload: one.payload, every: 1, atStart: false });
  warm('again', [() => ran.push('second')], { payload: one.payload, every: 1, atStart: false });
  await vi.waitFor(() => expect(ran).toContain('second'), 30_000);
  expect(ran).not.toContain('first');
});

test('it ends with the Payload instance', async () => {
  let runs = 0;
  const site = await startBlog({ plugins: [payloadKV({ store: memory() })] });
  warm('ends', [() => ++runs], { payload: site.payload, every: 1 });
  await vi.waitFor(() => expect(runs).toBeGreaterThan(0), 30_000);
  await site.stop();
  const before = runs;
  await sleep(2_500);
  expect(runs).toBe(before);
});

test('it does nothing while Next builds', async () => {
  vi.stubEnv('NEXT_PHASE', 'phase-production-build');
  let runs = 0;
  warm('build', [() => ++runs], { payload: one.payload });
  vi.unstubAllEnvs();
  await settled();
  expect(runs).toBe(0);
});

test('without locks each process runs it, and says so', async () => {
  const { locks: _none, ...registry } = memoryRegistry();
  const site = await startBlog({ plugins: [payloadKV({ store: memory(), registry })] });
  try {
    const warn = vi.spyOn(site.payload.logger, 'warn');
    let runs = 0;
    warm('alone', [() => cached(() => ++runs, { key: ['alone'], payload: site.payload })], {
      payload: site.payload,
    });
    await settleCache(site.payload);
    expect(runs).toBe(1);
    expect(String(warn.mock.calls)).toContain('has no locks');
  } finally {
    await site.stop();
  }
});

test('options that cannot be are refused', () => {
  expect(() => keepWarm('x', [], { every: 'often' as never })).toThrow('every');
  expect(() => keepWarm('x', [], { concurrency: 0 })).toThrow('concurrency');
});
