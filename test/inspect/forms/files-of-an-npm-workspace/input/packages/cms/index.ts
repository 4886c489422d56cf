import type { CollectionConfig } from 'payload'

export const collections: CollectionConfig[] = [{ slug: 'posts', fields: [{ name: 'title', type: 'text' }] }]
