import type { CollectionConfig } from 'payload'

export const shared = {
  secret: 'x',
  collections: [{ slug: 'pages', fields: [{ name: 'title', type: 'text' }] }] as CollectionConfig[],
}
