import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Recorder } from '../../../src/interfaces/recorder.js';
import type { Store } from '../../../src/interfaces/store.js';
import { kvRegistry } from '../../../src/registries/kv.js';
import { getCacheStats, memory, payloadKV } from '../../../src/runtime/index.js';
import tagCache from '../../../src/runtime/next/open-next.js';
import { recorderOf } from '../../../src/runtime/next/page-recorder.js';
import { REFUSED } from '../../../src/runtime/next/page-tags.js';
import type { WorkUnit } from '../../../src/runtime/next/work.js';
import { type Started, startBlog } from '../../support/payload.js';

let blog: Started;
let store: Store;
let recorder: Recorder | undefined;
let asked: string[][];
let isDown: boolean;

beforeEach(async () => {
  asked = [];
  isDown = false;
  store = memory();
  const registry = kvRegistry(store, { interval: 0, propagation: 0 });
  blog = await startBlog({
    seed: 3,
    plugins: [
      payloadKV({
        store,
        registry: {
          ...registry,
          async get(tags) {
            asked.push([...tags]);
            if (isDown) throw new Error('down');
            return registry.get(tags);
          },
        },
        consistency: { bounded: '1s' },
        pages: { name: 'next', recorder: () => recorder },
      }),
    ],
  });
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  Reflect.deleteProperty(globalThis, '__BUILD_TIMESTAMP_MS__');
  recorder = undefined;
  await blog?.stop();
});

/** The tags of a page that was rendered now. */
async function rendered(read: () => Promise<unknown>): Promise<string[]> {
  const unit: WorkUnit = { type: 'prerender-legacy', tags: ['_N_T_/layout', '_N_T_/posts', 'mine'] };
  recorder = recorderOf(unit, 'handler');
  await read();
  recorder = undefined;
  return unit.tags ?? [];
}

const titles = () => blog.payload.find({ collection: 'posts', depth: 0, sort: 'id' });
const rename = async (index: number) => {
  const post = (await titles()).docs[index]!;
  return blog.payload.update({ collection: 'posts', id: post.id, data: { title: 'New' } });
};
const isOld = (tags: string[], lastModified = Date.now()) => tagCache.hasBeenRevalidated(tags, lastModified);

test('A page is fresh until what it read is written, and stays so when something else is', async () => {
  const tags = await rendered(titles);
  expect(tags.some((tag) => /^pkv@[^:]+:posts$/.test(tag))).toBe(true);
  expect(await isOld(tags)).toBe(false);
  await blog.payload.updateGlobal({ slug: 'header', data: {} });
  expect(await isOld(tags)).toBe(false);
  await rename(0);
  expect(await isOld(tags)).toBe(true);
  expect(await isOld(await rendered(titles))).toBe(false);
});

test('A write between the read of a page and its being kept is not lost', async () => {
  const tags = await rendered(titles);
  await rename(0);
  expect(await isOld(tags, Date.now() + 1_000)).toBe(true);
});

test('A page view asks the registry once, for all tags, and not at all while their versions may be remembered', async () => {
  const tags = await rendered(titles);
  await sleep(1_100);
  asked = [];
  expect(await isOld(tags)).toBe(false);
  expect(asked).toEqual([
    expect.arrayContaining(['posts', 'next:at-_N_T_/layout', 'next:at-_N_T_/posts', 'next:at-mine']),
  ]);
  expect(await isOld(tags)).toBe(false);
  expect(asked).toHaveLength(1);
  expect(getCacheStats(blog.payload)?.functions['next pages']?.hits).toBe(2);
});

test('What the site revalidates is old where it was made before, and only that', async () => {
  const [tags, others] = [await rendered(titles), ['_N_T_/layout', '_N_T_/other']];
  const made = Date.now();
  expect(await tagCache.getLastRevalidated(['mine'])).toBe(0);
  await tagCache.writeTags(['another', { tag: 'mine', stale: made, expire: made + 300_000 }]);
  expect(await isOld(tags, made)).toBe(true);
  expect(await isOld(others, made)).toBe(false);
  expect(await isOld(tags, Date.now() + 1)).toBe(false);
  expect(await tagCache.getLastRevalidated(['mine'])).toBeGreaterThanOrEqual(made);
});

test('What was rendered while the site was built is old, by its tags and by its time', async () => {
  vi.stubEnv('NEXT_PHASE', 'phase-production-build');
  const tags = await rendered(titles);
  expect(tags).toContain(REFUSED);
  expect(tags.filter((tag) => tag.startsWith('pkv@'))).toEqual([REFUSED]);
  vi.unstubAllEnvs();
  expect(await isOld(tags)).toBe(true);

  const built = Date.now();
  Object.assign(globalThis, { __BUILD_TIMESTAMP_MS__: built });
  expect(await isOld(['_N_T_/layout'], built)).toBe(true);
  expect(await isOld(['_N_T_/layout'], built + 1)).toBe(false);
});

test('A page that is older than versions are kept, or has two versions of a tag, is old', async () => {
  const tags = await rendered(titles);
  expect(await isOld(tags, Date.now() - 400 * 86_400_000)).toBe(true);
  await rename(0);
  expect(await isOld([...tags, ...(await rendered(titles))])).toBe(true);
  expect(await isOld(['pkv@%:posts'])).toBe(true);
});

test('Where the registry does not answer, and before there is a site, everything is old; what was revalidated then is told', async () => {
  const tags = await rendered(titles);
  const made = Date.now() + 5_000;
  vi.useFakeTimers({ now: made, toFake: ['Date'] });
  isDown = true;
  expect(await isOld(tags, made)).toBe(true);
  isDown = false;

  await blog.stop();
  expect(await isOld(['_N_T_/layout'], made)).toBe(true);
  expect(await tagCache.getLastRevalidated(['mine'])).toBe(made);
  await tagCache.writeTags(['mine']);
  blog = await startBlog({
    seed: 3,
    plugins: [payloadKV({ store: memory(), pages: { name: 'next', recorder: () => recorder } })],
  });
  expect(await isOld(['mine'], made)).toBe(true);
  expect(await isOld(['mine'], made + 1)).toBe(false);
});

test('What a page reads past the cache is on it, and refused by a recorder that does not hear of it', async () => {
  const past = () =>
    blog.payload.find({ collection: 'posts', depth: 0, context: { payloadCache: 'bypass' } });
  expect((await rendered(past)).some((tag) => /^pkv@[^:]+:posts$/.test(tag))).toBe(true);
  const refused: string[] = [];
  recorder = { note() {}, refuse: (reason) => refused.push(reason) };
  await past();
  expect(refused).toEqual(['untracked']);
});
