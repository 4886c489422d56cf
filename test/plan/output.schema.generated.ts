/**
 * What the cache needs to know of this site's schema. Written by
 * `payload-kv sync`, not by hand.
 * checksum: cc5f9e03d85348991ee8f0963ff9cb66
 */
export const schema = {
  fingerprint: 'f8d9ef016dfbecc30041b6dd62c7a8fb',
  locales: ['de', 'en'],
  collections: {
    posts: { relations: { author: ['users'] }, slices: ['slug'] },
    users: { auth: true },
  },
  globals: {
    'site-settings': { versions: true, drafts: 'unknown' },
  },
} as const;

/** Each field's type and flags: what `sync` compares. Bundlers leave it out. */
export const fields = {
  collections: {
    posts: {
      author: 'relationship',
      'seo.title': 'text localized',
      slug: 'text unique',
    },
    users: {
      email: 'email',
    },
  },
  globals: {
    'site-settings': {
      name: 'text',
    },
  },
} as const;
