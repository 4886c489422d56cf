import { seoPlugin } from '@payloadcms/plugin-seo'
import type { Config } from 'payload'

export const base = {
  secret: 'x',
  collections: [{ slug: 'pages', fields: [{ name: 'title', type: 'text' }] }],
  plugins: [seoPlugin({ collections: ['pages'] })],
} satisfies Partial<Config>
