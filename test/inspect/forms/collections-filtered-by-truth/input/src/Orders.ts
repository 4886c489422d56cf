import type { CollectionConfig } from 'payload'

export const Orders: CollectionConfig = { slug: 'orders', fields: [] }
