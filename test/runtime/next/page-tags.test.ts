import { expect, test } from 'vitest';
import { pushedTag, REFUSED, readTags, versionedTag } from '../../../src/runtime/next/page-tags.js';

test('Tags and versions come back as they were, whatever is in them', () => {
  const tags = [
    'posts',
    'posts#5',
    'posts?slug=a%20b',
    '@header',
    'posts~versions',
    'a,b',
    'ü:x%',
    '',
    'pkv@1:x',
  ];
  const versions = ['0', 'aB-_.', 'x:y', '%', ',', '1', '2', '3', '4'];
  const read = readTags(
    tags
      .map((tag, index) => versionedTag(tag, versions[index] as string))
      .join(',')
      .split(','),
  );
  expect([...read.versions]).toEqual(tags.map((tag, index) => [tag, versions[index]]));
  expect(read).toMatchObject({ others: [], mayKeep: true });
});

test('Tags of Next and of the site are left apart', () => {
  const read = readTags(['_N_T_/layout', 'mine', versionedTag('posts', '1'), 'pkv:posts', '']);
  expect(read.others).toEqual(['_N_T_/layout', 'mine', 'pkv:posts']);
});

test('What was refused, and what has two versions of one tag, must not be kept', () => {
  expect(readTags([versionedTag('posts', '1'), versionedTag('posts', '1')]).mayKeep).toBe(true);
  expect(readTags([versionedTag('posts', '1'), versionedTag('posts', '2')]).mayKeep).toBe(false);
  expect(readTags([versionedTag('posts', '1'), REFUSED]).mayKeep).toBe(false);
});

test('A tag that Next is told of fits what Next allows: 256 plain characters without a comma', () => {
  for (const tag of ['posts#5', `posts?slug=${'é'.repeat(80)}`, 'a,b', '日本'.repeat(100)])
    expect(pushedTag(tag)).toMatch(/^pkv:[!-+--~]{1,200}$/);
  expect(pushedTag(`${'x'.repeat(300)}1`)).not.toBe(pushedTag(`${'x'.repeat(300)}2`));
});
