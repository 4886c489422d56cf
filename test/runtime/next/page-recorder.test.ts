import { expect, test } from 'vitest';
import { recorderOf } from '../../../src/runtime/next/page-recorder.js';
import { readTags } from '../../../src/runtime/next/page-tags.js';
import type { WorkUnit } from '../../../src/runtime/next/work.js';

const page = (type = 'prerender-legacy'): WorkUnit => ({ type, tags: ['_N_T_/layout'], revalidate: 600 });

test('A page has each tag once, however often it is read, and one recorder', () => {
  const unit = page();
  for (let read = 0; read < 3; read += 1) recorderOf(unit, 'push')?.note(['posts', 'posts#5'], ['1', '1']);
  expect(unit.tags).toEqual(['_N_T_/layout', 'pkv:posts', 'pkv:posts#5']);
  expect(recorderOf(unit, 'push')).toBe(recorderOf(unit, 'push'));
});

test('Only what Next keeps for everybody has a recorder', () => {
  for (const type of ['cache', 'prerender', 'prerender-legacy'])
    expect(recorderOf(page(type), 'push')).toBeDefined();
  for (const type of [
    'request',
    'private-cache',
    'unstable-cache',
    'prerender-client',
    'build-time-generator',
  ])
    expect(recorderOf(page(type), 'push')).toBeUndefined();
  expect(recorderOf(undefined, 'push')).toBeUndefined();
});

test('A function that has no tags yet gets a list of them', () => {
  const unit: WorkUnit = { type: 'cache', tags: null };
  recorderOf(unit, 'push')?.note(['posts'], ['1']);
  expect(unit.tags).toEqual(['pkv:posts']);
});

test('Of more than a hundred tags, the documents of the collection that has most become its tag', () => {
  const unit = page();
  const { tags } = unit;
  const recorder = recorderOf(unit, 'push');
  for (let id = 0; id < 30; id += 1) recorder?.note([`media#${id}`, 'media*'], ['1', '1']);
  for (let id = 0; id < 200; id += 1)
    recorder?.note([`posts#${id}`, `posts?slug=${id}`, 'posts*'], ['1', '1', '1']);
  // Next holds the list itself.
  expect(unit.tags).toBe(tags);
  expect(tags).toContain('_N_T_/layout');
  expect(tags).toContain('pkv:posts');
  expect(tags?.filter((tag) => /^pkv:posts[#?]/.test(tag))).toEqual([]);
  expect(tags?.filter((tag) => tag.startsWith('pkv:media#'))).toHaveLength(30);
  expect(tags!.length).toBeLessThanOrEqual(101);
});

test('Keys of a namespace stay, for its own tag does not change with one of them', () => {
  const unit = page();
  const recorder = recorderOf(unit, 'push');
  for (let key = 0; key < 150; key += 1) recorder?.note(['/prices', `/prices#${key}`], ['1', '1']);
  expect(unit.tags?.filter((tag) => tag.startsWith('pkv:/prices#'))).toHaveLength(150);
});

test('With a handler each tag has its version, and two versions of one keep the page from being kept', () => {
  const unit = page();
  recorderOf(unit, 'handler')?.note(['posts', 'posts#5'], ['a', 'b']);
  recorderOf(unit, 'handler')?.note(['posts'], ['a']);
  expect(readTags(unit.tags!)).toEqual({
    versions: new Map([
      ['posts', 'a'],
      ['posts#5', 'b'],
    ]),
    others: ['_N_T_/layout'],
    mayKeep: true,
  });
  recorderOf(unit, 'handler')?.note(['posts'], ['c']);
  expect(readTags(unit.tags!).mayKeep).toBe(false);
});

test('What cannot be told by tags is not kept, or for a second only; who may read it does not matter to a page', () => {
  for (const reason of ['auth-collection', 'user', 'shared-request', 'untracked'] as const) {
    const [pushed, versioned] = [page(), page()];
    recorderOf(pushed, 'push')?.refuse(reason);
    recorderOf(versioned, 'handler')?.refuse(reason);
    expect([pushed, versioned]).toEqual([page(), page()]);
  }
  for (const reason of ['transaction', 'write-operation', 'unknown-argument', 'stale', 'error'] as const) {
    const [pushed, versioned] = [page(), page()];
    recorderOf(pushed, 'push')?.refuse(reason);
    recorderOf(versioned, 'handler')?.refuse(reason);
    expect(pushed).toEqual({ ...page(), tags: ['_N_T_/layout', 'pkv:?'], revalidate: 1 });
    expect(readTags(versioned.tags!).mayKeep).toBe(false);
  }
});
