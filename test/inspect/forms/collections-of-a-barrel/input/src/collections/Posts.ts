import type { CollectionConfig } from 'payload'

const Posts: CollectionConfig = {
  slug: 'posts',
  fields: [{ name: 'cover', type: 'upload', relationTo: 'media' }],
}

export default Posts
