import type { Payload } from 'payload';

/** A page of the blog, as a visitor asks for it. */
export type Page =
  | { kind: 'post'; slug: string }
  | { kind: 'list'; page: number }
  | { kind: 'category'; slug: string };

/** Posts on one list page. */
const PER_PAGE = 10;

/** One read of Payload: what a page template would call, and the same as a REST path. */
interface Read {
  local: (payload: Payload) => Promise<unknown>;
  rest: string;
}

/** Every page of the site once. */
export function allPages(postSlugs: readonly string[], categorySlugs: readonly string[]): Page[] {
  const lists = Math.ceil(postSlugs.length / PER_PAGE);
  return [
    ...postSlugs.map((slug): Page => ({ kind: 'post', slug })),
    ...Array.from({ length: lists }, (_, index): Page => ({ kind: 'list', page: index + 1 })),
    ...categorySlugs.map((slug): Page => ({ kind: 'category', slug })),
  ];
}

/** Page views as a site gets them, a few pages often and most of them seldom. The same sequence every time. */
export function visits(pages: readonly Page[], count: number): Page[] {
  let state = 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return Array.from({ length: count }, () => {
    const page = pages[Math.floor(random() ** 2 * pages.length)];
    if (!page) throw new Error('The site has no pages');
    return page;
  });
}

/** All that one page view reads: the page itself and what stands on every page. */
export function readsOf(page: Page): Read[] {
  return [...readsOfContent(page), HEADER, SETTINGS];
}

// Visitors are not logged in: access control decides what they see, as it does in the REST API.
const visitor = { overrideAccess: false } as const;

const HEADER: Read = {
  local: (payload) => payload.findGlobal({ slug: 'header', depth: 1, ...visitor }),
  rest: '/globals/header?depth=1',
};

const SETTINGS: Read = {
  local: (payload) => payload.findGlobal({ slug: 'site-settings', depth: 1, ...visitor }),
  rest: '/globals/site-settings?depth=1',
};

function readsOfContent(page: Page): Read[] {
  switch (page.kind) {
    case 'post':
      return [
        {
          local: (payload) =>
            payload.find({
              collection: 'posts',
              where: { slug: { equals: page.slug } },
              limit: 1,
              depth: 2,
              ...visitor,
            }),
          rest: `/posts?where[slug][equals]=${page.slug}&limit=1&depth=2`,
        },
      ];
    case 'list':
      return [
        {
          local: (payload) =>
            payload.find({
              collection: 'posts',
              sort: '-publishedAt',
              limit: PER_PAGE,
              page: page.page,
              depth: 1,
              ...visitor,
            }),
          rest: `/posts?sort=-publishedAt&limit=${PER_PAGE}&page=${page.page}&depth=1`,
        },
      ];
    case 'category':
      return [
        {
          local: (payload) =>
            payload.find({
              collection: 'categories',
              where: { slug: { equals: page.slug } },
              limit: 1,
              depth: 1,
              ...visitor,
            }),
          rest: `/categories?where[slug][equals]=${page.slug}&limit=1&depth=1`,
        },
        {
          local: (payload) =>
            payload.find({
              collection: 'posts',
              where: { 'category.slug': { equals: page.slug } },
              sort: '-publishedAt',
              limit: PER_PAGE,
              depth: 1,
              ...visitor,
            }),
          rest: `/posts?where[category.slug][equals]=${page.slug}&sort=-publishedAt&limit=${PER_PAGE}&depth=1`,
        },
      ];
  }
}
