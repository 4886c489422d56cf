import type { Config } from 'payload'

export const base = {
  secret: 'x',
  collections: [
    { slug: 'pages', fields: [{ name: 'title', type: 'text' }] },
    { slug: 'media', upload: true, fields: [] },
  ],
} satisfies Partial<Config>
