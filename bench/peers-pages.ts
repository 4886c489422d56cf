import type { Page } from './caches.js';

/** The page of one post. Its tags are what a careful site would write. */
export const postPage = (number: number | string): Page => ({
  key: `posts:page:post-${number}`,
  tags: [`post-${number}`],
  args: { collection: 'posts', limit: 1, where: { slug: { equals: `post-${number}` } } },
});

/** A list of ten posts. */
export const listPage = (page: number): Page => ({
  key: `posts:list:${page}`,
  tags: ['posts'],
  args: { collection: 'posts', limit: 10, page, sort: 'id', where: { _status: { equals: 'published' } } },
});

/** A time that both processes tell alike, in milliseconds. */
export const now = (): number => performance.timeOrigin + performance.now();
