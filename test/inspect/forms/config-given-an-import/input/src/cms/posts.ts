import type { CollectionConfig } from 'payload'

export const Posts: CollectionConfig = {
  slug: 'posts',
  versions: { drafts: true },
  fields: [{ name: 'title', type: 'text' }],
}
