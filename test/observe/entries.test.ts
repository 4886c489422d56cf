import { afterEach, describe, expect, test } from 'vitest';
import {
  aesGCM,
  cached,
  gzip,
  invalidateCache,
  memory,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import type { ShownEntry } from '../../src/runtime/observe/endpoints/entries.js';
import type { ToldRead } from '../../src/runtime/observe/endpoints/why.js';
import { redis } from '../../src/runtime/redis.js';
import { type Clock, takeClock } from '../support/clock.js';
import { hasRedis, type RedisServer, startRedis } from '../support/redis.js';
import { type ObservedSite, type ObservedSiteOptions, startObservedSite } from './site.js';

let sites: ObservedSite[] = [];
let clock: Clock | undefined;
let server: RedisServer | undefined;

afterEach(async () => {
  for (const site of sites) await site.stop();
  sites = [];
  clock?.stop();
  clock = undefined;
  await server?.stop();
  server = undefined;
});

async function start(options: ObservedSiteOptions = {}): Promise<ObservedSite> {
  const site = await startObservedSite({ seed: 5, ...options });
  sites.push(site);
  await invalidateCache(site.payload, { prefix: '' });
  return site;
}

interface Page {
  entries: ShownEntry[];
  cursor: string | null;
  scope: string;
  complete: boolean;
}

async function pageOf(site: ObservedSite, query = ''): Promise<Page> {
  const response = await site.askSigned(`/entries${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

async function read(site: ObservedSite, slug: string): Promise<void> {
  await site.payload.db.find({ collection: 'posts', where: { slug: { equals: slug } }, limit: 1 });
  await settleCache(site.payload);
}

describe('entries', () => {
  test('are shown with what they depend on and their times, without their results', async () => {
    clock = takeClock();
    const site = await start({ cache: { ttl: '5m', ttlJitter: 0 } });
    await read(site, 'post-1');
    clock.advance(20);
    const { entries, cursor, scope, complete } = await pageOf(site);
    expect({ cursor, scope, complete }).toEqual({ cursor: null, scope: 'process', complete: true });
    expect(entries).toEqual([
      {
        key: expect.stringMatching(/^payload-cache:posts:find:[\w-]{43}~\d+$/),
        name: 'posts',
        operation: 'find',
        tags: ['posts'],
        age: 20,
        ttl: 300,
        left: 280,
        bytes: expect.any(Number),
        fresh: true,
        tier: 'store',
      },
    ]);
    expect(JSON.stringify(entries)).not.toContain('Post 1');
    clock.advance(300);
    const [old] = (await pageOf(site)).entries;
    expect(old ?? { fresh: false, left: 0 }).toMatchObject({ fresh: false, left: 0 });
  });

  test('are told by what they depend on', async () => {
    const site = await start();
    const { docs } = await site.payload.find({ collection: 'posts', limit: 2, sort: 'id', depth: 0 });
    for (const { id } of docs) await site.payload.findByID({ collection: 'posts', id, depth: 0 });
    await site.payload.findGlobal({ slug: 'header', depth: 0 });
    await cached(async () => site.payload.findGlobal({ slug: 'header', depth: 0 }), {
      key: ['a'],
      namespace: 'weather',
      payload: site.payload,
    });
    await settleCache(site.payload);
    const namesOf = async (query: string) =>
      (await pageOf(site, query)).entries.map(({ name, operation }) => `${name} ${operation}`).sort();
    expect(await namesOf('?collection=posts')).toEqual(['posts find', 'posts findOne', 'posts findOne']);
    expect(await namesOf(`?collection=posts&id=${docs[0]!.id}`)).toEqual(['posts find', 'posts findOne']);
    expect(await namesOf('?global=header')).toEqual(['@header findGlobal', 'weather cached']);
    expect(await namesOf('?namespace=weather')).toEqual(['weather cached']);
    expect(await namesOf('?collection=media')).toEqual([]);
    const { key } = (await pageOf(site, '?namespace=weather')).entries[0]!;
    expect(await namesOf(`?key=${encodeURIComponent(key)}`)).toEqual(['weather cached']);
    expect(await namesOf('?key=payload-cache:posts:findOne')).toEqual(['posts findOne', 'posts findOne']);
    const hash = /([\w-]{43})~/.exec(key)![1];
    expect(await namesOf(`?key=${hash}`)).toEqual(['weather cached']);
  });

  test('come a page at a time, each once', async () => {
    const site = await start();
    for (let number = 1; number <= 7; number++) await read(site, `post-${number}`);
    const keys: string[] = [];
    let cursor: string | null = '';
    let pages = 0;
    while (cursor !== null) {
      const page: Page = await pageOf(site, `?collection=posts&limit=3&cursor=${cursor}`);
      keys.push(...page.entries.map(({ key }) => key));
      cursor = page.cursor;
      pages += 1;
    }
    expect(new Set(keys).size).toBe(7);
    expect(keys).toHaveLength(7);
    expect(pages).toBe(3);
  });

  test('to look at them is no use of them', async () => {
    const site = await start({ cache: { store: memory({ maxEntries: 8 }) } });
    const keys = async () => (await pageOf(site)).entries.map(({ key }) => key);
    await read(site, 'post-1');
    const [first] = await keys();
    for (let number = 2; number <= 8; number++) await read(site, `post-${number}`);
    const all = await keys();
    expect(all).toHaveLength(8);
    await read(site, 'post-9');
    const left = await keys();
    expect(all.filter((key) => !left.includes(key))).toEqual([first]);
  });

  test.each([
    '?collection=posts&global=header',
    '?id=1',
    '?collection=',
    '?collection=posts&id=',
    '?limit=0',
    '?limit=201',
    '?limit=ten',
    '?cursor=nonsense',
    `?cursor=${Buffer.from('["far","a"]').toString('base64url')}`,
    `?cursor=${Buffer.from('{}').toString('base64url')}`,
    `?key=${'a'.repeat(301)}`,
  ])('asked for by %s are refused', async (query) => {
    const site = await start({ seed: 0 });
    expect((await site.askSigned(`/entries${query}`)).status).toBe(400);
    expect((await site.askSigned('/entries?collection=post')).status).toBe(404);
  });
});

describe.skipIf(!hasRedis)('entries in a store that several share (needs redis-server)', () => {
  const store = (prefix?: string) =>
    redis({ url: `redis://127.0.0.1:${server!.port}`, ...(prefix ? { prefix } : {}) });

  test('are those of one site and one database', async () => {
    server = await startRedis();
    const first = await start({ cache: { store: store(), database: 'one' } });
    const other = await start({ cache: { store: store(), database: 'other' } });
    await read(first, 'post-1');
    await read(other, 'post-2');
    await read(other, 'post-3');
    for (const [site, count] of [
      [first, 1],
      [other, 2],
    ] as const) {
      const page = await pageOf(site, '?collection=posts');
      expect(page.scope).toBe('store');
      expect(page.entries).toHaveLength(count);
      const dry = await site.askSigned('/purge', { target: { collection: 'posts' }, dryRun: true });
      expect(await dry.json()).toMatchObject({ entries: count });
    }
  });

  test('are seen and purged by every process of the site', async () => {
    server = await startRedis();
    const cache = { database: 'one', consistency: 'strong' as const };
    const first = await start({ cache: { ...cache, store: store() } });
    const second = await start({ cache: { ...cache, store: store() } });
    await read(first, 'post-1');
    expect((await pageOf(second)).entries).toEqual([expect.objectContaining({ name: 'posts', fresh: true })]);
    await second.askSigned('/purge', { target: { collection: 'posts' } });
    expect((await pageOf(first)).entries).toEqual([expect.objectContaining({ name: 'posts', fresh: false })]);
    const { reads } = await whyOf(first, {
      collection: 'posts',
      where: { slug: { equals: 'post-1' } },
      limit: 1,
    });
    expect(reads[0]!.outcome).not.toBe('hit');
  });

  test('are read where they are compressed and encrypted, in both tiers', async () => {
    server = await startRedis();
    const site = await start({
      cache: {
        store: tiered(memory(), store()),
        compression: gzip({ threshold: 100 }),
        encryption: aesGCM({ keys: [Buffer.alloc(32, 7).toString('base64')] }),
      },
    });
    await read(site, 'post-1');
    const { entries } = await pageOf(site);
    expect(entries.map(({ tier, fresh, tags }) => ({ tier, fresh, tags }))).toEqual([
      { tier: 'near', fresh: true, tags: ['posts'] },
      { tier: 'store', fresh: true, tags: ['posts'] },
    ]);
    const dry = await site.askSigned('/purge', { target: 'everything', dryRun: true });
    expect(await dry.json()).toMatchObject({ entries: 1 });
  });

  test('are told of without an error while the store is away', async () => {
    server = await startRedis();
    const site = await start({ cache: { store: store() } });
    await server.kill();
    const dry = await site.askSigned('/purge', { target: 'everything', dryRun: true });
    expect(await dry.json()).toMatchObject({ ok: true, entries: null });
    expect((await site.askSigned('/health')).status).toBe(503);
    expect((await site.askSigned('/entries')).status).toBe(503);
    const purged = await site.askSigned('/purge', { target: { collection: 'posts' } });
    expect(await purged.json()).toMatchObject({ ok: false });
    await server.start();
  });

  test('a prefix leaves versions and statistics alone', async () => {
    server = await startRedis();
    clock = takeClock();
    const site = await start({
      cache: { store: store(), consistency: 'strong' },
      observe: { shareEvery: '1m' },
      configure: (config) => ({
        ...config,
        collections: [
          ...config.collections!,
          { slug: 'statistics', fields: [{ name: 'name', type: 'text' }] },
        ],
      }),
    });
    clock.advance(61);
    await site.payload.find({ collection: 'statistics' as 'posts' });
    await settleCache(site.payload);
    const client = server.connect();
    const left = async () => (await client.keys('*statistics*')).length;
    expect(await left()).toBe(3);
    const purged = await site.askSigned('/purge', { target: { prefix: 'statistics:' } });
    expect(purged.status).toBe(200);
    const keys = await client.keys('*');
    expect(keys.filter((key) => key.includes('statistics:find:'))).toEqual([]);
    expect(keys.filter((key) => /statistics:[\w-]{43}:/.test(key))).toHaveLength(1);
    await site.askSigned('/purge', { target: { prefix: 't' } });
    expect(await client.keys('*:tag:*')).toEqual(keys.filter((key) => key.includes(':tag:')));
  });
});

async function whyOf(site: ObservedSite, question: unknown): Promise<{ reads: ToldRead[] }> {
  const response = await site.askSigned('/why', question);
  expect(response.status).toBe(200);
  return (await response.json()) as { reads: ToldRead[] };
}

describe('why', () => {
  const question = { collection: 'posts', where: { slug: { equals: 'post-1' } }, limit: 1, depth: 0 };
  /** Without what a hook of posts reads. */
  const ofPosts = async (site: ObservedSite): Promise<ToldRead[]> =>
    (await whyOf(site, question)).reads.filter(({ name }) => name === 'posts');

  test('tells of a read: its key, what it depends on, and whether it was there', async () => {
    clock = takeClock();
    const site = await start({ cache: { ttlJitter: 0, ttl: '5m' } });
    const reads = await ofPosts(site);
    expect(reads).toEqual([
      {
        name: 'posts',
        operation: 'find',
        shape: expect.stringContaining('slug equals'),
        outcome: 'miss',
        key: expect.stringMatching(/^payload-cache:posts:find:/),
        tags: ['posts'],
        ttl: 300,
        entry: false,
        kept: true,
      },
    ]);
    await settleCache(site.payload);
    clock.advance(10);
    const again = await ofPosts(site);
    expect(again).toEqual([expect.objectContaining({ outcome: 'hit', age: 10, ttl: 300, entry: true })]);
    expect(again[0]!.key).toBe(reads[0]!.key);
    await invalidateCache(site.payload, { collection: 'posts' });
    expect(await ofPosts(site)).toEqual([
      expect.objectContaining({ outcome: 'stale', entry: true, kept: true }),
    ]);
  });

  test('tells why something is not cached', async () => {
    const site = await start({ cache: { collections: { posts: { enabled: false } } } });
    expect(await ofPosts(site)).toEqual([
      expect.objectContaining({
        outcome: 'bypass',
        reason: 'policy',
        key: null,
        tags: ['posts'],
        entry: false,
      }),
    ]);
    const { reads } = await whyOf(site, { collection: 'users', limit: 1 });
    expect(reads[0]).toMatchObject({ outcome: 'bypass', reason: 'auth-collection' });
  });

  test('tells of the reads below, of a document, a count and a global', async () => {
    const site = await start();
    const { docs } = await site.payload.find({ collection: 'posts', limit: 1, depth: 0 });
    const id = docs[0]!.id;
    const namesOf = async (asked: unknown) => (await whyOf(site, asked)).reads.map(({ name }) => name);
    expect(await namesOf({ collection: 'posts', id, depth: 1 })).toEqual(
      expect.arrayContaining(['posts', 'authors']),
    );
    expect(await namesOf({ collection: 'posts', operation: 'count' })).toEqual(['posts']);
    expect(await namesOf({ global: 'header', depth: 0, locale: 'de' })).toEqual(['@header']);
    expect(await namesOf({ collection: 'posts', id: 99_999 })).toEqual(['posts']);
  });

  test('asks with the access of whoever asks', async () => {
    const site = await start({
      configure(config) {
        const posts = config.collections!.find(({ slug }) => slug === 'posts')!;
        posts.access = { read: () => false };
        const users = config.collections!.find(({ slug }) => slug === 'authors')!;
        users.access = { read: ({ req }) => ({ name: { equals: req.user?.collection } }) };
        return config;
      },
    });
    const ask = (asked: unknown) =>
      site.ask('/why', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...site.editor },
        body: JSON.stringify(asked),
      });
    expect((await ask(question)).status).toBe(403);
    expect((await ask({ ...question, overrideAccess: true })).status).toBe(403);
    expect((await site.askSigned('/why', { ...question, overrideAccess: false })).status).toBe(403);
    const { reads } = (await (await ask({ collection: 'authors' })).json()) as { reads: ToldRead[] };
    expect(reads[0]!.shape).toContain('name equals');
    expect(await ofPosts(site)).toHaveLength(1);
  });

  test('the values of slices are told to those alone who have the secret', async () => {
    const site = await start({ cache: { collections: { posts: { slices: ['slug'] } } } });
    await read(site, 'post-1');
    const headers = { 'content-type': 'application/json', ...site.editor };
    const asked = { method: 'POST', headers, body: JSON.stringify(question) };
    for (const shown of [site.ask('/entries', { headers }), site.ask('/why', asked)]) {
      const text = await (await shown).text();
      expect(text).toContain('posts?slug=…');
      expect(text).not.toContain('post-1');
    }
    expect(await (await site.askSigned('/entries')).text()).toContain('posts?slug=post-1');
    expect(await (await site.askSigned('/why', question)).text()).toContain('posts?slug=post-1');
  });

  test('tells of nothing that others read meanwhile', async () => {
    let meanwhile = 0;
    let isAsked = false;
    const site = await start({
      configure(config) {
        const posts = config.collections?.find(({ slug }) => slug === 'posts');
        // A database in memory makes nobody wait: between the read of a post and that of what it refers to others read.
        const wait = async (): Promise<void> => {
          const before = meanwhile;
          while (isAsked && meanwhile < before + 2) await new Promise(setImmediate);
        };
        if (posts) posts.hooks = { ...posts.hooks, afterRead: [wait] };
        return config;
      },
    });
    isAsked = true;
    const others = async (): Promise<void> => {
      while (isAsked) {
        await site.payload.findGlobal({ slug: 'header', depth: 0 });
        meanwhile += 1;
        await new Promise(setImmediate);
      }
    };
    const reading = others();
    const { reads } = await whyOf(site, question);
    isAsked = false;
    await reading;
    expect(meanwhile).toBeGreaterThan(1);
    expect(reads.map(({ name }) => name)).toEqual(['posts', 'categories']);
  });

  test.each<[unknown, number]>([
    [{}, 400],
    [[], 400],
    [{ collection: 'posts', global: 'header' }, 400],
    [{ collection: 'posts', where: 'slug' }, 400],
    [{ collection: 'posts', where: { nothing: { equals: 1 } } }, 400],
    [{ collection: 'posts', where: { slug: { $where: 'sleep(1)' } } }, 400],
    [{ collection: 'posts', limit: 0 }, 400],
    [{ collection: 'posts', limit: 100_000 }, 400],
    [{ collection: 'posts', limit: '1' }, 400],
    [{ collection: 'posts', depth: 50 }, 400],
    [{ collection: 'posts', sort: { a: 1 } }, 400],
    [{ collection: 'posts', draft: 'yes' }, 400],
    [{ collection: 'posts', operation: 'delete' }, 400],
    [{ collection: 'posts', id: {} }, 400],
    [{ collection: 'posts', overrideAccess: 'yes' }, 400],
    [{ collection: 'posts', user: { id: 1 } }, 400],
    [{ global: 'header', operation: 'find' }, 400],
    [{ collection: 'pots' }, 404],
  ])('%j is refused', async (asked, status) => {
    const site = sites[0] ?? (await start({ seed: 0 }));
    const response = await site.askSigned('/why', asked);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({
      error: { code: expect.any(String), nextStep: expect.any(String) },
    });
  });
});
