import { expect, test } from 'vitest';
import { USUAL_STYLE as style } from '../../src/inspect/code-style.js';
import { changeEntries, type EntryChange } from '../../src/plan/wrapper/entry-edit.js';

const wrapper = `export const cache = payloadKV({
  store: memory(),
  ttl: '5m',
  collections: {
    // The blog.
    posts: { ttl: '5m', slices: ['slug'] }, // read most
    pages: {},
    media: shared,
    events: { ...usual },
    tags: { slices: mine, enabled: true },
  },
});
`;
const change = (...changes: Omit<EntryChange, 'type'>[]) =>
  changeEntries(
    wrapper,
    'index.ts',
    changes.map((each) => ({ type: 'collections', ...each })),
    style,
  );

test('each property is one splice, and what is not there is added', () => {
  expect(change({ slug: 'posts', ttl: '1h', slices: ['slug', 'sku'] })).toEqual({
    text: wrapper.replace("{ ttl: '5m', slices: ['slug'] }", "{ ttl: '1h', slices: ['slug', 'sku'] }"),
    refusals: [],
  });
  expect(change({ slug: 'pages', ttl: '90' }).text).toBe(wrapper.replace('pages: {}', 'pages: { ttl: 90 }'));
  expect(change({ slug: 'tags', enabled: false }).text).toBe(
    wrapper.replace('enabled: true', 'enabled: false'),
  );
  expect(change({ slug: 'users', allowAuth: 'without-secrets' }, { slug: 'site-maps' }).text).toBe(
    wrapper.replace(
      '  },\n});',
      "    users: { allowAuth: 'without-secrets' },\n    'site-maps': {},\n  },\n});",
    ),
  );
  expect(change({ slug: 'posts', ttl: '5m', slices: ['slug'] }).text).toBe(wrapper);
});

test('what is written in another way is left, with the lines to paste', () => {
  const { text, refusals } = change(
    { slug: 'media', ttl: '1h' },
    { slug: 'events', ttl: '1h' },
    { slug: 'tags', slices: ['name'] },
    { slug: 'pages' },
  );
  expect(text).toBe(wrapper);
  expect(refusals).toMatchObject([
    { line: 8, paste: "media: { ttl: '1h' }," },
    { line: 9, paste: "ttl: '1h'," },
    { line: 10, paste: "slices: ['name']," },
    { line: 7, paste: 'pages: {},' },
  ]);
});

test('a wrapper that caches all by naming none gets no entry, which would leave out the others', () => {
  const open = 'export const cache = payloadKV({ store: memory() });\n';
  const { text, refusals } = changeEntries(
    open,
    'index.ts',
    [{ type: 'collections', slug: 'posts', ttl: '1h' }],
    style,
  );
  expect(text).toBe(open);
  expect(refusals[0]).toMatchObject({ reason: expect.stringContaining('would leave out the others') });
});
