import type { CollectionConfig } from 'payload'

export { Authors } from './authors'
export const Posts: CollectionConfig = {
  slug: 'posts',
  fields: [{ name: 'author', type: 'relationship', relationTo: 'authors' }],
}
