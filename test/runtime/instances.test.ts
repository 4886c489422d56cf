import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execaNode } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Store } from '../../src/interfaces/store.js';
import { kvRegistry } from '../../src/registries/kv.js';
import { cloudflareKV } from '../../src/runtime/cloudflare.js';
import {
  databaseRegistry,
  getCacheStats,
  invalidateCache,
  memory,
  memoryRegistry,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { redis } from '../../src/runtime/redis.js';
import {
  type Adapter,
  createMiniflare,
  type Started,
  startBlog,
  startCloudflare,
} from '../support/payload.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';
import { sharedMemory } from '../support/shared-memory.js';
import { lookupsOf } from './lookups.js';

/** Several Payload instances, in one process and in several, over one store. */
let directory: string;
let files = 0;
const sites: Started[] = [];

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-instances-'));
});
afterEach(async () => {
  for (const site of sites.splice(0)) await site.stop();
});
afterAll(() => removeDirectory(directory));

const file = (): string => `file:${path.join(directory, `${++files}.db`)}`;

async function start(
  plugin: ReturnType<typeof payloadKV>,
  url?: string,
  more: Parameters<typeof startBlog>[0] = {},
): Promise<Started> {
  const site = await startBlog({ plugins: [plugin], ...(url ? { url } : {}), ...more });
  sites.push(site);
  return site;
}

const write = ({ payload }: Started, name: string) =>
  payload.create({ collection: 'authors', data: { name } });
async function names({ payload }: Started): Promise<unknown[]> {
  const { docs } = await payload.find({ collection: 'authors', sort: 'id', depth: 0 });
  await settleCache(payload);
  return docs.map(({ name }) => name);
}
const lookups = (site: Started) => lookupsOf(site.payload, 'authors', () => names(site));

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list('payload-cache:')) keys.push(...page);
  return keys.filter((key) => !key.startsWith('payload-cache:tag:'));
}

describe('one memory store', () => {
  test('serves no database the documents of another, by one plugin or by two', async () => {
    const store = memory();
    const shared = payloadKV({ store });
    const [one, other, third] = [await start(shared), await start(shared), await start(payloadKV({ store }))];
    await write(one, 'of one');
    await write(other, 'of the other');
    for (let time = 0; time < 2; time++) {
      expect(await names(one)).toEqual(['of one']);
      expect(await names(other)).toEqual(['of the other']);
      expect(await names(third)).toEqual([]);
    }
    for (const site of [one, other, third]) expect(await lookups(site)).toEqual({ hit: 1 });
  });

  test('loses the entries of an instance that is destroyed, and of no other', async () => {
    const store = memory();
    const plugin = payloadKV({ store });
    const url = file();
    const [one, other] = [await startBlog({ url, plugins: [plugin] }), await start(plugin)];
    await write(one, 'of one');
    await names(one);
    await names(other);
    const before = await keysOf(store);
    await one.stop();
    const after = await keysOf(store);
    expect(after).not.toEqual([]);
    expect(after.length).toBeLessThan(before.length);
    expect(await lookups(other)).toEqual({ hit: 1 });

    // Over the same database, which may have changed since, as over another.
    const [again, elsewhere] = [await start(plugin, url), await start(plugin)];
    expect(await lookups(again)).toEqual({ miss: 1 });
    expect(await names(again)).toEqual(['of one']);
    expect(await lookups(elsewhere)).toEqual({ miss: 1 });
    expect(await names(elsewhere)).toEqual([]);
  });

  test('has one registry: each of two instances on one database sees what the other writes', async () => {
    const store = memory();
    const url = file();
    const [one, other] = [await start(payloadKV({ store }), url), await start(payloadKV({ store }), url)];
    for (const [writer, name] of [
      [one, 'a'],
      [other, 'b'],
      [one, 'c'],
    ] as const) {
      await write(writer, name);
      const expected = await names(writer);
      expect(expected.at(-1)).toBe(name);
      for (const site of [one, other]) {
        expect(await names(site)).toEqual(expected);
        expect(await lookups(site)).toEqual({ hit: 1 });
      }
    }
    await invalidateCache(one.payload, { collection: 'authors' });
    expect(await lookups(other)).toEqual({ stale: 1 });
  });

  test('keeps its entries in front of another store for one instance, and they go with it', async () => {
    const near = memory();
    const far = sharedMemory();
    const plugin = payloadKV({ store: tiered(near, far), registry: memoryRegistry() });
    const url = file();
    const one = await startBlog({ url, plugins: [plugin] });
    const other = await start(plugin);
    await write(one, 'of one');
    expect(await names(one)).toEqual(['of one']);
    const [entry] = (await keysOf(far)).filter((key) => key.includes(':authors:find:'));
    expect(await names(other)).toEqual([]);
    expect(await keysOf(near)).toEqual(expect.arrayContaining([expect.stringContaining(String(entry))]));
    await one.stop();
    expect((await keysOf(near)).filter((key) => key.startsWith(String(entry)))).toEqual([]);
    expect(await keysOf(far)).toContain(entry);
    expect(await lookups(other)).toEqual({ hit: 1 });
  });
});

test('one databaseRegistry object keeps the versions of each database in that database', async () => {
  const registry = databaseRegistry();
  const plugin = payloadKV({ store: memory(), registry });
  const [url, otherUrl] = [file(), file()];
  const [one, other] = [await start(plugin, url), await start(plugin, otherUrl)];
  // Another process of each, which has nothing but the database in common.
  const apart = await start(payloadKV({ store: memory(), registry: databaseRegistry() }), url);
  const otherApart = await start(payloadKV({ store: memory(), registry: databaseRegistry() }), otherUrl);
  for (const [writer, reader] of [
    [one, apart],
    [apart, one],
    [other, otherApart],
    [otherApart, other],
  ] as const) {
    const before = await names(reader);
    expect(await lookups(reader)).toEqual({ hit: 1 });
    await write(writer, 'new');
    expect(await names(reader)).toEqual([...before, 'new']);
  }
  for (const site of [one, other, apart, otherApart]) {
    await names(site);
    expect(await lookups(site)).toEqual({ hit: 1 });
  }
});

describe('a store outside of the process', () => {
  test('is asked for no entries of another where an adapter does not tell its database, which a warning says', async () => {
    const far = sharedMemory();
    const registry = memoryRegistry();
    const silent = (adapter: Adapter): Adapter => Object.assign(adapter, { clientConfig: undefined });
    const url = file();
    /** The adapter connects with what it is told; only the cache is not. */
    const startSilent = async (options: Partial<PayloadKVOptions>) => {
      const warned: unknown[] = [];
      const site = await start(payloadKV({ store: far, registry, ...options }), url, {
        wrapAdapter(adapter) {
          const { clientConfig } = adapter as unknown as { clientConfig: object };
          const connect = adapter.connect as (...args: unknown[]) => unknown;
          return Object.assign(silent(adapter), {
            connect(this: object, ...args: unknown[]) {
              return connect.apply(Object.assign(this, { clientConfig }), args);
            },
          }) as Adapter;
        },
        configure: (config) => ({
          ...config,
          logger: {
            options: { level: 'warn' },
            destination: { write: (line: string) => warned.push(line) },
          } as never,
        }),
      });
      return { site, warned };
    };
    const one = await startSilent({});
    await write(one.site, 'a');
    expect(await names(one.site)).toEqual(['a']);
    expect(await lookups(one.site)).toEqual({ hit: 1 });
    expect(await lookups((await startSilent({})).site)).toEqual({ miss: 1 });
    expect(one.warned.join('')).toContain('does not tell which database it is of');

    const named = await startSilent({ database: 'main' });
    await names(named.site);
    expect(await lookups((await startSilent({ database: 'main' })).site)).toEqual({ hit: 1 });
    expect(await lookups((await startSilent({ database: 'other' })).site)).toEqual({ miss: 1 });
    expect(named.warned.join('')).not.toContain('does not tell');
  });

  test('has no entries that two sites share by a newline in their names', async () => {
    const far = sharedMemory();
    const registry = memoryRegistry();
    const url = file();
    const started = async (fingerprint: string, namespace: string) =>
      start(payloadKV({ store: far, registry, schema: { fingerprint }, namespace }), url);
    const one = await started('a', 'b\nc');
    await names(one);
    expect(await lookups(one)).toEqual({ hit: 1 });
    expect(await lookups(await started('a\nb', 'c'))).toEqual({ miss: 1 });
  });
});

describe('one KV namespace on D1', () => {
  test('is shared by those of one name in the environment, and by no others', async () => {
    const miniflare = createMiniflare();
    const another = createMiniflare();
    const kv = await miniflare.getKVNamespace('PAYLOAD_CACHE');
    const d1 = await miniflare.getD1Database('D1');
    const tenant = await another.getD1Database('D1');
    const running: Started[] = [];
    const startOn = async (of: typeof miniflare, env: object) => {
      const site = await startCloudflare({
        miniflare: of,
        plugins: [
          payloadKV({ store: cloudflareKV({ binding: kv as never, env }), consistency: { bounded: 1 } }),
        ],
        // Each call of Miniflare makes another proxy of the same binding.
        wrapAdapter: (adapter) => Object.assign(adapter, { binding: of === miniflare ? d1 : tenant }),
      });
      running.push(site);
      return site;
    };
    try {
      const environment = { D1: d1, TENANT: tenant };
      const one = await startOn(miniflare, environment);
      await write(one, 'of one');
      expect(await names(one)).toEqual(['of one']);
      expect(await lookups(one)).toEqual({ hit: 1 });
      const same = await startOn(miniflare, { ...environment });
      expect(await lookups(same)).toEqual({ hit: 1 });
      const other = await startOn(another, environment);
      expect(await names(other)).toEqual([]);
    } finally {
      for (const site of running) await site.stop();
      await miniflare.dispose();
      await another.dispose();
    }
  });
});

describe.skipIf(!hasRedis)('one Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server?.stop());

  const site = (url: string, options: Partial<PayloadKVOptions> = {}) =>
    start(payloadKV({ store: redis({ client: server.connect() }), ...options }), url);

  /** The same in a process of its own. */
  async function elsewhere(url: string): Promise<{ names: unknown[]; hits: number; misses: number }> {
    const { stdout } = await execaNode('test/runtime/instances-child.ts', [url, String(server.port)], {
      cwd: repository,
      nodeOptions: ['--import', 'tsx'],
    });
    return JSON.parse(stdout.split('\n').at(-1) as string);
  }

  test('two databases are apart by themselves; processes of one database share its entries', async () => {
    const [production, preview] = [file(), file()];
    const [one, other] = [await site(production), await site(preview)];
    await write(one, 'live');
    await write(other, 'draft');
    expect(await names(one)).toEqual(['live']);
    expect(await names(other)).toEqual(['draft']);
    expect(await lookups(one)).toEqual({ hit: 1 });
    expect(await elsewhere(production)).toEqual({ names: ['live'], hits: 1, misses: 0 });
    expect(await elsewhere(preview)).toEqual({ names: ['draft'], hits: 1, misses: 0 });
    expect(await elsewhere(file())).toMatchObject({ names: [], hits: 0 });
  });

  test('an entry is shared by nobody of another namespace', async () => {
    const url = file();
    const one = await site(url, { namespace: 'one' });
    await names(one);
    expect(await lookups(one)).toEqual({ hit: 1 });
    expect(await lookups(await site(url))).toEqual({ miss: 1 });
    expect(getCacheStats(one.payload)?.total.errors).toBe(0);
  });

  test('no key tells a path, a host or a name', async () => {
    const client = server.connect();
    vi.stubEnv('PAYLOAD_KV_DATABASE', 'a-name-of-mine');
    try {
      await names(await site(file()));
    } finally {
      vi.unstubAllEnvs();
    }
    const keys = (await client.keys('*')).join('\n');
    expect(keys).toContain('payload-cache:authors:find:');
    expect(keys).not.toMatch(/\/|\.db|a-name-of-mine/);
  });
});

describe('a version that a registry no longer keeps', () => {
  afterEach(() => void vi.useRealTimers());

  test('makes nothing fresh of a process with longer TTLs than the one that replaced it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    // Unlike that of memory(), its time is the one that is moved here.
    const kept = new Map<string, { value: string; until: number }>();
    const get = (key: string) => {
      const found = kept.get(key);
      return found && found.until > Date.now() ? found.value : undefined;
    };
    const store: Store = {
      ...sharedMemory(),
      get,
      getMany: (keys) => keys.map(get),
      set(key, value, ttl = Number.POSITIVE_INFINITY) {
        kept.set(key, { value, until: Date.now() + ttl * 1000 });
      },
    };
    const url = file();
    const on = (options: Partial<PayloadKVOptions>) =>
      start(payloadKV({ store, registry: kvRegistry(store, { interval: 1 }), ...options }), url);
    const long = await on({ ttl: '30d', negativeTtl: '30d' });
    const script = await on({ ttl: '1m' });
    expect(await names(long)).toEqual([]);
    vi.setSystemTime(Date.now() + 3_600_000);
    expect(await lookups(long)).toEqual({ hit: 1 });
    await write(script, 'new');
    vi.setSystemTime(Date.now() + 5 * 86_400_000);
    expect(await names(long)).toEqual(['new']);
  });
});
