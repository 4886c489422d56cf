import type { CollectionConfig } from 'payload'

export default {
  slug: 'pages',
  fields: [{ name: 'parent', type: 'relationship', relationTo: 'pages' }],
} satisfies CollectionConfig
