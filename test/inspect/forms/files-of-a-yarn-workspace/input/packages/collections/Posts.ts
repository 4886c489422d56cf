import type { CollectionConfig } from 'payload'

const Posts: CollectionConfig = { slug: 'posts', fields: [] }

export default Posts
