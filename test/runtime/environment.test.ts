import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cloudflareKV, type KVBinding } from '../../src/runtime/cloudflare.js';
import {
  getCacheStats,
  memory,
  type PayloadKVOptions,
  payloadKV,
  settleCache,
} from '../../src/runtime/index.js';
import { withEnvironment } from '../../src/runtime/policy/environment.js';
import { redis } from '../../src/runtime/redis.js';
import { countDatabaseCalls, type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';

const options: PayloadKVOptions = { store: memory(), ttl: '1h', timeout: 50 };
const changed = (environment: Record<string, string>) => {
  const { options: all, answers } = withEnvironment(options, environment);
  const { store: _store, ...rest } = all;
  return { ...rest, answers };
};
const unchanged = { ttl: '1h', timeout: 50, answers: true };

describe('a variable wins over the option in code', () => {
  test.each<[Record<string, string>, object]>([
    [{}, {}],
    [{ PAYLOAD_KV_TTL: '' }, {}],
    [{ PAYLOAD_KV_TTL: '60' }, { ttl: 60 }],
    [{ PAYLOAD_KV_TTL: '5m' }, { ttl: 300 }],
    [
      { PAYLOAD_KV_SWR: '1m', PAYLOAD_KV_STALE_IF_ERROR: '1d' },
      { swr: 60, staleIfError: 86_400 },
    ],
    [
      { PAYLOAD_KV_SWR: 'false', PAYLOAD_KV_NEGATIVE_TTL: '0' },
      { swr: false, negativeTtl: false },
    ],
    [{ PAYLOAD_KV_NAMESPACE: 'staging' }, { namespace: 'staging' }],
    [{ PAYLOAD_KV_DATABASE: 'main' }, { database: 'main' }],
    [{ PAYLOAD_KV_BUILD: '3f2a' }, { build: '3f2a' }],
    [{ PAYLOAD_KV_CONSISTENCY: 'eventual' }, { consistency: 'eventual' }],
    [{ PAYLOAD_KV_CONSISTENCY: '10s' }, { consistency: { bounded: 10 } }],
    [{ PAYLOAD_KV_TIMEOUT: '250' }, { timeout: 250 }],
    [{ PAYLOAD_KV_DEBUG: 'true' }, { debug: true }],
    [{ PAYLOAD_KV_ENABLED: 'true' }, { enabled: true }],
    [{ PAYLOAD_KV_ENABLED: 'off' }, { answers: false }],
  ])('%o', (environment, expected) => {
    expect(changed(environment)).toEqual({ ...unchanged, ...expected });
  });
});

test.each([
  ['PAYLOAD_KV_TTL', 'soon', 'INVALID_DURATION'],
  ['PAYLOAD_KV_SWR', '-1', 'INVALID_DURATION'],
  ['PAYLOAD_KV_CONSISTENCY', 'weak', 'INVALID_DURATION'],
  ['PAYLOAD_KV_TIMEOUT', '0', 'INVALID_ENVIRONMENT'],
  ['PAYLOAD_KV_TIMEOUT', '1e3', 'INVALID_ENVIRONMENT'],
  ['PAYLOAD_KV_ENABLED', 'maybe', 'INVALID_ENVIRONMENT'],
  ['PAYLOAD_KV_DEBUG', '2', 'INVALID_ENVIRONMENT'],
])('%s=%s is refused by its name', (name, value, code) => {
  expect(() => withEnvironment(options, { [name]: value })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(name) }),
  );
});

describe('turned off by the environment', () => {
  const calls = countDatabaseCalls();
  const sites: Started[] = [];
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-environment-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    for (const site of sites.splice(0)) await site.stop();
    await removeDirectory(directory);
  });

  test('no read is answered from the cache, and a write still makes stale what was stored before', async () => {
    const store = memory();
    const registry = store.defaultRegistry();
    const start = async () => {
      const site = await startBlog({
        url: `file:${path.join(directory, 'blog.db')}`,
        wrapAdapter: calls.wrapAdapter,
        plugins: [payloadKV({ store, registry })],
      });
      sites.push(site);
      return site;
    };
    const on = await start();
    for (const name of ['One', 'Two']) await on.payload.create({ collection: 'authors', data: { name } });
    const find = (site: Started) => site.payload.find({ collection: 'authors', sort: 'id', depth: 0 });
    const before = await find(on);
    await settleCache(on.payload);

    vi.stubEnv('PAYLOAD_KV_ENABLED', 'false');
    const off = await start();
    calls.reset();
    expect(await find(off)).toEqual(before);
    expect(await find(off)).toEqual(before);
    expect(calls.total()).toBe(2);
    expect(getCacheStats(off.payload)?.total).toMatchObject({ hits: 0, misses: 0 });
    const [author] = before.docs;
    await off.payload.update({ collection: 'authors', id: author?.id as number, data: { name: 'Renamed' } });

    // What was on all the while, as what is turned on again, must not serve what it stored before.
    expect((await find(on)).docs[0]).toMatchObject({ id: author?.id, name: 'Renamed' });
  });
});

describe('PAYLOAD_KV_PREFIX', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test('comes before every key of a store, over the option', async () => {
    const keys: string[] = [];
    const kv: KVBinding = {
      get: async () => new Map(),
      put: async (key) => void keys.push(key),
      delete: async () => undefined,
      list: async () => ({ keys: [], list_complete: true }),
    };
    const sent: string[][] = [];
    const client = {
      call: async (...command: string[]) => {
        sent.push(command);
        return 'OK';
      },
    };
    vi.stubEnv('PAYLOAD_KV_PREFIX', 'staging:');
    await cloudflareKV({ binding: kv, prefix: 'code:' }).set('payload-cache:a', 'A', 60);
    await redis({ client, prefix: 'code:' }).set('payload-cache:a', 'A', 60);
    vi.stubEnv('PAYLOAD_KV_PREFIX', '');
    await cloudflareKV({ binding: kv, prefix: 'code:' }).set('payload-cache:a', 'A', 60);
    expect(keys).toEqual(['staging:payload-cache:a', 'code:payload-cache:a']);
    expect(sent).toEqual([['SET', 'staging:payload-cache:a', 'A', 'PX', '60000']]);
  });
});
