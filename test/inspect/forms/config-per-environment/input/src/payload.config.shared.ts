import type { Config } from 'payload'

export const shared = {
  secret: 'x',
  collections: [{ slug: 'pages', fields: [{ name: 'title', type: 'text' }] }],
} satisfies Partial<Config>
