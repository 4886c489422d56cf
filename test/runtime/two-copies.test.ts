import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { sqliteAdapter } from '@payloadcms/db-sqlite';
import { build } from 'esbuild';
import { buildConfig, type CollectionConfig, getPayload, type Payload, type Plugin } from 'payload';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Registry } from '../../src/interfaces/registry.js';
import { type Started, startBlog } from '../support/payload.js';
import { removeDirectory } from '../support/remove-directory.js';
import { repository } from '../support/repository.js';
import { lookupsOf } from './lookups.js';

type Runtime = typeof import('../../src/runtime/index.js') &
  typeof import('../../src/runtime/cloudflare.js') &
  typeof import('../../src/runtime/cache.js');

/** Two copies of the runtime in one process, as Next's bundles of pages and of routes each have one. */
let directory: string;
let one: Runtime;
let other: Runtime;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-copies-'));
  const copies = await Promise.all(
    ['one', 'other'].map(async (name) => {
      const outfile = path.join(directory, `${name}.mjs`);
      await build({
        stdin: {
          contents: ['index', 'cloudflare', 'cache']
            .map((entry) => `export * from './src/runtime/${entry}.js';`)
            .join('\n'),
          resolveDir: repository,
        },
        bundle: true,
        format: 'esm',
        platform: 'node',
        minify: true,
        outfile,
        logLevel: 'silent',
      });
      return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Runtime;
    }),
  );
  [one, other] = copies as [Runtime, Runtime];
});
afterAll(() => removeDirectory(directory));

test('the copies are two', () => {
  expect(one.PayloadKVError).not.toBe(other.PayloadKVError);
});

describe('an error of one copy', () => {
  const details = { code: 'CACHE_MISS', message: 'nothing there' };

  test('is one for the other as well', () => {
    const miss: unknown = new one.CacheMissError('posts', 'find');
    expect(miss instanceof other.CacheMissError).toBe(true);
    expect(miss instanceof other.PayloadKVError).toBe(true);
    expect(miss instanceof one.CacheMissError).toBe(true);
    expect(miss instanceof Error).toBe(true);
    expect(
      new one.PayloadKVError({ ...details, code: 'INVALID_STORE' }) instanceof other.PayloadKVError,
    ).toBe(true);
  });

  test('is of no class but its own', () => {
    const invalid: unknown = new one.PayloadKVError({ ...details, code: 'INVALID_STORE' });
    expect(invalid instanceof other.CacheMissError).toBe(false);
    expect(invalid instanceof one.CacheMissError).toBe(false);
    class Own extends other.PayloadKVError {}
    class OwnMiss extends other.CacheMissError {}
    const miss: unknown = new one.CacheMissError('posts', 'find');
    expect(miss instanceof Own).toBe(false);
    expect(miss instanceof OwnMiss).toBe(false);
    const own: unknown = new Own(details);
    expect(own instanceof Own).toBe(true);
    expect(own instanceof other.PayloadKVError).toBe(true);
    expect(own instanceof one.PayloadKVError).toBe(true);
    expect(new OwnMiss('posts', 'find') instanceof one.CacheMissError).toBe(true);
  });

  test('is not what only has its code, or is nothing at all', () => {
    for (const value of [new Error('CACHE_MISS'), { code: 'CACHE_MISS' }, null, undefined, 'CACHE_MISS']) {
      expect(value instanceof one.CacheMissError).toBe(false);
      expect(value instanceof one.PayloadKVError).toBe(false);
    }
  });
});

describe('a site of one copy', () => {
  let site: Started;
  beforeAll(async () => {
    site = await startBlog({ plugins: [one.payloadKV({ store: one.memory() })] });
    await site.payload.create({ collection: 'authors', data: { name: 'One' } });
  });
  afterAll(() => site?.stop());

  const find = (cache?: string) =>
    site.payload.find({ collection: 'authors', depth: 0, context: cache ? { cache } : {} });

  test('tells the other what it counts, and how it is', async () => {
    await find();
    await other.settleCache(site.payload);
    await find();
    expect(other.getCacheStats(site.payload)?.collections.authors).toMatchObject({ hits: 1, misses: 1 });
    expect(other.getCacheStats(site.payload)).toEqual(one.getCacheStats(site.payload));
    expect(await other.getCacheHealth(site.payload)).toMatchObject({ ok: true, store: { name: 'memory' } });
  });

  test('is made stale by the other, whose error it throws', async () => {
    await find();
    await other.invalidateCache(site.payload, { collection: 'authors' });
    await expect(find('only')).rejects.toSatisfy((error) => error instanceof other.CacheMissError);
    await find();
    await other.settleCache(site.payload);
    expect((await find('only')).docs).toHaveLength(1);
  });
});

test('a store of one copy, kept for both, has one registry, and an entry for one instance only', async () => {
  const store = one.memory();
  const url = `file:${path.join(directory, 'shared.db')}`;
  const sites = [
    await startBlog({ url, plugins: [one.payloadKV({ store })] }),
    await startBlog({ url, plugins: [other.payloadKV({ store })] }),
  ] as [Started, Started];
  const elsewhere = await startBlog({ plugins: [other.payloadKV({ store })] });
  const [first, second] = sites;
  try {
    const names = async ({ payload }: Started) =>
      (await payload.find({ collection: 'authors', sort: 'id', depth: 0 })).docs.map(({ name }) => name);
    await first.payload.create({ collection: 'authors', data: { name: 'a' } });
    for (const site of sites) expect(await names(site)).toEqual(['a']);
    for (const site of sites)
      expect(await lookupsOf(site.payload, 'authors', () => names(site))).toEqual({ hit: 1 });
    expect(await names(elsewhere)).toEqual([]);
    await second.payload.create({ collection: 'authors', data: { name: 'b' } });
    for (const site of sites) expect(await names(site)).toEqual(['a', 'b']);
  } finally {
    for (const site of [...sites, elsewhere]) await site.stop();
  }
});

test('a fault that a store of one copy explains is told with its next step by the other', async () => {
  const site = await startBlog({
    plugins: [other.payloadKV({ store: one.cloudflareKV({ binding: 'MISSING' }) })],
  });
  try {
    const warn = vi.spyOn(site.payload.logger, 'warn');
    await site.payload.find({ collection: 'authors', depth: 0 });
    await other.settleCache(site.payload);
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringContaining('BINDING_MISSING'),
    ]);
  } finally {
    await site.stop();
  }
});

test('what one copy marks as a write operation the other does not answer from the cache', async () => {
  const Notes: CollectionConfig = { slug: 'notes', fields: [{ name: 'title', type: 'text' }] };
  const started: Payload[] = [];
  /** A collection's config is sanitised in place, and with it hooked, by whoever comes first. */
  async function start(plugin: Plugin): Promise<Payload> {
    const config = await buildConfig({
      secret: 'only-for-tests',
      telemetry: false,
      typescript: { autoGenerate: false },
      admin: { importMap: { autoGenerate: false } },
      logger: { options: { level: 'error' } },
      collections: [Notes],
      db: sqliteAdapter({ client: { url: ':memory:' } }),
      plugins: [plugin],
    });
    const payload = await getPayload({ config, key: `copies-${started.length}` });
    started.push(payload);
    return payload;
  }
  const collection = 'notes' as 'users';
  try {
    await start(one.payloadKV({ store: one.memory() }));
    const payload = await start(other.payloadKV({ store: other.memory() }));
    expect(
      payload.config.collections.find(({ slug }) => slug === 'notes')?.hooks.beforeOperation,
    ).toHaveLength(2);
    const { id } = await payload.create({ collection, data: { title: 'a' } as never });
    await payload.findByID({ collection, id });
    const lookups = await lookupsOf(payload, 'notes', () =>
      payload.update({ collection, id, data: { title: 'b' } as never }),
    );
    expect(lookups).toEqual({ 'write-operation': expect.any(Number) });
  } finally {
    for (const payload of started) await payload.destroy();
  }
});

describe('functions of both copies', () => {
  const keys = (name: string) => ({ key: [name], namespace: 'copies' });

  test('of one key run once for all that ask at the same time', async () => {
    const cache = one.createCache({ store: one.memory() });
    try {
      let runs = 0;
      const slow = async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return ++runs;
      };
      const asked = [one, other, one, other].map(({ cached }) => cached(slow, { ...keys('once'), cache }));
      expect(await Promise.all(asked)).toEqual([1, 1, 1, 1]);
    } finally {
      await cache.close();
    }
  });

  test('that ask for one another do not wait for one another', async () => {
    const cache = one.createCache({ store: one.memory() });
    try {
      let began = 0;
      let bothRun = (): void => {};
      const both = new Promise<void>((resolve) => {
        bothRun = resolve;
      });
      /** Asks the other's function when that runs as well. */
      const call = (copy: Runtime, name: string, next?: () => Promise<unknown>) =>
        copy.cached(
          async () => {
            began += 1;
            if (began === 2) bothRun();
            await both;
            await next?.();
            return name;
          },
          { ...keys(name), cache },
        );
      const found = await Promise.all([
        call(one, 'a', () => call(other, 'b')),
        call(other, 'b', () => call(one, 'a')),
      ]);
      expect(found).toEqual(['a', 'b']);
    } finally {
      await cache.close();
    }
  }, 8_000);

  test('have one rate limit', async () => {
    const rateLimit = { namespaces: { copies: { run: { perMinute: 1 } } } };
    const cache = one.createCache({ store: one.memory(), rateLimit });
    try {
      await one.cached(() => 1, { ...keys('first'), cache });
      await expect(other.cached(() => 1, { ...keys('second'), cache })).rejects.toMatchObject({
        code: 'RATE_LIMITED',
      });
    } finally {
      await cache.close();
    }
  });
});

test('of a write that the registry was not told of, caches of both copies know', async () => {
  const versions = one.memoryRegistry();
  let isAway = false;
  const away = async <Answer>(answer: () => Answer): Promise<Awaited<Answer>> => {
    if (isAway) throw new Error('away');
    return await answer();
  };
  const registry: Registry = {
    ...versions,
    local: false,
    get: (tags) => away(() => versions.get(tags)),
    replace: (tags, context) => away(() => versions.replace(tags, context)),
  };
  const store = one.memory();
  const options = { store, registry, logger: { warn() {} } };
  const [first, second] = [one.createCache(options), other.createCache(options)];
  try {
    await first.set('tea', 'old');
    expect(await second.get('tea')).toEqual({ value: 'old' });
    isAway = true;
    for (let call = 0; !(await second.getStats()).suspended; call++) await second.get(`unknown ${call}`);
    expect(await second.get('tea')).toEqual({ value: 'old' });
    await first.deleteNamespace('default');
    expect(await second.get('tea')).toBeUndefined();
  } finally {
    isAway = false;
    await Promise.all([first.close(), second.close()]);
  }
});
