import type { CollectionConfig } from 'payload'

export const Posts: CollectionConfig = { slug: 'posts', fields: [] }
