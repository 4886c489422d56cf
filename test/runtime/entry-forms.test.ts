import { randomBytes } from 'node:crypto';
import type { Miniflare } from 'miniflare';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  aesGCM,
  type Compression,
  getCacheStats,
  gzip,
  memory,
  type PayloadKVOptions,
  payloadKV,
  type Store,
  settleCache,
  tiered,
} from '../../src/runtime/index.js';
import { messagePack } from '../../src/runtime/msgpack.js';
import { cloudflareKV, type KVBinding } from '../../src/stores/cloudflare-kv.js';
import { createMiniflare, type Started, startBlog } from '../support/payload.js';
import { sharedMemory } from '../support/shared-memory.js';
import { lookupsOf } from './lookups.js';

type Forms = Pick<PayloadKVOptions, 'serializer' | 'compression' | 'encryption'>;

const KEY = randomBytes(32).toString('base64');

let miniflare: Miniflare;
let site: Started | undefined;
beforeAll(async () => {
  miniflare = createMiniflare();
});
afterEach(async () => {
  await site?.stop();
  site = undefined;
});
afterAll(() => miniflare.dispose());

async function inKV(): Promise<Store> {
  const binding = (await miniflare.getKVNamespace('PAYLOAD_CACHE')) as unknown as KVBinding;
  const store = cloudflareKV({ binding });
  await store.deleteMany(await keysOf(store));
  return store;
}

async function keysOf(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of store.list('payload-cache:')) keys.push(...page);
  return keys;
}

/** The texts of all entries of posts. */
async function textsIn(store: Store): Promise<string[]> {
  const keys = (await keysOf(store)).filter((key) => key.includes(':posts:'));
  return ((await store.getMany(keys)) as (string | undefined)[]).filter((text) => text !== undefined);
}

async function start(options: PayloadKVOptions): Promise<Started['payload']> {
  site = await startBlog({ plugins: [payloadKV({ collections: { posts: {} }, ...options })] });
  return site.payload;
}

const createPost = (payload: Started['payload'], title: string) =>
  payload.create({
    collection: 'posts',
    data: { title, slug: title, content: 'Ü '.repeat(2_000), _status: 'published' } as never,
  });

const postsOf = async (payload: Started['payload'], context = {}) =>
  (await payload.find({ collection: 'posts', depth: 0, sort: 'id', context })).docs;

const serializers = { j: undefined, m: messagePack() };
const compressions = { '-': undefined, g: gzip({ threshold: 1_000 }) };
const encryptions = { '-': undefined, a: aesGCM({ keys: [KEY] }) };
const FORMS = Object.entries(serializers).flatMap(([s, serializer]) =>
  Object.entries(compressions).flatMap(([c, compression]) =>
    Object.entries(encryptions).map(
      ([e, encryption]) => [`${s}${c}${e}`, { serializer, compression, encryption }] as [string, Forms],
    ),
  ),
);
const WHERE: [string, () => Promise<Store>][] = [
  ['memory', async () => memory()],
  ['KV', inKV],
  ['memory over KV', async () => tiered(memory(), await inKV())],
];

describe.each(WHERE)('a site whose entries are in %s', (where, open) => {
  // All of them where an entry goes through bytes.
  const forms = FORMS.filter(([name]) => where === 'KV' || /^(j--|jga|m--)$/.test(name));

  test.each(forms)(
    'as %s, answers as its database does, from the cache where it can',
    async (name, options) => {
      const store = await open();
      const payload = await start({
        store,
        consistency: where === 'memory' ? 'strong' : { bounded: '1m' },
        ...options,
      });
      const { id } = await createPost(payload, 'one');
      const before = getCacheStats(payload)?.total.bytesWritten ?? 0;
      const fresh = await postsOf(payload, { cache: 'bypass' });
      expect(
        await lookupsOf(payload, 'posts', async () => expect(await postsOf(payload)).toEqual(fresh)),
      ).toEqual({
        miss: 1,
      });
      const [text = '', ...others] = await textsIn(store.far ?? store);
      expect(others).toEqual([]);
      // Bytes are in base64.
      expect(text.slice(1, 5)).toBe(`${name.replace(/^(m)-|-(?=a)/, '$1b')}:`);
      // What the store was given, and what it gave.
      const counts = () => getCacheStats(payload)?.collections.posts;
      expect((counts()?.bytesWritten ?? 0) - before).toBe(text.length);
      expect(
        await lookupsOf(payload, 'posts', async () => expect(await postsOf(payload)).toEqual(fresh)),
      ).toEqual({
        hit: 1,
      });
      if (!store.near) expect(counts()?.bytesRead).toBe(text.length);
      else {
        // In this process neither compressed nor encrypted, whatever it is in the other tier.
        const [near = ''] = await textsIn(store.near);
        expect(near.slice(2, 5)).toBe('--:');
        await store.near.deleteMany(await keysOf(store.near));
        expect(await lookupsOf(payload, 'posts', () => postsOf(payload))).toEqual({ hit: 1 });
        expect(await textsIn(store.near)).toEqual([near]);
      }

      await payload.update({ collection: 'posts', id, data: { title: 'two' } });
      expect((await postsOf(payload))[0]?.title).toBe('two');
      expect(counts()).toMatchObject({ errors: 0, uncacheable: 0 });
    },
  );
});

describe('an entry', () => {
  test('of a release to come is a miss, no error, and overwritten', async () => {
    const store = memory();
    const payload = await start({ store });
    await createPost(payload, 'one');
    await postsOf(payload);
    await settleCache(payload);
    const [key = ''] = (await keysOf(store)).filter((one) => one.includes(':posts:'));
    const text = store.get(key) as string;
    store.set(key, `z${text.slice(1)}`, 60);
    expect(await lookupsOf(payload, 'posts', () => postsOf(payload))).toEqual({ miss: 1 });
    expect(await lookupsOf(payload, 'posts', () => postsOf(payload))).toEqual({ hit: 1 });
    expect(getCacheStats(payload)?.total.errors).toBe(0);
  });

  test('of another key of encryption is a miss and no error; one that was changed is an error', async () => {
    const store = sharedMemory();
    const rotate = async (keys: string[]) => {
      await site?.stop();
      return start({ store, database: 'one', encryption: aesGCM({ keys }) });
    };
    const other = randomBytes(32).toString('base64');
    let payload = await rotate([KEY]);
    await postsOf(payload);
    await settleCache(payload);
    const [key = ''] = await keysOf(store);
    const text = store.get(key) as string;
    payload = await rotate([other]);
    store.set(key, text, 60);
    expect(await lookupsOf(payload, 'posts', () => postsOf(payload))).toEqual({ miss: 1 });
    expect(getCacheStats(payload)?.total.errors).toBe(0);
    const mine = store.get(key) as string;
    expect(mine).not.toBe(text);
    store.set(key, `${mine.slice(0, 60)}${mine[60] === 'A' ? 'B' : 'A'}${mine.slice(61)}`, 60);
    expect(await lookupsOf(payload, 'posts', () => postsOf(payload))).toEqual({ miss: 1 });
    expect(getCacheStats(payload)?.total.errors).toBe(1);
  });

  /** Does nothing until it is let. */
  function held(): { compression: Compression; release(): void } {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const compression = gzip({ threshold: 0 });
    return {
      release: () => release(),
      compression: { ...compression, compress: (bytes) => released.then(() => compression.compress(bytes)) },
    };
  }

  test('is compressed after the answer was given, and in the store once the cache has settled', async () => {
    const store = memory();
    const { compression, release } = held();
    const payload = await start({ store, compression });
    await createPost(payload, 'one');
    expect(await postsOf(payload)).toHaveLength(1);
    expect(await textsIn(store)).toEqual([]);
    expect(getCacheStats(payload)?.pending).toBe(1);
    release();
    await settleCache(payload);
    expect(await textsIn(store)).toEqual([expect.stringMatching(/^.jg-:/)]);
  });

  test('in the near tier answers while it is still being compressed for the other', async () => {
    const { compression, release } = held();
    const payload = await start({ store: tiered(memory(), memory()), compression });
    await createPost(payload, 'one');
    await postsOf(payload);
    const hits = getCacheStats(payload)?.collections.posts?.hits ?? 0;
    await postsOf(payload);
    expect(getCacheStats(payload)?.collections.posts?.hits).toBe(hits + 1);
    release();
  });

  test('may be as large as the store takes once it is compressed', async () => {
    const store: Store = { ...memory(), maximumBytes: 2_000 };
    for (const [compression, writes] of [
      [undefined, 0],
      [gzip({ threshold: 0 }), 1],
    ] as const) {
      const payload = await start({ store, compression });
      await createPost(payload, 'one');
      await postsOf(payload);
      await settleCache(payload);
      expect(getCacheStats(payload)?.collections.posts).toMatchObject({ writes, uncacheable: 1 - writes });
      await site?.stop();
    }
  });

  test('that its serializer fails to make costs the entry and not the answer', async () => {
    const serializer = {
      ...messagePack(),
      encode(): never {
        throw new TypeError('a fault of its own');
      },
    };
    const payload = await start({ store: memory(), serializer });
    await createPost(payload, 'one');
    expect(await Promise.all([postsOf(payload), postsOf(payload)])).toMatchObject([
      [{ title: 'one' }],
      [{ title: 'one' }],
    ]);
    expect(getCacheStats(payload)?.collections.posts).toMatchObject({ writes: 0, hits: 0 });
  });

  test('that cannot be compressed costs the entry and not the answer', async () => {
    const compression = { ...gzip({ threshold: 0 }), compress: () => Promise.reject(new Error('no memory')) };
    const payload = await start({ store: memory(), compression });
    await createPost(payload, 'one');
    for (let time = 0; time < 2; time++) {
      expect(await lookupsOf(payload, 'posts', () => postsOf(payload))).toEqual({ miss: 1 });
    }
  });
});
