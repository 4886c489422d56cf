import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { type CreateCacheOptions, createCache, type StandaloneCache } from '../../src/runtime/cache.js';
import { cached, memory, type Store, tiered } from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import { type RedisServer, startRedis } from '../support/redis.js';

/** Several caches in one store. */
let server: RedisServer;
const caches: StandaloneCache[] = [];
const stores: Store[] = [];
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(caches.splice(0).map((cache) => cache.close()));
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await server.connect().flushall();
});

function create(options: CreateCacheOptions = {}): StandaloneCache {
  const cache = createCache(options);
  caches.push(cache);
  return cache;
}

const KINDS: [string, () => Store][] = [
  ['memory', () => memory()],
  ['memory over Redis', () => tiered(memory(), redis({ url: `redis://127.0.0.1:${server.port}` }))],
];

describe.each(KINDS)('in %s', (_name, make) => {
  /** One store of all, or one of each, as processes have it. */
  const store = (): Store => {
    const made = make();
    stores.push(made);
    return made;
  };

  test('prefixes that differ see nothing of one another', async () => {
    const shared = store();
    const prefixes = [
      '',
      'a',
      'a:',
      'A',
      '*',
      'a*',
      '[ab]',
      '?',
      'a/b',
      '~a',
      '#',
      ' ',
      '%',
      '\\',
      'é',
      '__proto__',
      '"],["',
    ];
    const all = prefixes.map((prefix) => create({ store: shared, prefix }));
    for (const [index, cache] of all.entries()) {
      await cache.set('key', index);
      await cache.set('key', index, { namespace: 'n' });
    }
    const values = async (namespace: string) =>
      Promise.all(all.map(async (cache) => (await cache.get<number>('key', { namespace }))?.value));
    const whole = prefixes.map((_prefix, index) => index);
    expect(await values('default')).toEqual(whole);
    for (const [index, cache] of all.entries()) {
      expect(await cache.getStats()).toMatchObject({ keys: 2 });
      await cache.deleteNamespace('n');
      expect(await values('n')).toEqual(whole.map((value) => (value <= index ? undefined : value)));
      expect(await values('default')).toEqual(whole.map((value) => (value < index ? undefined : value)));
      await cache.clear();
    }
    expect(await values('default')).toEqual(whole.map(() => undefined));
  });

  test('those with one prefix and one store share all of it', async () => {
    const shared = store();
    const [one, other] = [create({ store: shared, prefix: 'p' }), create({ store: shared, prefix: 'p' })];
    await one.set('a', 1);
    await one.settle();
    expect(await other.get('a')).toEqual({ value: 1 });
    await other.close();
    expect(await one.get('a')).toEqual({ value: 1 });
    await create({ store: shared, prefix: 'p' }).clear();
    expect(await one.get('a')).toBeUndefined();
  });

  test('keys are told apart, whatever they are', async () => {
    const cache = create({ store: store() });
    const keys: unknown[][] = [
      ['a', 'b'],
      ['ab'],
      ['a,b'],
      [['a', 'b']],
      [1],
      ['1'],
      [null],
      [undefined],
      ['null'],
      [],
      [''],
      [NaN],
      [-0],
      [0],
      [new Date(0)],
      ['1970-01-01T00:00:00.000Z'],
      [{ a: 1 }],
      ['__proto__'],
      ['constructor'],
      [JSON.parse('{"__proto__":1}')],
      [{}],
      ['*'],
      ['\u0000'],
      ['\ud800'],
      ['\udc00'],
      ['\u00e9'],
      ['e\u0301'],
      ['x'.repeat(100_000)],
      ['x'.repeat(100_001)],
      [10n],
    ];
    const refused: number[] = [];
    for (const [index, key] of keys.entries()) {
      await cache.set(key, index);
      if ((await cache.get(key)) === undefined) refused.push(index);
    }
    for (const [index, key] of keys.entries())
      if (!refused.includes(index)) expect(await cache.get(key)).toEqual({ value: index });
    expect(refused.map((index) => keys[index])).toEqual([]);
    for (const namespace of ['__proto__', 'constructor', '*', 'a/b', '~', '#', 'default'])
      await cache.set('k', namespace, { namespace });
    for (const namespace of ['__proto__', 'constructor', '*', 'a/b', '~', '#', 'default'])
      expect(await cache.get('k', { namespace })).toEqual({ value: namespace });
    expect(Object.keys((await cache.getStats()).namespaces)).toContain('__proto__');
  });

  test('values come back as they were', async () => {
    const cache = create({ store: store() });
    const values = [
      undefined,
      null,
      NaN,
      -0,
      Number.POSITIVE_INFINITY,
      '',
      false,
      new Date(5),
      new Date(Number.NaN),
      [undefined, null],
      { a: undefined },
      new Uint8Array([1, 2]),
      '\ud800',
    ];
    for (const [index, value] of values.entries()) {
      await cache.set([index], value);
      expect(await cache.get([index])).toStrictEqual({ value });
    }
    for (const value of [
      () => 1,
      Symbol('a'),
      new (class A {})(),
      new Response(),
      JSON.parse('{"__proto__":{}}'),
    ])
      await expect(cache.set('a', value)).rejects.toMatchObject({ code: 'VALUE_NOT_STORABLE' });
    // A copy, which belongs to whoever asked.
    const list = [1];
    await cache.set('list', list);
    list.push(2);
    const found = await cache.get<number[]>('list');
    found?.value.push(3);
    expect(await cache.get('list')).toEqual({ value: [1] });
  });
});

test('a namespace of the deployment sets apart what has one prefix, and leaves prefixes apart', async () => {
  const store = memory();
  const outside = create({ store, prefix: 'a' });
  await outside.set('k', 'outside');
  vi.stubEnv('PAYLOAD_KV_NAMESPACE', 'staging');
  const [a, b] = [create({ store, prefix: 'a' }), create({ store, prefix: 'b' })];
  expect(await a.get('k')).toBeUndefined();
  await a.set('k', 'a');
  await b.set('k', 'b');
  expect(await a.get('k')).toEqual({ value: 'a' });
  expect(await b.get('k')).toEqual({ value: 'b' });
  // The tags of a prefix are those of all deployments.
  expect(await outside.get('k')).toBeUndefined();
});

test('turned off by the environment, functions are run', async () => {
  vi.stubEnv('PAYLOAD_KV_ENABLED', 'false');
  const cache = create();
  let runs = 0;
  await cache.cached(() => ++runs, { key: ['a'] });
  await cache.cached(() => ++runs, { key: ['a'] });
  expect(runs).toBe(2);
});

test('one run for all who wait, and one for each cache', async () => {
  const shared = memory();
  const [one, other] = [create({ store: shared, prefix: '1' }), create({ store: shared, prefix: '2' })];
  let runs = 0;
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return ++runs;
  };
  const call = (cache: StandaloneCache) => cached(run, { key: ['a'], cache });
  await Promise.all([call(one), call(one), call(other), call(one), call(other)]);
  expect(runs).toBe(2);
});

test('options that cannot be are refused', () => {
  for (const [options, code] of [
    [{ prefix: 'x'.repeat(101) }, 'INVALID_POLICY'],
    [{ prefix: 5 }, 'INVALID_POLICY'],
    [{ store: {} }, 'INVALID_STORE'],
    [{ ttl: 'soon' }, 'INVALID_DURATION'],
    [{ whileAway: 'long' }, 'INVALID_DURATION'],
    [{ namespaces: { a: { ttl: -1 } } }, 'INVALID_DURATION'],
    [{ logger: {} }, 'INVALID_POLICY'],
    [{ memory: { maxEntries: 0 } }, 'INVALID_STORE'],
  ] as const)
    expect(() => createCache(options as never)).toThrow(expect.objectContaining({ code }));
});
