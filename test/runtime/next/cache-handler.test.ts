import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Recorder } from '../../../src/interfaces/recorder.js';
import type { Store } from '../../../src/interfaces/store.js';
import {
  invalidateCache,
  memory,
  memoryRegistry,
  payloadKV,
  type Registry,
} from '../../../src/runtime/index.js';
import PayloadKVCacheHandler from '../../../src/runtime/next/cache-handler.js';
import { versionedTag } from '../../../src/runtime/next/page-tags.js';
import useCacheHandler from '../../../src/runtime/next/use-cache-handler.js';
import { type Started, startBlog } from '../../support/payload.js';
import { removeDirectory } from '../../support/remove-directory.js';

let directory: string;
let blog: Started;
let store: Store;
let registry: Registry;
let recorder: Recorder | undefined;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'payload-kv-next-'));
  await mkdir(path.join(directory, 'server'));
  await writeFile(path.join(directory, 'BUILD_ID'), 'one\n');
});
afterAll(() => removeDirectory(directory));
async function start(): Promise<void> {
  const pages = { name: 'next', recorder: () => recorder };
  blog = await startBlog({ seed: 3, plugins: [payloadKV({ store, registry, pages })] });
}
beforeEach(async () => {
  store = memory();
  registry = memoryRegistry();
  await start();
});
afterEach(async () => {
  recorder = undefined;
  await blog.stop();
});

/** As Next makes one for each request. */
const handler = (build = path.join(directory, 'server')) =>
  new PayloadKVCacheHandler({ serverDistDir: build });
const KIND = { kind: 'APP_PAGE', isFallback: false };

/** What a page is made of, with the tags of what it read. */
async function rendered(read: () => Promise<unknown>, others: string[] = []) {
  const tags: string[] = [...others];
  recorder = {
    note: (names, versions) => {
      names.forEach((name, index) => {
        tags.push(versionedTag(name, versions[index] as string));
      });
    },
    refuse: (reason) => tags.push(`refused:${reason}`),
  };
  const html = JSON.stringify(await read());
  recorder = undefined;
  const headers = { 'x-next-cache-tags': tags.join(','), 'content-type': 'text/html' };
  return { ...KIND, html, headers, status: 200, rscData: Buffer.from(html), segmentData: new Map() };
}

const titles = () => blog.payload.find({ collection: 'posts', depth: 0, sort: 'id' });
const post = async (index = 0) => (await titles()).docs[index]!;
const rename = async (index: number, title: string) =>
  blog.payload.update({ collection: 'posts', id: (await post(index)).id, data: { title } });

test('A page is kept, for whoever asks, until something that it read is written', async () => {
  const page = await rendered(titles, ['_N_T_/layout']);
  await handler().set('/posts', page, { cacheControl: { revalidate: false } });
  const kept = await handler().get('/posts', KIND);
  expect(kept).toMatchObject({ cacheControl: { revalidate: false }, lastModified: expect.any(Number) });
  expect(kept?.value).toEqual(page);
  expect(await handler().get('/other', KIND)).toBeNull();

  await blog.payload.updateGlobal({ slug: 'header', data: {} });
  expect((await handler().get('/posts', KIND))?.value).toEqual(page);
  await rename(0, 'New');
  expect(await handler().get('/posts', KIND)).toBeNull();
});

test('A page of one document is left alone when another one is written', async () => {
  const [one, other] = [await post(0), await post(1)];
  const show = (id: number | string) => () => blog.payload.findByID({ collection: 'posts', id, depth: 0 });
  await handler().set('/one', await rendered(show(one.id)));
  await handler().set('/other', await rendered(show(other.id)));
  await rename(1, 'New');
  expect(await handler().get('/one', KIND)).not.toBeNull();
  expect(await handler().get('/other', KIND)).toBeNull();
});

test('A write between the read of a page and its being kept is not lost', async () => {
  const page = await rendered(titles);
  await rename(0, 'In between');
  await handler().set('/posts', page);
  expect(await handler().get('/posts', KIND)).toBeNull();
});

test('A page that saw a collection before and after a write is not kept', async () => {
  const page = await rendered(async () => [await titles(), await rename(0, 'In the midst'), await titles()]);
  await handler().set('/posts', page);
  expect(await handler().get('/posts', KIND)).toBeNull();
});

test('What the site itself revalidates is made anew, and what was being made meanwhile is not kept', async () => {
  const page = await rendered(titles, ['_N_T_/layout', '_N_T_/posts', 'mine']);
  for (const tag of ['_N_T_/posts', 'mine']) {
    await handler().set('/posts', page);
    expect(await handler().get('/posts', KIND)).not.toBeNull();
    await handler().revalidateTag('another');
    expect(await handler().get('/posts', KIND)).not.toBeNull();
    await handler().revalidateTag([tag]);
    expect(await handler().get('/posts', KIND)).toBeNull();
  }
  const request = handler();
  expect(await request.get('/posts', KIND)).toBeNull();
  await handler().revalidateTag('mine');
  await request.set('/posts', page);
  expect(await handler().get('/posts', KIND)).toBeNull();
});

test('What is made anew since its time is over is not kept where the site revalidated something meanwhile', async () => {
  const page = await rendered(titles, ['mine']);
  const aged = { cacheControl: { revalidate: 0 } };
  await handler().set('/posts', page, aged);
  const request = handler();
  expect(await request.get('/posts', KIND)).not.toBeNull();
  await handler().revalidateTag('mine');
  await request.set('/posts', page, aged);
  expect(await handler().get('/posts', KIND)).toBeNull();

  await useCacheHandler.set('aged', computed('one', ['mine']));
  expect(await useCacheHandler.get('aged')).toBeDefined();
  await useCacheHandler.updateTags(['mine']);
  await useCacheHandler.set('aged', computed('two', ['mine']));
  expect(await useCacheHandler.get('aged')).toBeUndefined();
});

test('What began to be made before Payload had started is not kept: the site may have revalidated something since', async () => {
  await blog.stop();
  const request = handler();
  expect(await request.get('/posts', KIND)).toBeNull();
  expect(await useCacheHandler.get('early')).toBeUndefined();
  await start();
  const page = await rendered(titles, ['mine']);
  await handler().revalidateTag('mine');
  for (const isKept of [false, true]) {
    await request.set('/posts', page);
    expect((await request.get('/posts', KIND)) !== null).toBe(isKept);
    await useCacheHandler.set('early', computed('one', ['mine']));
    expect((await useCacheHandler.get('early')) !== undefined).toBe(isKept);
  }
});

test('What began to be made while the registry did not answer is not kept either', async () => {
  const { get } = registry;
  registry.get = () => {
    throw new Error('gone');
  };
  const request = handler();
  expect(await request.get('/posts', KIND)).toBeNull();
  registry.get = get;
  const page = await rendered(titles, ['mine']);
  await handler().revalidateTag('mine');
  for (const isKept of [false, true]) {
    await request.set('/posts', page);
    expect((await request.get('/posts', KIND)) !== null).toBe(isKept);
  }
});

test('Each build has its own pages, and while a site is built none are kept', async () => {
  const page = await rendered(titles);
  await handler().set('/posts', page);
  const other = path.join(directory, 'other');
  await mkdir(path.join(other, 'server'), { recursive: true });
  await writeFile(path.join(other, 'BUILD_ID'), 'two');
  expect(await handler(path.join(other, 'server')).get('/posts', KIND)).toBeNull();
  const nowhere = handler(path.join(directory, 'nowhere', 'server'));
  await nowhere.set('/posts', page);
  expect(await nowhere.get('/posts', KIND)).toBeNull();
});

test('Fetched data is kept under its tags, and made stale by them and by any path that the site revalidates', async () => {
  const data = {
    kind: 'FETCH',
    data: { headers: {}, body: '{"a":1}', status: 200, url: '' },
    revalidate: 60,
  };
  const asked = { kind: 'FETCH', tags: ['prices'], softTags: ['_N_T_/layout'] };
  for (const tag of ['prices', '_N_T_/posts']) {
    await handler().set('key', data, { fetchCache: true, tags: ['prices'] });
    expect((await handler().get('key', asked))?.value).toEqual({ ...data, tags: ['prices'] });
    expect(await handler().get('key', { ...asked, tags: ['prices', 'more'] })).toBeNull();
    await handler().revalidateTag('others');
    expect(await handler().get('key', asked)).not.toBeNull();
    await handler().revalidateTag(tag);
    expect(await handler().get('key', asked)).toBeNull();
  }
});

test('A site that does not answer, or has no cache, costs a miss', async () => {
  const page = await rendered(titles);
  await handler().set('/posts', page);
  store.getMany = () => {
    throw new Error('gone');
  };
  store.set = () => {
    throw new Error('gone');
  };
  expect(await handler().get('/posts', KIND)).toBeNull();
  await handler().set('/posts', page);
  await blog.stop();
  expect(await handler().get('/posts', KIND)).toBeNull();
  await handler().set('/posts', page);
  await handler().revalidateTag('later');
  blog = await startBlog();
});

test('What is not there is not kept, nor what has no text form', async () => {
  await handler().set('/posts', null);
  await handler().set('/posts', Object.assign(await rendered(titles), { html: () => 1 }));
  expect(await handler().get('/posts', KIND)).toBeNull();
});

test('invalidateCache makes pages stale, for what no adapter saw', async () => {
  await handler().set('/posts', await rendered(titles));
  await invalidateCache(blog.payload, { collection: 'posts' });
  expect(await handler().get('/posts', KIND)).toBeNull();
});

/** As Next gives what a function with `'use cache'` returned. */
const computed = (text: string, tags: string[], more = {}) =>
  Promise.resolve({
    value: new Blob([text]).stream(),
    tags,
    stale: 300,
    timestamp: 1,
    expire: 3_600,
    revalidate: 900,
    ...more,
  });
const text = async (entry: { value: ReadableStream<Uint8Array> } | undefined) =>
  entry && new Response(entry.value).text();

test('What a function with "use cache" returned is kept, each time as a new stream', async () => {
  const { headers } = await rendered(titles);
  const tags = headers['x-next-cache-tags'].split(',');
  expect(await useCacheHandler.get('key')).toBeUndefined();
  const setting = useCacheHandler.set('key', computed('ü'.repeat(50_000), tags));
  // Whoever asks meanwhile waits for it.
  const { value: _, ...entry } = (await useCacheHandler.get('key'))!;
  await setting;
  expect(entry).toEqual({ tags, stale: 300, timestamp: 1, expire: 3_600, revalidate: 900 });
  for (let time = 0; time < 2; time += 1)
    expect(await text(await useCacheHandler.get('key'))).toBe('ü'.repeat(50_000));
  await rename(0, 'New');
  expect(await useCacheHandler.get('key')).toBeUndefined();
});

test('What such a function returned is made stale by the site as well, and not kept where it expires at once', async () => {
  for (const tag of ['mine', '_N_T_/posts']) {
    await useCacheHandler.set('other', computed('one', ['mine'], { timestamp: Date.now() }));
    expect(await text(await useCacheHandler.get('other'))).toBe('one');
    await useCacheHandler.updateTags([tag]);
    expect(await useCacheHandler.get('other')).toBeUndefined();
  }
  await useCacheHandler.set('other', computed('one', [], { expire: 0 }));
  expect(await useCacheHandler.get('other')).toBeUndefined();
  await useCacheHandler.set('other', Promise.reject(new Error('thrown')) as never);
  expect(await useCacheHandler.get('other')).toBeUndefined();
});
