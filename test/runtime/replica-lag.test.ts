import type { Payload } from 'payload';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { memory, type PayloadKVOptions, payloadKV, settleCache } from '../../src/runtime/index.js';
import { type Adapter, type Started, startBlog } from '../support/payload.js';
import { type Lookups, lookupsOf } from './lookups.js';

/** Lists of categories come from a replica: while it lags, as they were when it was last in step. */
interface Replica {
  lags: boolean;
}

function readFromReplica(adapter: Adapter, replica: Replica): Adapter {
  const { find } = adapter;
  let before: unknown;
  adapter.find = (async (args) => {
    if (args.collection !== 'categories') return find.call(adapter, args);
    if (replica.lags) return structuredClone(before);
    const now = await find.call(adapter, args);
    before = structuredClone(now);
    return now;
  }) as typeof find;
  return adapter;
}

let site: Started;
let payload: Payload;
const replica: Replica = { lags: false };

async function start(options: Partial<PayloadKVOptions>, more: object = {}): Promise<void> {
  site = await startBlog({
    wrapAdapter: (adapter) => readFromReplica(Object.assign(adapter, more), replica),
    plugins: [payloadKV({ store: memory(), ...options })],
  });
  payload = site.payload;
}
beforeEach(() => {
  replica.lags = false;
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
});
afterEach(async () => {
  await site.stop();
  vi.useRealTimers();
});

let names = 0;
async function create(): Promise<string> {
  const name = `name-${++names}`;
  await payload.create({ collection: 'categories', data: { name, slug: name } });
  return name;
}
async function namesOf(): Promise<unknown[]> {
  const { docs } = await payload.find({ collection: 'categories', limit: 0, depth: 0 });
  await settleCache(payload);
  return docs.map(({ name }) => name);
}
const later = (seconds: number) => void vi.setSystemTime(Date.now() + seconds * 1000);
const lookup = (): Promise<Lookups> => lookupsOf(payload, 'categories', namesOf);

/** What is stored after a write, and whether an answer of a lagging replica is among it. */
async function writeWhileLagging(): Promise<string> {
  await namesOf();
  replica.lags = true;
  const name = await create();
  expect(await namesOf()).not.toContain(name);
  replica.lags = false;
  return name;
}

test('the answer of a replica that lags is not stored within the lag', async () => {
  await start({ replicaLag: '5s' });
  const name = await writeWhileLagging();
  expect(await namesOf()).toContain(name);
  later(4.9);
  expect(await lookup()).toEqual({ miss: 1 });
  later(0.1);
  expect(await lookup()).toEqual({ miss: 1 });
  expect(await lookup()).toEqual({ hit: 1 });
  expect(await namesOf()).toContain(name);
});

test('each further write begins the lag anew', async () => {
  await start({ replicaLag: 5 });
  for (let time = 0; time < 3; time++) {
    const name = await writeWhileLagging();
    expect(await namesOf()).toContain(name);
    later(4);
  }
  expect(await lookup()).toEqual({ miss: 1 });
});

test('what does not depend on the write is stored all the while', async () => {
  await start({ replicaLag: 5 });
  const tags = () => payload.find({ collection: 'tags', depth: 0 });
  await tags();
  later(5);
  await tags();
  await create();
  expect(await lookupsOf(payload, 'tags', tags)).toEqual({ hit: 1 });
});

test('a replica that lags without the option has its old answer served until the TTL ends', async () => {
  await start({});
  const name = await writeWhileLagging();
  expect(await namesOf()).not.toContain(name);
});

describe('the default', () => {
  test('is no lag where the adapter has no replicas', async () => {
    await start({});
    await create();
    await namesOf();
    expect(await lookup()).toEqual({ hit: 1 });
  });

  test.each<[string, object]>([
    ['D1 with sessions', { readReplicas: 'first-primary' }],
    ['PostgreSQL with replicas', { readReplicaOptions: ['postgres://127.0.0.1/replica'] }],
  ])('is five seconds on %s', async (_adapter, more) => {
    await start({}, more);
    const name = await writeWhileLagging();
    expect(await namesOf()).toContain(name);
    later(4.9);
    expect(await lookup()).toEqual({ miss: 1 });
    later(0.1);
    await namesOf();
    expect(await lookup()).toEqual({ hit: 1 });
  });

  test.each<[string, object]>([
    ['D1 without sessions', { readReplicas: undefined }],
    ['PostgreSQL with an empty list', { readReplicaOptions: [] }],
  ])('is none on %s', async (_adapter, more) => {
    await start({}, more);
    await create();
    await namesOf();
    expect(await lookup()).toEqual({ hit: 1 });
  });

  test('is overridden by 0', async () => {
    await start({ replicaLag: 0 }, { readReplicas: 'first-primary' });
    await create();
    await namesOf();
    expect(await lookup()).toEqual({ hit: 1 });
  });
});
