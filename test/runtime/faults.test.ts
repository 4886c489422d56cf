import type { Payload } from 'payload';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { cloudflareKV } from '../../src/runtime/cloudflare.js';
import {
  getCacheStats,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  type Registry,
  type Store,
  settleCache,
} from '../../src/runtime/index.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { collectLog } from './logged.js';
import { lookupsOf } from './lookups.js';

// The timeout is what is tested here.
vi.stubEnv('PAYLOAD_KV_TIMEOUT', undefined);

/** What may go wrong with a call: it throws, rejects, or never answers. */
type Fault = 'throws' | 'rejects' | 'hangs';
const FAULTS: Fault[] = ['throws', 'rejects', 'hangs'];

function fail(fault: Fault): Promise<never> {
  if (fault === 'throws') throw new Error('store: it throws');
  return fault === 'rejects' ? Promise.reject(new Error('store: it rejects')) : new Promise(() => undefined);
}

/** A store in memory that fails while `fault` is set. */
function failingStore(): Store & { fault: Fault | undefined; calls: number } {
  const store = memory();
  return {
    ...store,
    fault: undefined,
    calls: 0,
    getMany(keys) {
      this.calls += 1;
      return this.fault ? fail(this.fault) : store.getMany(keys);
    },
    set(key, value, ttl) {
      this.calls += 1;
      return this.fault ? fail(this.fault) : store.set(key, value, ttl);
    },
  };
}

/** A registry in memory, asked as if it were far away, that fails while `fault` is set. */
function failingRegistry(): Registry & { fault: Fault | undefined; replacements: number } {
  const registry = memoryRegistry();
  return {
    ...registry,
    local: false,
    fault: undefined,
    replacements: 0,
    get(tags) {
      return this.fault ? fail(this.fault) : registry.get(tags);
    },
    replace(tags, context) {
      this.replacements += 1;
      return this.fault ? fail(this.fault) : registry.replace(tags, context);
    },
  };
}

const calls = countDatabaseCalls();
const log = collectLog();
let site: Started | undefined;
let payload: Payload;

async function start(options: PayloadKVOptions): Promise<void> {
  calls.reset();
  log.clear();
  site = await startBlog({
    wrapAdapter: calls.wrapAdapter,
    configure: log.configure,
    plugins: [payloadKV({ timeout: 30, ...options })],
  });
  ({ payload } = site);
}
afterEach(async () => {
  await site?.stop();
  site = undefined;
});

let names = 0;
async function createCategory(): Promise<{ id: number; name: string }> {
  const name = `name-${++names}`;
  const { id } = await payload.create({ collection: 'categories', data: { name, slug: name } });
  return { id: id as number, name };
}
/** As `lookupsOf`, while something is left for later. */
async function lookupsWithoutWaiting(run: () => unknown): Promise<object> {
  const counts = () => {
    const {
      hits = 0,
      misses = 0,
      stale = 0,
      bypasses = {},
    } = getCacheStats(payload)?.collections.categories ?? {};
    return { hit: hits, miss: misses, stale, ...bypasses } as Record<string, number>;
  };
  const before = counts();
  await run();
  const more = Object.entries(counts()).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}

const nameOf = async (id: number) =>
  (await payload.findByID({ collection: 'categories', id, depth: 0 })).name;

describe('a store that is missing', () => {
  test('leaves a site without a cache, and one warning that says what to do', async () => {
    await start({ store: cloudflareKV({ binding: 'NOT_THERE', env: {} }) });
    for (let time = 0; time < 8; time++) await payload.find({ collection: 'tags' });
    const { id, name } = await createCategory();
    for (let time = 0; time < 3; time++) {
      calls.reset();
      expect(await nameOf(id)).toBe(name);
      expect(calls.total()).toBe(1);
    }
    await payload.update({ collection: 'categories', id, data: { name: 'new' } });
    expect(await nameOf(id)).toBe('new');
    expect(getCacheStats(payload)?.total.hits).toBe(0);
    // Nor does each write try again: those who would write versions are stopped as well.
    for (let time = 0; time < 10; time++) await createCategory();
    expect(getCacheStats(payload)?.operations.registryReplacements).toBeLessThan(20);
    const [warning, ...others] = log.lines();
    expect(warning).toContain('The KV binding "NOT_THERE" is not there.');
    expect(warning).toContain('wrangler config');
    expect(others).toEqual([]);
  });
});

describe.each(FAULTS)('a store that %s', (fault) => {
  test('costs nothing but hits, in reads and writes', async () => {
    const store = failingStore();
    await start({ store });
    const { id, name } = await createCategory();
    await nameOf(id);
    const errors = () => getCacheStats(payload)?.collections.categories?.errors ?? 0;
    expect(errors()).toBe(0);
    store.fault = fault;
    expect(await nameOf(id)).toBe(name);
    expect(errors()).toBeGreaterThan(0);
    await payload.update({ collection: 'categories', id, data: { name: 'new' } });
    expect(await nameOf(id)).toBe('new');

    // After several faults in a row it is left alone, and every read counted as bypassed for an error.
    for (let time = 0; time < 8; time++) expect(await nameOf(id)).toBe('new');
    expect(getCacheStats(payload)?.suspended).toBe(true);
    const { calls: before } = store;
    expect(await lookupsOf(payload, 'categories', () => nameOf(id))).toEqual({ error: 1 });
    expect(store.calls).toBe(before);
    expect(log.lines().length).toBeLessThanOrEqual(3);
  });
});

describe.each(FAULTS)('a registry that %s', (fault) => {
  test('never lets an old answer out, and no write fails by it', async () => {
    const registry = failingRegistry();
    await start({ store: memory(), registry });
    const { id, name } = await createCategory();
    await nameOf(id);
    expect(await lookupsOf(payload, 'categories', () => nameOf(id))).toEqual({ hit: 1 });

    registry.fault = fault;
    expect(await nameOf(id)).toBe(name);
    expect(getCacheStats(payload)?.collections.categories?.errors).toBe(1);
    await payload.db.updateOne({
      collection: 'categories',
      id,
      data: { name: 'new' },
    } as Parameters<Payload['db']['updateOne']>[0]);
    expect(await nameOf(id)).toBe('new');

    // The replacement that failed is made up for, and until then nothing that depends on it is served.
    registry.fault = undefined;
    expect(await nameOf(id)).toBe('new');
    await settleCache(payload, 30_000);
    expect(await nameOf(id)).toBe('new');
  });
});

describe('a registry that cannot replace', () => {
  test('is left alone by writes after a while; what they touched is not served until it was made up for', async () => {
    const registry = failingRegistry();
    await start({ store: memory(), registry });
    const categories = [];
    for (let count = 0; count < 12; count++) categories.push(await createCategory());
    for (const { id } of categories) await nameOf(id);
    await settleCache(payload);

    registry.fault = 'rejects';
    registry.replacements = 0;
    for (const { id } of categories) {
      await payload.update({ collection: 'categories', id, data: { name: `new-${id}` } });
    }
    // Each of them would try three times.
    expect(registry.replacements).toBeLessThan(2 * categories.length);
    // One task makes up for all of them, however many writes there were.
    expect(getCacheStats(payload)?.pending).toBe(1);
    for (const { id } of categories) {
      const lookups = await lookupsWithoutWaiting(async () => expect(await nameOf(id)).toBe(`new-${id}`));
      expect(lookups).toEqual({ error: 1 });
    }

    const { replacements } = registry;
    registry.fault = undefined;
    await settleCache(payload, 60_000);
    expect(registry.replacements).toBe(replacements + 1);
    for (const { id } of categories) expect(await nameOf(id)).toBe(`new-${id}`);
    for (const { id } of categories) {
      expect(await lookupsOf(payload, 'categories', () => nameOf(id))).toEqual({ hit: 1 });
    }
  });

  test('and then can again, has what was left for later replaced by the next write of the same', async () => {
    const registry = failingRegistry();
    await start({ store: memory(), registry });
    const { id } = await createCategory();
    await nameOf(id);
    registry.fault = 'rejects';
    await payload.update({ collection: 'categories', id, data: { name: 'old' } });
    registry.fault = undefined;
    await payload.update({ collection: 'categories', id, data: { name: 'new' } });
    expect(await nameOf(id)).toBe('new');
    expect(await lookupsWithoutWaiting(() => nameOf(id))).toEqual({ hit: 1 });
  });
});

describe('a value that is no entry of its key', () => {
  const store = memory();
  const keysOf = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const page of store.list('payload-cache:')) keys.push(...page);
    return keys;
  };

  test.each([
    ['not JSON', () => '\u0000garbage'],
    ['empty', () => ''],
    ['JSON of another kind', () => '[]'],
    ['an entry’s beginning alone', (text: string) => text.slice(0, 5)],
    ['of a format of long ago', () => '{"value":{"docs":[]},"expires":9999999999999}'],
    ['cut off', (text: string) => text.slice(0, -10)],
    [
      'an entry whose special values lead nowhere',
      (text: string) => text.replace('{', '{"x":[[["a","b"],"date","0"]],'),
    ],
    ['the result alone', (text: string) => text.replace(/(?<=:).*?"r":(.*)\}$/, '$1')],
  ])('because it is %s, is a miss, counted as an error, and overwritten', async (_what, spoil) => {
    await start({ store });
    const { id, name } = await createCategory();
    await store.deleteMany(await keysOf());
    expect(await nameOf(id)).toBe(name);
    const [key = ''] = await keysOf();
    const [text = ''] = await store.getMany([key]);
    store.set(key, spoil(text as string), 60);

    const errors = getCacheStats(payload)?.collections.categories?.errors ?? 0;
    expect(await lookupsOf(payload, 'categories', async () => expect(await nameOf(id)).toBe(name))).toEqual({
      miss: 1,
    });
    expect(getCacheStats(payload)?.collections.categories?.errors).toBe(errors + 1);
    expect(await lookupsOf(payload, 'categories', () => nameOf(id))).toEqual({ hit: 1 });
  });

  test('because it is the entry of another key, is a miss', async () => {
    await start({ store });
    await createCategory();
    await store.deleteMany(await keysOf());
    const total = (limit: number) => payload.db.find({ collection: 'categories', limit, sort: 'id' });
    // Two queries with the same tags, so that nothing but the key tells their entries apart.
    await createCategory();
    const [one, two] = [await total(1), await total(2)];
    expect([one.docs.length, two.docs.length]).toEqual([1, 2]);
    const keys = await keysOf();
    expect(keys).toHaveLength(2);
    const [first, second] = (await store.getMany(keys)) as [string, string];
    store.set(keys[0] as string, second, 60);
    store.set(keys[1] as string, first, 60);
    expect(await total(1)).toEqual(one);
    expect(await total(2)).toEqual(two);
  });
});
