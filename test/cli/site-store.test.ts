import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest';
import { aesGCM, getCacheStats, gzip, memory, tiered } from '../../src/runtime/index.js';
import { observe } from '../../src/runtime/observe.js';
import { redis } from '../../src/runtime/redis.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { removeDirectory } from '../support/remove-directory.js';
import { command } from './command.js';
import { type ObservedSite, startObservedSite } from './observed-site.js';

let server: RedisServer;
let url: string;
beforeAll(async () => {
  server = await startRedis();
  url = `redis://127.0.0.1:${server.port}`;
});
afterAll(() => server.stop());
beforeEach(async () => {
  vi.stubEnv('REDIS_URL', url);
  vi.stubEnv('PAYLOAD_SECRET', undefined);
  vi.stubEnv('PAYLOAD_KV_PREFIX', undefined);
  await server.connect().flushall();
});
let sites: ObservedSite[] = [];
afterEach(async () => {
  for (const site of sites) await site.stop();
  sites = [];
  vi.unstubAllEnvs();
});

const ask = async (...args: string[]) => {
  const outcome = await command([...args, '--store', 'redis']);
  return { ...outcome, json: args.includes('--json') ? JSON.parse(outcome.stdout) : undefined };
};

async function start(
  options: Parameters<typeof startObservedSite>[0] = {},
  more: Parameters<typeof startObservedSite>[1] = {},
): Promise<ObservedSite> {
  const site = await startObservedSite(
    { store: redis({ url }), observe: observe({ shareEvery: 1 }), ...options },
    { seed: 3, ...more },
  );
  sites.push(site);
  return site;
}

describe('entries', () => {
  test('are shown with age, size, tags and whether they answer', async () => {
    const site = await start();
    await site.visit('/api/posts?limit=2');
    await site.visit('/api/globals/header');
    const { exitCode, json } = await ask('entries', 'posts', '--json');
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      command: 'entries',
      ok: true,
      scope: 'store',
      from: `redis at 127.0.0.1:${server.port}`,
    });
    expect(json.entries.length).toBeGreaterThan(0);
    for (const entry of json.entries) {
      expect(entry).toMatchObject({
        name: 'posts',
        operation: 'find',
        tier: 'store',
        fresh: true,
        ttl: expect.any(Number),
      });
      expect(entry.tags.join(' ')).toMatch(/\bposts\b/);
      expect(entry.bytes).toBeGreaterThan(100);
      expect(entry.age + entry.left).toBeCloseTo(entry.ttl);
    }
    const { stdout } = await ask('entries');
    expect(stdout).toMatch(/^ {2}posts:find:\S{10}… +\S.* fresh +posts/m);
    expect(stdout).toMatch(/^ {2}@header:findGlobal:\S{10}… .* fresh +@header/m);
    expect(stdout).not.toMatch(/^ {2}(tag|statistics):/m);
    const rows = stdout.split('\n').filter((line) => !line.startsWith('  More: --cursor '));
    expect(rows.filter((line) => line.length > 80)).toEqual([]);
    const one = await ask('entries', json.entries[0].key);
    expect(one.stdout).toContain(`  key   ${json.entries[0].key}\n`);
    expect(one.stdout).toMatch(/^ {4}posts( +any write to posts|#1 +a write to document 1 of posts)$/m);
  });

  test('are paged, each once', async () => {
    const site = await start();
    for (let limit = 1; limit <= 7; limit++) await site.visit(`/api/posts?limit=${limit}&depth=0`);
    const all = (await ask('entries', '--limit', '200', '--json')).json.entries.map(({ key }: any) => key);
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string[] = cursor === '' ? [] : ['--cursor', cursor];
      const { json } = await ask('entries', '--limit', '3', ...more, '--json');
      expect(json.entries.length).toBeLessThanOrEqual(3);
      paged.push(...json.entries.map(({ key }: any) => key));
      cursor = json.cursor;
    }
    expect(paged).toEqual(all);
  });

  test('that a write has made stale are told', async () => {
    const site = await start();
    await site.visit('/api/posts?limit=2&depth=0');
    await site.payload.update({ collection: 'posts', id: 1, data: { title: 'new' } });
    const { json } = await ask('entries', 'posts', '--json');
    expect(json.entries.map(({ fresh }: any) => fresh)).toContain(false);
    expect((await ask('entries', 'posts')).stdout).toMatch(/ stale /);
  });

  test('that are compressed are read, of those that are encrypted only the key', async () => {
    const compressed = await start({ compression: gzip({ threshold: 0 }) });
    await compressed.visit('/api/posts?limit=2&depth=0');
    expect((await ask('entries', 'posts', '--json')).json.entries[0].tags.join(' ')).toMatch(/\bposts\b/);
    await server.connect().flushall();
    const encrypted = await start({ encryption: aesGCM({ keys: [Buffer.alloc(32, 7).toString('base64')] }) });
    await encrypted.visit('/api/posts?limit=2&depth=0');
    const { entries } = (await ask('entries', 'posts', '--json')).json;
    expect(entries[0]).toMatchObject({ name: 'posts', tags: [], age: null, fresh: null });
    expect((await ask('entries', 'posts')).exitCode).toBe(0);
  });
});

describe('purge', () => {
  test('of a collection is seen by the running site', async () => {
    const site = await start();
    await site.visit('/api/posts?limit=2&depth=0');
    await site.visit('/api/tags?limit=2&depth=0');
    const { hits } = await readsOf(site, 'posts');
    expect(hits).toBeGreaterThan(0);
    const { json } = await ask('purge', 'posts', '--dry-run', '--json');
    expect(json.entries).toBeGreaterThan(0);
    const { exitCode, stdout } = await ask('purge', 'posts', '--yes');
    expect([exitCode, stdout]).toEqual([0, '✓ Made stale: what depends on posts.\n']);
    expect(await readsOf(site, 'posts')).toMatchObject({ hits: 0 });
    expect(await readsOf(site, 'tags')).toMatchObject({ misses: 0 });
    expect((await ask('purge', '@header', '--yes')).exitCode).toBe(0);
  });

  test('of everything leaves no entry, and nothing fresh in the memory of a process', async () => {
    const site = await start({ store: tiered(memory(), redis({ url })) });
    await site.visit('/api/posts?limit=2&depth=0');
    expect(await readsOf(site, 'posts')).toMatchObject({ misses: 0 });
    const { exitCode } = await ask('purge', '--all', '--yes');
    expect(exitCode).toBe(0);
    expect((await ask('entries', '--json')).json.entries).toEqual([]);
    expect(await readsOf(site, 'posts')).toMatchObject({ hits: 0 });
  });

  test('by the beginning of keys deletes entries, and no versions', async () => {
    const site = await start();
    await site.visit('/api/posts?limit=2&depth=0');
    await site.visit('/api/tags?limit=2&depth=0');
    const versions = async () => (await server.connect().keys('payload-cache:tag:*')).length;
    const before = await versions();
    expect((await ask('purge', '--prefix', 'posts:', '--dry-run', '--json')).json.entries).toBeGreaterThan(0);
    await ask('purge', '--prefix', 'posts:', '--yes');
    expect((await ask('entries', 'posts', '--json')).json.entries).toEqual([]);
    expect((await ask('entries', 'categories', '--json')).json.entries).not.toEqual([]);
    expect(await versions()).toBe(before);
    await ask('purge', '--prefix', 'tag:', '--yes');
    expect(await versions()).toBe(before);
  });

  test('of one document, and why a query is answered as it is, only the site can say', async () => {
    const { json } = await ask('purge', 'posts#1', '--yes', '--json');
    await start();
    expect(json.error.code).toBe('STORE_NO_VERSIONS');
    const document = await ask('purge', 'posts#1', '--dry-run', '--json');
    expect(document.json.error.code).toBe('STORE_CANNOT_TELL');
    expect(document.json.error.nextStep).toContain("payload-kv purge 'posts#1' --url");
  });

  /** What the reads of a collection come to when its list is asked for. */
  async function readsOf(site: ObservedSite, slug: string): Promise<{ hits: number; misses: number }> {
    const counts = () => {
      const { hits, misses, stale } = getCacheStats(site.payload)!.collections[slug]!;
      return { hits, misses: misses + stale };
    };
    const before = counts();
    await site.visit(`/api/${slug}?limit=2&depth=0`);
    const after = counts();
    return { hits: after.hits - before.hits, misses: after.misses - before.misses };
  }
});

describe('stats', () => {
  test('adds up what the processes of a site wrote down', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-site-store-'));
    const database = `file:${path.join(directory, 'blog.db')}`;
    const one = await start({}, { url: database });
    const other = await start({}, { url: database, seed: 0 });
    onTestFinished(() => removeDirectory(directory));
    const processes = async () => {
      await one.visit('/api/posts?limit=2');
      await other.visit('/api/posts?limit=2');
      return (await ask('stats', '--json')).json.statistics?.processes;
    };
    await vi.waitFor(async () => expect(await processes()).toBe(2), { timeout: 20_000, interval: 300 });
    const { stdout } = await ask('stats');
    expect(stdout).toMatch(/ {2}of 2 processes, added up, for /);
    expect(stdout).not.toContain('--all');
    expect((await ask('top')).stdout).toMatch(/^ {2}posts +find /m);
  });

  test('of several sites are not added up', async () => {
    const [one, other] = [await start(), await start()];
    await vi.waitFor(
      async () => {
        await one!.visit('/api/posts?limit=2');
        await other!.visit('/api/posts?limit=2');
        expect((await ask('stats', '--json')).json.error?.code).toBe('STORE_SEVERAL_SITES');
      },
      { timeout: 20_000, interval: 300 },
    );
  });

  test('says where nobody has written any', async () => {
    const { exitCode, json } = await ask('stats', '--json');
    expect([exitCode, json.error.code]).toEqual([2, 'STORE_NO_RECORDS']);
  });

  test('says where it is not named, or not there', async () => {
    vi.stubEnv('REDIS_URL', undefined);
    expect((await ask('stats', '--json')).json.error.code).toBe('STORE_NOT_NAMED');
    vi.stubEnv('REDIS_URL', 'redis://user:very-secret@127.0.0.1:1');
    const { json, stderr } = await ask('entries', '--json', '--verbose');
    expect(json.error.code).toMatch(/^REDIS_/);
    expect(JSON.stringify(json) + stderr).not.toContain('very-secret');
  });
});
