import type { CollectionConfig } from 'payload'

export const posts: CollectionConfig = { slug: 'posts', fields: [{ name: 'title', type: 'text' }] }
