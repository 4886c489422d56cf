import { afterEach, beforeEach, expect, test } from 'vitest';
import { versionKey } from '../../src/interfaces/keys.js';
import { kvRegistry } from '../../src/registries/kv.js';
import { memoryRegistry } from '../../src/registries/memory.js';
import { createCache } from '../../src/runtime/cache.js';
import { createFaultGuard } from '../../src/runtime/fault/fault-guard.js';
import { cachedBatch } from '../../src/runtime/functions/batch.js';
import { memory } from '../../src/runtime/index.js';
import { createSingleFlight } from '../../src/runtime/read/single-flight.js';
import { createVersionMemory } from '../../src/runtime/versions/version-memory.js';
import { type Clock, takeClock } from '../support/clock.js';
import { startResponseSite } from '../support/responses.js';

let clock: Clock;
/** Milliseconds that have passed by the clock that nobody sets. */
let passed = 0;
const steady = performance.now;
beforeEach(() => {
  clock = takeClock();
  performance.now = () => steady.call(performance) + passed;
});
afterEach(() => {
  clock.stop();
  performance.now = steady;
  passed = 0;
});

test('a store that was given up is asked again where the clock was set back', () => {
  const guard = createFaultGuard({
    timeout: 1_000,
    pause: 10_000,
    onFault: () => undefined,
    onOpen: () => undefined,
    now: Date.now,
  });
  for (let count = 0; count < 5; count++) {
    guard.run(() => {
      throw new Error('no such server');
    });
  }
  expect(guard.isOpen()).toBe(true);
  clock.advance(-3_600);
  expect(guard.isOpen()).toBe(false);
});

test('a version waits for its interval and no longer where the clock was set back', async () => {
  const store = memory();
  const registry = kvRegistry(store, { interval: 20 });
  const background: Promise<unknown>[] = [];
  const replace = () => registry.replace(['posts'], { background: (work) => background.push(work) });
  await replace();
  clock.advance(-3_600);
  const versions = await replace();
  await Promise.all(background);
  expect(store.getMany([versionKey('posts')])).toEqual(versions);
});

test('a version that was remembered is not young again when a clock that was set back comes to its time once more', () => {
  const versions = createVersionMemory(memoryRegistry(), Date.now);
  versions.learn(['posts'], ['old'], versions.moment());
  expect(versions.recall(['posts'], 10)).toEqual(['old']);
  // Set back by as much as has passed since.
  passed = 3_600_000;
  expect(versions.recall(['posts'], 10)).toEqual([undefined]);
});

test('a result is stored when a replica has caught up, where the clock was set back too', () => {
  const versions = createVersionMemory(memoryRegistry(), Date.now);
  expect(versions.isSettled(['posts'], ['new'], 5)).toBe(false);
  clock.advance(-3_600);
  expect(versions.isSettled(['posts'], ['new'], 5)).toBe(false);
  clock.advance(6);
  expect(versions.isSettled(['posts'], ['new'], 5)).toBe(true);
});

test('what this process has replaced holds until the registry has spread it, where the clock was set back too', () => {
  const registry = { ...memoryRegistry(), propagation: 60 };
  const versions = createVersionMemory(registry, Date.now);
  versions.replaced(['posts'], ['new'], versions.moment());
  clock.advance(-3_600);
  const seen = () => versions.learn(['posts'], ['old'], versions.moment());
  expect(seen()).toEqual(['new']);
  passed = 59_000;
  expect(seen()).toEqual(['new']);
  passed = 61_000;
  expect(seen()).toEqual(['old']);
});

test('a query that never ends is not waited for where the clock was set back', async () => {
  const flight = createSingleFlight<string>('process', () => undefined, Date.now, 600_000);
  void flight.run('key', () => new Promise(() => {}));
  clock.advance(-3_600);
  expect(await flight.run('key', async () => 'answer')).toEqual({ led: true, shared: 'answer' });
});

test('a lock that was given back is not open to everybody where the clock was set back', async () => {
  const { locks } = memoryRegistry();
  const held = await locks?.acquire('name', 10_000);
  await held?.release();
  clock.advance(-3_600);
  const [one, other] = [await locks?.acquire('name', 10_000), await locks?.acquire('name', 10_000)];
  expect([one?.token !== undefined, other]).toEqual([true, undefined]);
  clock.advance(3_600);
  expect(await locks?.acquire('name', 10_000)).toBeUndefined();
});

test('whoever has a response already is not told that it holds where it is dated in the future', async () => {
  const site = await startResponseSite({ policy: { ttl: '10m' } });
  try {
    const etag = (await site.get('/posts')).headers.get('etag') ?? '';
    const ask = () => site.get('/posts', { headers: { 'if-none-match': etag } });
    expect((await ask()).headers.get('x-payload-cache')).toBe('hit');
    clock.advance(-3_600);
    expect((await ask()).headers.get('x-payload-cache')).toBe('miss');
  } finally {
    await site.stop();
  }
});

test('what may be served for a second is kept, also where the clock ticks before the function runs', async () => {
  const cache = createCache({ store: memory(), ttlJitter: 0 });
  const { now } = Date;
  Date.now = () => {
    clock.advance(0.001);
    return now();
  };
  try {
    let runs = 0;
    const call = () => cache.cached(() => ++runs, { key: ['second'], ttl: '1s' });
    const many = cachedBatch(async (keys: readonly string[]) => keys.map(() => ++runs), {
      namespace: 'batch',
      ttl: '1s',
      cache,
    });
    expect([await call(), await call()]).toEqual([1, 1]);
    expect([await many(['a']), await many(['a'])]).toEqual([[2], [2]]);
  } finally {
    Date.now = now;
    await cache.close();
  }
});
