/**
 * Queries as somebody sends them who wants to keep a server busy, each of about so many characters. They ask the
 * collection `posts` of the blog.
 */
export const HOSTILE_QUERIES: Record<string, (size: number) => Record<string, unknown>> = {
  'a sort of list indices': (size) => ({ sort: `0${'.0'.repeat(size / 2)}` }),
  'a sort of locales': (size) => ({ sort: `title${'.en'.repeat(size / 3)}` }),
  'a sort along a relation, again and again': (size) => ({
    sort: `category${'.parent'.repeat(size / 7)}.name`,
  }),
  'a sort by many fields': (size) => ({ sort: many(size, 5, (index) => `f${index}`).join(',') }),
  'a sort by one field, again and again': (size) => ({ sort: 'slug,'.repeat(size / 5) }),
  'a list of sorts': (size) => ({ sort: many(size, 10, (index) => `-f${index}`) }),
  'a list of sorts, each of list indices': (size) => ({
    sort: many(size, 100, (index) => `f${index}${'.0'.repeat(45)}`),
  }),
  'a condition on a path of list indices': (size) => ({
    where: { [`gallery${'.0'.repeat(size / 2)}.caption`]: { equals: 'x' } },
  }),
  'a condition on a path of locales': (size) => ({
    where: { [`title${'.en.all'.repeat(size / 7)}`]: { equals: 'x' } },
  }),
  'a condition along a relation, again and again': (size) => ({
    where: { [`category${'.parent'.repeat(size / 7)}.name`]: { equals: 'x' } },
  }),
  'a condition on a path through blocks': (size) => ({
    where: { [`sections${'.teaser.post.sections'.repeat(size / 21)}.heading`]: { equals: 'x' } },
  }),
  'a condition on a path of underscores': (size) => ({
    where: { [`slug${'_'.repeat(size)}`]: { equals: 1 } },
  }),
  'a condition on a long digit': (size) => ({
    where: { [`gallery.${'0'.repeat(size)}.caption`]: { equals: 1 } },
  }),
  'an or of many parts': (size) => ({
    where: { or: many(size, 30, (index) => ({ slug: { equals: `s${index}` } })) },
  }),
  'an or of one part, again and again': (size) => ({
    where: { or: Array(Math.ceil(size / 30)).fill({ slug: { equals: 'post-1' } }) },
  }),
  'ors within one another': (size) => ({
    where: nested(size, 10, (inner) => ({ or: [inner] }), { slug: { equals: 'post-1' } }),
  }),
  'lists within one another': (size) => ({ where: { or: nested(size, 2, (inner) => [inner], 1) } }),
  'many conditions': (size) => ({
    where: Object.fromEntries(many(size, 30, (index) => [`gallery.${index}.caption`, { equals: 'x' }])),
  }),
  'many operators': (size) => ({
    where: { slug: Object.fromEntries(many(size, 10, (index) => [`o${index}`, 1])) },
  }),
  'a list of many ids': (size) => ({ where: { id: { in: many(size, 6, (index) => index) } } }),
  'a list of one id, again and again': (size) => ({ where: { id: { in: many(size, 2, () => 1) } } }),
  'a list of long slugs': (size) => ({
    where: { slug: { in: many(size, 1_000, (index) => `${index}${'x'.repeat(1_000)}`) } },
  }),
  'a long value': (size) => ({ where: { slug: { equals: 'x'.repeat(size) } } }),
  'a long number': (size) => ({ where: { id: { equals: '1'.repeat(size) } } }),
  'conditions on related documents, within one another': (size) => ({
    where: nested(size, 24, (inner) => ({ category: { contains: { and: [inner] } } }), {}),
  }),
  'many conditions below a long path': (size) => ({
    where: {
      [`gallery.${'0.'.repeat(25)}image`]: {
        contains: Object.fromEntries(many(size, 20, (index) => [`alt${index}`, { equals: 1 }])),
      },
    },
  }),
  'a wide select': (size) => ({ select: Object.fromEntries(many(size, 10, (index) => [`f${index}`, true])) }),
  'a deep select': (size) => ({ select: nested(size, 6, (inner) => ({ seo: inner }), false) }),
  'many joins': (size) => ({ joins: Object.fromEntries(many(size, 10, (index) => [`j${index}`, false])) }),
  'a join that sorts by list indices': (size) => ({
    joins: { posts: { sort: `0${'.0'.repeat(size / 2)}` } },
  }),
  'a long locale': (size) => ({ locale: 'en'.repeat(size / 2) }),
  'many arguments': (size) => Object.fromEntries(many(size, 10, (index) => [`a${index}`, 1])),
};

function many<Part>(size: number, each: number, make: (index: number) => Part): Part[] {
  return Array.from({ length: Math.ceil(size / each) }, (_, index) => make(index));
}

function nested(
  size: number,
  each: number,
  around: (inner: unknown) => unknown,
  innermost: unknown,
): unknown {
  let query = innermost;
  for (let length = 0; length < size; length += each) query = around(query);
  return query;
}
