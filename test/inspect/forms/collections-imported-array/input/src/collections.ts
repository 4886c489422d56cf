import type { CollectionConfig } from 'payload'

const Posts: CollectionConfig = { slug: 'posts', fields: [{ name: 'title', type: 'text' }] }
const Tags: CollectionConfig = { slug: 'tags', fields: [] }

export const collections: CollectionConfig[] = [Posts, Tags]
